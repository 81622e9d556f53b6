//! Texts of others on a terminal: what would steer it is made visible.

use std::borrow::Cow;

/// A text without control characters but line breaks and tabs: each is replaced by its picture, `\u{1b}` by `␛`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().any(steers) { text.chars().map(picture).collect::<String>().into() } else { text.into() }
}

/// The same for a text of our own that may be coloured: colours stay.
pub fn visible_but_colours(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(steers) {
        shown.push_str(&rest[..at]);
        rest = &rest[at..];
        let colour = rest.strip_prefix("\u{1b}[").and_then(|codes| {
            let length = codes.find(|c: char| !c.is_ascii_digit() && c != ';')?;
            codes[length..].starts_with('m').then_some(length + 3)
        });
        let length = match colour {
            Some(length) => {
                shown.push_str(&rest[..length]);
                length
            }
            None => {
                let first = rest.chars().next().unwrap_or_default();
                shown.push(picture(first));
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    shown.push_str(rest);
    shown
}

fn steers(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t'
}

fn picture(c: char) -> char {
    match c {
        c if !steers(c) => c,
        '\u{7f}' => '␡',
        c if c < ' ' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(char::REPLACEMENT_CHARACTER),
        _ => char::REPLACEMENT_CHARACTER,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_that_is_shown_steers(text in "(\\PC|[\\x00-\\x1f\\x7f\\u{80}-\\u{9f}]|\\x1b\\[[0-9;]{0,3}[mJH]){0,24}") {
            prop_assert!(!visible(&text).chars().any(steers));
            // What is left of colours are escapes that `m` ends.
            let coloured = visible_but_colours(&text);
            for rest in coloured.split('\u{1b}').skip(1) {
                let codes = rest.strip_prefix('[').map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';'));
                prop_assert!(codes.is_some_and(|rest| rest.starts_with('m')), "{:?}", coloured);
            }
        }
    }

    #[test]
    fn escape_sequences_are_shown_and_not_carried_out() {
        assert_eq!(visible("a\u{1b}[2J\u{7}\u{9b}\r\n\tЧай\u{7f}"), "a␛[2J␇\u{fffd}␍\n\tЧай␡");
        assert!(matches!(visible("Чай\n"), Cow::Borrowed(_)));
        let coloured = "\u{1b}[32mgood\u{1b}[0m \u{1b}]0;title\u{7} \u{1b}[2J \u{1b}[1;3";
        assert_eq!(visible_but_colours(coloured), "\u{1b}[32mgood\u{1b}[0m ␛]0;title␇ ␛[2J ␛[1;3");
    }
}
