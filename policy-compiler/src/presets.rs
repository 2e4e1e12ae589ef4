//! Login protocols that are the same everywhere.

use bartizan_engine::blob::draft::{FieldSource, OutcomeCondition};

/// The names of all presets.
pub(crate) const NAMES: &[&str] = &["oauth2-password", "ofx"];

/// What a protocol says about its logins.
#[derive(Debug)]
pub(crate) struct Preset {
    /// Where the user name is.
    pub(crate) username: FieldSource,
    /// Where the password is.
    pub(crate) password: FieldSource,
    /// The text of a field without which the request is no login.
    pub(crate) only_if: Option<(FieldSource, String)>,
    /// What proves success.
    pub(crate) success: OutcomeCondition,
    /// What proves failure.
    pub(crate) failure: OutcomeCondition,
}

/// The preset of this name.
pub(crate) fn find(name: &str) -> Option<Preset> {
    match name {
        "oauth2-password" => Some(oauth2_password()),
        "ofx" => Some(ofx()),
        _ => None,
    }
}

/// RFC 6749: the request of the password grant (4.3.2), the token (5.1), and the error that a wrong password gives (5.2).
fn oauth2_password() -> Preset {
    let form = |name: &str| FieldSource::Form(String::from(name));
    Preset {
        username: form("username"),
        password: form("password"),
        only_if: Some((form("grant_type"), String::from("password"))),
        success: OutcomeCondition::All(vec![
            OutcomeCondition::Status(200),
            OutcomeCondition::JsonHas(String::from("/access_token")),
        ]),
        failure: OutcomeCondition::All(vec![
            OutcomeCondition::Any(vec![OutcomeCondition::Status(400), OutcomeCondition::Status(401)]),
            OutcomeCondition::Json { pointer: String::from("/error"), equals: String::from("invalid_grant") },
        ]),
    }
}

/// Open Financial Exchange: every request carries a sign-on, every reply its status. Where the sign-on is refused, all other
/// parts of the reply have code 15500 too, so a code of 0 next to none of 155.. is the sign-on's. OFX 1 is SGML, OFX 2 is XML:
/// only opening tags are the same in both, and blanks may stand between them.
fn ofx() -> Preset {
    let body = |text: &str| OutcomeCondition::BodyContains(String::from(text));
    let element = |name: &str| FieldSource::Element(String::from(name));
    Preset {
        username: element("USERID"),
        password: element("USERPASS"),
        only_if: None,
        success: OutcomeCondition::All(vec![
            body("<SONRS>"),
            body("<CODE>0"),
            OutcomeCondition::Not(Box::new(body("<CODE>155"))),
        ]),
        failure: OutcomeCondition::All(vec![
            body("<SONRS>"),
            OutcomeCondition::Any(vec![body("<CODE>15500"), body("<CODE>15502")]),
        ]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_preset() {
        assert!(NAMES.iter().all(|name| find(name).is_some()));
        assert!(find("saml").is_none());
    }
}
