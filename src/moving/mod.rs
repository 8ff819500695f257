//! From a folder into a database: everything that an installation has, so that nodes which share the database go on where
//! the one server was.
//!
//! ```text
//! is anybody there? ──► secrets ──► files ──► keys, endpoints, reports, messages ──► everything is looked at again
//! ```
//!
//! Secrets come first, because a node that finds none makes some; files before the records that name them, because a record
//! is believed. Each step can be done again: it leaves alone what is there. The folder stays as it was.
//!
//! This module knows the engines by what they give out and take in, and asks nobody what to do: what it found it says in
//! [`Moved`].

mod files;
mod moved;
mod secrets;

use crate::{
    artifact::{ArtifactError, Artifacts},
    store::{
        StoreError,
        archive::{Kind, Sink},
        sqlite::Export,
    },
    vault::{Vault, VaultError},
};

pub use moved::{Line, Moved};

/// Where from and where to.
pub struct Moving<'a> {
    /// The folder's database.
    pub from: &'a Export,
    /// The database that nodes share.
    pub to: &'a dyn Sink,
    /// The secrets of the one, and those of the other.
    pub secrets: (&'a dyn Vault, &'a dyn Vault),
    /// The files of the one, and those of the other; `None` if they stay where they are.
    pub files: Option<(&'a Artifacts, &'a Artifacts)>,
}

/// Why it ended early. It can be begun again.
#[derive(Debug, thiserror::Error)]
pub enum MovingError {
    /// Whoever works with half of it would tell what was told, and look for what is not there yet.
    #[error("{0} of the nodes on the database run; stop them until everything is there")]
    InUse(usize),
    /// The database is another installation's, whose links and endpoints would not be valid any more with our secrets, nor
    /// ours with theirs.
    #[error("the database has a {0} of its own: it belongs to another installation")]
    OtherInstallation(&'static str),
    /// A secret cannot be had or kept.
    #[error(transparent)]
    Secret(#[from] VaultError),
    /// A row cannot be read or written.
    #[error("cannot copy the {0}")]
    Rows(&'static str, #[source] StoreError),
    /// A file cannot be read or written.
    #[error("cannot copy the file {0}")]
    File(String, #[source] ArtifactError),
}

/// Says how much there is of something, and how much of that has been seen to.
pub type Watch<'a> = &'a mut dyn FnMut(&'static str, u64, u64);

impl Moving<'_> {
    /// Copies what is not there yet, and looks at everything again.
    ///
    /// # Errors
    ///
    /// [`MovingError`]. What cannot be copied for a reason of its own does not keep the rest: it is named in what is returned.
    pub async fn copy(&self, watch: Watch<'_>) -> Result<Moved, MovingError> {
        let nodes = self.to.nodes().await.map_err(rows("rows"))?;
        if nodes > 0 {
            return Err(MovingError::InUse(nodes));
        }
        let mut moved = Moved::default();
        secrets::check(self.secrets).await?;
        // before a node could start: what it writes has later numbers
        let numbers = self.from.numbers().map_err(rows("rows"))?;
        self.to.reserve(numbers).await.map_err(rows("rows"))?;
        secrets::copy(self.secrets, &mut moved).await?;
        if let Some(files) = self.files {
            files::copy(self.from, files, &mut moved, watch).await?;
        }
        for kind in Kind::MOVED {
            self.copy_rows(kind, &mut moved, watch).await?;
        }
        self.look(&mut moved, watch).await?;
        Ok(moved)
    }

    /// Looks at everything, and copies nothing.
    ///
    /// # Errors
    ///
    /// [`MovingError`], but not [`MovingError::InUse`].
    pub async fn check(&self, watch: Watch<'_>) -> Result<Moved, MovingError> {
        let mut moved = Moved::default();
        secrets::look(self.secrets, &mut moved).await?;
        if let Some(files) = self.files {
            files::look(self.from, files, &mut moved, watch).await?;
        }
        self.look(&mut moved, watch).await?;
        Ok(moved)
    }

    async fn copy_rows(&self, kind: Kind, moved: &mut Moved, watch: Watch<'_>) -> Result<(), MovingError> {
        let failed = || rows(kind.name());
        let found = self.from.count(kind).map_err(failed())?;
        let (mut mark, mut copied) = (self.to.mark(kind).await.map_err(failed())?, 0);
        while let Some(batch) = self.from.batch(kind, mark.as_ref()).map_err(failed())? {
            for (kind, count) in self.to.put(&batch).await.map_err(failed())? {
                moved.copied(kind.name(), count);
                copied += if kind == batch.rows.kind() { count } else { 0 };
            }
            watch(kind.name(), found, copied);
            mark = Some(batch.upto);
        }
        Ok(())
    }

    /// Looks at each row on both sides.
    async fn look(&self, moved: &mut Moved, watch: Watch<'_>) -> Result<(), MovingError> {
        for kind in Kind::ALL {
            moved.found(kind.name(), self.from.count(kind).map_err(rows(kind.name()))?);
        }
        for kind in Kind::MOVED {
            let failed = || rows(kind.name());
            let found = self.from.count(kind).map_err(failed())?;
            let (mut mark, mut seen) = (None, 0);
            while let Some(batch) = self.from.batch(kind, mark.as_ref()).map_err(failed())? {
                for (kind, name) in self.to.differing(&batch.rows).await.map_err(failed())? {
                    moved.differs(kind.name(), name);
                }
                seen += batch.rows.len() as u64;
                watch(kind.name(), found, seen);
                mark = Some(batch.upto);
            }
        }
        Ok(())
    }
}

fn rows(what: &'static str) -> impl FnOnce(StoreError) -> MovingError {
    move |error| MovingError::Rows(what, error)
}
