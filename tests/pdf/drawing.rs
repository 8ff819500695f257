//! Where things stand on the pages.

use reportwire::{
    catalog::{Format, Orientation, Paper},
    generate::model::{ChartKind, Column, Section, Table},
};

use super::{gallery, model, pages, pdftotext, render};

#[test]
fn every_paper_is_as_large_as_it_is_called() {
    let table = [
        (Paper::A3, Orientation::Portrait, "841.8", "1190.5"),
        (Paper::A4, Orientation::Landscape, "841.8", "595.2"),
        (Paper::A5, Orientation::Portrait, "419.5", "595.2"),
        (Paper::Letter, Orientation::Portrait, "612.0", "792.0"),
        (Paper::Legal, Orientation::Landscape, "1008.0", "612.0"),
    ];
    for (paper, orientation, width, height) in table {
        let mut model = gallery::model();
        (model.look.paper, model.look.orientation) = (paper, orientation);
        let pdf = render(&model).pdf;
        pages(&pdf);
        let boxes = pdftotext(&pdf, "-bbox");
        let page = boxes.lines().find(|line| line.contains("<page")).unwrap();
        assert!(page.contains(&format!("width=\"{width}")), "{paper:?} {page}");
        assert!(page.contains(&format!("height=\"{height}")), "{paper:?} {page}");
    }
}

#[test]
fn a_group_says_on_the_next_page_that_it_goes_on() {
    let pages = pages(&render(&model(vec![gallery::grouped(2, 90)])).pdf);
    assert!(pages.len() > 3);
    assert!(pages[1].contains("Country 1 (continued)"), "{}", pages[1]);
    for page in &pages {
        let lines: Vec<&str> = page.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        // The foot is the last line; above it stands a row or a sum.
        let last = lines[lines.len() - 2];
        assert!(!last.starts_with("Region") && !last.contains("(continued)"), "{page}");
        assert!(last.split_whitespace().count() > 2, "{page}");
    }
    let all = pages.concat();
    for shop in 1..=180 {
        assert_eq!(all.matches(&format!("Shop {shop} ")).count(), 1, "{shop}");
    }
    // Subtotals stand under the title of their group.
    assert_eq!(all.matches("9,876.50").count(), 2);
    // The column that is the title of a group is not shown.
    assert!(!all.lines().any(|line| line.trim_start().starts_with("Country ") && line.contains("Shop")));
}

#[test]
fn numbers_stand_on_their_point_whatever_stands_among_them() {
    let any =
        Column { align: reportwire::generate::model::Align::Right, ..Column::new("n", "N", Format::Text) };
    let table = Table {
        columns: vec![
            Column::new("t", "T", Format::Text),
            any,
            Column::new("p", "P", Format::Percent { digits: 1 }),
        ],
        rows: [1.5, 12.5, 123_456.5]
            .map(|n| {
                vec![
                    gallery::text("x"),
                    reportwire::generate::model::Cell::Decimal(n),
                    reportwire::generate::model::Cell::Decimal(n),
                ]
            })
            .to_vec(),
        ..Table::default()
    };
    let boxes = pdftotext(&render(&model(vec![Section::Table(table)])).pdf, "-bbox");
    let ends: Vec<&str> = boxes
        .lines()
        .filter(|line| line.contains(".5<"))
        .map(|line| line.split("xMax=\"").nth(1).unwrap().split('.').next().unwrap())
        .collect();
    assert!(ends.len() >= 3, "{boxes}");
    assert!(ends.iter().step_by(2).all(|end| *end == ends[0]), "{ends:?}");
}

#[test]
fn breaks_in_a_row_make_no_empty_page() {
    let text = || Section::paragraph("text");
    let breaks = || [Section::PageBreak, Section::PageBreak, Section::PageBreak];
    let sections: Vec<Section> = [text()].into_iter().chain(breaks()).chain([text()]).collect();
    assert_eq!(pages(&render(&model(sections)).pdf).len(), 2);
}

#[test]
fn odd_charts_are_drawn_within_the_page() {
    let nan = f64::NAN;
    let kinds = [ChartKind::Bar, ChartKind::StackedBar, ChartKind::Line, ChartKind::Pie];
    let values: [&[f64]; 8] = [
        &[],
        &[1.0],
        &[0.0, 0.0, 0.0],
        &[nan, nan, nan],
        &[-1.0, -2.0, -3.0],
        &[f64::MAX, f64::MIN, 1e-300],
        &[f64::INFINITY, f64::NEG_INFINITY, 1.0],
        &[1e-12, 2e-12, 3e-12],
    ];
    for kind in kinds {
        let mut sections = Vec::new();
        for values in values {
            for count in [1, 3, 20] {
                let labels = vec!["A label"; values.len()];
                let series =
                    (0..count).map(|n| gallery::series(&format!("S{n}"), gallery::MONEY, values)).collect();
                sections.push(gallery::chart("Odd", kind, &labels, series));
            }
        }
        let rendered = render(&model(sections));
        pages(&rendered.pdf);
        let boxes = pdftotext(&rendered.pdf, "-bbox");
        for line in boxes.lines().filter(|line| line.contains("<word")) {
            let edge = |name: &str| -> f64 {
                line.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
            };
            assert!(edge("xMin") >= 50.0 && edge("xMax") <= 545.0 && edge("yMax") < 842.0, "{kind:?} {line}");
        }
    }
}

#[test]
fn long_texts_are_broken_within_their_column() {
    let pages = pages(&render(&model(vec![gallery::mixed()])).pdf);
    assert!(pages[0].contains("as it needs"), "{}", pages[0]);
}
