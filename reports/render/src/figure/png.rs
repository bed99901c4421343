//! A drawing as a picture of pixels, made of its SVG by resvg, so that no figure is drawn in two ways.
//!
//! resvg is a third of what this package takes to build and serves one flag, so it is a feature, `png`: on where `report` is built, off
//! where the load generator and the runner use this library.

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum PngError {
    /// Letters need a font.
    #[error(
        "cannot draw a PNG's letters: found no font on this system; install one, such as DejaVu Sans, or name a file that ends in .svg"
    )]
    NoFont,
    /// The drawing is too large for a picture, or not one.
    #[error("cannot draw a PNG: {0}; name a file that ends in .svg instead")]
    Drawing(String),
    /// This program was built without the feature.
    #[error(
        "cannot draw a PNG: this program was built without the feature png; name a file that ends in .svg, or build it by \
         `cargo build --release --package reports-render`"
    )]
    NotBuilt,
}

#[cfg(feature = "png")]
pub use drawn::png;

/// Reports that this program was built without the feature.
///
/// # Errors
/// Always.
#[cfg(not(feature = "png"))]
pub fn png(_svg: &str) -> Result<Vec<u8>, PngError> {
    Err(PngError::NotBuilt)
}

#[cfg(feature = "png")]
mod drawn {
    use std::sync::Arc;

    use resvg::tiny_skia::{Pixmap, Transform};
    use resvg::usvg::fontdb::{Database, Family, Query};
    use resvg::usvg::{Options, Tree};

    use super::PngError;

    /// Pixels a pixel of the drawing: sharp on a projector.
    const SCALE: u32 = 2;

    /// The picture of `svg` at twice its size, set in the system's sans-serif font.
    ///
    /// # Errors
    /// When the system has no font, or `svg` is no drawing that fits into memory.
    pub fn png(svg: &str) -> Result<Vec<u8>, PngError> {
        let told = |error: &dyn std::error::Error| PngError::Drawing(error.to_string());
        let options = Options { fontdb: Arc::new(fonts()?), ..Options::default() };
        let tree = Tree::from_str(svg, &options).map_err(|error| told(&error))?;
        let size = tree.size().to_int_size();
        let mut picture = Pixmap::new(size.width() * SCALE, size.height() * SCALE).ok_or_else(|| {
            PngError::Drawing(format!("{} by {} pixels are too many", size.width(), size.height()))
        })?;
        resvg::render(&tree, Transform::from_scale(SCALE as f32, SCALE as f32), &mut picture.as_mut());
        picture.encode_png().map_err(|error| told(&error))
    }

    /// The system's fonts, one of which is sans-serif: its own choice, else one that is called so, else any.
    fn fonts() -> Result<Database, PngError> {
        let mut fonts = Database::new();
        fonts.load_system_fonts();
        let sans = Query { families: &[Family::SansSerif], ..Query::default() };
        if fonts.query(&sans).is_none() {
            let names = || fonts.faces().filter_map(|face| Some(face.families.first()?.0.clone()));
            let name = names().find(|name| name.contains("Sans")).or_else(|| names().next());
            let name = name.ok_or(PngError::NoFont)?;
            fonts.set_sans_serif_family(name);
        }
        Ok(fonts)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        fn dark_pixels(picture: &Pixmap) -> usize {
            picture.pixels().iter().filter(|pixel| pixel.red() < 100 && pixel.green() < 100).count()
        }

        #[test]
        fn a_picture_has_the_shapes_at_twice_their_size_and_the_letters() {
            let svg = |text: &str| {
                format!(
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"100\" height=\"60\" font-family=\"sans-serif\">\
                     <rect width=\"100\" height=\"60\" fill=\"#FFFFFF\"/><rect x=\"10\" y=\"10\" width=\"20\" height=\"20\" fill=\"#D55E00\"/>\
                     <text x=\"40\" y=\"40\" font-size=\"20\">{text}</text></svg>"
                )
            };
            let picture = match png(&svg("xW")) {
                // A machine without any font cannot be asked for letters.
                Err(PngError::NoFont) => return,
                drawn => Pixmap::decode_png(&drawn.unwrap()).unwrap(),
            };
            assert_eq!((picture.width(), picture.height()), (200, 120));
            let at = |x, y| picture.pixel(x, y).map(|pixel| (pixel.red(), pixel.green(), pixel.blue()));
            assert_eq!((at(5, 5), at(40, 40)), (Some((255, 255, 255)), Some((0xD5, 0x5E, 0x00))));
            assert!(dark_pixels(&picture) > 100, "{} dark pixels", dark_pixels(&picture));
            let empty = Pixmap::decode_png(&png(&svg("")).unwrap()).unwrap();
            assert_eq!(dark_pixels(&empty), 0);
        }

        #[test]
        fn what_is_no_drawing_is_refused_in_a_sentence() {
            let error = png("<svg").unwrap_err().to_string();
            assert!(error.starts_with("cannot draw a PNG") && error.contains(".svg"), "{error}");
        }
    }
}
