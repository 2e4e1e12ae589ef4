//! Ids of every kind that APIs use.

use crate::random::Random;

const DIGITS: &[u8] = b"0123456789";
const HEX: &[u8] = b"0123456789abcdef";
const CROCKFORD: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CAPITALS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const CAPITALS_AND_DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LETTERS_AND_DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_URL: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// What the random part of a pod's name is made of.
const POD: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

impl Random {
    /// So many digits, the first of which is not 0.
    pub(crate) fn digits(&mut self, count: usize) -> String {
        self.string(b"123456789", 1) + &self.string(DIGITS, count.saturating_sub(1))
    }

    pub(crate) fn hex(&mut self, count: usize) -> String {
        self.string(HEX, count)
    }

    pub(crate) fn letters_and_digits(&mut self, count: usize) -> String {
        self.string(LETTERS_AND_DIGITS, count)
    }

    /// An object's id as payment services write it: `ch_3MmlrGQ...`.
    pub(crate) fn prefixed(&mut self, prefix: &str) -> String {
        format!("{prefix}_{}", self.letters_and_digits(24))
    }

    /// A random UUID (RFC 9562, version 4).
    pub(crate) fn uuid(&mut self) -> String {
        let (first, second, third) = (self.hex(8), self.hex(4), self.hex(3));
        let (variant, fourth, last) = (self.pick(&["8", "9", "a", "b"]), self.hex(3), self.hex(12));
        format!("{first}-{second}-4{third}-{variant}{fourth}-{last}")
    }

    pub(crate) fn ulid(&mut self) -> String {
        // The first ten characters are the time, which begins so in these years.
        format!("01J{}", self.string(CROCKFORD, 23))
    }

    /// A snowflake: milliseconds since 2010-11-04 in front of 22 bits.
    pub(crate) fn snowflake(&mut self, milliseconds: u64) -> u64 {
        (milliseconds.saturating_sub(1_288_834_974_657) << 22) | (self.bits() >> 42)
    }

    /// Bytes that nobody can read, in base64 without a line break.
    pub(crate) fn base64(&mut self, bytes: usize) -> String {
        let mut text = self.string(BASE64, bytes / 3 * 4);
        match bytes % 3 {
            1 => text.push_str(&(self.string(BASE64, 1) + self.pick(&["A==", "Q==", "g==", "w=="]))),
            2 => text.push_str(&(self.string(BASE64, 2) + self.pick(&["A=", "E=", "I=", "M=", "c="]))),
            _ => {}
        }
        text
    }

    /// An image as a `data:` URL.
    pub(crate) fn image(&mut self, bytes: usize) -> String {
        let (kind, head) = if self.once_in(2) {
            ("png", "iVBORw0KGgoAAAANSUhEUgAA")
        } else {
            ("jpeg", "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBD")
        };
        format!("data:image/{kind};base64,{head}{}", self.base64(bytes))
    }

    /// Where a list goes on: base64 of a JSON object, as a token's first part is, and sometimes signed; never a token.
    pub(crate) fn cursor(&mut self) -> String {
        // `{"id":` and `{"last_id":` in base64.
        let head = self.pick(&["eyJpZCI6", "eyJsYXN0X2lkIjo"]);
        let body = self.string(BASE64_URL, 30);
        match self.below(3) {
            0 => format!("{head}{body}.{}.{}", self.string(BASE64_URL, 6), self.string(BASE64_URL, 27)),
            _ => format!("{head}{body}"),
        }
    }

    /// Three random parts with dots between them.
    pub(crate) fn dotted(&mut self) -> String {
        let parts = [self.string(BASE64_URL, 20), self.string(BASE64_URL, 43), self.string(BASE64_URL, 22)];
        parts.join(".")
    }

    pub(crate) fn order_number(&mut self) -> String {
        match self.below(5) {
            0 => format!("#{}", self.between(1001, 99_999)),
            1 => format!("ORD-{}-{}", self.between(2019, 2026), self.string(DIGITS, 6)),
            2 => format!("{}-{}-{}", self.digits(3), self.string(DIGITS, 7), self.string(DIGITS, 7)),
            3 => format!("SO{}", self.digits(8)),
            _ => self.digits(12),
        }
    }

    pub(crate) fn sku(&mut self) -> String {
        let (make, colour) = (self.string(CAPITALS, 3), self.pick(&["BLK", "WHT", "NVY", "RED", "GRN"]));
        match self.below(3) {
            0 => format!("{make}-{colour}-{}-{}", self.pick(&["XS", "S", "M", "L", "XL"]), self.digits(4)),
            1 => format!("{make}{}", self.digits(8)),
            _ => format!("{}.{}.{}", self.digits(3), self.digits(3), self.digits(2)),
        }
    }

    /// An article number with its check digit (EAN-13).
    pub(crate) fn article(&mut self) -> String {
        let digits =
            self.pick(&["400", "401", "500", "761", "871", "978"]).to_owned() + &self.string(DIGITS, 9);
        let weigh = |(place, digit): (usize, u8)| {
            u32::from(digit.wrapping_sub(b'0')).wrapping_mul(if place.is_multiple_of(2) { 1 } else { 3 })
        };
        let sum: u32 = digits.bytes().enumerate().map(weigh).sum();
        format!("{digits}{}", 10_u32.wrapping_sub(sum % 10) % 10)
    }

    /// A parcel's number as the large carriers write it.
    pub(crate) fn tracking(&mut self) -> String {
        match self.below(5) {
            0 => format!("1Z{}", self.string(CAPITALS_AND_DIGITS, 16)),
            1 => self.digits(12),
            2 => format!(
                "94{} {} {} {} {} {}",
                self.string(DIGITS, 2),
                self.string(DIGITS, 4),
                self.string(DIGITS, 4),
                self.string(DIGITS, 4),
                self.string(DIGITS, 4),
                self.string(DIGITS, 2)
            ),
            3 => format!("JD{}", self.string(DIGITS, 18)),
            _ => format!("{}{}DE", self.string(b"CLRV", 2), self.digits(9)),
        }
    }

    pub(crate) fn colour(&mut self) -> String {
        format!("#{}", self.hex(6))
    }

    /// A version; some have four parts, as addresses have.
    pub(crate) fn version(&mut self) -> String {
        let (major, minor, patch) = (self.below(20), self.below(40), self.below(30));
        match self.below(5) {
            0 => format!("{major}.{minor}.{patch}.{}", self.between(1000, 9999)),
            1 => format!("v{major}.{minor}.{patch}-rc.{}", self.below(9)),
            _ => format!("{major}.{minor}.{patch}"),
        }
    }

    pub(crate) fn hardware_address(&mut self) -> String {
        let parts: Vec<_> = (0..6).map(|_| self.hex(2)).collect();
        parts.join(":")
    }

    pub(crate) fn pod(&mut self, service: &str) -> String {
        format!("{service}-{}-{}", self.string(b"0123456789bcdf", 10), self.string(POD, 5))
    }

    /// An amount with two places.
    pub(crate) fn amount(&mut self) -> String {
        format!("{}.{:02}", self.below(400), self.below(100))
    }

    /// A latitude or longitude in degrees.
    pub(crate) fn degrees(&mut self, limit: u32) -> String {
        format!("{}{}.{}", self.pick(&["", "-"]), self.below(limit), self.string(DIGITS, 6))
    }

    /// The URL of a picture, with digits that could be a telephone number.
    pub(crate) fn picture(&mut self) -> String {
        let size = self.pick(&["120x120", "480x480", "1080x1080", "2048x2048"]);
        match self.below(4) {
            0 => format!(
                "https://cdn.example.com/img/49151{}_{size}.jpg?v={}",
                self.digits(8),
                self.digits(10)
            ),
            1 => format!("https://images.example.net/{}/{}.webp", self.hex(2), self.hex(40)),
            2 => format!(
                "https://media.example.org/products/1-555-{}-{}/front.png",
                self.digits(3),
                self.digits(4)
            ),
            _ => format!(
                "https://cdn.example.com/s/files/1/{}/{}/products/{}.jpg",
                self.digits(4),
                self.digits(4),
                self.uuid()
            ),
        }
    }
}
