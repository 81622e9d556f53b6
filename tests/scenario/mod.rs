//! The scenario language.

mod mistakes;
mod playing;
mod recording;
mod schema;
