//! Family `data`: new values from old ones.

mod rhai;
mod set;
mod template;

pub(crate) use rhai::node as rhai;
pub(crate) use set::node as set;
pub(crate) use template::node as template;
