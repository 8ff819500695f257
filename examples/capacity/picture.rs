//! How full each shared part of one installation is, drawn over the load.

use std::fmt::Write as _;

use crate::{
    DELETES,
    costs::Costs,
    fleet::{FULL, Fleet, load},
};

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 460.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 250.0;
const TOP: f64 = 48.0;
const BOTTOM: f64 = 56.0;

/// From one report a second to ten thousand.
const LOADS: (f64, f64) = (1.0, 1e4);
/// From a thousandth of a part to ten times all of it.
const USED: (f64, f64) = (1e-3, 10.0);

/// Parts that are drawn, by their colours: apart for those who see few colours, too.
const PARTS: [(&str, &str); 6] = [
    ("bucket: writes to its prefixes", "#b45309"),
    ("bucket: files that one node deletes", "#ca8a04"),
    ("database: cores", "#1d4ed8"),
    ("database: disk", "#0891b2"),
    ("database: what its log writes", "#15803d"),
    ("database: turns at its log, groups being full", "#7c3aed"),
];

fn x(reports: f64) -> f64 {
    let share = (reports / LOADS.0).log10() / (LOADS.1 / LOADS.0).log10();
    LEFT + share * (WIDTH - LEFT - RIGHT)
}

fn y(used: f64) -> f64 {
    let share = (used.clamp(USED.0, USED.1) / USED.0).log10() / (USED.1 / USED.0).log10();
    HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
}

pub(crate) fn draw(costs: &Costs) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"system-ui, sans-serif\" \
         font-size=\"13\" fill=\"#1f2937\">\n<title>How full each shared part of one installation is</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n\
         <text x=\"{LEFT}\" y=\"26\" font-size=\"16\" font-weight=\"600\">How full each shared part of one installation is</text>\n"
    );
    axes(&mut svg);
    let mut ends: Vec<(f64, usize)> = Vec::new();
    for (number, (part, colour)) in PARTS.iter().enumerate() {
        let points: Vec<(f64, f64)> = (0..=40)
            .map(|step| {
                let reports = LOADS.0 * (LOADS.1 / LOADS.0).powf(f64::from(step) / 40.0);
                let fleet = Fleet::of(costs, &load((100.0 * reports, reports), DELETES));
                let used = fleet.parts.iter().find(|(name, _)| name == part).map_or(0.0, |(_, used)| *used);
                (reports, used)
            })
            .filter(|(_, used)| *used >= USED.0)
            .collect();
        let line: Vec<String> =
            points.iter().map(|(reports, used)| format!("{:.1},{:.1}", x(*reports), y(*used))).collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2.5\" stroke-linejoin=\"round\"/>",
            line.join(" ")
        );
        ends.push((points.last().map_or(HEIGHT - BOTTOM, |(_, used)| y(*used)), number));
    }
    names(&mut svg, ends);
    svg.push_str("</svg>\n");
    svg
}

fn axes(svg: &mut String) {
    let right = WIDTH - RIGHT;
    for (used, text) in [(1e-3, "0.1 %"), (1e-2, "1 %"), (0.1, "10 %"), (1.0, "100 %"), (10.0, "1,000 %")] {
        let y = y(used);
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#e5e7eb\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#6b7280\">{text}</text>",
            LEFT - 8.0,
            y + 4.0
        );
    }
    for (reports, text) in [(1.0, "1"), (10.0, "10"), (100.0, "100"), (1e3, "1,000"), (1e4, "10,000")] {
        let (x, bottom) = (x(reports), HEIGHT - BOTTOM);
        let _ = writeln!(
            svg,
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\" stroke=\"#f3f4f6\"/>\
             <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#6b7280\">{text}</text>",
            bottom + 20.0
        );
    }
    let (y, middle) = (y(FULL), f64::midpoint(LEFT, right));
    let _ = writeln!(
        svg,
        "<line x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#dc2626\" stroke-dasharray=\"6 4\"/>\
         <text x=\"{}\" y=\"{:.1}\" fill=\"#dc2626\">as full as it may be: {:.0} %</text>\n\
         <text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">reports a second, a hundred sockets to each</text>",
        LEFT + 8.0,
        y - 6.0,
        FULL * 100.0,
        HEIGHT - 12.0
    );
}

/// The name of each line at its end, none on top of another.
fn names(svg: &mut String, mut ends: Vec<(f64, usize)>) {
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free = TOP;
    for (y, number) in ends {
        let (part, colour) = PARTS[number];
        let y = y.max(free);
        free = y + 18.0;
        let name =
            part.split_once(": groups").map_or(part, |(name, _)| name).replace(", groups being full", "");
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{:.1}\" fill=\"{colour}\">{name}</text>",
            WIDTH - RIGHT + 8.0,
            y + 4.0
        );
    }
}
