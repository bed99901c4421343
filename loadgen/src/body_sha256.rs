//! The digest by which a user names the one right body.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// A body's SHA-256, as `sha256:` and the 64 hex digits that `sha256sum` prints.
///
/// Of the body as it comes, chunks joined and nothing unpacked: `curl --silent URL | sha256sum`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodySha256(pub [u8; 32]);

/// A text that is no digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected sha256: and 64 hex digits, as `curl --silent URL | sha256sum` prints them")]
pub struct BodySha256Error;

impl FromStr for BodySha256 {
    type Err = BodySha256Error;

    fn from_str(text: &str) -> Result<Self, BodySha256Error> {
        let digits = text.strip_prefix("sha256:").map(str::as_bytes).filter(|digits| digits.len() == 64);
        let digits = digits.ok_or(BodySha256Error)?;
        let mut digest = [0; 32];
        for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
            let nibble = |digit: u8| char::from(digit).to_digit(16).ok_or(BodySha256Error);
            *byte = (nibble(pair[0])? << 4 | nibble(pair[1])?) as u8;
        }
        Ok(Self(digest))
    }
}

impl Display for BodySha256 {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_shown_as_it_is_read() {
        // printf hello | sha256sum
        let text = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        let read: BodySha256 = text.parse().unwrap();
        assert_eq!((read.0[0], read.0[31], read.to_string().as_str()), (0x2c, 0x24, text));
        assert_eq!(text.to_uppercase().replace("SHA", "sha").parse(), Ok(read));
    }

    #[test]
    fn anything_else_is_refused() {
        let hex = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        let wrong = [
            String::new(),
            "sha256:".into(),
            hex.into(),
            format!("sha256:{hex}0"),
            format!("sha256:{}", &hex[1..]),
            format!("sha256:+{}", &hex[1..]),
            format!("sha256:{}é", &hex[2..]),
            format!("crc32:{hex}"),
        ];
        for text in wrong {
            assert_eq!(text.parse::<BodySha256>(), Err(BodySha256Error), "{text:?}");
        }
    }
}
