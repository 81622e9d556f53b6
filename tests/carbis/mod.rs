//! The Carbis QR menu's staff event feed, against `carbis-qr.md`.

mod bad_input;
pub mod events;
mod interpretations;
mod retention;
