//! The commands.

mod caller;
mod check;
mod compare;
mod copy;
mod keys;
mod links;
mod place;
mod render;
mod request;
mod serve;
mod shelf;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Slow reports, pushed to the person who waits for them.
#[derive(Debug, Parser)]
#[command(name = "reportwire", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::Serve,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server (also without a command)
    Serve(Box<serve::Serve>),
    /// Ask a server for a report, watch it being made, and save the file when it is pushed
    Request(request::Request),
    /// Make a report without a server, for those who write report types
    Render(render::Render),
    /// Follow one report by every channel at once, and print what each costs
    Compare(compare::Compare),
    /// Make, show and revoke API keys
    Key(keys::Keys),
    /// Change the secret that links are signed with
    Links(links::Links),
    /// Copy everything from a folder to a database that nodes share
    Copy(copy::Copy),
    /// Say everything that is wrong with the settings and the report types; exit 1 if anything is
    Check(check::Check),
}

/// Runs the command line. Exit codes: 0 done, 1 it failed, 2 the command line is wrong.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        None => cli.serve.run(),
        Some(Command::Serve(serve)) => serve.run(),
        Some(Command::Request(request)) => request.run(),
        Some(Command::Render(render)) => render.run(),
        Some(Command::Compare(compare)) => compare.run(),
        Some(Command::Key(keys)) => keys.run(),
        Some(Command::Links(links)) => links.run(),
        Some(Command::Copy(copy)) => copy.run(),
        Some(Command::Check(check)) => check.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("reportwire: {failure}");
            failure.code()
        }
    }
}

/// Why a command ended early, in words for the person at the terminal.
#[derive(Debug)]
struct Failure {
    text: String,
    code: u8,
}

impl Failure {
    /// It failed.
    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), code: 1 }
    }

    /// The command line is wrong.
    fn usage(text: impl Into<String>) -> Self {
        Self { text: text.into(), code: 2 }
    }

    fn code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }

    /// `what`, and every cause of it.
    fn caused(what: &str, error: &dyn std::error::Error) -> Self {
        let causes = std::iter::successors(Some(error), |error| error.source());
        let text = causes.fold(what.to_owned(), |text, cause| {
            if text.is_empty() { cause.to_string() } else { format!("{text}: {cause}") }
        });
        Self::new(text)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}
