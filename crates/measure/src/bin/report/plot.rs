//! Growth curves: how an operation's cost grows with its input.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use anyhow::anyhow;
use plotters::prelude::*;

use crate::rows::{Figure, Results, Row};

/// One plot for every operation that was measured at three or more sizes.
pub(crate) fn write(folder: &Path, results: &Results) -> anyhow::Result<()> {
    let mut curves: BTreeMap<(&str, &str), Vec<&Row>> = BTreeMap::new();
    for row in results.rows.iter().filter(|row| row.at.is_some()) {
        curves.entry((&row.package, &row.operation)).or_default().push(row);
    }
    std::fs::create_dir_all(folder)?;
    for ((package, operation), rows) in curves.into_iter().filter(|(_, rows)| rows.len() >= 3) {
        let name = format!("{package} {operation}").replace([' ', '/', ',', '.'], "-").to_lowercase();
        let file = folder.join(format!("{name}.svg"));
        draw(&file, &format!("{operation} ({package})"), &rows)
            .map_err(|error| anyhow!("{}: {error}", file.display()))?;
    }
    Ok(())
}

/// One variant of a row.
type Pick = fn(&Row) -> Option<Figure>;

fn draw(file: &Path, title: &str, rows: &[&Row]) -> Result<(), Box<dyn std::error::Error>> {
    let lines: [(&str, RGBColor, Pick); 3] = [
        ("floor", RGBColor(120, 120, 120), |row| row.floor),
        ("ours", RGBColor(20, 110, 200), |row| row.ours),
        ("naive", RGBColor(210, 90, 30), |row| row.naive),
    ];
    let points = |of: Pick| {
        rows.iter().filter_map(move |row| Some((size(row)?, of(row)?.nanoseconds / 1e3))).collect::<Vec<_>>()
    };
    let all: Vec<(f64, f64)> = lines.iter().flat_map(|(_, _, of)| points(*of)).collect();
    let area = SVGBackend::new(file, (640, 400)).into_drawing_area();
    area.fill(&WHITE)?;
    let (across, up) = (range(all.iter().map(|point| point.0)), range(all.iter().map(|point| point.1)));
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(64)
        .build_cartesian_2d(across.log_scale(), up.log_scale())?;
    chart.configure_mesh().x_desc("size").y_desc("µs").light_line_style(RGBColor(240, 240, 240)).draw()?;
    for (name, colour, of) in lines {
        let points = points(of);
        if points.is_empty() {
            continue;
        }
        chart.draw_series(points.iter().map(|point| Circle::new(*point, 3, colour.filled())))?;
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .border_style(RGBColor(200, 200, 200))
        .draw()?;
    area.present()?;
    Ok(())
}

fn size(row: &Row) -> Option<f64> {
    u32::try_from(row.at?).ok().map(f64::from)
}

/// From the smallest to the largest value, with some air.
fn range(values: impl Iterator<Item = f64>) -> Range<f64> {
    let (low, high) = values.fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    low * 0.8..high * 1.25
}
