//! The nearest known name, for hints: "did you mean `table`?".

/// The candidate that `name` was most likely meant to be, if one is near enough to be worth naming.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (score(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(score, _)| *score >= 0.7)
        // The first of equals wins, so that the hint does not depend on the sort's stability.
        .fold(None, |best: Option<(f64, &str)>, (score, candidate)| match best {
            Some((top, _)) if top >= score => best,
            _ => Some((score, candidate)),
        })
        .map(|(_, candidate)| candidate)
}

fn score(wanted: &str, candidate: &str) -> f64 {
    let edits = strsim::normalized_damerau_levenshtein(wanted, candidate);
    // Somebody who leaves out the namespace (`call_waiter`) or writes half a name means the whole one.
    let part = wanted.len() >= 4 && (candidate.contains(wanted) || wanted.contains(candidate) && candidate.len() >= 4);
    if part { edits.max(0.8) } else { edits.max(strsim::jaro_winkler(wanted, candidate) - 0.15) }
}

/// Names that a hint lists; of more, it lists those most like the one that was given.
const LISTED: usize = 48;

/// A hint that names the nearest candidate, or lists what there is when nothing is near.
pub fn hint<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(near) = nearest(name, candidates.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let known: Vec<&str> = candidates.into_iter().collect();
    match known.len() {
        0 => None,
        1..=LISTED => Some(format!("known: {}", quoted(&known))),
        n => {
            let wanted = name.to_lowercase();
            let mut near: Vec<(usize, f64)> =
                known.iter().enumerate().map(|(i, known)| (i, score(&wanted, &known.to_lowercase()))).collect();
            near.sort_by(|(i, a), (j, b)| b.total_cmp(a).then(i.cmp(j)));
            let near: Vec<&str> = near[..LISTED / 2].iter().map(|(i, _)| known[*i]).collect();
            Some(format!("known: {} and {} others", quoted(&near), n - near.len()))
        }
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_slips_of_the_finger_and_left_out_namespaces() {
        assert_eq!(nearest("tabel", ["table", "dishes"]), Some("table"));
        assert_eq!(nearest("call_waiter", ["carbis.order", "carbis.call_waiter"]), Some("carbis.call_waiter"));
        assert_eq!(nearest("Hsah", ["hash", "token"]), Some("hash"));
        assert_eq!(nearest("zebra", ["table", "dishes"]), None);
    }

    #[test]
    fn lists_what_there_is_when_nothing_is_near() {
        assert_eq!(hint("zebra", ["table", "dishes"]), Some("known: `table`, `dishes`".into()));
        assert_eq!(hint("zebra", []), None);
    }

    #[test]
    fn a_long_list_begins_with_what_is_most_like_the_name() {
        let names: Vec<String> = (0..200).map(|n| format!("k{n}")).chain(["лист_ожидания".to_owned()]).collect();
        let hint = hint("ожидание", names.iter().map(String::as_str)).expect("a hint");
        assert!(
            hint.starts_with("did you mean `лист_ожидания`") || hint.starts_with("known: `лист_ожидания`, "),
            "{hint}"
        );
    }
}
