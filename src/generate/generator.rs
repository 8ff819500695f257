//! Making reports as a task of the work loop: where the pure functions meet a thread and a disk.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use tokio::{task::spawn_blocking, time::Instant};

use super::{GenerateError, Generated, Order, generate};
use crate::{
    artifact::{Artifacts, Label},
    catalog::Library,
    data::Sources,
    report::{Artifact, Problem, ReportId},
    work::{Finished, Handler, Task, WorkError, artifact_key},
};

/// Makes the reports of a library and stores their files.
pub struct Generator {
    library: Arc<Library>,
    sources: Arc<Sources>,
    artifacts: Artifacts,
}

impl Generator {
    /// A generator of the report types in `library` over the data in `sources`, whose files go to
    /// `artifacts`.
    pub fn new(library: Arc<Library>, sources: Arc<Sources>, artifacts: Artifacts) -> Self {
        Self { library, sources, artifacts }
    }

    /// Renders on a blocking thread, with the permit: a render that outlives its caller still counts.
    async fn render(&self, task: Task) -> Result<Generated, WorkError> {
        // as it is now: a type that changes meanwhile is the next report's
        let catalog = self.library.catalog();
        let sources = Arc::clone(&self.sources);
        let rendered = spawn_blocking(move || {
            let Task { record, data, monitor, permit: _permit, .. } = task;
            let refused = |error| work_error(record.id, error);
            let Some(report_type) = catalog.get(&record.report_type) else {
                let detail = "this server no longer has the report type";
                return Err(WorkError::Permanent(failed(422, detail)));
            };
            let data = data.as_deref().map(serde_json::from_slice).transpose().map_err(|error| {
                refused(GenerateError::permanent("the rows of the request cannot be read", error))
            })?;
            let order = Order {
                report_type,
                parameters: &record.parameters,
                data: data.as_ref(),
                created_at: record.created_at,
            };
            generate(&order, &sources, &monitor).map_err(refused)
        });
        match rendered.await {
            Ok(result) => result,
            // it panicked, or the runtime ends: another attempt finds out which
            Err(error) => Err(WorkError::Transient {
                problem: failed(500, "the report could not be made; the log says why"),
                cause: Some(Box::new(error)),
            }),
        }
    }
}

#[async_trait]
impl Handler for Generator {
    async fn handle(&self, task: Task) -> Result<Finished, WorkError> {
        let (id, token, deadline) = (task.claim.report, task.claim.token, task.deadline);
        let generated = self.render(task).await?;
        for warning in &generated.warnings {
            tracing::warn!(report = %id, warning, "the report has a flaw");
        }
        let artifact = Artifact {
            key: artifact_key::of_attempt(id, token),
            size: generated.pdf.len() as u64,
            sha256: hex(&Sha256::digest(&generated.pdf)),
            file_name: generated.file_name,
            model_size: generated.model.len() as u64,
        };
        let label = Label::pdf(&artifact.file_name);
        // not to the very end: a bucket that is away is a reason to try again, and a report that is late is not
        let now = Instant::now();
        let until = now + deadline.saturating_duration_since(now).mul_f32(0.9);
        match self.artifacts.put(&artifact.key, Bytes::from(generated.pdf), &label, until).await {
            Ok(()) => Ok(Finished { artifact, model: generated.model }),
            Err(error) => Err(WorkError::Transient {
                problem: failed(500, "the finished file could not be stored"),
                cause: Some(Box::new(error)),
            }),
        }
    }

    async fn discard(&self, finished: Finished) {
        // what stays is found by the janitor's search
        if let Err(error) = self.artifacts.delete(&finished.artifact.key).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a discarded file stays for now");
        }
    }

    async fn tidy(&self, report: ReportId, counts: &Artifact) {
        let of_report = artifact_key::of_report(report);
        let mut files = std::pin::pin!(self.artifacts.beginning_with(&of_report));
        // what stays is found by the janitor's search
        while let Ok(Some(file)) = files.try_next().await {
            if file.key != counts.key && self.artifacts.delete(&file.key).await.is_ok() {
                tracing::info!(file = file.key, "deleted what an attempt left behind that died");
            }
        }
    }
}

/// What the loop is told. A failure that no other attempt can mend is said here, because nobody says it later; what
/// came from outside may stand in it, so it is written with its line breaks escaped.
fn work_error(id: ReportId, error: GenerateError) -> WorkError {
    match error {
        GenerateError::Stopped(_) => WorkError::Stopped,
        GenerateError::Transient { detail, source } => {
            WorkError::Transient { problem: failed(500, &detail), cause: Some(source) }
        }
        GenerateError::Permanent { detail, source } => {
            tracing::error!(report = %id, error = ?source.to_string(), detail, "the report cannot be made");
            WorkError::Permanent(failed(500, &detail))
        }
    }
}

fn failed(status: u16, detail: &str) -> Problem {
    Problem::new("failed", status, "Report failed", detail)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
