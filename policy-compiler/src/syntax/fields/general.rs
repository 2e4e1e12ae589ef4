//! Keys of the policy as a whole: versions, modes, packs, clients, exemptions, lists.

use super::{
    ADDRESS, APP, Absent, BECAUSE_BYTES, COUNTER, DETECTOR, DETECTOR_NAME, DEVICES, FLOW, Field, Form, Kind,
    LABEL, LEAKED, NAME, RULE_ID, Section, THREAT, THREATS,
};
use crate::packs;

/// The whole file.
pub static POLICY: Section = Section {
    name: "a policy",
    id: "policy",
    doc: "A policy is one file. Only `version` and `apps` are needed.",
    named: None,
    fields: &[
        Field {
            key: "version",
            kind: Kind::Integer(1, 1),
            absent: Absent::Required,
            doc: "The version of the policy language. This is version 1.",
            example: "version: 1",
        },
        Field {
            key: "mode",
            kind: Kind::Word(&["report", "enforce"]),
            absent: Absent::Default("report"),
            doc: "The mode of every app that does not say otherwise. In `report` everything is decided and recorded and nothing is \
                  done; in `enforce` the decisions are carried out.",
            example: "mode: report",
        },
        Field {
            key: "on_error",
            kind: Kind::Word(&["allow", "deny"]),
            absent: Absent::Default("allow"),
            doc: "What happens to a request when the filter itself cannot work, for example because its state is unreadable: let it \
                  through and count it, or refuse it with 503 where the app enforces.",
            example: "on_error: allow",
        },
        Field {
            key: "use",
            kind: Kind::List(&Kind::Either(&[Kind::Word(packs::NAMES), Kind::Map(&USE)])),
            absent: Absent::Nothing,
            doc: "Rule packs that ship with the compiler; `bartizan packs` lists them, `bartizan packs account-takeover` prints one. A pack \
                  stands before the policy, a later pack over an earlier one, and the policy over all: its rules join the pack's; a counter \
                  or rule of the same name, `steps` of the same threat, `devices` and the client's `fingerprint` replace the pack's.",
            example: "use: [account-takeover]",
        },
        Field {
            key: "client",
            kind: Kind::Map(&CLIENT),
            absent: Absent::Nothing,
            doc: "How one client is told from another.",
            example: "client: { address_from: envoy, key: [issued_cookie.sid, address] }",
        },
        Field {
            key: "devices",
            kind: Kind::Map(&DEVICES),
            absent: Absent::Nothing,
            doc: "Hands out a signed cookie that tells known devices from strangers.",
            example: "devices: { cookie: bartizan-device, for: 180d }",
        },
        Field {
            key: "allow",
            kind: Kind::List(&Kind::Map(&ALLOW)),
            absent: Absent::Nothing,
            doc: "Who is exempt, and from what. Exempt clients are not counted either.",
            example: "allow:\n  - { address: [192.0.2.0/28], skip: [scraping], because: \"uptime probe, OPS-112\" }",
        },
        Field {
            key: "lists",
            kind: Kind::Names(NAME, &Kind::Map(&LIST)),
            absent: Absent::Nothing,
            doc: "Lists of addresses, by names that conditions and exemptions refer to.",
            example: "lists:\n  bulletproof: { addresses_from: lists/bulletproof.txt }",
        },
        Field {
            key: "leaked",
            kind: Kind::Names(NAME, &Kind::Map(&LEAKED)),
            absent: Absent::Nothing,
            doc: "Lists of leaked credentials, by names that conditions refer to; at most 16.",
            example: "leaked:\n  breached: { passwords_sha1_from: lists/pwned.txt, bits: 8 }",
        },
        Field {
            key: "flows",
            kind: Kind::Names(NAME, &Kind::Map(&FLOW)),
            absent: Absent::Nothing,
            doc: "Orders of steps, by names that conditions refer to.",
            example: "flows:\n  hasty-transfer: { app: bank, at: transfer, within: 1m, of: login.new_device, because: money moved at once from a new device }",
        },
        Field {
            key: "detectors",
            kind: Kind::Names(DETECTOR_NAME, &Kind::Map(&DETECTOR)),
            absent: Absent::Nothing,
            doc: "Kinds of sensitive values of your own, by names that `find`, `expects` and counters refer to. Names of a pack's detectors are taken.",
            example: "detectors:\n  badge: { regex: 'ACME-[0-9]{6}', because: the number on a badge }",
        },
        Field {
            key: "counters",
            kind: Kind::Names(NAME, &Kind::Map(&COUNTER)),
            absent: Absent::Nothing,
            doc: "What is counted, by names that conditions refer to.",
            example: "counters:\n  login_failures: { count: login.failure, per: client, window: 5m }",
        },
        Field {
            key: "threats",
            kind: Kind::Words(THREATS, &Kind::Map(&THREAT)),
            absent: Absent::Nothing,
            doc: "For each threat, what adds to its score and what the score leads to.",
            example: "threats:\n  scraping:\n    score: [{ when: { pages: { over: 120 } }, add: 40, because: read at machine speed }]\n    \
                      steps: [{ at: 40, do: throttle, to: 60/m }]",
        },
        Field {
            key: "apps",
            kind: Kind::Names(LABEL, &Kind::Map(&APP)),
            absent: Absent::Required,
            doc: "The applications behind the proxy, by name. Names have lower-case letters, digits and `-`, at most 32.",
            example: "apps:\n  shop: { hosts: [shop.example.com], mode: enforce }",
        },
    ],
};

/// An entry of `use` that takes a part of a pack.
pub static USE: Section = Section {
    name: "an entry of `use`",
    id: "use",
    doc: "A rule pack without some of its rules.",
    named: None,
    fields: &[
        Field {
            key: "pack",
            kind: Kind::Word(packs::NAMES),
            absent: Absent::Required,
            doc: "Its name.",
            example: "use: [{ pack: account-takeover, without: [ato-machine-rhythm] }]",
        },
        Field {
            key: "without",
            kind: Kind::List(&Kind::Form(RULE_ID)),
            absent: Absent::Nothing,
            doc: "The ids of its rules that are left out.",
            example: "use: [{ pack: account-takeover, without: [ato-machine-rhythm] }]",
        },
    ],
};

/// `client`.
pub static CLIENT: Section = Section {
    name: "`client`",
    id: "client",
    doc: "How one client is told from another.",
    named: None,
    fields: &[
        Field {
            key: "address_from",
            kind: Kind::Either(&[Kind::Word(&["envoy"]), Kind::Map(&HOPS)]),
            absent: Absent::Default("envoy"),
            doc: "Where the client's address comes from: what Envoy says (`source.address`; set `use_remote_address: true` there), or an \
                  entry of `X-Forwarded-For` where trusted proxies stand before this one.",
            example: "client: { address_from: { trusted_hops: 1 } }",
        },
        Field {
            key: "ipv6_prefix",
            kind: Kind::Integer(32, 128),
            absent: Absent::Default("64"),
            doc: "How many bits of an IPv6 address tell clients apart. A home connection mostly has a /64 or /56 of its own.",
            example: "client: { ipv6_prefix: 56 }",
        },
        Field {
            key: "key",
            kind: Kind::List(&Kind::Form(Form {
                what: "something that names a client",
                pattern: "^(address|issued_cookie\\..+|accepted_header\\..+|verified_jwt\\..+)$",
            })),
            absent: Absent::Default("[address]"),
            doc: "What names a client; the first that counts does, at most 8 before `address`, which is always the last. `issued_cookie.<name>` counts once the \
                  upstream set that very value in answer to a login that succeeded, or accepted it on a route with `authenticated: true`; \
                  `accepted_header.<name>` once the upstream answered it with 2xx on a route with `authenticated: true`. `verified_jwt.<claim>` is a claim of a \
                  token that Envoy's `jwt_authn` verified, with `payload_in_metadata: payload` there; `verified_jwt.<payload>.<claim>` where it says another name, or the claim has a dot.",
            example: "client: { key: [verified_jwt.sub, issued_cookie.sid, accepted_header.x-api-key, address] }",
        },
        Field {
            key: "fingerprint",
            kind: Kind::List(&Kind::Form(Form {
                what: "`header_order` or the name of a header",
                pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
            })),
            absent: Absent::Default("[header_order, user-agent, accept-language]"),
            doc: "What makes a client's fingerprint, at most 16 parts: the order in which its headers came, and the values of headers, or that they are absent. Where Envoy \
                  writes a TLS fingerprint into a header of its own, add that header. It is kept as a keyed hash only, and only where something asks for it.",
            example: "client: { fingerprint: [header_order, user-agent, accept-language, x-ja4] }",
        },
        Field {
            key: "country_header",
            kind: Kind::Form(Form { what: "the name of a header", pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" }),
            absent: Absent::Nothing,
            doc: "The header in which a proxy in front writes the country of the client's address, for records of who received what. It must not be one that clients can send \
                  themselves.",
            example: "client: { country_header: x-country }",
        },
    ],
};

/// `address_from: { trusted_hops: 1 }`.
pub static HOPS: Section = Section {
    name: "`address_from`",
    id: "address-from",
    doc: "Reads the client's address from `X-Forwarded-For`.",
    named: None,
    fields: &[Field {
        key: "trusted_hops",
        kind: Kind::Integer(1, 16),
        absent: Absent::Required,
        doc: "How many entries of `X-Forwarded-For` trusted proxies have written, counted from its end after the one that Envoy itself appended. \
              One too many, and clients choose their own address.",
        example: "client: { address_from: { trusted_hops: 1 } }",
    }],
};

/// An entry of `allow`.
pub static ALLOW: Section = Section {
    name: "an exemption",
    id: "allow",
    doc: "Exempts addresses from threats. It needs either `address` or `list`.",
    named: None,
    fields: &[
        Field {
            key: "address",
            kind: Kind::List(&Kind::Form(ADDRESS)),
            absent: Absent::Nothing,
            doc: "The addresses, as single addresses or ranges.",
            example: "allow: [{ address: [192.0.2.0/28, 2001:db8::7], skip: all, because: our monitoring }]",
        },
        Field {
            key: "list",
            kind: Kind::Form(Form { what: "the name of a list", pattern: "^[a-z0-9][a-z0-9_-]{0,47}$" }),
            absent: Absent::Nothing,
            doc: "The addresses, as the name of a list.",
            example: "allow: [{ list: search_engines, skip: [scraping], because: they may read the catalogue }]",
        },
        Field {
            key: "skip",
            kind: Kind::Either(&[Kind::Word(&["all"]), Kind::List(&Kind::Word(THREATS))]),
            absent: Absent::Required,
            doc: "The threats that they are exempt from, or `all`.",
            example: "allow: [{ address: [192.0.2.9], skip: [scraping], because: uptime probe }]",
        },
        Field {
            key: "because",
            kind: Kind::Text(BECAUSE_BYTES),
            absent: Absent::Required,
            doc: "Why, for whoever reads the policy in a year.",
            example: "allow: [{ address: [192.0.2.9], skip: all, because: \"load test, PERF-7, until June\" }]",
        },
    ],
};

/// An entry of `lists`.
pub static LIST: Section = Section {
    name: "a list",
    id: "list",
    doc: "A list of addresses. It needs either `addresses` or `addresses_from`.",
    named: None,
    fields: &[
        Field {
            key: "addresses",
            kind: Kind::List(&Kind::Form(ADDRESS)),
            absent: Absent::Nothing,
            doc: "The addresses, as single addresses or ranges.",
            example: "lists: { office: { addresses: [192.0.2.0/24, 2001:db8::/48] } }",
        },
        Field {
            key: "addresses_from",
            kind: Kind::Text(1024),
            absent: Absent::Nothing,
            doc: "A text file with one address or range per line; `#` starts a comment. Relative to the policy file, at most a million lines and 64 MiB.",
            example: "lists: { bulletproof: { addresses_from: lists/bulletproof.txt } }",
        },
    ],
};
