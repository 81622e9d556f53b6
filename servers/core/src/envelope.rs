//! How commands travel over a service's sockets: all that a client has to know to send one and to tell its reply from a push.

use serde_json::Value;

/// A command, whatever its frame looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// The command's name.
    pub name: String,
    /// The session's token, if it carries one.
    pub token: Option<String>,
    /// Its arguments; `null` where it has none.
    pub data: Value,
}

/// The frames of a service that answers commands over a socket.
pub trait Envelope: Send + Sync {
    /// The frame that sends a command. Its reply carries the same `id`.
    fn write(&self, command: &Command, id: u64) -> Value;

    /// The command in a frame, and whether the frame holds anything that a [`Command`] does not; `None` where it is no command.
    fn read(&self, frame: &Value) -> Option<(Command, bool)>;

    /// The command that a reply or push names.
    fn command<'m>(&self, message: &'m Value) -> Option<&'m str>;

    /// The `id` that a reply carries; a push has none.
    fn reply_id(&self, message: &Value) -> Option<u64>;

    /// The key under which a reply carries its `id`.
    fn id_key(&self) -> &'static str;

    /// Whether a reply tells of an error.
    fn is_error(&self, message: &Value) -> bool;

    /// Whether a message that is not JSON can be a damaged reply to this command.
    fn can_reply(&self, damaged: &str, command: &str) -> bool;
}
