//! `reportwire serve`.

use std::{
    io::{IsTerminal as _, Write as _},
    path::PathBuf,
};

use clap::Args;
use tracing_subscriber::EnvFilter;

use super::Failure;
use crate::{
    config::{Config, Layer},
    delivery::dispatch::Pace,
    server::Server,
    shutdown::Signals,
};

/// What the process needs beside the connections of clients and of messages: the database, files, the runtime.
const OWN_DESCRIPTORS: u64 = 128;

#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    flags: Layer,
    /// TOML file with the same settings; flags and environment win over it
    #[arg(long, env = "REPORTWIRE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// What to log to stderr, as in info or reportwire=debug
    #[arg(long, env = "REPORTWIRE_LOG", value_name = "FILTER", default_value = "info")]
    log: String,
}

impl Serve {
    pub(super) fn run(self) -> Result<(), Failure> {
        let filter = EnvFilter::try_new(&self.log)
            .map_err(|error| Failure::usage(format!("--log {:?}: {error}", self.log)))?;
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr)
            .init();
        let file = match &self.config {
            Some(path) => Layer::read(path).map_err(|error| Failure::caused("", &error))?,
            None => Layer::default(),
        };
        let mut config =
            Config::of(self.flags.over(file)).map_err(|error| Failure::usage(error.to_string()))?;
        config.limits.connections = make_room(config.limits.connections);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            // renders may take as many as there are workers, and must leave some for reads and files
            .max_blocking_threads(config.workers + 64)
            .build()
            .map_err(|error| Failure::caused("cannot start the runtime", &error))?;
        let served = runtime.block_on(serve(config));
        // a render that does not look at its monitor must not keep the process
        runtime.shutdown_timeout(std::time::Duration::from_secs(1));
        served
    }
}

/// Raises the limit on descriptors as far as it goes. How many connections there may be then: a process that runs out
/// can neither accept a client nor store a file.
fn make_room(connections: usize) -> usize {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, ..limit };
    let room = if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    let fitting = room.map_or(connections, |room| connections.min(fitting(room)));
    if fitting < connections {
        tracing::warn!(
            room,
            wanted = connections,
            connections = fitting,
            "too few descriptors; raise ulimit -n"
        );
    }
    fitting
}

/// How many connections fit, beside one descriptor for each webhook or letter under way and our own. However few there
/// are, a quarter is for clients.
fn fitting(room: u64) -> usize {
    let left = room.saturating_sub(Pace::default().limit as u64 + OWN_DESCRIPTORS);
    usize::try_from(left.max(room / 4)).unwrap_or(usize::MAX)
}

async fn serve(config: Config) -> Result<(), Failure> {
    let server = Server::bind(config).await.map_err(|error| Failure::caused("", &error))?;
    let signals = Signals::catch().map_err(|error| Failure::caused("cannot handle signals", &error))?;
    // whoever started us may have closed the pipe; that is no reason not to serve
    let _ = writeln!(std::io::stdout(), "reportwire listening on {}://{}", server.scheme(), server.address());
    server.run(signals.requested()).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_under_way_need_descriptors_beside_those_of_clients() {
        assert_eq!(fitting(1_000 + 512 + 128), 1_000);
        assert_eq!(fitting(256), 64);
    }
}
