//! The scenario language.

mod documented;
mod mistakes;
pub mod playing;
mod reacting;
mod recording;
mod schema;
mod verifying;
