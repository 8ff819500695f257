//! The secrets of an installation: with them links that were handed out stay valid, endpoints know the signatures, and what
//! is sealed in the database can be opened. They are all alike or none is touched.

use super::{Moved, MovingError};
use crate::vault::{NAMES, Vault};

const WHAT: &str = "secrets";

type Vaults<'a> = (&'a dyn Vault, &'a dyn Vault);

/// Refuses a vault that has others.
pub(super) async fn check((from, to): Vaults<'_>) -> Result<(), MovingError> {
    for name in NAMES {
        // in any case, because it says whether the master secret is the right one
        let (theirs, ours) = (to.read(name).await?, from.read(name).await?);
        if theirs.is_some() && ours.is_some() && theirs != ours {
            return Err(MovingError::OtherInstallation(name));
        }
    }
    Ok(())
}

/// Puts in those that are not there.
pub(super) async fn copy((from, to): Vaults<'_>, moved: &mut Moved) -> Result<(), MovingError> {
    let mut found = 0;
    for name in NAMES {
        let Some(secret) = from.read(name).await? else { continue };
        found += 1;
        let was_there = to.read(name).await?.is_some();
        // another process may have been faster than we are
        if to.keep(name, secret.clone()).await? != secret {
            return Err(MovingError::OtherInstallation(name));
        }
        moved.copied(WHAT, u64::from(!was_there));
    }
    moved.found(WHAT, found);
    Ok(())
}

/// Says which are not there.
pub(super) async fn look((from, to): Vaults<'_>, moved: &mut Moved) -> Result<(), MovingError> {
    let mut found = 0;
    for name in NAMES {
        let Some(secret) = from.read(name).await? else { continue };
        found += 1;
        if to.read(name).await? != Some(secret) {
            moved.differs(WHAT, name.to_owned());
        }
    }
    moved.found(WHAT, found);
    Ok(())
}
