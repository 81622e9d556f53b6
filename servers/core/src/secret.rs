//! Comparing secrets without telling by the time taken how much of a guess was right.

use subtle::ConstantTimeEq;

/// Whether `given` is `secret`, in a time that depends on the lengths alone.
pub fn same(given: &str, secret: &str) -> bool {
    given.as_bytes().ct_eq(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    #[test]
    fn tells_equal_from_unequal() {
        assert!(super::same("demo-token", "demo-token"));
        assert!(!super::same("demo-tokem", "demo-token"));
        assert!(!super::same("", "demo-token"));
    }
}
