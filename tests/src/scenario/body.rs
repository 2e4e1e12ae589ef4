//! Bodies of scenarios: texts in parts, repeated, in other characters, compressed.

use std::io::Write as _;

use serde::Deserialize;

/// One text or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Parts {
    /// One part.
    One(Part),
    /// Several.
    Several(Vec<Part>),
}

/// A part of a body.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Part {
    /// A text.
    Text(String),
    /// A text many times over: `{ text: "[", times: 10000 }`.
    Repeated {
        /// The text.
        text: String,
        /// How often.
        times: usize,
    },
    /// Bytes that are no text, in hexadecimal: `{ hex: "ff fe" }`.
    Bytes {
        /// Their digits; blanks between them do not matter.
        hex: String,
    },
}

/// How a body is compressed.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Compressed {
    /// `content-encoding: gzip`.
    Gzip,
    /// `content-encoding: deflate`, with the header of zlib.
    Deflate,
    /// `content-encoding: br`.
    Brotli,
}

/// The characters of a body.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub enum Characters {
    /// UTF-8.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, the low byte first.
    #[serde(rename = "utf-16le")]
    Utf16Little,
    /// UTF-16, the high byte first.
    #[serde(rename = "utf-16be")]
    Utf16Big,
}

impl Parts {
    /// The parts, with texts filled in.
    pub(super) fn bytes(&self, filled: impl Fn(&str) -> String) -> Vec<Vec<u8>> {
        let bytes = |part: &Part| match part {
            Part::Text(text) => filled(text).into_bytes(),
            Part::Repeated { text, times } => filled(text).repeat(*times).into_bytes(),
            Part::Bytes { hex } => from_hex(hex),
        };
        match self {
            Self::One(part) => vec![bytes(part)],
            Self::Several(parts) => parts.iter().map(bytes).collect(),
        }
    }
}

/// What does not begin with a pair of hexadecimal digits ends the bytes.
fn from_hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u32> = digits.chars().filter_map(|digit| digit.to_digit(16)).collect();
    let pairs = digits.chunks_exact(2);
    pairs.map(|pair| pair.iter().fold(0, |byte: u8, digit| byte << 4 | *digit as u8)).collect()
}

impl Characters {
    /// A text of UTF-8 in these characters.
    pub(super) fn written(self, text: Vec<u8>) -> Vec<u8> {
        let units = |bytes: &[u8]| String::from_utf8_lossy(bytes).encode_utf16().collect::<Vec<u16>>();
        match self {
            Self::Utf8 => text,
            Self::Utf16Little => units(&text).into_iter().flat_map(u16::to_le_bytes).collect(),
            Self::Utf16Big => units(&text).into_iter().flat_map(u16::to_be_bytes).collect(),
        }
    }

    /// A text of these characters in UTF-8.
    pub(super) fn read(self, bytes: &[u8]) -> String {
        let units = |unit: fn([u8; 2]) -> u16| {
            let units = bytes.as_chunks().0.iter().map(|pair| unit(*pair));
            char::decode_utf16(units).map(|read| read.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        };
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Self::Utf16Little => units(u16::from_le_bytes),
            Self::Utf16Big => units(u16::from_be_bytes),
        }
    }
}

impl Compressed {
    /// What `content-encoding` calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
        }
    }

    /// What becomes of a body.
    #[expect(clippy::unwrap_used, reason = "writing into memory does not fail")]
    pub(super) fn compress(self, body: &[u8]) -> Vec<u8> {
        let level = flate2::Compression::default();
        match self {
            Self::Gzip => {
                let mut writer = flate2::write::GzEncoder::new(Vec::new(), level);
                writer.write_all(body).unwrap();
                writer.finish().unwrap()
            }
            Self::Deflate => {
                let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), level);
                writer.write_all(body).unwrap();
                writer.finish().unwrap()
            }
            Self::Brotli => {
                let mut compressed = Vec::new();
                let window = 20;
                let mut writer = brotli::CompressorWriter::new(&mut compressed, 4096, 5, window);
                writer.write_all(body).unwrap();
                drop(writer);
                compressed
            }
        }
    }
}
