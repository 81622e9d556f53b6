//! What goes over the wire: the tree of a bill, and replies, key for key in the document's order.

pub(crate) mod bills;
pub(crate) mod links;
pub(crate) mod out;
pub(crate) mod read;
