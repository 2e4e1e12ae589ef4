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

/// RFC 6749: the request of the password grant (4.3.2), the token (5.1), and the error that a wrong password gives (5.2). The
/// error decides: its status is 400 in the RFC, 401 from Keycloak and 403 from Auth0. The other errors, `invalid_client` with
/// its 401 among them, tell nothing about the customer's password.
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
            OutcomeCondition::Status(4),
            OutcomeCondition::Json { pointer: String::from("/error"), equals: String::from("invalid_grant") },
        ]),
    }
}

/// Codes of a sign-on that tell of accepted credentials: success, and a password that must be changed with the next request,
/// which is only said where the sign-on is right otherwise.
const OFX_ACCEPTED: &[&str] = &["<CODE>0", "<CODE>15000"];
/// Codes of wrong credentials: user name or password, too many failures before, an answer to a security question, a token
/// beside the password.
const OFX_WRONG: &[&str] = &["<CODE>15500", "<CODE>15502", "<CODE>3001", "<CODE>15513"];
/// Codes of a sign-on that is refused although nothing is known to be wrong with the credentials: errors of the server, security
/// questions still to be answered (then the password was even right), the institution, an account in use, a request without
/// or with the wrong other parts, the program's own id, and access tokens in the place of passwords.
const OFX_REFUSED_OTHERWISE: &[&str] = &[
    "<CODE>2000",
    "<CODE>3000",
    // The institution is missing or closed: 13504 and 13505.
    "<CODE>1350",
    "<CODE>15501",
    "<CODE>15506",
    "<CODE>15507",
    "<CODE>15510",
    "<CODE>15511",
    "<CODE>15512",
    "<CODE>15514",
    "<CODE>15515",
    "<CODE>15516",
];

/// What lets nobody in yet, although another part of the reply has an accepting code: security questions, an account in use.
const OFX_NOT_YET: &[&str] = &["<MFACHALLENGERS>", "<CODE>3000", "<CODE>15501"];

/// Open Financial Exchange, 1.0.2 to 2.2, section 2.5.1: every request carries one sign-on, every reply its status. Whatever
/// error a sign-on has, all other parts of the reply have code 15500, so 15500 beside another code of sign-ons is not the
/// sign-on's own; and 0 next to no 15500 is. OFX 1 is SGML, OFX 2 is XML: only opening tags are the same in both, and blanks may
/// stand between them.
fn ofx() -> Preset {
    let body = |text: &str| OutcomeCondition::BodyContains(String::from(text));
    let any = |texts: &[&str]| OutcomeCondition::Any(texts.iter().map(|text| body(text)).collect());
    let element = |name: &str| FieldSource::Element(String::from(name));
    Preset {
        username: element("USERID"),
        password: element("USERPASS"),
        only_if: None,
        // Without a `not`, so that the beginning of a long statement is enough. What contradicts it meets `failure` too.
        success: OutcomeCondition::All(vec![body("<SONRS>"), any(OFX_ACCEPTED)]),
        failure: OutcomeCondition::Any(vec![
            OutcomeCondition::All(vec![
                body("<SONRS>"),
                any(OFX_WRONG),
                OutcomeCondition::Not(Box::new(any(OFX_REFUSED_OTHERWISE))),
            ]),
            OutcomeCondition::All(vec![any(OFX_ACCEPTED), any(OFX_NOT_YET)]),
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

    /// What was read of a reply.
    struct Reply<'a> {
        status: u16,
        body: &'a str,
        /// Whether that is all of the body; of a long one it is the beginning.
        is_whole: bool,
    }

    /// What the engine answers; none where the rest of the body could change it.
    fn holds(condition: &OutcomeCondition, reply: &Reply<'_>) -> Option<bool> {
        let all = |parts: &[OutcomeCondition], decisive: bool| {
            let answers: Vec<_> = parts.iter().map(|part| holds(part, reply)).collect();
            let is_open = answers.contains(&None);
            if answers.contains(&Some(decisive)) { Some(decisive) } else { (!is_open).then_some(!decisive) }
        };
        let json = || serde_json::from_str::<serde_json::Value>(reply.body).unwrap_or_default();
        match condition {
            OutcomeCondition::All(parts) => all(parts, false),
            OutcomeCondition::Any(parts) => all(parts, true),
            OutcomeCondition::Not(part) => holds(part, reply).map(|answer| !answer),
            OutcomeCondition::Status(class @ 1..=5) => Some(reply.status / 100 == *class),
            OutcomeCondition::Status(status) => Some(reply.status == *status),
            OutcomeCondition::BodyContains(text) => {
                let found = reply.body.contains(text);
                (found || reply.is_whole).then_some(found)
            }
            OutcomeCondition::JsonHas(pointer) => Some(
                json().pointer(pointer).and_then(|value| value.as_str()).is_some_and(|text| !text.is_empty()),
            ),
            OutcomeCondition::Json { pointer, equals } => {
                Some(json().pointer(pointer).and_then(|value| value.as_str()) == Some(equals))
            }
            _ => panic!("no preset asks for {condition:?}"),
        }
    }

    fn outcome(preset: &str, reply: &Reply<'_>) -> &'static str {
        let preset = find(preset).unwrap();
        match (holds(&preset.success, reply), holds(&preset.failure, reply)) {
            (Some(true), Some(true)) => "unknown",
            (Some(true), _) => "success",
            (_, Some(true)) => "failure",
            _ => "unknown",
        }
    }

    /// A reply of OFX: the status of its sign-on, and those of its other parts.
    fn ofx_reply(sign_on: u32, others: &[u32]) -> String {
        let status = |code| format!("<STATUS>\r\n<CODE>{code}\r\n<SEVERITY>X\r\n</STATUS>");
        let others: String =
            others.iter().map(|code| format!("<STMTTRNRS><TRNUID>1{}</STMTTRNRS>", status(*code))).collect();
        let sign_on = status(sign_on);
        format!("<OFX><SIGNONMSGSRSV1><SONRS>{sign_on}<LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1>{others}</OFX>")
    }

    #[test]
    fn sign_ons_of_ofx_end_as_their_own_status_says() {
        for (sign_on, others, expected) in [
            (0, &[][..], "success"),
            (0, &[0, 2000], "success"),
            // A change of the password that the server does not know, and a transaction that this user may not make.
            (0, &[15503], "success"),
            (0, &[15508], "success"),
            // The password was right, and must be changed soon.
            (15000, &[], "success"),
            (15000, &[0], "success"),
            (15500, &[], "failure"),
            (15500, &[15500], "failure"),
            (15502, &[], "failure"),
            (15502, &[15500], "failure"),
            (3001, &[15500], "failure"),
            (15513, &[15500], "failure"),
            // Refused for another reason than wrong credentials: the other parts have 15500 all the same.
            (2000, &[15500], "unknown"),
            (3000, &[15500], "unknown"),
            (13504, &[15500], "unknown"),
            (13505, &[15500], "unknown"),
            (15501, &[15500], "unknown"),
            (15506, &[], "unknown"),
            (15507, &[15500], "unknown"),
            (15510, &[15500], "unknown"),
            (15511, &[15500], "unknown"),
            (15512, &[15500], "unknown"),
            (15514, &[15500], "unknown"),
            (15515, &[15500], "unknown"),
            (15516, &[15500], "unknown"),
        ] {
            for body in
                [ofx_reply(sign_on, others), ofx_reply(sign_on, others).replace("\r\n<SEV", "</CODE><SEV")]
            {
                let reply = Reply { status: 200, body: &body, is_whole: true };
                assert_eq!(outcome("ofx", &reply), expected, "{sign_on} beside {others:?}");
            }
        }
        let questions = ofx_reply(0, &[])
            .replace("</OFX>", "<MFACHALLENGETRNRS><STATUS><CODE>0</STATUS><MFACHALLENGERS></OFX>");
        assert_eq!(
            outcome("ofx", &Reply { status: 200, body: &questions, is_whole: true }),
            "unknown",
            "questions are asked first"
        );
        assert_eq!(outcome("ofx", &Reply { status: 200, body: "<html><CODE>0", is_whole: true }), "unknown");
    }

    #[test]
    fn the_beginning_of_a_long_statement_proves_that_its_sign_on_was_right() {
        for (sign_on, expected) in [(0, "success"), (15000, "success"), (15500, "unknown"), (3000, "unknown")]
        {
            let body = ofx_reply(sign_on, &[]);
            assert_eq!(
                outcome("ofx", &Reply { status: 200, body: &body, is_whole: false }),
                expected,
                "{sign_on}"
            );
        }
    }

    #[test]
    fn token_endpoints_answer_as_oauth_says_or_with_another_status() {
        for (status, body, expected) in [
            (200, r#"{"access_token":"x","token_type":"Bearer"}"#, "success"),
            (200, r#"{"error":"invalid_grant"}"#, "unknown"),
            (400, r#"{"error":"invalid_grant"}"#, "failure"),
            (401, r#"{"error":"invalid_grant"}"#, "failure"),
            (403, r#"{"error":"invalid_grant","error_description":"Wrong email or password."}"#, "failure"),
            // The app's own credentials, not the customer's.
            (401, r#"{"error":"invalid_client"}"#, "unknown"),
            (400, r#"{"error":"invalid_client"}"#, "unknown"),
            (400, r#"{"error":"unauthorized_client"}"#, "unknown"),
            (400, r#"{"error":"invalid_request"}"#, "unknown"),
            (400, r#"{"error":"unsupported_grant_type"}"#, "unknown"),
            (400, r#"{"error":"invalid_scope"}"#, "unknown"),
            (403, r#"{"error":"mfa_required"}"#, "unknown"),
            (503, r#"{"error":"invalid_grant"}"#, "unknown"),
        ] {
            assert_eq!(
                outcome("oauth2-password", &Reply { status, body, is_whole: true }),
                expected,
                "{status} {body}"
            );
        }
    }
}
