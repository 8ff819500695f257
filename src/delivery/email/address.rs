//! An e-mail address that a client gives.

use lettre::Address;
use url::Host;

/// How many bytes an address may have (RFC 5321, section 4.5.3.1.3, without its brackets).
pub const LONGEST_ADDRESS: usize = 254;

/// Reads one bare address, as in `ada@example.com`; the name of its domain is returned in ASCII.
///
/// # Errors
///
/// What is wrong with it, as a phrase for the client.
pub fn check_address(text: &str) -> Result<Address, String> {
    if text.len() > LONGEST_ADDRESS {
        return Err(format!("it has {} bytes, and {LONGEST_ADDRESS} are allowed", text.len()));
    }
    // a letter has one recipient, and none who stands in a line break
    if text
        .contains(|c: char| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';' | '"'))
    {
        return Err("it has to be one bare address, as in ada@example.com".to_owned());
    }
    let Some((user, domain)) = text.rsplit_once('@') else {
        return Err("it has no @".to_owned());
    };
    let Ok(Host::Domain(domain)) = Host::parse(domain) else {
        return Err("what follows its @ is not the name of a domain".to_owned());
    };
    Address::new(user, domain).map_err(|error| format!("it is not an e-mail address: {error}").to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bare_address_is_taken_and_nothing_else() {
        for (good, written) in [
            ("ada@example.com", "ada@example.com"),
            ("ada.l+reports@sub.example.com", "ada.l+reports@sub.example.com"),
            ("ada@bücher.example", "ada@xn--bcher-kva.example"),
            ("root@localhost", "root@localhost"),
        ] {
            assert_eq!(
                check_address(good).map(|address| address.to_string()).as_deref(),
                Ok(written),
                "{good}"
            );
        }
        let long = format!("{}@example.com", "a".repeat(243));
        for (bad, expected) in [
            ("", "it has no @"),
            ("ada", "it has no @"),
            ("@example.com", "not an e-mail address"),
            ("ada@", "not the name of a domain"),
            ("ada@127.0.0.1", "not the name of a domain"),
            ("ada@[127.0.0.1]", "not the name of a domain"),
            ("a@b@example.com", "not an e-mail address"),
            ("Ada <ada@example.com>", "one bare address"),
            ("ada@example.com,bob@example.com", "one bare address"),
            ("ada@example.com\r\nBcc: bob@example.com", "one bare address"),
            ("ada@example.com\u{0}", "one bare address"),
            (&long, "it has 255 bytes"),
        ] {
            let said = check_address(bad).unwrap_err();
            assert!(said.contains(expected), "{bad}: {said}");
        }
    }
}
