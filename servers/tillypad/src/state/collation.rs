//! Texts as SQL Server's usual collation compares them (`Cyrillic_General_CI_AS`): case, width and blanks at the end do
//! not count, accents do.

/// What of a text is compared: two texts are equal to the database if their keys are.
pub(crate) fn key(text: &str) -> String {
    text.trim_end_matches([' ', '\u{3000}']).chars().map(narrow).flat_map(char::to_lowercase).collect()
}

/// The usual form of a character that East Asian keyboards type in double width.
fn narrow(char: char) -> char {
    match char {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(char) - 0xfee0).unwrap_or(char),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::key;

    #[proves("TP-259")]
    #[test]
    fn case_width_and_trailing_blanks_do_not_count_and_accents_do() {
        for (one, other) in [("Стол 1", "СТОЛ 1"), ("стол", "стол  "), ("Ａ１", "a1"), ("ЁЛКА", "ёлка"), ("", "  ")]
        {
            assert_eq!(key(one), key(other), "{one} {other}");
        }
        for (one, other) in [("стол", " стол"), ("ёлка", "елка"), ("й", "и"), ("стол 1", "стол1")]
        {
            assert_ne!(key(one), key(other), "{one} {other}");
        }
    }
}
