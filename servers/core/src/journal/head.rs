//! The head of an entry. Clients that poll send the same again and again, so equal heads are kept once.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Method and target (a socket: the command) on the first line, then one `name: value` a line.
#[derive(Clone)]
pub struct Head(Text);

#[derive(Clone)]
enum Text {
    Own(Box<str>),
    Shared(Arc<str>),
}

impl Head {
    /// Takes the place of another with the same text, if it has the same text.
    pub(super) fn share(&mut self, other: &mut Self) {
        if **self == **other {
            if let Text::Own(text) = &other.0 {
                other.0 = Text::Shared(Arc::from(&**text));
            }
            self.0 = other.0.clone();
        }
    }
}

impl Deref for Head {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            Text::Own(text) => text,
            Text::Shared(text) => text,
        }
    }
}

impl<T: Into<Box<str>>> From<T> for Head {
    fn from(text: T) -> Self {
        Self(Text::Own(text.into()))
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}
