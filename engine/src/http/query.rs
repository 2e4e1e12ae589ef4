//! Reads one parameter of a query string.

use super::Reading;
use super::form::FormReader;

/// The parameter by this name, decoded as HTML forms are; at most `longest` bytes of value.
#[must_use]
pub fn query_parameter(query: &[u8], name: &[u8], longest: usize) -> Reading {
    let mut reader = FormReader::with_longest_value(vec![name.to_vec()], longest);
    reader.push(query);
    reader.finish().pop().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Field;

    #[test]
    fn a_parameter_is_found_decoded_and_limited() {
        let query = b"a=1&user=jane%40example.com&long=aaaaaaaaa&b";
        assert_eq!(query_parameter(query, b"user", 100).field, Field::Value(b"jane@example.com".to_vec()));
        assert_eq!(query_parameter(query, b"long", 8).field, Field::TooLong);
        assert_eq!(query_parameter(query, b"b", 8).field, Field::Value(Vec::new()));
        assert_eq!(query_parameter(query, b"missing", 8).field, Field::Absent);
        assert!(query_parameter(b"u=1&u=2", b"u", 8).repeated);
    }
}
