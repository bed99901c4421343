//! What every page is set in: its head, its style, and that it asks for nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use crate::figure::ink;

const STYLE: &str = include_str!("style.css");

/// A page before its frame.
#[derive(Debug)]
pub(crate) struct Page<'p> {
    /// What the window is called.
    pub title: &'p str,
    /// The page in a sentence or two, as the preview of a link shows it; `None` where it has no such sentence.
    pub description: Option<&'p str>,
    /// Rules of its own besides those of every page.
    pub style: &'p str,
    /// The only script that may run; `None` on a page that runs none.
    pub script: Option<&'p str>,
    /// Everything that is seen.
    pub content: &'p Markup,
}

/// A whole document of `content`, called `title`, that runs nothing.
pub(crate) fn frame(title: &str, content: &Markup) -> String {
    Page { title: &format!("Crossover: {title}"), description: None, style: "", script: None, content }
        .document()
}

impl Page<'_> {
    /// The whole document.
    pub(crate) fn document(&self) -> String {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(policy(self.script));
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.title) }
                    @if let Some(description) = self.description {
                        meta name="description" content=(description);
                        meta property="og:title" content=(self.title);
                        meta property="og:description" content=(description);
                    }
                    style { (PreEscaped(ink::stylesheet())) (PreEscaped(STYLE)) (PreEscaped(self.style)) }
                }
                body {
                    main { (self.content) }
                    @if let Some(script) = self.script { script { (PreEscaped(script)) } }
                }
            }
        }
        .into_string()
    }
}

/// Nothing is loaded from anywhere, and of scripts the one that has this hash may run.
fn policy(script: Option<&str>) -> String {
    let allowed = script.map_or_else(String::new, |script| {
        format!("script-src 'sha256-{}'; ", STANDARD.encode(Sha256::digest(script.as_bytes())))
    });
    format!("default-src 'none'; style-src 'unsafe-inline'; {allowed}base-uri 'none'; form-action 'none'")
}
