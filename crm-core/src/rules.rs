//! Which moves a stage or a status allows.

use crate::{Entity, Error};

/// Where a value may go from `from`.
fn allowed(entity: Entity, from: &str) -> &'static [&'static str] {
    match (entity, from) {
        (Entity::Lead, "new") => &["contacted", "qualified", "unqualified"],
        (Entity::Lead, "contacted") => &["qualified", "unqualified"],
        (Entity::Lead, "qualified") => &["unqualified", "converted"],
        (Entity::Lead, "unqualified") => &["contacted", "qualified"],
        (Entity::Deal, "new" | "qualified" | "proposal" | "negotiation") => {
            &["new", "qualified", "proposal", "negotiation", "won", "lost"]
        }
        // A closed deal is opened again only into negotiation.
        (Entity::Deal, "won" | "lost") => &["negotiation"],
        (Entity::Ticket, "open") => &["pending", "solved", "closed"],
        (Entity::Ticket, "pending") => &["open", "solved", "closed"],
        (Entity::Ticket, "solved") => &["open", "closed"],
        _ => &[],
    }
}

/// Refuses a move that the rules do not allow.
pub(crate) fn check_move(entity: Entity, field: &'static str, from: &str, to: &str) -> Result<(), Error> {
    if from == to || allowed(entity, from).contains(&to) {
        return Ok(());
    }
    let possible = allowed(entity, from).join(", ");
    let possible = if possible.is_empty() { "nowhere".to_owned() } else { possible };
    Err(Error::MoveNotAllowed { field, from: from.to_owned(), to: to.to_owned(), allowed: possible })
}
