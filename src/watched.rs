//! Files that may change while the server runs.

use std::time::Duration;

use tokio::time::sleep;

/// How often they are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Calls `changed` whenever `look` sees something else than before. It should look at what is in the files and not at
/// their times: two changes may fall into one tick of the file system.
pub(crate) async fn follow<T: PartialEq>(look: impl Fn() -> T, changed: impl Fn()) {
    let mut seen = look();
    loop {
        sleep(LOOK).await;
        let found = look();
        if found != seen {
            seen = found;
            changed();
        }
    }
}
