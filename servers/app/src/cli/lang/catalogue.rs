//! Pairs of texts: an English one with `{}` for what varies, and the same in Russian.

use std::sync::LazyLock;

/// What is said in Russian: the command line's help, its messages, and diagnostics of files.
static FILES: [&str; 3] =
    [include_str!("help.ru.txt"), include_str!("messages.ru.txt"), include_str!("diagnostics.ru.txt")];

/// What a message is called before its colon.
const GRADES: [&str; 4] = ["error", "warning", "note", "help"];

/// How deep texts in texts are looked up.
const DEPTH: usize = 4;

/// Pairs, those that say most first.
pub(super) struct Catalogue(Vec<Pair>);

struct Pair {
    /// The English text between its holes.
    english: Vec<&'static str>,
    /// The Russian one: pieces, and before each but the first the number of the hole.
    russian: Vec<(Option<usize>, &'static str)>,
}

pub(super) fn russian() -> &'static Catalogue {
    static RUSSIAN: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::new(&FILES));
    &RUSSIAN
}

/// The pairs of a file: two lines each, a blank line between them. Lines that begin with `#` are comments.
fn pairs(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let (pairs, _) = lines.as_chunks::<2>();
    pairs.iter().map(|&[english, russian]| (english, russian)).collect::<Vec<_>>().into_iter()
}

impl Pair {
    fn new(english: &'static str, russian: &'static str) -> Self {
        let english = english.split("{}").collect();
        let mut pieces = russian.split('{');
        let mut holes = 0;
        let mut said = vec![(None, pieces.next().unwrap_or_default())];
        for piece in pieces {
            // `{}` is the next hole, `{1}` the second; other braces are themselves.
            let hole = piece.split_once('}').and_then(|(number, rest)| match number {
                "" => Some((holes, rest)),
                _ => number.parse().ok().map(|number| (number, rest)),
            });
            match hole {
                Some((hole, rest)) => {
                    said.push((Some(hole), rest));
                    holes += 1;
                }
                None => said.extend([(None, "{"), (None, piece)]),
            }
        }
        Self { english, russian: said }
    }

    /// What stands in the holes, if this is the text.
    fn holes<'a>(&self, text: &'a str) -> Option<Vec<&'a str>> {
        let (first, others) = self.english.split_first()?;
        let mut rest = text.strip_prefix(first)?;
        let Some((last, between)) = others.split_last() else { return rest.is_empty().then(Vec::new) };
        let mut holes = Vec::new();
        for piece in between {
            let (hole, after) = rest.split_once(piece)?;
            holes.push(hole);
            rest = after;
        }
        holes.push(rest.strip_suffix(last)?);
        holes.iter().all(|hole| !hole.is_empty()).then_some(holes)
    }

    /// Whether what stands in a hole is a value, which is nobody's text.
    fn is_value(&self, hole: usize) -> bool {
        self.english.get(hole).is_some_and(|before| before.ends_with(['`', '\'', '«', '"']))
    }
}

impl Catalogue {
    fn new(files: &[&'static str]) -> Self {
        let mut all: Vec<Pair> =
            files.iter().flat_map(|file| pairs(file)).map(|(english, russian)| Pair::new(english, russian)).collect();
        all.sort_by_key(|pair| std::cmp::Reverse(pair.english.iter().map(|piece| piece.len()).sum::<usize>()));
        Self(all)
    }

    /// A text line by line; what is not known stays as it is.
    pub(super) fn lines(&self, text: &str) -> String {
        text.split_inclusive('\n')
            .map(|line| {
                let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
                self.line(line) + end
            })
            .collect()
    }

    /// A line, with the codes that colour it.
    fn line(&self, line: &str) -> String {
        let mut pieces = line.split('\u{1b}');
        let mut said = self.piece(pieces.next().unwrap_or_default());
        for piece in pieces {
            let (code, text) = piece.split_at(piece.find('m').map_or(0, |at| at + 1));
            said.push('\u{1b}');
            said.push_str(code);
            said.push_str(&self.piece(text));
        }
        said
    }

    /// A text with what is around it: spaces, and what a diagnostic is called.
    fn piece(&self, text: &str) -> String {
        let begins = text.trim_start_matches([' ', '=', ':', '|']);
        let before = &text[..text.len() - begins.len()];
        let core = begins.trim_end();
        let after = &begins[core.len()..];
        format!("{before}{}{after}", self.text(core, 0).unwrap_or_else(|| core.to_owned()))
    }

    /// A whole text, if it is known.
    fn text(&self, text: &str, depth: usize) -> Option<String> {
        if text.is_empty() || depth > DEPTH {
            return None;
        }
        if let Some((grade, rest)) = text.split_once(": ")
            && GRADES.contains(&grade)
        {
            let grade = self.text(grade, depth + 1)?;
            return Some(format!("{grade}: {}", self.text(rest, depth + 1).unwrap_or_else(|| rest.to_owned())));
        }
        let (pair, holes) = self.0.iter().find_map(|pair| pair.holes(text).map(|holes| (pair, holes)))?;
        let mut said = String::new();
        for (hole, piece) in &pair.russian {
            if let Some(hole) = *hole {
                let value = holes.get(hole).copied().unwrap_or_default();
                let known = if pair.is_value(hole) { None } else { self.text(value, depth + 1) };
                said.push_str(known.as_deref().unwrap_or(value));
            }
            said.push_str(piece);
        }
        Some(said)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    #[test]
    fn texts_are_found_with_what_varies() {
        let catalogue =
            Catalogue::new(&["unknown {} `{}`\n{}: `{}` не найдено\n\naction\nдействие\n\nerror\nошибка\n"]);
        assert_eq!(catalogue.lines("error: unknown action `action`\n"), "ошибка: действие: `action` не найдено\n");
        assert_eq!(catalogue.lines("  action  \nother\n"), "  действие  \nother\n");
        assert_eq!(catalogue.lines("\u{1b}[1maction\u{1b}[0m: action"), "\u{1b}[1mдействие\u{1b}[0m: действие");
        assert_eq!(catalogue.lines("unknown action ``"), "unknown action ``");
    }

    #[test]
    fn holes_have_an_order_and_braces_may_be_meant() {
        let catalogue = Catalogue::new(&["{} of {}\nиз {1}: {0}, {ge: 1}\n"]);
        assert_eq!(catalogue.lines("1 of 2"), "из 2: 1, {ge: 1}");
    }

    fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a readable folder") {
            let path = entry.expect("an entry").path();
            match path.extension() {
                _ if path.is_dir() => rust_files(&path, found),
                Some(extension) if extension == "rs" => found.push(path),
                _ => {}
            }
        }
    }

    /// What nobody says any more has no place in a catalogue. Clap's texts are not in this repository.
    #[test]
    fn every_english_text_stands_in_the_code() {
        let (mut files, root) = (Vec::new(), Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
        rust_files(&root.join("servers"), &mut files);
        // What is put together of several pieces stands in the diagnostics that are compared.
        let shown = fs::read_dir(root.join("tests/scenario/snapshots")).expect("snapshots");
        files.extend(shown.map(|entry| entry.expect("an entry").path()));
        let code: String = files.iter().map(|file| fs::read_to_string(file).expect("a readable file")).collect();
        // Doc comments may be broken into lines, literals by a backslash.
        let joined: Vec<&str> =
            code.lines().map(|line| line.trim().trim_start_matches("/// ").trim_end_matches('\\').trim()).collect();
        let code = joined.join(" ").replace("\\\"", "\"").replace("{{", "{").replace("}}", "}");
        let mut seen = BTreeSet::new();
        for file in FILES {
            let (ours, _) = file.split_once("# of clap").unwrap_or((file, ""));
            let ours: Vec<&str> = pairs(ours.to_owned().leak()).map(|(english, _)| english).collect();
            for (english, russian) in pairs(file) {
                assert!(seen.insert(english), "twice: {english}");
                let holes = |text: &str| text.matches("{}").count();
                assert!(russian.contains("{0}") || holes(english) >= holes(russian), "{english}");
                let stray = english
                    .split("{}")
                    .filter(|piece| piece.trim().len() > 3)
                    .find(|piece| !code.contains(piece.trim()));
                assert!(!ours.contains(&english) || stray.is_none(), "nobody says {stray:?} of {english:?}");
            }
            let lines = file.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count();
            assert_eq!(lines % 2, 0, "a text without its other language");
        }
    }
}
