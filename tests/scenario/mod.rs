//! The scenario language.

mod mistakes;
mod playing;
mod schema;
