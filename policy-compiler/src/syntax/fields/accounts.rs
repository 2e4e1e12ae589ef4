//! Keys of devices, leaked credentials and orders of steps.

use super::{Absent, BECAUSE_BYTES, DURATION, Field, Form, Kind, LABEL, LONG_DURATION, Section};

/// `devices`.
pub static DEVICES: Section = Section {
    name: "`devices`",
    id: "devices",
    doc: "A signed cookie that a device gets with a login that succeeded. It proves that the device logged in to that account before, and tells \
          nobody which account that is. The key that signs it, at least 16 bytes, comes from the environment variable `BARTIZAN_DEVICE_KEY` of the proxy; while it \
          is replaced, cookies of the old one in `BARTIZAN_DEVICE_KEY_PREVIOUS` count as well. Without a key no device is known.",
    named: None,
    fields: &[
        Field {
            key: "cookie",
            kind: Kind::Text(64),
            absent: Absent::Default("bartizan-device"),
            doc: "The cookie's name. No cookie of the apps may have it.",
            example: "devices: { cookie: bartizan-device, for: 180d }",
        },
        Field {
            key: "for",
            kind: Kind::Form(LONG_DURATION),
            absent: Absent::Required,
            doc: "How long a device stays known after its last login, from `1h` to `400d`.",
            example: "devices: { for: 180d }",
        },
    ],
};

/// An entry of `leaked`.
pub static LEAKED: Section = Section {
    name: "a leaked list",
    id: "leaked",
    doc: "A list of credentials that others lost. It is compiled into a filter beside the blob; the file itself is not needed where the proxy runs. It needs one \
          of `passwords_sha1_from`, `passwords_from` or `pairs_from`. File names are relative to the policy file.",
    named: None,
    fields: &[
        Field {
            key: "passwords_sha1_from",
            kind: Kind::Text(1024),
            absent: Absent::Nothing,
            doc: "A text file with the SHA-1 of a password in hexadecimal on each line, `HASH` or `HASH:COUNT`, as public lists have it.",
            example: "leaked: { breached: { passwords_sha1_from: lists/pwned.txt } }",
        },
        Field {
            key: "passwords_from",
            kind: Kind::Text(1024),
            absent: Absent::Nothing,
            doc: "A text file with a password on each line.",
            example: "leaked: { common: { passwords_from: lists/common.txt, bits: 16 } }",
        },
        Field {
            key: "pairs_from",
            kind: Kind::Text(1024),
            absent: Absent::Nothing,
            doc: "A text file with `user:password` on each line. User names are brought to the form that logins have (case, outer blanks, NFKC), without their \
                  tags where `username_form` says so. Where some logins drop tags and others keep them, a tagged name is on the list both ways, so \
                  `zoe+shop@example.com` also stands for `zoe@example.com`.",
            example: "leaked: { combos: { pairs_from: lists/combos.txt, bits: 16 } }",
        },
        Field {
            key: "bits",
            kind: Kind::Choice(&[8, 16]),
            absent: Absent::Default("8"),
            doc: "Bits of an entry: with 8 one credential in 256 is taken for a leaked one, with 16 one in 65,536. Eight may only add to a score.",
            example: "leaked: { combos: { pairs_from: lists/combos.txt, bits: 16 } }",
        },
    ],
};

/// An entry of `flows`.
pub static FLOW: Section = Section {
    name: "a flow",
    id: "flow",
    doc: "An order of steps that customers take and thieves do not. It holds for a request at its last step that comes too soon after a login (`of`), or without \
          the steps that lead there (`needs`); it needs one of the two. Steps are kept for each session, which begins with a login; a client that only its \
          address names has none, so a key under `client` has to name it. At most 64 flows.",
    named: None,
    fields: &[
        Field {
            key: "app",
            kind: Kind::Form(Form { what: "the name of an app", pattern: "^[a-z0-9-]{1,32}$" }),
            absent: Absent::Required,
            doc: "The app in which it happens.",
            example: "hasty-transfer: { app: bank, at: transfer, within: 1m, of: login.new_device }",
        },
        Field {
            key: "at",
            kind: Kind::Form(LABEL),
            absent: Absent::Required,
            doc: "The route of the last step.",
            example: "hasty-transfer: { app: bank, at: transfer, within: 1m, of: login.new_device }",
        },
        Field {
            key: "within",
            kind: Kind::Form(DURATION),
            absent: Absent::Required,
            doc: "The time: sooner than this after the login, or the steps before within this time.",
            example: "blind-transfer: { app: bank, at: transfer, needs: [accounts, transfer-form], within: 15m }",
        },
        Field {
            key: "of",
            kind: Kind::Word(&["login", "login.new_device"]),
            absent: Absent::Nothing,
            doc: "It holds sooner than `within` after this: the client's login, or its login if that came from a device that the account had not used before, \
                  which needs `devices`.",
            example: "hasty-transfer: { app: bank, at: transfer, within: 1m, of: login.new_device }",
        },
        Field {
            key: "needs",
            kind: Kind::List(&Kind::Form(LABEL)),
            absent: Absent::Nothing,
            doc: "It holds unless the client asked for these routes of the app since its login and within `within`, in this order. At most 4, and at most 16 different ones in all flows.",
            example: "blind-transfer: { app: bank, at: transfer, needs: [accounts, transfer-form], within: 15m }",
        },
        Field {
            key: "because",
            kind: Kind::Text(BECAUSE_BYTES),
            absent: Absent::Nothing,
            doc: "Why, for the records.",
            example: "hasty-transfer: { app: bank, at: transfer, within: 1m, of: login.new_device, because: money moved at once from a new device }",
        },
    ],
};
