//! The scenario language.

mod mistakes;
mod playing;
mod reacting;
mod schema;
mod verifying;
