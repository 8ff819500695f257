//! `reportwire serve`.

use std::path::PathBuf;

use clap::Args;
use tracing_subscriber::EnvFilter;

use super::Failure;
use crate::{
    config::{Config, Layer},
    server::Server,
    shutdown::Signals,
};

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
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
        let file = match &self.config {
            Some(path) => Layer::read(path).map_err(|error| Failure::caused("", &error))?,
            None => Layer::default(),
        };
        let config = Config::of(self.flags.over(file)).map_err(|error| Failure::usage(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::caused("cannot start the runtime", &error))?;
        let served = runtime.block_on(serve(config));
        // a render that does not look at its monitor must not keep the process
        runtime.shutdown_timeout(std::time::Duration::from_secs(1));
        served
    }
}

async fn serve(config: Config) -> Result<(), Failure> {
    let server = Server::bind(config).await.map_err(|error| Failure::caused("", &error))?;
    let signals = Signals::catch().map_err(|error| Failure::caused("cannot handle signals", &error))?;
    println!("reportwire listening on http://{}", server.address());
    server.run(signals.requested()).await;
    Ok(())
}
