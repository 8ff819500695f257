//! Who asks, when a command asks a server.

use clap::Args;
use reqwest::RequestBuilder;

use super::Failure;
use crate::config::Hidden;

#[derive(Debug, Default, Args)]
pub(super) struct Caller {
    /// API key or token (JWT) to show, if the server asks for one
    #[arg(long, env = "REPORTWIRE_KEY", value_name = "KEY", hide_env_values = true)]
    key: Option<Hidden>,
}

impl Caller {
    /// The request, with the key if there is one.
    pub(super) fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.key {
            Some(key) => request.bearer_auth(key.expose()),
            None => request,
        }
    }
}

/// Whether the server can be asked, whose URL this is.
pub(super) fn check(server: &str) -> Result<(), Failure> {
    if server.starts_with("http://") || server.starts_with("https://") {
        return Ok(());
    }
    Err(Failure::usage("--server must begin with http:// or https://"))
}
