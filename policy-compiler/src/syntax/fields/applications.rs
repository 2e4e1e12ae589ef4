//! Keys of apps, routes, traps and what is looked for in replies.

use super::{
    Absent, BECAUSE_BYTES, DETECTOR_OR_PACK, DURATION, Field, HOST, Kind, LABEL, LOGIN, METHOD, PATH,
    SENSITIVE, Section, THREATS,
};

/// An entry of `apps`.
pub static APP: Section = Section {
    name: "an app",
    id: "app",
    doc: "An application behind the proxy. Requests find their app by host.",
    named: None,
    fields: &[
        Field {
            key: "hosts",
            kind: Kind::List(&Kind::Form(HOST)),
            absent: Absent::Required,
            doc: "The hosts that it serves, without port: exact, `*.example.com` for all below a domain, `*` for all. An exact host wins over a suffix, a \
                  longer suffix over a shorter one, `*` comes last.",
            example: "hosts: [shop.example.com, '*.shop.example.com']",
        },
        Field {
            key: "mode",
            kind: Kind::Word(&["report", "enforce"]),
            absent: Absent::Default("the policy's `mode`"),
            doc: "Whether decisions are carried out in this app.",
            example: "mode: enforce",
        },
        Field {
            key: "owner",
            kind: Kind::Text(64),
            absent: Absent::Nothing,
            doc: "Who is asked about this app.",
            example: "owner: payments-team",
        },
        Field {
            key: "watch",
            kind: Kind::Boolean,
            absent: Absent::Default("true"),
            doc: "`false` for an app that is known and left alone: its requests pass untouched, at the lowest cost, and only a metric counts \
                  them. Nothing else about it can be said then, except `hosts` and `owner`.",
            example: "watch: false",
        },
        Field {
            key: "routes",
            kind: Kind::Names(LABEL, &Kind::Map(&ROUTE)),
            absent: Absent::Nothing,
            doc: "Routes by name. Requests that match none still belong to the app.",
            example: "routes:\n  catalog: { path: '/api/items/{id}', methods: [GET] }",
        },
        Field {
            key: "logins",
            kind: Kind::List(&Kind::Map(&LOGIN)),
            absent: Absent::Nothing,
            doc: "Where customers log in.",
            example: "logins:\n  - { request: POST /login, username: form.email, success: { status: 302 }, failure: { status: 401 } }",
        },
        Field {
            key: "honeypots",
            kind: Kind::List(&Kind::Map(&HONEYPOT)),
            absent: Absent::Nothing,
            doc: "Paths that no customer has a reason to ask for.",
            example: "honeypots:\n  - { path: /wp-login.php, threat: scraping, add: 60, for: 1h }",
        },
        Field {
            key: "sensitive",
            kind: Kind::List(&Kind::Map(&SENSITIVE)),
            absent: Absent::Nothing,
            doc: "What is looked for in replies and URLs, and what is done about it.",
            example: "sensitive:\n  - { find: [payment_card, iban], in: /api/**, do: mask, keep_last: 4 }",
        },
        Field {
            key: "openapi",
            kind: Kind::Text(1024),
            absent: Absent::Nothing,
            doc: "An OpenAPI document, 3.0 or 3.1, in YAML or JSON, relative to the policy file. What its replies are meant to contain is no finding there: schemas \
                  with `format` (`email`, `ipv4`, `phone`, the name of a detector) and with the extension `x-data-class: <detector or pack>`, or a list of these.",
            example: "openapi: shop.openapi.yaml",
        },
        Field {
            key: "compression",
            kind: Kind::Word(&["identity", "decode"]),
            absent: Absent::Default("identity"),
            doc: "How replies that are looked into come: `identity` asks the upstream not to compress them; `decode` lets it, and reads gzip, deflate and brotli. Compressed \
                  replies can be read and not changed, so `decode` goes with `do: tag` only.",
            example: "compression: decode",
        },
    ],
};

/// An entry of `routes`.
pub static ROUTE: Section = Section {
    name: "a route",
    id: "route",
    doc: "A part of an app that conditions and counters can refer to. The most specific route wins: position by position a literal over a parameter or \
          `*`, these over `**`.",
    named: None,
    fields: &[
        Field {
            key: "path",
            kind: Kind::Form(PATH),
            absent: Absent::Required,
            doc: "Segments of literal text, named parameters `{id}`, `*` for any one segment, and `**` as the last segment for the rest, even none.",
            example: "path: '/api/items/{id}'",
        },
        Field {
            key: "methods",
            kind: Kind::List(&Kind::Form(METHOD)),
            absent: Absent::Default("all"),
            doc: "The request methods, in upper case.",
            example: "methods: [GET, HEAD]",
        },
        Field {
            key: "mode",
            kind: Kind::Word(&["report", "enforce"]),
            absent: Absent::Default("the app's `mode`"),
            doc: "`report` takes this route out of enforcement. It is never stronger than the app's.",
            example: "mode: report",
        },
        Field {
            key: "authenticated",
            kind: Kind::Boolean,
            absent: Absent::Default("false"),
            doc: "Whether a 2xx reply here proves that the upstream accepted the client's credentials. Needed for `accepted_header` keys.",
            example: "authenticated: true",
        },
        Field {
            key: "expects",
            kind: Kind::List(&Kind::Form(DETECTOR_OR_PACK)),
            absent: Absent::Nothing,
            doc: "What its replies are meant to contain, by names of detectors or packs: that is no finding here.",
            example: "expects: [email, phone]",
        },
    ],
};

/// An entry of `honeypots`.
pub static HONEYPOT: Section = Section {
    name: "a honeypot",
    id: "honeypot",
    doc: "A trap: a path that no customer has a reason to ask for. Whoever does keeps points for a while.",
    named: None,
    fields: &[
        Field {
            key: "path",
            kind: Kind::Form(PATH),
            absent: Absent::Required,
            doc: "The path, as in routes. It must not match a route or login of the app.",
            example: "{ path: /wp-login.php, threat: scraping, add: 60, for: 1h }",
        },
        Field {
            key: "threat",
            kind: Kind::Word(THREATS),
            absent: Absent::Required,
            doc: "What it scores for.",
            example: "{ path: /.env, threat: injection, add: 60, for: 1h }",
        },
        Field {
            key: "add",
            kind: Kind::Integer(1, 1000),
            absent: Absent::Required,
            doc: "How many points.",
            example: "{ path: /.git/config, threat: injection, add: 60, for: 1h }",
        },
        Field {
            key: "for",
            kind: Kind::Form(DURATION),
            absent: Absent::Required,
            doc: "How long the client keeps these points.",
            example: "{ path: /admin.php, threat: injection, add: 60, for: 1h }",
        },
        Field {
            key: "because",
            kind: Kind::Text(BECAUSE_BYTES),
            absent: Absent::Nothing,
            doc: "Why, for the records.",
            example: "{ path: /wp-login.php, threat: scraping, add: 60, for: 1h, because: we run no WordPress }",
        },
    ],
};
