//! The host of `--host`: an address, or a name that stands for one.

use std::net::{IpAddr, ToSocketAddrs};
use std::str::FromStr;

/// An address to listen on, and the name by which it was given.
#[derive(Debug, Clone)]
pub(super) struct Host {
    /// The address.
    pub(super) address: IpAddr,
    /// The name, where it was given by one.
    pub(super) name: Option<String>,
}

impl FromStr for Host {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = bare.parse() {
            return Ok(Self { address, name: None });
        }
        let hint =
            "give an address of this machine such as 127.0.0.1, 0.0.0.0 for all of them, or a name that stands for one";
        if text.is_empty() || text.contains(['/', ':', ' ']) {
            return Err(format!("`{text}` is no host; {hint}"));
        }
        let found =
            (text, 0).to_socket_addrs().map_err(|error| format!("`{text}` has no address ({error}); {hint}"))?;
        let mut found: Vec<IpAddr> = found.map(|address| address.ip()).collect();
        // The URLs that others expect are those of IPv4.
        found.sort_by_key(IpAddr::is_ipv6);
        let address = found.first().ok_or_else(|| format!("`{text}` has no address; {hint}"))?;
        Ok(Self { address: *address, name: Some(text.to_owned()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_or_a_name_that_has_one() {
        let host = |text: &str| text.parse::<Host>();
        assert!(host("127.0.0.1").is_ok_and(|host| host.name.is_none()));
        assert!(host("[::1]").is_ok_and(|host| host.address.is_ipv6()));
        let localhost = host("localhost").expect("every machine has it");
        assert!(localhost.address.is_loopback() && localhost.name.as_deref() == Some("localhost"));
        for bad in ["", "http://localhost", "127.0.0.1:7700", "no such host", "no-such-host.invalid"] {
            assert!(host(bad).is_err_and(|why| why.contains("127.0.0.1")), "{bad}");
        }
    }
}
