//! The master secret: what nodes that share a store seal their secrets with.

use std::fs;

use super::{Hidden, Layer};

/// As much as the key that is derived from it.
const SHORTEST: usize = 32;

/// The master secret that a layer gives, with everything that is wrong with it. Space around it does not count: files end
/// with a line end, and one node may have it in a file while another has it in its environment.
///
/// With a store that nodes share it is needed. With one in the data folder it would do nothing, and whoever set it would
/// believe that it did: it is refused.
pub(crate) fn of(layer: &Layer, store_is_shared: bool) -> (Option<Hidden>, Vec<String>) {
    let fault = |fault: String| (None, vec![fault]);
    let text = match (&layer.secret, &layer.secret_file) {
        (None, None) if store_is_shared => {
            return fault(
                "a store that nodes share needs secret or secret-file, the same for all of them".into(),
            );
        }
        (None, None) => return (None, Vec::new()),
        (Some(_), Some(_)) => return fault("secret and secret-file say the same: choose one".into()),
        _ if !store_is_shared => {
            return fault(
                "secret is for a store that nodes share: with this one, all secrets are files in data-dir"
                    .into(),
            );
        }
        (Some(secret), None) => secret.expose().to_owned(),
        (None, Some(path)) => match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return fault(format!("cannot read secret-file {}: {error}", path.display())),
        },
    };
    let text = text.trim();
    if text.len() < SHORTEST {
        return fault(format!(
            "secret must have at least {SHORTEST} bytes, as from `openssl rand -base64 32`"
        ));
    }
    (text.parse().ok(), Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG_ENOUGH: &str = "0123456789abcdef0123456789abcdef";

    fn given(secret: Option<&str>, file: Option<&std::path::Path>) -> Layer {
        Layer {
            secret: secret.map(|text| text.parse().unwrap()),
            secret_file: file.map(Into::into),
            ..Layer::default()
        }
    }

    fn refused(layer: &Layer, store_is_shared: bool, wanted: &str) {
        let (secret, faults) = of(layer, store_is_shared);
        assert!(secret.is_none() && faults.len() == 1 && faults[0].starts_with(wanted), "{faults:?}");
    }

    #[test]
    fn it_is_the_same_in_the_environment_and_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, format!("{LONG_ENOUGH}\r\n")).unwrap();
        let layers = [given(Some(LONG_ENOUGH), None), given(None, Some(&path))];
        for layer in layers {
            let (secret, faults) = of(&layer, true);
            assert_eq!((secret.unwrap().expose(), faults), (LONG_ENOUGH, vec![]));
        }
    }

    #[test]
    fn a_secret_that_is_shorter_than_a_key_is_refused_wherever_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let too_short = "secret must have at least 32 bytes";
        for short in ["", "  ", &LONG_ENOUGH[1..], &format!("  {}  ", &LONG_ENOUGH[1..])] {
            fs::write(&path, short).unwrap();
            refused(&given(Some(short), None), true, too_short);
            refused(&given(None, Some(&path)), true, too_short);
        }
    }

    #[test]
    fn one_of_the_two_is_needed_where_nodes_share_a_store_and_refused_elsewhere() {
        let nowhere = std::path::Path::new("/nowhere/secret");
        refused(&given(None, None), true, "a store that nodes share needs secret");
        refused(&given(None, Some(nowhere)), true, "cannot read secret-file /nowhere/secret: ");
        for is_shared in [true, false] {
            refused(&given(Some(LONG_ENOUGH), Some(nowhere)), is_shared, "secret and secret-file");
        }
        refused(&given(Some(LONG_ENOUGH), None), false, "secret is for a store that nodes share");
        refused(&given(None, Some(nowhere)), false, "secret is for a store that nodes share");
        assert_eq!(of(&given(None, None), false), (None, vec![]));
    }
}
