//! A worker that does what the test tells it, attempt by attempt.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use reportwire::{
    report::{Artifact, Problem},
    store::Claim,
    work::{Finished, Handler, Monitor, Task, WorkError},
};
use tokio::sync::{mpsc, oneshot};

use super::patiently;

enum Verdict {
    Generate,
    Answer(Result<Finished, WorkError>),
    Panic,
}

/// The handler's half: shows each attempt to the test and waits for its word.
pub(crate) struct Scripted {
    generator: Arc<dyn Handler>,
    attempts: mpsc::UnboundedSender<Attempt>,
    discards: mpsc::UnboundedSender<String>,
}

/// The test's half.
pub(crate) struct Work {
    attempts: mpsc::UnboundedReceiver<Attempt>,
    discards: mpsc::UnboundedReceiver<String>,
}

/// One attempt that waits for the test's word. Dropping it lets the real generator do the work.
pub(crate) struct Attempt {
    pub(crate) claim: Claim,
    pub(crate) monitor: Monitor,
    verdict: oneshot::Sender<Verdict>,
}

/// A scripted handler in front of `generator`.
pub(crate) fn script(generator: Arc<dyn Handler>) -> (Arc<dyn Handler>, Work) {
    let ((attempts, seen), (discards, thrown)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
    (Arc::new(Scripted { generator, attempts, discards }), Work { attempts: seen, discards: thrown })
}

#[async_trait]
impl Handler for Scripted {
    async fn handle(&self, task: Task) -> Result<Finished, WorkError> {
        let (verdict, word) = oneshot::channel();
        let attempt = Attempt { claim: task.claim.clone(), monitor: task.monitor.clone(), verdict };
        let _ = self.attempts.send(attempt);
        match word.await {
            Ok(Verdict::Answer(answer)) => answer,
            Ok(Verdict::Panic) => panic!("the test told the worker to panic"),
            Ok(Verdict::Generate) | Err(_) => self.generator.handle(task).await,
        }
    }

    async fn discard(&self, finished: Finished) {
        let key = finished.artifact.key.clone();
        self.generator.discard(finished).await;
        let _ = self.discards.send(key);
    }
}

impl Work {
    /// The next attempt that begins.
    pub(crate) async fn next(&mut self) -> Attempt {
        patiently("an attempt begins", self.attempts.recv()).await.expect("the worker lives")
    }

    /// The key of the next file that is thrown away.
    pub(crate) async fn discarded(&mut self) -> String {
        patiently("a file is discarded", self.discards.recv()).await.expect("the worker lives")
    }

    /// Whether nothing more began up to now.
    pub(crate) fn is_idle(&mut self) -> bool {
        self.attempts.try_recv().is_err()
    }
}

impl Attempt {
    /// Has the real generator make the report.
    pub(crate) fn generate(self) {
        self.say(Verdict::Generate);
    }

    pub(crate) fn fail_for_now(self) {
        let problem = problem("the disk is full");
        self.say(Verdict::Answer(Err(WorkError::Transient { problem, cause: None })));
    }

    pub(crate) fn fail_for_good(self) {
        self.say(Verdict::Answer(Err(WorkError::Permanent(problem("the query divides by zero")))));
    }

    pub(crate) fn panic(self) {
        self.say(Verdict::Panic);
    }

    /// Ends with a file that exists in name only, and with this model.
    pub(crate) fn finish_with(self, model: Bytes) {
        let artifact = Artifact {
            key: format!("{}-{}.pdf", self.claim.report, self.claim.token.simple()),
            size: 1,
            sha256: "ab".repeat(32),
            file_name: "none.pdf".into(),
            model_size: model.len() as u64,
        };
        self.say(Verdict::Answer(Ok(Finished { artifact, model })));
    }

    /// Waits until the worker no longer waits for the word.
    pub(crate) async fn let_go(mut self) {
        patiently("the worker lets go of the attempt", self.verdict.closed()).await;
    }

    fn say(self, verdict: Verdict) {
        assert!(self.verdict.send(verdict).is_ok(), "the worker waits for the word");
    }
}

fn problem(detail: &str) -> Problem {
    Problem::new("failed", 500, "Report failed", detail)
}
