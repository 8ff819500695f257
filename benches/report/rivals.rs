//! ReportLab and WeasyPrint, in an environment of their own below `target`.

use std::{path::PathBuf, process::Command};

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The Python that has both.
fn python() -> PathBuf {
    let folder = PathBuf::from(ROOT).join("target/rivals");
    let (python, done) = (folder.join("bin/python"), folder.join("installed"));
    let wanted = format!("{ROOT}/benches/report/requirements.txt");
    if !done.exists() {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&folder).status().unwrap();
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", &wanted];
        let installed = Command::new(&python).args(install).status().unwrap();
        assert!(made.success() && installed.success(), "the rivals cannot be installed");
        std::fs::write(done, "").unwrap();
    }
    python
}

/// Has one of them draw the table, so often, into `file`.
pub(crate) fn draw(name: &str, rows: &str, times: &str, file: &str) -> Value {
    let font = |weight: &str| format!("{ROOT}/assets/fonts/Inter-{weight}.ttf");
    let script = format!("{ROOT}/benches/report/rivals.py");
    let output = Command::new(python())
        .args([&script, name, rows, times, &font("Regular"), &font("Bold"), file])
        .output()
        .unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
