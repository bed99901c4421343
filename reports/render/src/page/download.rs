//! Files that a page itself holds.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};

/// A link that saves `content` under the name `file`.
pub(super) fn download(kind: &str, file: &str, text: &str, content: &str) -> Markup {
    let address = format!("data:{kind};base64,{}", STANDARD.encode(content));
    html! { a download=(file) href=(address) { (text) } }
}
