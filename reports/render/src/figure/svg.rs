//! A scene as SVG, by way of plotters.

use maud::html;
use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea as _};
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontStyle, RGBColor, TextStyle};

use super::ink::Ink;
use super::scene::{Anchor, Form, Scene, Shape};

/// Half the extent of a mark, pixels.
const MARK: i32 = 4;

/// The elements of `scene`, without the `svg` element around them.
///
/// plotters escapes text. Colours are the inks' light ones; the page's stylesheet gives them their names.
#[must_use]
pub fn elements(scene: &Scene) -> String {
    let mut document = String::new();
    let area = SVGBackend::with_string(&mut document, (scene.width, scene.height)).into_drawing_area();
    let drawn = scene.shapes.iter().try_for_each(|shape| draw(&area, shape)).and_then(|()| area.present());
    drawn.expect("drawing into a string cannot fail");
    drop(area);
    let inner = document.split_once(">\n").map_or("", |(_, inner)| inner);
    lean(inner.strip_suffix("</svg>\n").unwrap_or(inner)) + &hints(scene)
}

/// Radius within which a pointer finds a value, pixels.
const REACH: i32 = 7;

/// A title for each value, on a circle that is not painted.
fn hints(scene: &Scene) -> String {
    html! {
        @if !scene.hints.is_empty() {
            g fill="none" pointer-events="all" {
                @for ((x, y), text) in &scene.hints { circle cx=(x) cy=(y) r=(REACH) { title { (text) } } }
            }
        }
    }
    .into_string()
}

/// Leaves out the attributes that say what holds anyway, and blanks: a third of the size.
fn lean(elements: &str) -> String {
    elements
        .replace(" opacity=\"1\"", "")
        .replace(" stroke=\"none\"", "")
        .replace(" stroke-width=\"1\"", "")
        .replace(" text-anchor=\"start\"", "")
        // The last bit of a size that was multiplied and divided.
        .replace(".000000000000002\"", "\"")
        .replace(" font-family=\"sans-serif\"", "")
        .replace(" \"/>", "\"/>")
        .replace("\">\n", "\">")
        .replace("\n</text>", "</text>")
        .replace(" stroke-width=\"1\"", "")
        .lines()
        .fold(Merged::default(), Merged::with)
        .written
}

/// Elements, lines of one look after each other drawn as one path: a dashed line is a hundred of them.
#[derive(Debug, Default)]
struct Merged {
    written: String,
    /// How the path that ends `written` looks, if one does.
    look: Option<String>,
}

impl Merged {
    fn with(mut self, element: &str) -> Self {
        match polyline(element) {
            Some((look, points)) if self.look.as_deref() == Some(look) => {
                self.written.truncate(self.written.len() - END.len());
                self.written.push_str(&format!("M{points}{END}"));
            }
            Some((look, points)) => {
                self.written.push_str(&format!("<path {look}d=\"M{points}{END}"));
                self.look = Some(look.to_owned());
            }
            None => {
                self.written.push_str(element);
                self.written.push('\n');
                self.look = None;
            }
        }
        self
    }
}

/// How a path ends.
const END: &str = "\"/>\n";

/// The attributes of an open line, and its points.
fn polyline(element: &str) -> Option<(&str, &str)> {
    element.strip_prefix("<polyline ")?.strip_suffix("\"/>")?.split_once("points=\"")
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

fn draw(area: &Area<'_>, shape: &Shape) -> Drawn {
    match shape {
        Shape::Line { from, to, ink, width } => {
            area.draw(&PathElement::new([*from, *to], colour(*ink).stroke_width(*width)))
        }
        Shape::Path { points, ink, width } => {
            area.draw(&PathElement::new(points.as_slice(), colour(*ink).stroke_width(*width)))
        }
        Shape::Area { at, size, ink } => {
            area.draw(&Rectangle::new([*at, (at.0 + size.0, at.1 + size.1)], colour(*ink).filled()))
        }
        Shape::Mark { at, form, ink } => draw_mark(area, *at, *form, *ink),
        Shape::Text { at, anchor, size, bold, ink, text } => {
            area.draw(&Text::new(text.as_str(), *at, type_style(*anchor, *size, *bold, *ink)))
        }
    }
}

fn draw_mark(area: &Area<'_>, (x, y): (i32, i32), form: Form, ink: Ink) -> Drawn {
    let (ink, paper) = (colour(ink), colour(Ink::Paper).filled());
    let diamond = [(x, y - MARK), (x + MARK, y), (x, y + MARK), (x - MARK, y), (x, y - MARK)];
    match form {
        Form::Disc => area.draw(&Circle::new((x, y), MARK, ink.filled())),
        Form::Ring => {
            area.draw(&Circle::new((x, y), MARK, paper))?;
            area.draw(&Circle::new((x, y), MARK - 1, ink.stroke_width(2)))
        }
        Form::Diamond => area.draw(&Polygon::new(diamond, ink.filled())),
        Form::HollowDiamond => {
            area.draw(&Polygon::new(diamond, paper))?;
            area.draw(&PathElement::new(diamond, ink.stroke_width(2)))
        }
    }
}

fn type_style(anchor: Anchor, size: u32, bold: bool, ink: Ink) -> TextStyle<'static> {
    let horizontal = match anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    // plotters divides sizes by 1.24, an allowance for leading that an SVG has no use for.
    let mut style =
        TextStyle::from(("sans-serif", f64::from(size) * 1.24)).pos(Pos::new(horizontal, VPos::Center));
    style.color = colour(ink).to_backend_color();
    if bold {
        style.font = style.font.style(FontStyle::Bold);
    }
    style
}

fn colour(ink: Ink) -> RGBColor {
    let (red, green, blue) = ink.light();
    RGBColor(red, green, blue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::ink::hex;

    #[test]
    fn text_is_escaped() {
        let mut scene = Scene::new(10, 10);
        scene.text((0, 0), Anchor::Start, 12, Ink::Text, "<script>\"&'");
        let drawn = elements(&scene);
        assert!(drawn.contains("&lt;script&gt;&quot;&amp;&apos;"), "{drawn}");
        assert!(!drawn.contains("<script"), "{drawn}");
    }

    #[test]
    fn every_colour_drawn_is_an_ink_that_the_stylesheet_knows() {
        let mut scene = Scene::new(100, 100);
        for ink in Ink::ALL {
            scene.line((0, 0), (9, 9), ink, 1);
            scene.area((0, 0), (9, 9), ink);
            scene.path(&[(0, 0), (30, 9)], true, ink);
            scene.bold((0, 0), Anchor::Middle, 12, ink, "text");
            for form in [Form::Disc, Form::Ring, Form::Diamond, Form::HollowDiamond] {
                scene.mark((5, 5), form, ink);
            }
        }
        let drawn = elements(&scene);
        let known: Vec<String> = Ink::ALL.into_iter().map(|ink| hex(ink.light())).collect();
        let colours: Vec<&str> = drawn.split('"').filter(|part| part.starts_with('#')).collect();
        assert!(colours.len() > 100);
        for colour in colours {
            assert!(known.iter().any(|ink| ink == colour), "{colour}");
        }
    }

    /// Of a dashed line each dash is there, at its place, in one element; another look or another element ends it.
    #[test]
    fn lines_of_one_look_are_one_path() {
        let line = |points: &str, ink: &str| {
            format!("<polyline fill=\"none\" stroke=\"{ink}\" points=\"{points}\"/>\n")
        };
        let elements = [line("1,2 3,4", "red"), line("5,6 7,8 9,9", "red"), line("0,0 1,1", "blue")].concat()
            + "<circle r=\"3\"/>\n"
            + &line("2,2 3,3", "blue");
        let expected = "<path fill=\"none\" stroke=\"red\" d=\"M1,2 3,4M5,6 7,8 9,9\"/>\n\
                        <path fill=\"none\" stroke=\"blue\" d=\"M0,0 1,1\"/>\n\
                        <circle r=\"3\"/>\n\
                        <path fill=\"none\" stroke=\"blue\" d=\"M2,2 3,3\"/>\n";
        assert_eq!(lean(&elements), expected);
    }

    #[test]
    fn a_value_is_found_by_the_pointer_and_not_painted() {
        let mut scene = Scene::new(10, 10);
        scene.hint((3, 4), "8: ×1.98 <".into());
        let hint = "<g fill=\"none\" pointer-events=\"all\"><circle cx=\"3\" cy=\"4\" r=\"7\"><title>8: ×1.98 &lt;</title></circle></g>";
        assert!(elements(&scene).ends_with(hint), "{}", elements(&scene));
    }

    #[test]
    fn elements_are_balanced_and_have_no_document_around_them() {
        let mut scene = Scene::new(10, 10);
        scene.text((0, 0), Anchor::End, 12, Ink::Muted, "a");
        scene.line((0, 0), (1, 1), Ink::Grid, 1);
        let drawn = elements(&scene);
        assert!(!drawn.contains("svg") && !drawn.contains("xmlns"), "{drawn}");
        assert_eq!(drawn.matches("<text").count(), drawn.matches("</text>").count());
    }
}
