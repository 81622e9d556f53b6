//! The scenario language.

mod documented;
mod mistakes;
mod playing;
mod reacting;
mod schema;
mod verifying;
