use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::*;
use crate::vault::Folder;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn a_token_allows_one_action_on_one_report_until_its_time_is_over() {
    let signer = Signer::new(&[7; 32]);
    let (id, other) = (ReportId::generate(), ReportId::generate());
    let token = signer.sign(Action::Follow, id, at(100));
    let check = |token: &str, action, id| signer.check(token, action, id, at(99));

    assert_eq!(check(&token, Action::Follow, id), Ok(at(100)));
    assert_eq!(signer.check(&token, Action::Follow, id, at(100)), Err(BadLink::Expired));
    assert_eq!(check(&token, Action::Download, id), Err(BadLink::Forged));
    assert_eq!(check(&token, Action::Follow, other), Err(BadLink::Forged));
    for broken in ["", ".", &token[..token.len() - 1], &format!("{token}A"), &"A".repeat(token.len())] {
        assert_eq!(check(broken, Action::Follow, id), Err(BadLink::Forged), "{broken}");
    }
    let foreign = Signer::new(&[8; 32]);
    assert_eq!(foreign.check(&token, Action::Follow, id, at(99)), Err(BadLink::Forged));
}

#[test]
fn no_bit_of_a_token_can_be_changed() {
    let signer = Signer::new(&[7; 32]);
    let id = ReportId::generate();
    let token = URL_SAFE_NO_PAD.decode(signer.sign(Action::Download, id, at(100))).unwrap();
    for bit in 0..8 * token.len() {
        let mut changed = token.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let changed = URL_SAFE_NO_PAD.encode(changed);
        // an expired one that is forged is forged: whether a time is over is told of our own only
        assert_eq!(signer.check(&changed, Action::Download, id, at(99)), Err(BadLink::Forged), "bit {bit}");
    }
}

async fn opened(folder: &tempfile::TempDir) -> Signer {
    Signer::open(Arc::new(Folder::new(folder.path()))).await.unwrap()
}

async fn rotated(folder: &tempfile::TempDir, second: i64, overlap: Duration) {
    rotate(&Folder::new(folder.path()), at(second), overlap).await.unwrap();
}

#[tokio::test]
async fn a_secret_that_was_changed_is_valid_for_as_long_as_was_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let id = ReportId::generate();
    let old = opened(&folder).await.sign(Action::Download, id, at(1000));
    rotated(&folder, 10, Duration::from_secs(20)).await;
    let again = opened(&folder).await;
    assert_eq!(again.check(&old, Action::Download, id, at(29)), Ok(at(30)), "and no longer");
    assert_eq!(again.check(&old, Action::Download, id, at(30)), Err(BadLink::Expired));
    let new = again.sign(Action::Download, id, at(1000));
    assert_eq!(again.check(&new, Action::Download, id, at(999)), Ok(at(1000)));
    rotated(&folder, 40, Duration::ZERO).await;
    let third = opened(&folder).await;
    assert_eq!(third.check(&old, Action::Download, id, at(41)), Err(BadLink::Forged), "it is forgotten");
    assert_eq!(third.check(&new, Action::Download, id, at(41)), Err(BadLink::Expired));
}

#[tokio::test]
async fn what_is_no_list_of_secrets_is_said_and_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("link.secret");
    let vault = Folder::new(folder.path());
    for text in ["short", "[]", "[{\"secret\":\"AAAA\"}]", "{}"] {
        std::fs::write(&path, text).unwrap();
        let opened = Signer::open(Arc::new(vault.clone())).await.map(drop);
        for error in [opened, rotate(&vault, at(10), Duration::ZERO).await] {
            let error = error.unwrap_err().to_string();
            assert!(error.starts_with("link.secret must hold a list"), "{error}");
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_takes_up_a_new_secret_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let id = ReportId::generate();
    let signer = opened(&folder).await;
    let first = signer.sign(Action::Follow, id, at(1000));
    // between its start and its first look: that must not be missed, either
    rotated(&folder, 10, Duration::ZERO).await;
    let stop = CancellationToken::new();
    let following = tokio::spawn(signer.clone().follow(stop.clone()));
    let replaced = async |token: &str| {
        while signer.check(token, Action::Follow, id, at(12)).is_ok() {
            // time is paused: it moves on when everybody waits
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    replaced(&first).await;
    let second = signer.sign(Action::Follow, id, at(1000));
    assert_eq!(signer.check(&second, Action::Follow, id, at(12)), Ok(at(1000)));
    rotated(&folder, 11, Duration::ZERO).await;
    replaced(&second).await;
    stop.cancel();
    following.await.unwrap();
}

/// A vault with this in it, or one that does not answer.
struct Fickle(Mutex<Result<Option<Vec<u8>>, ()>>, AtomicUsize);

impl Fickle {
    /// Has this in it from now on, and waits until somebody has looked three times.
    async fn becomes(&self, content: Result<Option<&[u8]>, ()>) {
        *self.0.lock().unwrap() = content.map(|content| content.map(Vec::from));
        let looked = self.1.load(Ordering::Relaxed);
        while self.1.load(Ordering::Relaxed) < looked + 3 {
            // time is paused: it moves on when everybody waits
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

#[async_trait::async_trait]
impl Vault for Fickle {
    async fn read(&self, name: &'static str) -> Result<Option<Vec<u8>>, VaultError> {
        // another cause each time, as from a network
        let cause = format!("look {}", self.1.fetch_add(1, Ordering::Relaxed)).into();
        self.0.lock().unwrap().clone().map_err(|()| VaultError::Place { name, cause })
    }

    async fn keep(&self, _: &'static str, content: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        Ok(self.0.lock().unwrap().clone().unwrap().unwrap_or(content))
    }

    async fn replace(&self, _: &'static str, _: Vec<u8>) -> Result<(), VaultError> {
        unreachable!("nothing is rotated here")
    }
}

#[tokio::test(start_paused = true)]
async fn a_vault_that_is_away_empty_or_broken_is_said_once_and_changes_nothing() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let writer = Arc::new(log.reopen().unwrap());
    let _logging = tracing::subscriber::set_default(tracing_subscriber::fmt().with_writer(writer).finish());
    let logged = |text: &str| std::fs::read_to_string(log.path()).unwrap().matches(text).count();
    let text = |byte| format!(r#"[{{"secret":"{}"}}]"#, URL_SAFE_NO_PAD.encode([byte; 32])).into_bytes();
    let (one, other) = (text(1), text(2));
    let vault = Arc::new(Fickle(Mutex::new(Ok(Some(one.clone()))), AtomicUsize::new(0)));
    let signer = Signer::open(Arc::clone(&vault) as _).await.unwrap();
    let id = ReportId::generate();
    let token = signer.sign(Action::Follow, id, at(100));
    let check = || signer.check(&token, Action::Follow, id, at(99));
    tokio::spawn(signer.clone().follow(CancellationToken::new()));

    for (content, stays, gone) in
        [(Err(()), 1, 0), (Ok(None), 1, 1), (Ok(Some(b"[]".as_slice())), 2, 1), (Err(()), 3, 1)]
    {
        vault.becomes(content).await;
        assert_eq!(check(), Ok(at(100)), "{content:?}");
        let said =
            (logged("the secrets of links stay as they were"), logged("the secrets of links are gone"));
        assert_eq!(said, (stays, gone), "{content:?}");
    }
    vault.becomes(Ok(Some(&one))).await;
    assert_eq!(check(), Ok(at(100)));
    vault.becomes(Ok(Some(&other))).await;
    assert_eq!(check(), Err(BadLink::Forged));
    assert_eq!(logged("taken up again"), 2);
}
