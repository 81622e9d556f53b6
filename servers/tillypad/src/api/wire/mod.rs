//! What goes over the wire: scalars, the tree of a bill, and replies, key for key in the document's order.

pub(crate) mod links;
pub(crate) mod out;
pub(crate) mod read;
pub(crate) mod scalar;
