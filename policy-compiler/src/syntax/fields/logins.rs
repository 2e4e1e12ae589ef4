//! Keys of logins and of what their outcomes look like.

use super::{Absent, DELAY, Field, Form, Kind, LABEL, REPLY_BYTES, Section};
use crate::presets;

/// The form of a place where a login's field is.
const FIELD_SOURCE: Form = Form {
    what: "a place for a login's field",
    pattern: "^(form\\..+|json\\./.*|query\\..+|multipart\\..+|graphql\\.variables\\..+|element\\..+|basic\\.user|basic\\.password)$",
};
/// The form of a status or class.
const STATUS: Form = Form { what: "a status", pattern: "^[1-5]([0-9]{2}|xx)$" };
/// What a key of a login is without which there is no login.
const OF_PRESET: Absent = Absent::Default("what `preset` says; needed without one");

/// An entry of `logins`.
pub static LOGIN: Section = Section {
    name: "a login",
    id: "login",
    doc: "A request with which customers log in, where its fields are, and how its outcome is told. Where a reply meets both `success` and `failure`, or \
          neither, the outcome is unknown and not counted.",
    named: None,
    fields: &[
        Field {
            key: "name",
            kind: Kind::Form(LABEL),
            absent: Absent::Default("`login`, then `login-2` and so on"),
            doc: "Names the login in records; unique among the app's logins and routes.",
            example: "name: api-login",
        },
        Field {
            key: "request",
            kind: Kind::Form(Form { what: "a login request", pattern: "^[A-Z]+ /[^?#;]*$" }),
            absent: Absent::Required,
            doc: "Method and path pattern.",
            example: "request: POST /login",
        },
        Field {
            key: "preset",
            kind: Kind::Word(presets::NAMES),
            absent: Absent::Nothing,
            doc: "A login protocol that gives `username`, `password`, `only_if`, `success` and `failure`; none of these can stand beside it. \
                  `oauth2-password` is a token endpoint with the password grant (RFC 6749, section 4.3): `form.username` and `form.password` where \
                  `form.grant_type` is `password`, success is 200 with an `/access_token` (5.1), failure 4xx with the `/error` `invalid_grant` (5.2 says 400; \
                  Keycloak sends 401, Auth0 403); other errors, such as `invalid_client`, prove nothing, and other grants are no logins. `ofx` is an Open \
                  Financial Exchange server (1.0.2 to 2.2, section 2.5.1), whose every request signs on: `element.USERID` and `element.USERPASS`; success is \
                  a `<SONRS>` with `<CODE>0` or `15000` (the password must be changed), failure `15500` (signon invalid), `15502` (locked out), `3001` (wrong \
                  answer to a security question) or `15513` (wrong token). Sign-ons that are refused otherwise, such as `2000` (error), `3000` (questions are \
                  asked first) or `15501` (in use), prove nothing, although the reply's other parts then have `15500`.",
            example: "logins:\n  - { request: POST /oauth/token, preset: oauth2-password }",
        },
        Field {
            key: "username",
            kind: Kind::Form(FIELD_SOURCE),
            absent: OF_PRESET,
            doc: "Where the user name is: `form.<field>`, `json.<pointer>`, `query.<parameter>`, `multipart.<field>` (RFC 7578), \
                  `graphql.variables.<name>` (the same as `json./variables/<name>`), `element.<name>` (the text of the first such element in XML or SGML, in any case) \
                  or `basic.user`. It is kept as a keyed hash only. Names that differ in case, outer blanks or Unicode form (NFKC) are one account.",
            example: "username: json./user/email",
        },
        Field {
            key: "username_form",
            kind: Kind::List(&Kind::Word(&["plus_address"])),
            absent: Absent::Nothing,
            doc: "Which other names are one account for the app. `plus_address`: those that differ in a tag only, `zoe+shop@example.com` and `zoe@example.com`.",
            example: "username_form: [plus_address]",
        },
        Field {
            key: "password",
            kind: Kind::Form(FIELD_SOURCE),
            absent: Absent::Default("what `preset` says, else none"),
            doc: "Where the password is, for counters of passwords and lists of leaked ones: like `username`, or `basic.password`. It is kept as a keyed hash only.",
            example: "password: form.password",
        },
        Field {
            key: "only_if",
            kind: Kind::Names(FIELD_SOURCE, &Kind::Text(256)),
            absent: Absent::Default("what `preset` says, else every such request is a login"),
            doc: "The request is a login only if this one field has this text. Otherwise it is like any other request.",
            example: "only_if: { form.grant_type: password }",
        },
        Field {
            key: "decoy",
            kind: Kind::Map(&DECOY),
            absent: Absent::Default("learnt from the app's own failed logins"),
            doc: "What a failed login looks like, for steps with `do: deceive`. Where it is not said, the app's own reply is taken over once two failures of different \
                  accounts brought the same one; until then it is a plain 401.",
            example: "decoy: { status: 401, headers: { content-type: application/json }, body: '{\"error\":\"bad_credentials\"}', delay: 250ms }",
        },
        Field {
            key: "success",
            kind: Kind::Map(&OUTCOME),
            absent: OF_PRESET,
            doc: "What a reply looks like that proves success.",
            example: "success: { status: 302, sets_cookie: sid }",
        },
        Field {
            key: "failure",
            kind: Kind::Map(&OUTCOME),
            absent: OF_PRESET,
            doc: "What a reply looks like that proves failure.",
            example: "failure: { any: [{ status: 401 }, { json: { /error: bad_credentials } }] }",
        },
        Field {
            key: "mode",
            kind: Kind::Word(&["report", "enforce"]),
            absent: Absent::Default("the app's `mode`"),
            doc: "`report` takes this login out of enforcement. It is never stronger than the app's.",
            example: "mode: report",
        },
    ],
};

/// `decoy`.
pub static DECOY: Section = Section {
    name: "a decoy",
    id: "decoy",
    doc: "The app's own reply to a failed login, which `do: deceive` sends. An attacker who can tell it from the app's knows what was found out.",
    named: None,
    fields: &[
        Field {
            key: "status",
            kind: Kind::Integer(200, 599),
            absent: Absent::Required,
            doc: "Its status.",
            example: "decoy: { status: 401, body: '{\"error\":\"bad_credentials\"}' }",
        },
        Field {
            key: "headers",
            kind: Kind::Names(
                Form { what: "a header name", pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" },
                &Kind::Text(1024),
            ),
            absent: Absent::Nothing,
            doc: "Its header fields, at most 16. What the proxy writes itself (`content-length`, `transfer-encoding`, `connection`, `date`, `server`) cannot \
                  be among them.",
            example: "decoy: { status: 401, headers: { content-type: application/json } }",
        },
        Field {
            key: "body",
            kind: Kind::Text(REPLY_BYTES),
            absent: Absent::Default("an empty body"),
            doc: "Its body, at most 16 KiB.",
            example: "decoy: { status: 401, body: '{\"error\":\"bad_credentials\"}' }",
        },
        Field {
            key: "delay",
            kind: Kind::Form(DELAY),
            absent: Absent::Default("at once"),
            doc: "How long the app takes to say so, at most `30s`. A wrong answer that comes sooner than a right one gives itself away.",
            example: "decoy: { status: 401, delay: 250ms }",
        },
    ],
};

/// What a reply looks like.
pub static OUTCOME: Section = Section {
    name: "an outcome",
    id: "outcome",
    doc: "What a reply looks like. Several keys mean that all of them hold. At most 32 parts and 8 levels. Bodies are read up to 64 KiB.",
    named: None,
    fields: &[
        Field {
            key: "status",
            kind: Kind::Either(&[
                Kind::Integer(100, 599),
                Kind::Form(STATUS),
                Kind::List(&Kind::Either(&[Kind::Integer(100, 599), Kind::Form(STATUS)])),
            ]),
            absent: Absent::Nothing,
            doc: "The status is this one, of this class, or one of these.",
            example: "failure: { status: [401, 403] }",
        },
        Field {
            key: "header",
            kind: Kind::Either(&[Kind::Text(256), Kind::Map(&HEADER)]),
            absent: Absent::Nothing,
            doc: "The reply has this header; with `contains`, one whose value contains a text.",
            example: "success: { header: { name: location, contains: /account } }",
        },
        Field {
            key: "sets_cookie",
            kind: Kind::Text(256),
            absent: Absent::Nothing,
            doc: "The reply sets this cookie to something that is not empty.",
            example: "success: { sets_cookie: sid }",
        },
        Field {
            key: "redirects_to",
            kind: Kind::Form(Form { what: "a path", pattern: "^/[^?#;{}]*$" }),
            absent: Absent::Nothing,
            doc: "The reply redirects to this path, with a status of 3xx; `/account/**` to it or anything below it. Host, query and fragment of `location` do not \
                  matter. With other statuses `location` redirects nobody (RFC 9110, section 10.2.2): `header: { name: location, contains: /account }` \
                  looks at it all the same.",
            example: "success: { redirects_to: /account }",
        },
        Field {
            key: "body_contains",
            kind: Kind::Text(256),
            absent: Absent::Nothing,
            doc: "The body contains this text, byte for byte.",
            example: "failure: { body_contains: Invalid password }",
        },
        Field {
            key: "json",
            kind: Kind::Names(
                Form { what: "a JSON pointer", pattern: "^(/.*)?$" },
                &Kind::Either(&[Kind::Text(256), Kind::Boolean, Kind::Integer(0, u32::MAX)]),
            ),
            absent: Absent::Nothing,
            doc: "The JSON body has these values at these pointers (RFC 6901).",
            example: "failure: { json: { /error/code: bad_credentials } }",
        },
        Field {
            key: "json_has",
            kind: Kind::Form(Form { what: "a JSON pointer", pattern: "^(/.*)?$" }),
            absent: Absent::Nothing,
            doc: "The JSON body has something at this pointer, other than `null`, `false` and an empty text.",
            example: "success: { json_has: /access_token }",
        },
        Field {
            key: "all",
            kind: Kind::List(&Kind::Map(&OUTCOME)),
            absent: Absent::Nothing,
            doc: "All of these hold.",
            example: "success: { all: [{ status: 200 }, { not: { body_contains: error } }] }",
        },
        Field {
            key: "any",
            kind: Kind::List(&Kind::Map(&OUTCOME)),
            absent: Absent::Nothing,
            doc: "At least one of these holds.",
            example: "failure: { any: [{ status: 401 }, { body_contains: Invalid password }] }",
        },
        Field {
            key: "not",
            kind: Kind::Map(&OUTCOME),
            absent: Absent::Nothing,
            doc: "This does not hold.",
            example: "success: { status: 200, not: { body_contains: error } }",
        },
    ],
};

/// `header: { name: location, contains: /account }`.
pub static HEADER: Section = Section {
    name: "a header",
    id: "header",
    doc: "A header of the reply.",
    named: None,
    fields: &[
        Field {
            key: "name",
            kind: Kind::Text(256),
            absent: Absent::Required,
            doc: "Its name.",
            example: "header: { name: location }",
        },
        Field {
            key: "contains",
            kind: Kind::Text(256),
            absent: Absent::Nothing,
            doc: "What its value must contain.",
            example: "header: { name: location, contains: /account }",
        },
    ],
};
