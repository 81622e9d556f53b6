//! The envelope of commands, replies and pushes, for clients that know no queue: `{command, id, token, data}`.

use serde_json::{Value, json};
use stend_core::envelope::{Command, Envelope};

/// The queue's frames.
pub(crate) struct Frames;

/// The keys of a frame that a command fills.
const KEYS: [&str; 4] = ["command", "token", "data", "id"];

impl Envelope for Frames {
    fn write(&self, command: &Command, id: u64) -> Value {
        let data = if command.data.is_null() { json!({}) } else { command.data.clone() };
        let mut frame = json!({ "command": command.name, "data": data });
        if let Some(token) = &command.token {
            frame["token"] = token.as_str().into();
        }
        frame["id"] = id.into();
        frame
    }

    fn read(&self, frame: &Value) -> Option<(Command, bool)> {
        let keys = frame.as_object()?;
        let command = Command {
            name: self.command(frame).filter(|name| !name.is_empty())?.to_owned(),
            token: frame["token"].as_str().map(str::to_owned),
            data: frame["data"].clone(),
        };
        Some((command, keys.keys().any(|key| !KEYS.contains(&key.as_str()))))
    }

    fn command<'m>(&self, message: &'m Value) -> Option<&'m str> {
        message["command"].as_str()
    }

    fn reply_id(&self, message: &Value) -> Option<u64> {
        message["id"].as_u64()
    }

    fn id_key(&self) -> &'static str {
        "id"
    }

    /// The error object stands beside `data` or in it; "No errors" has the code 0 (`settings.errors_in`).
    fn is_error(&self, message: &Value) -> bool {
        let coded = |object: &Value| object["codeError"].as_i64().is_some_and(|code| code != 0);
        coded(&message["error"]) || coded(&message["data"]) || message["error"].is_string()
    }

    fn can_reply(&self, damaged: &str, command: &str) -> bool {
        let named = damaged.split_once("\"command\":").map(|(_, rest)| rest.trim_start().trim_start_matches('"'));
        named.is_none_or(|named| named.starts_with(command) || command.starts_with(named))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_comes_back_from_its_frame() {
        for (name, token, data) in [("info", None, json!({})), ("login", Some("{t}".to_owned()), json!({"login": "a"}))]
        {
            let command = Command { name: name.into(), token, data };
            let frame = Frames.write(&command, 7);
            assert_eq!(Frames.reply_id(&frame), Some(7));
            assert_eq!(Frames.read(&frame), Some((command, false)));
        }
        assert!(Frames.read(&json!({"command": "info", "app": 1})).is_some_and(|(_, more)| more));
        for odd in [json!({"data": {}}), json!({"command": ""}), json!({"command": 1}), json!([1]), Value::Null] {
            assert_eq!(Frames.read(&odd), None, "{odd}");
        }
    }

    #[test]
    fn a_damaged_reply_is_one_to_the_command_that_it_begins_to_name() {
        assert!(Frames.can_reply("{\"dateTime\":", "info"));
        assert!(Frames.can_reply("{\"command\":\"inf", "info"));
        assert!(!Frames.can_reply("{\"command\":\"login\"", "info"));
    }
}
