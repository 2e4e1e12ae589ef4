//! Keys of conditions.

use super::{Absent, DURATION, Field, Form, Kind, Named, Section};

/// The name of a counter in a ratio.
const COUNTER_NAME: Form = Form { what: "the name of a counter", pattern: "^[a-z0-9][a-z0-9_-]{0,47}$" };

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
            key: "stranger",
            kind: Kind::Boolean,
            absent: Absent::Nothing,
            doc: "`true`: the request is a login try that comes neither with the cookie of a device that is known to the account, nor from a network from which \
                  this account logged in successfully in the last one to two months.",
            example: "when: { all: [{ under_attack: true }, { stranger: true }] }",
        },
        Field {
            key: "known_device",
            kind: Kind::Boolean,
            absent: Absent::Nothing,
            doc: "`true`: the login comes with the genuine cookie of a device that logged in to this very account before. Needs `devices`.",
            example: "when: { all: [{ login_failures: { over: 10 } }, { known_device: false }] }",
        },
        Field {
            key: "under_attack",
            kind: Kind::Boolean,
            absent: Absent::Nothing,
            doc: "`true`: the request is a login on a route that is under attack: strangers fail there far more often than it is used to. The state is \
                  entered within minutes and left when the strangers' tries, refused ones included, are back to what the route is used to.",
            example: "when: { all: [{ under_attack: true }, { stranger: true }] }",
        },
        Field {
            key: "new",
            kind: Kind::Word(&["account", "network", "fingerprint"]),
            absent: Absent::Nothing,
            doc: "No login ever succeeded with this account, from this network, or with this fingerprint, as far as the filter remembers.",
            example: "when: { all: [{ under_attack: true }, { new: fingerprint }] }",
        },
        Field {
            key: "leaked",
            kind: Kind::Form(Form {
                what: "the name of a leaked list",
                pattern: "^[a-z0-9][a-z0-9_-]{0,47}$",
            }),
            absent: Absent::Nothing,
            doc: "The login's password, or user name and password, are in this list of `leaked`. A list of eight bits an entry is wrong for one password in 256, so \
                  it may only add to a score.",
            example: "when: { leaked: breached }",
        },
        Field {
            key: "ratio",
            kind: Kind::Map(&RATIO),
            absent: Absent::Nothing,
            doc: "Compares one counter with another, in percent. It does not hold while the other one is zero.",
            example: "when: { all: [{ tries: { over: 50 } }, { ratio: { of: successes, to: tries, under: 70 } }] }",
        },
        Field {
            key: "flow",
            kind: Kind::Form(Form { what: "the name of a flow", pattern: "^[a-z0-9][a-z0-9_-]{0,47}$" }),
            absent: Absent::Nothing,
            doc: "The request is the last step of this flow, and what the flow says holds.",
            example: "when: { flow: hasty-transfer }",
        },
        Field {
            key: "session_moved",
            kind: Kind::Word(&["network", "fingerprint"]),
            absent: Absent::Nothing,
            doc: "The client comes from another network, or with another fingerprint, than when it logged in. Only for clients that a key under `client` names; mobile \
                  networks move people too.",
            example: "when: { session_moved: fingerprint }",
        },
        Field {
            key: "session_older",
            kind: Kind::Form(DURATION),
            absent: Absent::Nothing,
            doc: "The client's login is longer ago than this. Only for clients that a key under `client` names.",
            example: "when: { all: [{ session_older: 6h }, { rhythm: { over: 80 } }] }",
        },
        Field {
            key: "reply_values",
            kind: Kind::Map(&REPLY_VALUES),
            absent: Absent::Nothing,
            doc: "The reply holds more than so many sensitive values of what the app looks for. It is known when the reply is over, so it scores in the record of this exchange, and \
                  nobody is refused for it; a counter of `sensitive.found` or `sensitive.value` judges the next request.",
            example: "when: { reply_values: { over: 200 } }",
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
        doc: "The count, this exchange included, is greater than this: up to 65000 for `count`, up to 512 for `distinct`, up to 250 per `login.password`, up to 99 (percent) for `regularity`. Attempts whose outcome is \
              still open count as if it were the one that is counted.",
        example: "when: { users_tried: { over: 5 } }",
    }],
};

/// `reply_values: { over: 200 }`.
pub static REPLY_VALUES: Section = Section {
    name: "`reply_values`",
    id: "reply-values",
    doc: "Compares the number of sensitive values in one reply with a number.",
    named: None,
    fields: &[Field {
        key: "over",
        kind: Kind::Integer(1, 65_000),
        absent: Absent::Required,
        doc: "There are more than this. A value counts as often as it stands there, and what the route expects counts too, where a counter of the policy counts sensitive values.",
        example: "when: { reply_values: { over: 200 } }",
    }],
};

/// `ratio: { of: successes, to: tries, under: 70 }`.
pub static RATIO: Section = Section {
    name: "a ratio",
    id: "ratio",
    doc: "One counter in percent of another. Both count with `count`, per the same and over the same time. It needs either `over` or `under`.",
    named: None,
    fields: &[
        Field {
            key: "of",
            kind: Kind::Form(COUNTER_NAME),
            absent: Absent::Required,
            doc: "The counter that is the part.",
            example: "ratio: { of: successes, to: tries, under: 70 }",
        },
        Field {
            key: "to",
            kind: Kind::Form(COUNTER_NAME),
            absent: Absent::Required,
            doc: "The counter that is the whole.",
            example: "ratio: { of: failures, to: tries, over: 60 }",
        },
        Field {
            key: "over",
            kind: Kind::Integer(0, 99),
            absent: Absent::Nothing,
            doc: "The part is more than this many percent.",
            example: "ratio: { of: failures, to: tries, over: 60 }",
        },
        Field {
            key: "under",
            kind: Kind::Integer(1, 100),
            absent: Absent::Nothing,
            doc: "The part is less than this many percent. What lies between two whole numbers counts as the higher one.",
            example: "ratio: { of: successes, to: tries, under: 70 }",
        },
    ],
};
