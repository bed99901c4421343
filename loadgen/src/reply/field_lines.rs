//! The field lines of a head or of trailers (RFC 9112, §5), any split of the bytes.

use super::{FIELD_LIMIT, Refusal};

/// Reads field lines up to the empty line that ends them. Each byte is looked at once and decided at once.
///
/// A line ends with CR LF or with LF alone (§2.2). A line that begins with a blank continues the one before it (§5.2).
#[derive(Debug, Clone, Default)]
pub(super) struct FieldLines {
    place: Place,
    /// Fields that are complete.
    fields: usize,
    /// Of the field under way; empty between the fields' start and the first one.
    name: Vec<u8>,
    value: Vec<u8>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    LineStart,
    Name,
    Value,
    ValueReturn,
    LastReturn,
}

impl FieldLines {
    /// Takes one byte, hands a field that it completes to `field`, and says whether it ends the last line.
    pub(super) fn step(
        &mut self,
        byte: u8,
        field: impl FnOnce(&[u8], &[u8]) -> Result<(), Refusal>,
    ) -> Result<bool, Refusal> {
        self.place = match (self.place, byte) {
            (Place::LineStart, b' ' | b'\t') => self.go_on()?,
            (Place::LineStart, _) => {
                self.complete(field)?;
                match byte {
                    b'\r' => Place::LastReturn,
                    b'\n' => return Ok(self.end()),
                    b':' => return Err(Refusal::NoName),
                    _ => self.spell(byte)?,
                }
            }
            (Place::Name, b':') => Place::Value,
            (Place::Name, b' ' | b'\t') => return Err(Refusal::BlankBeforeColon),
            (Place::Name, b'\r' | b'\n') => return Err(Refusal::NoColon),
            (Place::Name, _) => self.spell(byte)?,
            (Place::Value, b'\r') => Place::ValueReturn,
            (Place::Value | Place::ValueReturn, b'\n') => Place::LineStart,
            (Place::Value, b'\t' | b' '..=b'~' | 0x80..) => {
                self.value.push(byte);
                Place::Value
            }
            (Place::Value, _) => return Err(Refusal::ValueByte(byte)),
            (Place::LastReturn, b'\n') => return Ok(self.end()),
            (Place::ValueReturn | Place::LastReturn, _) => return Err(Refusal::BareCr),
        };
        Ok(false)
    }

    /// Bytes kept of the field under way.
    pub(super) fn held(&self) -> usize {
        self.name.len() + self.value.len()
    }

    fn go_on(&mut self) -> Result<Place, Refusal> {
        if self.name.is_empty() {
            return Err(Refusal::BlankBeforeHeaders);
        }
        self.value.push(b' ');
        Ok(Place::Value)
    }

    fn spell(&mut self, byte: u8) -> Result<Place, Refusal> {
        if !is_token_byte(byte) {
            return Err(Refusal::NameByte(byte));
        }
        self.name.push(byte);
        Ok(Place::Name)
    }

    fn complete(&mut self, field: impl FnOnce(&[u8], &[u8]) -> Result<(), Refusal>) -> Result<(), Refusal> {
        if self.name.is_empty() {
            return Ok(());
        }
        self.fields += 1;
        if self.fields > FIELD_LIMIT {
            return Err(Refusal::TooManyFields);
        }
        let done = field(&self.name, self.value.trim_ascii());
        self.name.clear();
        self.value.clear();
        done
    }

    /// Ready for the next section; the memory of a long field is given back.
    fn end(&mut self) -> bool {
        *self = Self::default();
        true
    }
}

/// RFC 9110, §5.6.2.
pub(crate) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
