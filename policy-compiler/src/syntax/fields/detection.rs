//! Keys of counters, rules and steps.

use super::{
    Absent, BECAUSE_BYTES, CONDITION, DELAY, DETECTOR_OR_PACK, DURATION, Field, Form, Kind, LONG_DURATION,
    RATE, REPLY_BYTES, RULE_ID, Section,
};

/// An entry of `counters`.
pub static COUNTER: Section = Section {
    name: "a counter",
    id: "counter",
    doc: "Counts something over a sliding window. It needs one of `count`, `distinct` or `regularity`. A counter cannot have the name of a key of \
          conditions (`list`, `login`, `new`, `all` and so on): these words mean something else there.",
    named: None,
    fields: &[
        Field {
            key: "count",
            kind: Kind::Form(Form {
                what: "something that can be counted",
                pattern: "^(request|login\\.(attempt|success|new_device|failure)|response\\.[1-5]([0-9]{2}|xx)|sensitive\\.(found|unusual))$",
            }),
            absent: Absent::Nothing,
            doc: "Counts every occurrence of `request`, `login.attempt`, `login.success`, `login.new_device` (a success from a device that the account had not \
                  used before, which needs `devices`), `login.failure`, `response.<status>` (`response.404`, `response.4xx`), `sensitive.found` (each value found in \
                  a reply) or `sensitive.unusual` (each reply with far more values than the replies of its route usually have).",
            example: "counters: { missing: { count: response.404, per: client, window: 5m } }",
        },
        Field {
            key: "distinct",
            kind: Kind::Form(Form {
                what: "something whose values can be told apart",
                pattern: "^(login\\.(username|password)|client|address|network|fingerprint|sensitive\\.value|path(\\..+)?)$",
            }),
            absent: Absent::Nothing,
            doc: "Counts different values of `login.username`, `login.password`, `client`, `address`, `network`, `fingerprint`, `path`, `sensitive.value` (values found in replies, as \
                  keyed hashes), or of a named parameter of the route's path: `path.id` for `/api/items/{id}`.",
            example: "counters: { users_tried: { distinct: login.username, per: address, window: 10m } }",
        },
        Field {
            key: "regularity",
            kind: Kind::Form(Form {
                what: "something with a rhythm",
                pattern: "^(request|login\\.attempt)$",
            }),
            absent: Absent::Nothing,
            doc: "How even the intervals between `request`s or `login.attempt`s are, in percent: 100 less the coefficient of variation. It is 0 until there \
                  were 20 intervals; one of more than an hour starts over. Published detectors take over 70 for a program. Per `address`, `client` or \
                  `login.username`; it has no window.",
            example: "counters: { rhythm: { regularity: login.attempt, per: client } }",
        },
        Field {
            key: "data",
            kind: Kind::List(&Kind::Form(DETECTOR_OR_PACK)),
            absent: Absent::Default("all that is looked for"),
            doc: "For `sensitive.found` and `sensitive.value`: which values count, by names of detectors or packs.",
            example: "counters: { mails: { distinct: sensitive.value, data: [email], per: client, window: 1h } }",
        },
        Field {
            key: "of",
            kind: Kind::Word(&["attempt", "failure", "success"]),
            absent: Absent::Default("attempt"),
            doc: "For `distinct`, of which logins a value is taken: of every attempt when it is let through, or of those that are proven to have failed or \
                  succeeded. Open attempts count as failures until then.",
            example: "counters: { failed_users: { distinct: login.username, of: failure, per: address, window: 10m } }",
        },
        Field {
            key: "from",
            kind: Kind::Word(&["anybody", "strangers"]),
            absent: Absent::Default("anybody"),
            doc: "Whose logins count. A stranger comes neither with the cookie of a device that is known to the account, nor from a network from which \
                  this account logged in successfully before. Whoever tries an account that does not exist is a stranger.",
            example: "counters: { tries: { count: login.attempt, from: strangers, per: fingerprint, window: 6h } }",
        },
        Field {
            key: "per",
            kind: Kind::Word(&[
                "address",
                "client",
                "network",
                "fingerprint",
                "login.username",
                "login.password",
                "route",
            ]),
            absent: Absent::Required,
            doc: "For what a count is kept: each address, each client, each network (/24 of IPv4, /48 of IPv6), each fingerprint (see `client`), each account \
                  that a login names (only together with what logins do), each password, or each route, all clients together. Networks, fingerprints, passwords and routes \
                  stand for many clients: what the filter refuses counts there as well. A count per password is a sketch that knows no password; only \
                  `distinct: login.username` can be kept there.",
            example: "counters: { sprayed: { distinct: login.username, of: failure, per: login.password, window: 1h } }",
        },
        Field {
            key: "window",
            kind: Kind::Form(DURATION),
            absent: Absent::Nothing,
            doc: "How far back it counts, from `1s` to `24h`; needed, unless there is a `half_life`. The window slides in eighths: it covers between seven eighths \
                  of this time and all of it.",
            example: "counters: { pages: { count: request, per: client, window: 1m } }",
        },
        Field {
            key: "half_life",
            kind: Kind::Form(LONG_DURATION),
            absent: Absent::Nothing,
            doc: "For `count` of what logins do, instead of a window: what was counted fades, and counts half after this time; from `1m` to `7d`. For clients that stay \
                  slow on purpose.",
            example: "counters: { slow: { count: login.failure, per: address, half_life: 12h } }",
        },
    ],
};

/// An entry of `threats`.
pub static THREAT: Section = Section {
    name: "a threat",
    id: "threat",
    doc: "What adds to the score of a threat and what the score leads to.",
    named: None,
    fields: &[
        Field {
            key: "score",
            kind: Kind::List(&Kind::Map(&RULE)),
            absent: Absent::Nothing,
            doc: "The rules. Points of all rules whose condition holds add up.",
            example: "threats:\n  account-takeover:\n    score:\n      - { when: { users_tried: { over: 5 } }, add: 40, because: many usernames from one address }",
        },
        Field {
            key: "steps",
            kind: Kind::List(&Kind::Map(&STEP)),
            absent: Absent::Nothing,
            doc: "The ladder: the highest step whose score is reached says what happens. At most 8, rising.",
            example: "threats:\n  account-takeover:\n    steps:\n      - { at: 30, do: tag }\n      - { at: 90, do: block, for: 10m }",
        },
    ],
};

/// An entry of `score`.
pub static RULE: Section = Section {
    name: "a rule",
    id: "rule",
    doc: "Adds points while its condition holds.",
    named: None,
    fields: &[
        Field {
            key: "id",
            kind: Kind::Form(RULE_ID),
            absent: Absent::Default("<threat>-<position>, as in `scraping-2`"),
            doc: "Names the rule in records and metrics. Give one where the order of rules may change.",
            example: "{ id: many-users, when: { users_tried: { over: 5 } }, add: 40, because: many usernames }",
        },
        Field {
            key: "when",
            kind: Kind::Map(&CONDITION),
            absent: Absent::Required,
            doc: "When it scores.",
            example: "{ when: { login_failures: { over: 10 } }, add: 30, because: repeated failed logins }",
        },
        Field {
            key: "add",
            kind: Kind::Integer(1, 1000),
            absent: Absent::Required,
            doc: "How many points.",
            example: "{ when: { list: bulletproof }, add: 20, because: known proxy network }",
        },
        Field {
            key: "because",
            kind: Kind::Text(BECAUSE_BYTES),
            absent: Absent::Required,
            doc: "Why, for the records and for whoever has to explain a refusal to a customer.",
            example: "{ when: { list: bulletproof }, add: 20, because: known proxy network }",
        },
        Field {
            key: "mode",
            kind: Kind::Word(&["report"]),
            absent: Absent::Nothing,
            doc: "`report`: the points count in what would be done, never in what is done. For trying a rule in an app that enforces.",
            example: "{ when: { pages: { over: 60 } }, add: 40, because: trying a lower limit, mode: report }",
        },
    ],
};

/// An entry of `steps`.
pub static STEP: Section = Section {
    name: "a step",
    id: "step",
    doc: "What happens from a score on.",
    named: None,
    fields: &[
        Field {
            key: "at",
            kind: Kind::Integer(1, 10_000),
            absent: Absent::Required,
            doc: "The score from which the step applies.",
            example: "{ at: 30, do: tag }",
        },
        Field {
            key: "do",
            kind: Kind::Word(&["tag", "throttle", "challenge", "deceive", "block"]),
            absent: Absent::Required,
            doc: "`tag` tells the upstream and the log, `throttle` lets requests through at a rate, `challenge` asks the client to prove itself, \
                  `deceive` answers a login exactly like the app's own failed login (see `decoy`), so that nobody learns whether the password was right, and other requests \
                  with the reply of the step, `block` refuses. The strongest action of all threats wins.",
            example: "{ at: 70, do: challenge }",
        },
        Field {
            key: "to",
            kind: Kind::Form(RATE),
            absent: Absent::Nothing,
            doc: "For `throttle`, and needed there: the rate at which requests go through.",
            example: "{ at: 50, do: throttle, to: 5/m }",
        },
        Field {
            key: "for",
            kind: Kind::Form(DURATION),
            absent: Absent::Default("this request only"),
            doc: "For `block`: how long the client stays refused after its score has fallen.",
            example: "{ at: 90, do: block, for: 10m }",
        },
        Field {
            key: "delay",
            kind: Kind::Form(DELAY),
            absent: Absent::Default("at once"),
            doc: "After which time the reply is sent, from `1ms` to `30s`. Not for `tag`. The filter holds a bounded number of replies back; beyond that they are \
                  sent at once.",
            example: "{ at: 70, do: deceive, delay: 2s }",
        },
        Field {
            key: "status",
            kind: Kind::Integer(200, 599),
            absent: Absent::Default(
                "429 for `throttle`, 403 for `challenge` and `block`, 200 for `deceive` on a route that is no login",
            ),
            doc: "The status of the reply. Not for `tag`.",
            example: "{ at: 90, do: block, status: 404 }",
        },
        Field {
            key: "json",
            kind: Kind::Text(REPLY_BYTES),
            absent: Absent::Default("a short built-in text"),
            doc: "The body for clients that accept JSON, as text. Not for `tag`.",
            example: "{ at: 70, do: challenge, json: '{\"error\":\"captcha\"}' }",
        },
        Field {
            key: "html",
            kind: Kind::Text(REPLY_BYTES),
            absent: Absent::Default("a short built-in page"),
            doc: "The body for clients that prefer HTML. Not for `tag`.",
            example: "{ at: 70, do: challenge, html: '<h1>Please solve the puzzle</h1>' }",
        },
    ],
};
