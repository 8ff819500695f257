//! A table as a PDF: ours, ReportLab's and WeasyPrint's.

use std::time::Instant;

use reportwire::{generate::pdf, work::Monitor};
use serde_json::{Value, json};

use super::{
    figure::{Figure, median},
    report, rivals, run, table,
};

pub(crate) const WORKLOAD: &str = "one table of six columns (text, text, date, whole number, amount, share) on A4 with its font in part, header \
     row on every page; median time of a document in a warm process, file size, most memory of the process";

/// Rows, how often each draws them, and the goals: milliseconds, kilobytes and megabytes.
const SIZES: [(&str, &str, &str, [Option<f64>; 3]); 3] = [
    ("30", "40", "5", [Some(3.0), Some(25.0), None]),
    ("300", "20", "3", [None, None, None]),
    ("3000", "8", "1", [Some(220.0), Some(250.0), Some(64.0)]),
];

pub(crate) fn measure() -> Vec<Figure> {
    let folder = tempfile::tempdir().unwrap();
    let mut figures = Vec::new();
    for (rows, times, weasy_times, [most_time, most_size, most_memory]) in SIZES {
        let path = |name: &str| folder.path().join(format!("{name}-{rows}.pdf")).to_str().unwrap().to_owned();
        let (ours, lab, weasy) = (path("reportwire"), path("reportlab"), path("weasyprint"));
        let us = run(&["pdf", rows, times, &ours]);
        let others = [
            ("ReportLab", rivals::draw("reportlab", rows, times, &lab), lab),
            ("WeasyPrint", rivals::draw("weasyprint", rows, weasy_times, &weasy), weasy),
        ];
        let time = |figures: &Value| figures["milliseconds"].as_f64().unwrap();
        let size = |path: &str| std::fs::metadata(path).unwrap().len() as f64 / 1e3;
        let memory = |figures: &Value| figures["kibibytes"].as_f64().unwrap() / 1024.0;
        let goal = |figure: Figure, most: Option<f64>| match most {
            Some(most) => figure.at_most(most),
            None => figure,
        };
        let named = |what: &str| -> &'static str { format!("{rows} rows: {what}").leak() };
        figures.push(goal(Figure::new(named("time"), time(&us), "ms"), most_time));
        figures.push(goal(Figure::new(named("file"), size(&ours), "kB"), most_size));
        figures.push(goal(Figure::new(named("memory"), memory(&us), "MiB"), most_memory));
        for (name, them, file) in others {
            figures.push(Figure::new(named(&format!("{name}, time")), time(&them), "ms"));
            figures.push(Figure::new(named(&format!("{name}, file")), size(&file), "kB"));
            figures.push(Figure::new(named(&format!("{name}, memory")), memory(&them), "MiB"));
            let share =
                Figure::new(named(&format!("our time as a share of {name}'s")), time(&us) / time(&them), "");
            figures.push(if name == "ReportLab" { share.at_most(0.25) } else { share });
        }
    }
    figures
}

/// Draws the table `times` times after a first one, and writes the last one to `file`.
pub(crate) fn child(rows: &str, times: &str, file: &str) {
    let model = table::model(rows.parse().unwrap());
    let once = || {
        let began = Instant::now();
        let rendered = pdf::render(&model, &Monitor::detached()).unwrap();
        (began.elapsed(), rendered)
    };
    once();
    let times: usize = times.parse().unwrap();
    let mut taken: Vec<f64> = (0..times).map(|_| once().0.as_secs_f64() * 1e3).collect();
    std::fs::write(file, once().1.pdf).unwrap();
    report(json!({"milliseconds": median(&mut taken)}));
}
