//! Comparing secrets without telling by the time taken how much of a guess was right.

use subtle::ConstantTimeEq;

/// Whether `given` is `secret`, in a time that depends on the lengths alone.
pub fn same(given: &str, secret: &str) -> bool {
    given.as_bytes().ct_eq(secret.as_bytes()).into()
}

/// The longest token, in bytes.
const LONGEST: usize = 4096;

/// Whether a text can be a bearer token: what cannot stand in a header could never be sent.
///
/// # Errors
/// Why it cannot.
pub fn check(token: &str) -> Result<(), String> {
    if token.is_empty() {
        return Err("the control token is empty, which would protect nothing; leave the option out for no token".into());
    }
    if token.len() > LONGEST {
        return Err(format!(
            "the control token has {} characters, more than a header can carry; at most {LONGEST}",
            token.len()
        ));
    }
    match token.chars().find(|c| !c.is_ascii_graphic()) {
        None => Ok(()),
        Some(c) => Err(format!(
            "the control token holds {c:?}, which no header can carry; letters, digits and signs of ASCII can"
        )),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn tells_equal_from_unequal() {
        assert!(super::same("demo-token", "demo-token"));
        assert!(!super::same("demo-tokem", "demo-token"));
        assert!(!super::same("", "demo-token"));
    }

    #[test]
    fn a_token_is_what_a_header_can_carry() {
        assert_eq!(super::check("s3cret-{}~/+="), Ok(()));
        assert!(super::check(&"x".repeat(4097)).is_err_and(|why| why.contains("4097 characters")));
        for bad in ["", " ", "a b", "tab\t", "line\n", "ключ", "nul\0"] {
            assert!(super::check(bad).is_err(), "{bad:?}");
        }
    }
}
