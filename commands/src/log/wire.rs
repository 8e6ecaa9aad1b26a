//! The few primitives of the stored layout: little-endian numbers and counted bytes.

use bytes::Bytes;

/// Why stored bytes could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(pub(crate) &'static str);

/// Writes the stored layout.
#[derive(Debug, Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// At most 255 bytes of text, counted in one byte.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Malformed> {
        let count = u8::try_from(text.len()).map_err(|_| Malformed("a name over 255 bytes"))?;
        self.u8(count);
        self.raw(text.as_bytes());
        Ok(())
    }

    /// At most 65,535 bytes, counted in two bytes.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        self.count(bytes.len())?;
        self.raw(bytes);
        Ok(())
    }

    /// A count of at most 65,535.
    pub(crate) fn count(&mut self, count: usize) -> Result<(), Malformed> {
        self.u16(u16::try_from(count).map_err(|_| Malformed("a list or part over 65,535"))?);
        Ok(())
    }
}

/// Reads the stored layout. Parts are slices of the one buffer, not copies.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    bytes: Bytes,
}

impl Reader {
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self { bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<Bytes, Malformed> {
        if self.bytes.len() < count {
            return Err(Malformed("bytes are missing"));
        }
        Ok(self.bytes.split_to(count))
    }

    /// All that was not read yet.
    pub(crate) fn rest(self) -> Bytes {
        self.bytes
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let array = self.bytes.first_chunk::<N>().copied().ok_or(Malformed("bytes are missing"))?;
        bytes::Buf::advance(&mut self.bytes, N);
        Ok(array)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Malformed> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(crate) fn bytes(&mut self) -> Result<Bytes, Malformed> {
        let count = self.u16()?;
        self.take(usize::from(count))
    }

    /// Hands a text to `read`, without a copy of its own.
    pub(crate) fn text<T>(&mut self, read: impl FnOnce(&str) -> T) -> Result<T, Malformed> {
        let count = usize::from(self.u8()?);
        let bytes = self.bytes.get(..count).ok_or(Malformed("bytes are missing"))?;
        let text = std::str::from_utf8(bytes).map_err(|_| Malformed("a name is not UTF-8"))?;
        let read = read(text);
        bytes::Buf::advance(&mut self.bytes, count);
        Ok(read)
    }
}
