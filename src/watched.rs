//! What may change while the server runs, and tells nobody: files, and secrets that nodes share.

use std::time::Duration;

use tokio::time::sleep;

/// How often they are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Calls `changed` with what `look` sees whenever it is something else than before, and than `seen` at first. It should
/// look at what is in files and not at their times: two changes may fall into one tick of the file system.
pub(crate) async fn follow<T: PartialEq, L: Future<Output = T>>(
    mut seen: T,
    look: impl Fn() -> L,
    changed: impl Fn(&T),
) {
    loop {
        sleep(LOOK).await;
        let found = look().await;
        if found != seen {
            changed(&found);
            seen = found;
        }
    }
}
