//! Where a server comes from: it runs already, or a command starts it.

use std::str::FromStr;

use loadgen::{Url, UrlError};
use reports_record::shown;

/// Most of a wrong origin that its error shows, characters.
const SHOWN: usize = 200;

/// Where a server comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It runs already.
    Running(Url),
    /// A shell's command that starts it.
    Command(String),
}

/// A text that is neither a URL nor a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Nothing at all.
    #[error("expected a URL such as http://127.0.0.1:8080, or a command that starts a server")]
    Empty,
    /// It begins as a URL, and is none.
    #[error("\"{text}\": {cause}", text = shown(text, SHOWN))]
    Url {
        /// The text.
        text: String,
        /// What is wrong with it; part of the message, and so not its source again.
        cause: UrlError,
    },
}

impl FromStr for Origin {
    type Err = OriginError;

    /// What has a scheme is a URL, and so is `host:port` with digits for a port and nothing behind it; all else is a command.
    fn from_str(text: &str) -> Result<Self, OriginError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(OriginError::Empty);
        }
        let has_scheme = text.split_once("://").is_some_and(|(scheme, _)| {
            !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        if has_scheme || is_host_and_port(text) {
            let url = text.parse().map_err(|cause| OriginError::Url { text: text.to_owned(), cause })?;
            return Ok(Self::Running(url));
        }
        Ok(Self::Command(text.to_owned()))
    }
}

fn is_host_and_port(text: &str) -> bool {
    let authority = text.split(['/', '?']).next().unwrap_or_default();
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    !text.contains(char::is_whitespace)
        && authority.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && is_port(port))
}

impl Origin {
    /// The command with the address that it is given in its places; `None` for a server that runs already.
    #[must_use]
    pub fn command_at(&self, port: u16) -> Option<String> {
        let Self::Command(command) = self else { return None };
        let address = format!("127.0.0.1:{port}");
        Some(command.replace("{address}", &address).replace("{port}", &port.to_string()))
    }

    /// Whether the command names the address that it is given, so that it listens there or nowhere.
    #[must_use]
    pub fn names_its_address(&self) -> bool {
        matches!(self, Self::Command(command) if command.contains("{address}") || command.contains("{port}"))
    }

    /// It in one short line.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Running(url) => url.to_string(),
            Self::Command(command) => shown(command, SHOWN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_commands_are_told_apart() {
        for url in ["http://127.0.0.1:8080/x", "127.0.0.1:8080", "localhost:80/x?y=1", "[::1]:80"] {
            assert!(matches!(url.parse(), Ok(Origin::Running(_))), "{url}");
        }
        for command in [
            "./server",
            "python3 -m http.server {port}",
            "node server.js",
            "PORT={port} ./a --upstream=http://127.0.0.1:9",
            "gunicorn -b 127.0.0.1:{port} app:app",
            "./serve:fast",
        ] {
            assert_eq!(command.parse(), Ok(Origin::Command(command.to_owned())), "{command}");
        }
    }

    #[test]
    fn what_begins_as_a_url_and_is_none_is_no_command() {
        for wrong in ["https://127.0.0.1:8080", "http://", "http://a b/", "ftp://x"] {
            assert!(matches!(wrong.parse::<Origin>(), Err(OriginError::Url { .. })), "{wrong}");
        }
        assert_eq!("  ".parse::<Origin>(), Err(OriginError::Empty));
    }

    #[test]
    fn a_command_gets_its_address_wherever_it_asks_for_it() {
        let origin: Origin = "serve --on {address} --again {port}".parse().unwrap();
        assert_eq!(origin.command_at(81).unwrap(), "serve --on 127.0.0.1:81 --again 81");
        assert!(origin.names_its_address());
        assert!(!"serve".parse::<Origin>().unwrap().names_its_address());
    }
}
