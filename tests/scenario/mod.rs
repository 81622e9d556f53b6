//! The scenario language.

mod documented;
mod mistakes;
mod playing;
mod reacting;
mod recording;
mod schema;
mod verifying;
