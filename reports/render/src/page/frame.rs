//! What every page is set in: its head, its style, and that it asks for nothing.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::figure::ink;

/// Nothing is loaded from anywhere and nothing runs; inline style is all there is.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE: &str = include_str!("style.css");

/// A whole document of `content`, called `title`.
pub(crate) fn frame(title: &str, content: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Crossover: " (title) }
                style { (PreEscaped(ink::stylesheet())) (PreEscaped(STYLE)) }
            }
            body { main { (content) } }
        }
    }
    .into_string()
}
