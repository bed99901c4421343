//! The colours of the page, by meaning, in light and in dark.

use std::fmt::Write as _;

/// Red, green, blue.
pub type Rgb = (u8, u8, u8);

/// A colour by what it stands for.
///
/// Figures are drawn in the light colours; [`stylesheet`] gives every one its name, so that dark mode and
/// print only have to rename. Sync and async are the blue and vermilion of Okabe and Ito's palette for
/// every kind of colour vision (2008), and wins are shades of the same two hues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Text.
    Text,
    /// Text that matters less.
    Muted,
    /// Lines that only guide the eye.
    Grid,
    /// What shapes stand on; also the inside of hollow marks.
    Paper,
    /// The zone in which nobody wins.
    Band,
    /// Sync contenders.
    Sync,
    /// Async contenders.
    Awaiting,
    /// Strokes across a cell whose interval includes 1.
    Hatch,
    /// The edge of a cell or a button.
    Edge,
    /// A cell without a winner.
    Neutral,
    /// A cell in which async is better, by more from 1 to 3.
    AsyncBetter(Shade),
    /// A cell in which sync is better, by more from 1 to 3.
    SyncBetter(Shade),
}

/// How strong an effect a cell's colour shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shade {
    /// Below a quarter more.
    Faint,
    /// Below twice.
    Middle,
    /// Twice and beyond.
    Strong,
}

impl Ink {
    /// Every ink.
    pub const ALL: [Self; 16] = [
        Self::Text,
        Self::Muted,
        Self::Grid,
        Self::Paper,
        Self::Band,
        Self::Sync,
        Self::Awaiting,
        Self::Hatch,
        Self::Edge,
        Self::Neutral,
        Self::AsyncBetter(Shade::Faint),
        Self::AsyncBetter(Shade::Middle),
        Self::AsyncBetter(Shade::Strong),
        Self::SyncBetter(Shade::Faint),
        Self::SyncBetter(Shade::Middle),
        Self::SyncBetter(Shade::Strong),
    ];

    /// Its colour on white. No two inks share one, for it is also how the stylesheet finds the ink.
    #[must_use]
    pub fn light(self) -> Rgb {
        match self {
            Self::Text => (0x1B, 0x1F, 0x24),
            Self::Muted => (0x59, 0x63, 0x6E),
            Self::Grid => (0xDD, 0xE1, 0xE6),
            Self::Paper => (0xFF, 0xFF, 0xFF),
            Self::Band => (0xF0, 0xF1, 0xF3),
            Self::Sync => (0x00, 0x72, 0xB2),
            Self::Awaiting => (0xD5, 0x5E, 0x00),
            Self::Hatch => (0xB4, 0xBA, 0xC2),
            Self::Edge => (0x8A, 0x93, 0x9E),
            Self::Neutral => (0xF4, 0xF4, 0xF2),
            Self::AsyncBetter(Shade::Faint) => (0xFE, 0xE0, 0xB6),
            Self::AsyncBetter(Shade::Middle) => (0xFD, 0xB8, 0x63),
            Self::AsyncBetter(Shade::Strong) => (0xE8, 0x96, 0x3A),
            Self::SyncBetter(Shade::Faint) => (0xD3, 0xE5, 0xF4),
            Self::SyncBetter(Shade::Middle) => (0x9D, 0xC8, 0xE8),
            Self::SyncBetter(Shade::Strong) => (0x64, 0xA6, 0xD6),
        }
    }

    /// Its colour on near black.
    #[must_use]
    pub fn dark(self) -> Rgb {
        match self {
            Self::Text => (0xE6, 0xE8, 0xEB),
            Self::Muted => (0xA3, 0xAB, 0xB5),
            Self::Grid => (0x33, 0x39, 0x41),
            Self::Paper => (0x14, 0x17, 0x1B),
            Self::Band => (0x20, 0x25, 0x2B),
            Self::Sync => (0x56, 0xB4, 0xE9),
            Self::Awaiting => (0xFF, 0x8F, 0x3D),
            Self::Hatch => (0x4A, 0x52, 0x5C),
            Self::Edge => (0x6B, 0x75, 0x81),
            Self::Neutral => (0x22, 0x26, 0x2C),
            Self::AsyncBetter(Shade::Faint) => (0x3F, 0x2C, 0x12),
            Self::AsyncBetter(Shade::Middle) => (0x66, 0x43, 0x14),
            Self::AsyncBetter(Shade::Strong) => (0x86, 0x55, 0x10),
            Self::SyncBetter(Shade::Faint) => (0x12, 0x2E, 0x44),
            Self::SyncBetter(Shade::Middle) => (0x16, 0x44, 0x68),
            Self::SyncBetter(Shade::Strong) => (0x1B, 0x5C, 0x8E),
        }
    }

    /// Its name among the custom properties of the page.
    #[must_use]
    pub fn property(self) -> &'static str {
        match self {
            Self::Text => "--text",
            Self::Muted => "--muted",
            Self::Grid => "--grid",
            Self::Paper => "--paper",
            Self::Band => "--band",
            Self::Sync => "--sync",
            Self::Awaiting => "--async",
            Self::Hatch => "--hatch",
            Self::Edge => "--edge",
            Self::Neutral => "--neutral",
            Self::AsyncBetter(Shade::Faint) => "--async-1",
            Self::AsyncBetter(Shade::Middle) => "--async-2",
            Self::AsyncBetter(Shade::Strong) => "--async-3",
            Self::SyncBetter(Shade::Faint) => "--sync-1",
            Self::SyncBetter(Shade::Middle) => "--sync-2",
            Self::SyncBetter(Shade::Strong) => "--sync-3",
        }
    }
}

/// The custom properties in both modes, and the rules that put them in place of a figure's literal colours.
#[must_use]
pub fn stylesheet() -> String {
    let mut css = String::from(":root{color-scheme:light dark;");
    declare(&mut css, Ink::light);
    // Only on a screen: paper is white whatever the reader prefers.
    css.push_str("}\n@media screen and (prefers-color-scheme:dark){:root{");
    declare(&mut css, Ink::dark);
    css.push_str("}}\n");
    for ink in Ink::ALL {
        let (literal, property) = (hex(ink.light()), ink.property());
        // Writing into a String cannot fail.
        let _ = writeln!(
            css,
            "svg [fill=\"{literal}\"]{{fill:var({property})}}svg [stroke=\"{literal}\"]{{stroke:var({property})}}"
        );
    }
    css
}

fn declare(css: &mut String, colour: fn(Ink) -> Rgb) {
    for ink in Ink::ALL {
        let _ = write!(css, "{}:{};", ink.property(), hex(colour(ink)));
    }
}

/// As plotters writes colours: upper case, six digits.
pub(crate) fn hex((red, green, blue): Rgb) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast ratio, WCAG 2.2 §1.4.3.
    fn contrast(one: Rgb, other: Rgb) -> f64 {
        let luminance = |(red, green, blue): Rgb| {
            let linear = |channel: u8| {
                let share = f64::from(channel) / 255.0;
                if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
        };
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn no_two_inks_share_a_colour() {
        for (index, ink) in Ink::ALL.iter().enumerate() {
            for other in &Ink::ALL[index + 1..] {
                assert_ne!(ink.light(), other.light(), "{ink:?} and {other:?}");
            }
        }
    }

    #[test]
    fn text_is_legible_on_every_ground_in_both_modes() {
        let grounds = Ink::ALL.into_iter().filter(|ink| {
            matches!(
                ink,
                Ink::Paper | Ink::Band | Ink::Hatch | Ink::Neutral | Ink::AsyncBetter(_) | Ink::SyncBetter(_)
            )
        });
        for ground in grounds {
            assert!(contrast(Ink::Text.light(), ground.light()) >= 4.5, "{ground:?} in light");
            assert!(contrast(Ink::Text.dark(), ground.dark()) >= 4.5, "{ground:?} in dark");
        }
        for mode in [Ink::light, Ink::dark] {
            assert!(contrast(mode(Ink::Muted), mode(Ink::Paper)) >= 4.5);
            for mark in [Ink::Sync, Ink::Awaiting] {
                assert!(contrast(mode(mark), mode(Ink::Paper)) >= 3.0, "{mark:?}");
            }
        }
    }
}
