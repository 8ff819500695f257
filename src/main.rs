//! Reads the command line and calls the library. Nothing else.

fn main() -> std::process::ExitCode {
    reportwire::cli::run()
}
