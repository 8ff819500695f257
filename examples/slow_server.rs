//! A server whose reports wait for a word, so that a test can look at them half-way.
//!
//!     cargo run --example slow_server -- 127.0.0.1:8080 DATA GATE
//!
//! Reports are made as ever, but first the work looks into the folder GATE: a file `percent` holds how far it
//! says it is, `fail` holds the words with which it fails, and `go` lets it go on.

use std::{fs, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use reportwire::{
    config::{Config, Layer},
    report::Problem,
    server::{Parts, Server},
    shutdown::Signals,
    work::{Finished, Handler, Stopped, Task, WorkError},
};

/// How often the gate is looked at.
const LOOK: Duration = Duration::from_millis(10);

struct Gated {
    inner: Arc<dyn Handler>,
    gate: PathBuf,
}

impl Gated {
    fn says(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.gate.join(name)).ok()
    }
}

#[async_trait::async_trait]
impl Handler for Gated {
    async fn handle(&self, task: Task) -> Result<Finished, WorkError> {
        let stopped = |_: Stopped| WorkError::Stopped;
        while self.says("go").is_none() {
            if let Some(words) = self.says("fail") {
                return Err(WorkError::Permanent(Problem::new("failed", 500, "Report failed", words)));
            }
            if let Some(percent) = self.says("percent").and_then(|text| text.trim().parse().ok()) {
                task.monitor.progress("rendering", percent).map_err(stopped)?;
            }
            task.monitor.check().map_err(stopped)?;
            tokio::time::sleep(LOOK).await;
        }
        self.inner.handle(task).await
    }

    async fn discard(&self, finished: Finished) {
        self.inner.discard(finished).await;
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [listen, data, gate] = arguments.as_slice() else {
        eprintln!("usage: slow_server ADDRESS DATA GATE");
        return ExitCode::from(2);
    };
    match serve(listen, data, gate).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("slow_server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(listen: &str, data: &str, gate: &str) -> Result<(), Box<dyn std::error::Error>> {
    let layer = Layer { listen: Some(listen.parse()?), data_dir: Some(data.into()), ..Layer::default() };
    let config = Config::of(layer)?;
    let mut parts = Parts::open(&config).await?;
    parts.generator = Arc::new(Gated { inner: parts.generator, gate: gate.into() });
    let server = Server::assemble(config, parts).await?;
    let signals = Signals::catch()?;
    println!("reportwire listening on http://{}", server.address());
    server.run(signals.requested()).await;
    Ok(())
}
