//! What the transport does alike for every port.

mod kept;
mod manners;
