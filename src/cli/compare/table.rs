//! What the runs came to, as a table for people and as JSON for machines.

use std::fmt::Write as _;

use serde::Serialize;

use super::{race::Heard, ways::Way};

/// The outcome of all runs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outcome {
    pub(super) report_type: String,
    pub(super) runs: u32,
    /// What the times count from: `done`, when the work was, or `first`, when the first channel knew.
    pub(super) times_from: &'static str,
    pub(super) channels: Vec<Row>,
}

/// What one way came to: costs are medians of the runs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    channel: Way,
    #[serde(flatten)]
    came_to: CameTo,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum CameTo {
    #[serde(rename_all = "camelCase")]
    Figures { p50_ms: f64, max_ms: f64, requests: u64, bytes_up: u64, bytes_down: u64, connections: u64 },
    #[serde(rename_all = "camelCase")]
    Nothing { left_out: &'static str },
}

impl Row {
    /// The row of `way` in all that was heard, of which there is some.
    pub(super) fn of(way: Way, heard: &[Heard]) -> Self {
        let own: Vec<&Heard> = heard.iter().filter(|heard| heard.way == way).collect();
        let times: Vec<f64> = own.iter().map(|heard| heard.after).collect();
        let cost = |of: fn(&Heard) -> u64| median(own.iter().map(|heard| of(heard)).collect());
        let came_to = CameTo::Figures {
            max_ms: times.iter().copied().fold(0.0, f64::max),
            p50_ms: median(times),
            requests: cost(|heard| heard.cost.requests),
            bytes_up: cost(|heard| heard.cost.up),
            bytes_down: cost(|heard| heard.cost.down),
            connections: cost(|heard| heard.cost.connections),
        };
        Self { channel: way, came_to }
    }

    /// The row of a way that was not run.
    pub(super) fn left_out(way: Way, why: &'static str) -> Self {
        Self { channel: way, came_to: CameTo::Nothing { left_out: why } }
    }
}

fn median<T: Copy + Default + PartialOrd>(mut values: Vec<T>) -> T {
    values.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    values.get(values.len() / 2).copied().unwrap_or_default()
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { report_type, runs, times_from, channels } = self;
        let times = if runs == &1 { "once".to_owned() } else { format!("{runs} times") };
        writeln!(
            f,
            "{report_type}, {times}, followed by every channel at once until it holds the model and has proved it\n"
        )?;
        let known = if *times_from == "done" { "done to known, ms" } else { "after the first, ms" };
        writeln!(f, "{:<22}{known:>19}{:>21}{:>14}", "", "", "bytes")?;
        writeln!(
            f,
            "{:<22}{:>10}{:>9}{:>10}{:>13}{:>10}{:>8}",
            "channel", "p50", "max", "requests", "connections", "up", "down"
        )?;
        for Row { channel, came_to } in channels {
            write!(f, "{:<22}", channel.title())?;
            match came_to {
                CameTo::Figures { p50_ms, max_ms, requests, bytes_up, bytes_down, connections } => writeln!(
                    f,
                    "{p50_ms:>10.1}{max_ms:>9.1}{requests:>10}{connections:>13}{:>10}{:>8}",
                    thousands(*bytes_up),
                    thousands(*bytes_down)
                )?,
                CameTo::Nothing { left_out } => writeln!(f, "  left out: {left_out}")?,
            }
        }
        Ok(())
    }
}

/// 12,345
fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        // writing to a string does not fail
        let _ = text.write_char(digit);
    }
    text
}
