//! One try of labelled traffic, and how it looks on the wire.

use std::sync::Arc;

use crate::wire::LoginShape;

/// Names and values in their order.
pub(super) type Fields = Arc<[(String, String)]>;

/// One try.
#[derive(Clone, Debug)]
pub struct Row {
    /// The line, starting at 1.
    pub line: u64,
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// From where, as the engine has addresses.
    pub address: u128,
    /// The user name.
    pub user: String,
    /// The password, where it is given.
    pub password: Option<String>,
    /// Whether the app lets it in.
    pub password_ok: bool,
    /// Whether an attacker sends it.
    pub is_attack: bool,
    /// The cookie jar.
    pub device: Option<String>,
    /// The visit.
    pub visit: Option<String>,
    /// The login route.
    pub route: u8,
    /// The user agent.
    pub user_agent: Option<String>,
    /// Header fields.
    pub(super) headers: Option<Fields>,
}

impl Row {
    /// The request's body.
    #[must_use]
    pub fn body(&self, shape: &LoginShape) -> String {
        let password = match &self.password {
            Some(password) => password.clone(),
            None if self.password_ok => format!("the right one of {}", self.user),
            // Nobody else tries it: what is not in the file cannot look like spraying.
            None => format!("wrong in line {}", self.line),
        };
        let mut body = String::new();
        shape.write_body(&self.user, &password, &mut body);
        body
    }

    /// The request's head. Length and cookies stand where the line has them, and at the end where it has not.
    #[must_use]
    pub fn head(&self, shape: &LoginShape, cookie: &[u8], length: usize) -> Vec<(String, Vec<u8>)> {
        let path = shape.path(self.route);
        let mut headers: Vec<(String, Vec<u8>)> =
            [(":authority", shape.host.as_str()), (":path", &path), (":method", "POST")]
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
                .collect();
        let mut missing = vec![
            ("content-type", shape.content_type().as_bytes().to_vec()),
            ("user-agent", self.user_agent.clone().unwrap_or_default().into_bytes()),
            ("content-length", length.to_string().into_bytes()),
            ("cookie", cookie.to_vec()),
        ];
        for (name, value) in self.headers.iter().flat_map(|fields| fields.iter()) {
            let own =
                missing.iter().position(|(own, _)| own == name).map(|position| missing.remove(position).1);
            let value = match (name.as_str(), own) {
                ("content-length", Some(own)) => own,
                ("cookie", Some(own)) if self.device.is_some() => own,
                _ => value.as_bytes().to_vec(),
            };
            headers.push((name.clone(), value));
        }
        headers.extend(missing.into_iter().map(|(name, value)| (name.to_owned(), value)));
        headers
            .retain(|(name, value)| !value.is_empty() || !matches!(name.as_str(), "cookie" | "user-agent"));
        headers
    }
}
