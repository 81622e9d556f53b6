//! Values that are drawn by chance: first their form is looked at, then the printed one takes their place.

use serde_json::Value;

/// Looks at the value at `place`, and puts the printed one there.
pub(super) fn check(answer: &mut Value, printed: &Value, place: &str, form: &str) -> Result<(), String> {
    let printed = printed.pointer(place).ok_or_else(|| format!("nothing is printed at {place}"))?;
    let Some(value) = answer.pointer_mut(place) else { return Err(format!("nothing at {place}: {answer}")) };
    let text = value.as_str().unwrap_or_default();
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let good = match form {
        "access_token" => {
            text.len() == 33 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
        }
        "refresh_token" => text.len() > 32 && text.starts_with("def50200") && hex(text),
        "digest" => text.len() == 32 && hex(text),
        "digits" => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()),
        "evadts" => text.starts_with("DXS*NRI C2    *VA*V1/1*1\r\n") && text.ends_with("E*1*1\r\n"),
        "hash" => text.len() == 10 && text.starts_with("0x") && hex(&text[2..]),
        // Upper case, as printed.
        "guid" => guid(text) && text.bytes().all(|byte| !byte.is_ascii_lowercase()),
        "uuid" => guid(text),
        // A queue's session: a UUID in braces.
        "token" => text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).is_some_and(guid),
        "png" => text.starts_with("image/png;base64,iVBORw0KGgo"),
        "contains" => {
            let all = value.as_array().ok_or("no list")?;
            printed.as_array().ok_or("no list is printed")?.iter().all(|one| all.contains(one))
        }
        _ => return Err(format!("no such form: {form}")),
    };
    if !good {
        return Err(format!("{place}: {value} is no {form}"));
    }
    *value = printed.clone();
    Ok(())
}

fn guid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
