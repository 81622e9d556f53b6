//! What the YAML parser says of a text, in plain words with what to do about it.

use crate::problem::Problem;

/// Words of the parser, what is wrong in ours, and what helps. The first row that fits counts.
const SENTENCES: [(&[&str], &str, &str); 23] = [
    // Without aliases no text has more nodes than bytes, which is the budget.
    (&["budget"], "aliases (`*name`) repeat more than is read", "write out what they repeat, or repeat less"),
    (
        &["unknown anchor", "scanning an anchor", "unknown alias"],
        "`*` or `&` begins an anchor or an alias in YAML",
        "put a value that begins with it, or a JSONPath in braces, in quotes: \"$.items[*].id\"",
    ),
    (
        &["unexpected eof", "unexpected end of input", "unclosed bracket"],
        "a `[` or `{` is not closed",
        "close it with `]` or `}`",
    ),
    (
        &["unclosed quote", "found unexpected document indicator", "multiline quoted scalar"],
        "a quote is not closed",
        "close it with the same quote",
    ),
    (
        &[
            "mismatched bracket",
            "misplaced bracket",
            "expected ',' or '}'",
            "expected ',' or ']'",
            "invalid indentation in flow",
        ],
        "brackets, braces or commas do not fit together here",
        "in braces, put a value with `[`, `]`, `{`, `}` or `,` in quotes, a JSONPath too: {\"$.items[*].id\": 5}",
    ),
    (&["tab"], "a tab where YAML wants spaces", "indent with spaces"),
    (
        &["mapping values are not allowed", "placement of ':'", "simple key"],
        "a `:` that belongs to no key",
        "put a text with `: ` in quotes, a key at the indentation of its neighbours, and close the brackets before it",
    ),
    (
        &[
            "did not find expected key",
            "expected '-' indicator",
            "sequence entries are not allowed",
            "invalid indentation",
            "keys are not allowed",
        ],
        "the indentation does not fit the lines above",
        "indent keys of one map, and items of one list, alike",
    ),
    (
        &["comments must be separated", "comment intercepting"],
        "a `#` without a space before it",
        "put a space before a comment, or the text in quotes",
    ),
    (
        &["trailing content after"],
        "something stands after the closing quote",
        "put the whole text in quotes, or a `,` between two values",
    ),
    (
        &["escape", "hexadecimal", "surrogate", "unicode character"],
        "an unknown escape in double quotes",
        "write a backslash as `\\\\`, or use single quotes",
    ),
    (
        &["unexpected character", "cannot start any token"],
        "a character that begins no YAML value",
        "put the text in quotes",
    ),
    (
        &["block scalar"],
        "a text block after `|` or `>` that is not indented alike",
        "indent all its lines by the same number of spaces",
    ),
    (&["plain scalar"], "an unquoted text that YAML cannot read", "put the text in quotes"),
    (
        &["multiple documents", "multiple yaml documents"],
        "several documents in one file",
        "one file holds one document: take out the `---` between them, or make a file of each",
    ),
    (
        &["document start", "document end", "directive", "version"],
        "a `%` or a document marker that is not expected here",
        "put a text that begins with `%` in quotes",
    ),
    (
        &["tag", "handle"],
        "a `!` begins a tag in YAML, and tags mean nothing here",
        "put a text that begins with `!` in quotes",
    ),
    (&["merge"], "`<<` merges maps, and there is none to merge", "give a map, or an alias of one: <<: *name"),
    (&["alias", "anchor", "replay"], "too many aliases", "write out what they repeat"),
    (&["bom"], "a byte order mark inside the text", "take it out"),
    (&["whitespace"], "a space is missing here", "put a space after `:`, `-` and before `#`"),
    (&["not valid utf-8", "decoding"], "not UTF-8 text", "save the file as UTF-8"),
    (&["non-finite", "not a finite"], "not a number that JSON has", "JSON has no infinity and no NaN"),
];

/// The problem that the parser's sentence is about, without a place.
pub(crate) fn translate(text: &str, depth: usize) -> Problem {
    if let Some(key) = text.split("duplicate mapping key: ").nth(1).and_then(|rest| rest.split(',').next()) {
        return Problem::new("malformed", format!("the key `{key}` is given twice"));
    }
    if text.contains("Depth {") || text.contains("recursion limit") {
        return Problem::new("malformed", format!("nested deeper than {depth} levels"));
    }
    if text.contains("is too large a number") || text.contains("is no number that JSON can say") {
        return Problem::new("malformed", own(text));
    }
    let lower = text.to_lowercase();
    let found = SENTENCES.iter().find(|(words, ..)| words.iter().any(|word| lower.contains(word)));
    match found {
        Some((_, message, hint)) => Problem::new("malformed", *message).hint(*hint),
        None => Problem::new("malformed", "not valid YAML").hint("put texts with special characters in quotes"),
    }
}

/// Our own sentence without the place that the parser puts around it.
fn own(text: &str) -> String {
    let line = text.lines().next().unwrap_or(text);
    let line =
        line.split_once(": ").filter(|(head, _)| head.starts_with("error: line ")).map_or(line, |(_, rest)| rest);
    line.rfind(" at line ").map_or(line, |end| &line[..end]).to_owned()
}

#[cfg(test)]
mod tests {
    use crate::node::Node;

    #[test]
    fn no_sentence_of_the_parser_reaches_the_user() {
        let mut wrong = Vec::new();
        for (text, message) in [
            ("a: {$.x[*]: 1}", "`*` or `&` begins an anchor or an alias in YAML"),
            (
                "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c]",
                "aliases (`*name`) repeat more than is read",
            ),
            ("a: *x", "`*` or `&` begins an anchor or an alias in YAML"),
            ("a: [1, 2\nb: 3\n", "a `:` that belongs to no key"),
            ("a: {b: 1", "is not closed"),
            ("a: \"x", "a quote is not closed"),
            ("a: \"x\nb: {}\nc: 1\n", "a quote is not closed"),
            ("a: 'x' y", "something stands after the closing quote"),
            ("a:\n\tb: 1", "a tab where YAML wants spaces"),
            ("a: b: c", "a `:` that belongs to no key"),
            ("a: 1\n b: 2\n", "a `:` that belongs to no key"),
            ("a:\n  - 1\n b: 2\n", "the indentation does not fit the lines above"),
            ("a: \"\\d\"", "an unknown escape in double quotes"),
            ("a: @x", "a character that begins no YAML value"),
            ("a: `x`", "a character that begins no YAML value"),
            ("a: 1\n---\nb: 2\n", "several documents in one file"),
            ("a: 1\na: 2\n", "the key `a` is given twice"),
            ("%x\n---\na: 1", ""),
            ("a: !!binary '*'", ""),
            ("a: %x", ""),
            ("a: ]", ""),
            ("- 1\na: 2\n", ""),
            ("a: .inf", "JSON"),
            ("<<: 1", ""),
            ("a: |0\n x", ""),
            ("a: -[1]", ""),
            ("? [a]: 1", ""),
            ("a: 340282366920938463463374607431768211456000", ""),
        ] {
            let Err(problem) = Node::parse(text) else { continue };
            let said = format!("{problem:?}").to_lowercase();
            for words in [
                "while ",
                "scalar",
                "token",
                "did not",
                "mapping",
                "sequence",
                "expected <",
                "options",
                "simple key",
                "eof",
                "serde",
                "budget",
            ] {
                assert!(!said.contains(words), "`{words}`: {text:?}: {problem}");
            }
            if !problem.message.contains(message) || problem.position.is_none_or(|position| position.line == 0) {
                wrong.push(format!("{text:?}: {problem} at {:?}", problem.position));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
