//! x.
use super::Function;
pub(super) fn functions() -> Vec<Function> {
    vec![]
}
