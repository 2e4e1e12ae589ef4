//! Keys of counters, rules, conditions and steps.

use super::{Absent, BECAUSE_BYTES, DURATION, Field, Form, Kind, Named, RATE, REPLY_BYTES, RULE_ID, Section};

/// An entry of `counters`.
pub static COUNTER: Section = Section {
    name: "a counter",
    id: "counter",
    doc: "Counts something over a sliding window. It needs either `count` or `distinct`. A counter cannot be called `list`, `route`, `app`, \
          `login`, `all`, `any` or `not`: these words mean something else in conditions.",
    named: None,
    fields: &[
        Field {
            key: "count",
            kind: Kind::Form(Form {
                what: "something that can be counted",
                pattern: "^(request|login\\.(attempt|success|failure)|response\\.[1-5]([0-9]{2}|xx)|sensitive\\.found)$",
            }),
            absent: Absent::Nothing,
            doc: "Counts every occurrence of `request`, `login.attempt`, `login.success`, `login.failure`, `response.<status>` \
                  (`response.404`, `response.4xx`) or `sensitive.found` (each value found in a reply).",
            example: "counters: { missing: { count: response.404, per: client, window: 5m } }",
        },
        Field {
            key: "distinct",
            kind: Kind::Form(Form {
                what: "something whose values can be told apart",
                pattern: "^(login\\.(username|password)|client|address|path(\\..+)?)$",
            }),
            absent: Absent::Nothing,
            doc: "Counts different values of `login.username`, `login.password`, `client`, `address`, `path`, or of a named parameter of the \
                  route's path: `path.id` for `/api/items/{id}`.",
            example: "counters: { users_tried: { distinct: login.username, per: address, window: 10m } }",
        },
        Field {
            key: "per",
            kind: Kind::Word(&["address", "client", "login.username", "route"]),
            absent: Absent::Required,
            doc: "For what a count is kept: each address, each client, each account that a login names (only together with what logins do), \
                  or each route, all clients together.",
            example: "counters: { clients_per_user: { distinct: client, per: login.username, window: 30m } }",
        },
        Field {
            key: "window",
            kind: Kind::Form(DURATION),
            absent: Absent::Required,
            doc: "How far back it counts, from `1s` to `24h`. The window slides in eighths: it covers between seven eighths of this time and all of it.",
            example: "counters: { pages: { count: request, per: client, window: 1m } }",
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

/// A condition.
pub static CONDITION: Section = Section {
    name: "a condition",
    id: "condition",
    doc: "Exactly one of these keys. Conditions have at most 64 parts and 8 levels.",
    named: Some(Named { what: "the name of a counter", kind: Kind::Map(&COMPARISON) }),
    fields: &[
        Field {
            key: "list",
            kind: Kind::Form(Form { what: "the name of a list", pattern: "^[a-z0-9][a-z0-9_-]{0,47}$" }),
            absent: Absent::Nothing,
            doc: "The client's address is in this list.",
            example: "when: { list: bulletproof }",
        },
        Field {
            key: "route",
            kind: Kind::Form(Form {
                what: "the name of a route",
                pattern: "^([a-z0-9-]{1,32}\\.)?[a-z0-9-]{1,32}$",
            }),
            absent: Absent::Nothing,
            doc: "The request matched this route; `app.route` where several apps have a route of that name.",
            example: "when: { route: shop.catalog }",
        },
        Field {
            key: "app",
            kind: Kind::Form(Form { what: "the name of an app", pattern: "^[a-z0-9-]{1,32}$" }),
            absent: Absent::Nothing,
            doc: "The request belongs to this app.",
            example: "when: { app: shop }",
        },
        Field {
            key: "login",
            kind: Kind::Boolean,
            absent: Absent::Nothing,
            doc: "`true`: the request is a login. `false`: it is not.",
            example: "when: { all: [{ login: true }, { list: bulletproof }] }",
        },
        Field {
            key: "all",
            kind: Kind::List(&Kind::Map(&CONDITION)),
            absent: Absent::Nothing,
            doc: "All of these hold.",
            example: "when: { all: [{ pages: { over: 120 } }, { route: catalog }] }",
        },
        Field {
            key: "any",
            kind: Kind::List(&Kind::Map(&CONDITION)),
            absent: Absent::Nothing,
            doc: "At least one of these holds.",
            example: "when: { any: [{ pages: { over: 120 } }, { items: { over: 60 } }] }",
        },
        Field {
            key: "not",
            kind: Kind::Map(&CONDITION),
            absent: Absent::Nothing,
            doc: "This does not hold.",
            example: "when: { all: [{ pages: { over: 120 } }, { not: { list: partners } }] }",
        },
    ],
};

/// `{ over: 5 }`.
pub static COMPARISON: Section = Section {
    name: "a comparison",
    id: "comparison",
    doc: "Compares a counter with a number.",
    named: None,
    fields: &[Field {
        key: "over",
        kind: Kind::Integer(1, 65_000),
        absent: Absent::Required,
        doc: "The count, this exchange included, is greater than this: up to 65000 for `count`, up to 512 for `distinct`. Attempts whose outcome is \
              still open count as if it were the one that is counted.",
        example: "when: { users_tried: { over: 5 } }",
    }],
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
            kind: Kind::Word(&["tag", "throttle", "challenge", "block"]),
            absent: Absent::Required,
            doc: "`tag` tells the upstream and the log, `throttle` lets requests through at a rate, `challenge` asks the client to prove itself, `block` \
                  refuses. The strongest action of all threats wins.",
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
            key: "status",
            kind: Kind::Integer(200, 599),
            absent: Absent::Default("429 for `throttle`, 403 for `challenge` and `block`"),
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
