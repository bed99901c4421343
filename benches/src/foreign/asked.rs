//! The one request that every server of a comparison is asked.

use std::str::FromStr;

use loadgen::{Request, Url};
use reports_record::shown;

/// Most of a wrong request that its error shows, characters.
const SHOWN: usize = 120;

/// The one request that every server of a comparison is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its method.
    pub method: String,
    /// Path and query, beginning with `/`.
    pub target: String,
    /// Further header fields, each `name: value`.
    pub headers: Vec<String>,
    /// Its body.
    pub body: Option<Vec<u8>>,
}

/// A text that is not a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskedError {
    /// Neither a path nor a method and a path.
    #[error("expected a method and a path such as 'GET /items?page=1', found \"{found}\"", found = shown(.0, SHOWN))]
    Form(String),
    /// A request whose reply has no body.
    #[error("HEAD has no body to compare: ask for GET")]
    Head,
}

impl FromStr for Asked {
    type Err = AskedError;

    fn from_str(text: &str) -> Result<Self, AskedError> {
        let mut words = text.split_whitespace();
        let (method, target) = match (words.next(), words.next(), words.next()) {
            (Some(target), None, None) => ("GET", target),
            (Some(method), Some(target), None) => (method, target),
            _ => return Err(AskedError::Form(text.to_owned())),
        };
        if !target.starts_with('/') {
            return Err(AskedError::Form(text.to_owned()));
        }
        if method == "HEAD" {
            return Err(AskedError::Head);
        }
        Ok(Self { method: method.to_owned(), target: target.to_owned(), headers: Vec::new(), body: None })
    }
}

impl Default for Asked {
    /// `GET /`.
    fn default() -> Self {
        Self { method: "GET".to_owned(), target: "/".to_owned(), headers: Vec::new(), body: None }
    }
}

impl Asked {
    /// The request of the server at `base`. A path of its own in `base` comes before this one's.
    ///
    /// # Errors
    /// When a part of it cannot be sent.
    pub fn of(&self, base: &Url) -> anyhow::Result<Request> {
        let url = if base.target() == "/" { base.with_target(&self.target)? } else { base.clone() };
        Ok(Request::new(&url, &self.method, &self.headers, self.body.as_deref())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_alone_is_asked_by_get() {
        let asked: Asked = "/items?page=1".parse().unwrap();
        assert_eq!((asked.method.as_str(), asked.target.as_str()), ("GET", "/items?page=1"));
        let asked: Asked = " POST  /items ".parse().unwrap();
        assert_eq!((asked.method.as_str(), asked.target.as_str()), ("POST", "/items"));
    }

    #[test]
    fn what_is_no_request_is_shown() {
        for wrong in ["", "GET", "GET items", "GET / HTTP/1.1", "http://x/"] {
            assert!(matches!(wrong.parse::<Asked>(), Err(AskedError::Form(_))), "{wrong}");
        }
        assert_eq!("HEAD /".parse::<Asked>(), Err(AskedError::Head));
    }

    #[test]
    fn a_url_with_a_path_of_its_own_keeps_it() {
        let target = |base: &str| {
            Asked::from_str("/asked").unwrap().of(&base.parse().unwrap()).unwrap().url().target().to_owned()
        };
        assert_eq!(target("http://127.0.0.1:80"), "/asked");
        assert_eq!(target("http://127.0.0.1:80/own?x"), "/own?x");
    }
}
