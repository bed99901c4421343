//! The status line (RFC 9112, §4), any split of its bytes.

use super::Refusal;

/// How every status line begins.
const START: &[u8] = b"HTTP/1.";

/// Reads one status line. Each byte is looked at once and decided at once.
///
/// Several blanks before the status are read as one, and the reason may be absent (§4 allows recipients both).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct StatusLine {
    place: Place,
    /// Bytes of [`START`] that came, or digits of the status.
    count: u8,
    /// Of HTTP/1.x.
    pub(super) minor: u8,
    pub(super) status: u16,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Start,
    Minor,
    FirstSpace,
    Space,
    Status,
    StatusEnd,
    Reason,
    Return,
}

impl StatusLine {
    /// Takes one byte and says whether it ends the line; `after` it came together with it.
    pub(super) fn step(&mut self, byte: u8, after: &[u8]) -> Result<bool, Refusal> {
        self.place = match (self.place, byte) {
            (Place::Start, _) => {
                let matched = usize::from(self.count);
                if byte != START[matched] {
                    return Err(Refusal::of_foreign(matched, byte, after));
                }
                self.count += 1;
                if matched + 1 == START.len() { Place::Minor } else { Place::Start }
            }
            (Place::Minor, b'0' | b'1') => {
                (self.minor, self.count) = (byte - b'0', 0);
                Place::FirstSpace
            }
            (Place::Minor, _) => return Err(Refusal::OtherVersion),
            (Place::FirstSpace, b' ') => Place::Space,
            (Place::Space, b' ') => Place::Space,
            (Place::Space | Place::Status, b'0'..=b'9') => {
                self.status = self.status * 10 + u16::from(byte - b'0');
                self.count += 1;
                if self.count == 3 { Place::StatusEnd } else { Place::Status }
            }
            (Place::StatusEnd, b' ') => Place::Reason,
            (Place::StatusEnd | Place::Reason, b'\r') => Place::Return,
            (Place::StatusEnd | Place::Reason | Place::Return, b'\n') => return self.end(),
            (Place::Reason, b'\t' | b' '..=b'~' | 0x80..) => Place::Reason,
            (Place::Return, _) => return Err(Refusal::BareCr),
            _ => return Err(Refusal::StatusLine),
        };
        Ok(false)
    }

    fn end(&self) -> Result<bool, Refusal> {
        match self.status {
            0..=99 => Err(Refusal::StatusBelow100),
            // An upgrade would be the end of HTTP on this connection.
            101 => Err(Refusal::SwitchingProtocols),
            _ => Ok(true),
        }
    }
}
