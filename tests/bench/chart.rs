//! The times as bars: the chroot(1) of the same run is 1. A bar that would dwarf all others is cut, and says its number.

use crate::budgets::yardstick;
use crate::contenders::Kind;
use crate::rounds::Timing;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

const WIDTH: i32 = 1000;
/// Where the bars begin, and where the longest ends.
const LEFT: i32 = 360;
const RIGHT: i32 = 930;
const TOP: i32 = 64;
const ROW: i32 = 28;
const BAR: i32 = 18;
/// What is longer than so many chroots is cut.
const CUT: f64 = 8.0;

const ENGINE: RGBColor = RGBColor(217, 72, 15);
const YARDSTICK: RGBColor = RGBColor(52, 58, 64);
const PEER: RGBColor = RGBColor(116, 143, 172);
const GRID: RGBColor = RGBColor(222, 226, 230);
const INK: RGBColor = RGBColor(33, 37, 41);

/// The whole picture, as SVG.
pub(crate) fn draw(timings: &[Timing]) -> String {
    // Without chroot(1), the bars are milliseconds.
    let (unit, title) = match yardstick(timings) {
        Ok(unit) => (unit, format!("a whole run of /bin/true, in times of chroot(1) ({unit:.2} ms)")),
        Err(_) => (1.0, "a whole run of /bin/true, ms".to_owned()),
    };
    let bars: Vec<_> =
        timings.iter().filter_map(|timing| Some((timing, timing.samples.as_ref().ok()?.median() / unit))).collect();
    let cut = if unit == 1.0 { f64::INFINITY } else { CUT };
    let longest = bars.iter().map(|(_, value)| *value).filter(|value| *value <= cut).fold(1.0, f64::max);
    let height = TOP + ROW * i32::try_from(bars.len()).unwrap() + 40;
    let place = |value: f64| LEFT + (f64::from(RIGHT - LEFT) * value / (longest * 1.12)) as i32;

    let mut text = String::new();
    {
        let size = (WIDTH as u32, height as u32);
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        area.fill(&WHITE).unwrap();
        let write = |words: &str, x: i32, y: i32, side: HPos, size: i32, color: &RGBColor| {
            let style = ("sans-serif", size).into_font().color(color).pos(Pos::new(side, VPos::Center));
            area.draw(&Text::new(words.to_owned(), (x, y), style)).unwrap();
        };
        write(&title, 16, 24, HPos::Left, 18, &INK);
        let bottom = height - 36;
        for tick in 0..=(longest * 1.1) as i32 {
            let x = place(f64::from(tick));
            let color = if tick == 1 { YARDSTICK } else { GRID };
            area.draw(&PathElement::new(vec![(x, TOP - 12), (x, bottom)], color)).unwrap();
            write(&tick.to_string(), x, bottom + 14, HPos::Center, 13, &INK);
        }
        for (number, (timing, value)) in bars.iter().enumerate() {
            let middle = TOP + ROW * i32::try_from(number).unwrap() + ROW / 2 - 8;
            let color = match timing.kind {
                Kind::Chroot | Kind::ChrootLocale => YARDSTICK,
                _ if timing.is_engine => ENGINE,
                _ => PEER,
            };
            let end = if *value > cut { RIGHT } else { place(*value) };
            let (upper, lower) = (middle - BAR / 2, middle + BAR / 2);
            area.draw(&Rectangle::new([(LEFT, upper), (end, lower)], color.filled())).unwrap();
            if *value > cut {
                // A gap in the bar: it goes on.
                let gap =
                    vec![(end - 34, lower + 1), (end - 26, upper - 1), (end - 20, upper - 1), (end - 28, lower + 1)];
                area.draw(&Polygon::new(gap, WHITE)).unwrap();
            }
            write(&timing.label, LEFT - 10, middle, HPos::Right, 14, &INK);
            write(&format!("{value:.2}"), end + 6, middle, HPos::Left, 14, &INK);
        }
        area.present().unwrap();
    }
    text
}
