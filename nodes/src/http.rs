//! Family `http`: calls of other systems by HTTP.

mod body;
mod page;
mod reply;
mod request;

pub(crate) use body::decode;
pub(crate) use request::node as request;
