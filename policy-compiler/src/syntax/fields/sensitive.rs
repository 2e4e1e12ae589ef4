//! Keys of what is looked for in replies and requests.

use super::{Absent, DETECTOR_OR_PACK, Field, Kind, PATH, Section};

/// An entry of `sensitive`.
pub static SENSITIVE: Section = Section {
    name: "an entry of `sensitive`",
    id: "sensitive",
    doc: "Looks for values that nobody meant to send.",
    named: None,
    fields: &[
        Field {
            key: "find",
            kind: Kind::List(&Kind::Form(DETECTOR_OR_PACK)),
            absent: Absent::Required,
            doc: "What is looked for: names of detectors, of the policy or of any pack (`payment_card`, `iban`, `us_ssn`, `email` and many more), or the name of a pack, \
                  which stands for all of its detectors: `payment-data`, `personal-data`, `health-data`, `secrets`, `errors`.",
            example: "{ find: [payment-data, us_ssn], in: /api/**, do: mask }",
        },
        Field {
            key: "except",
            kind: Kind::List(&Kind::Form(DETECTOR_OR_PACK)),
            absent: Absent::Nothing,
            doc: "What is left out of `find`: names of detectors or packs.",
            example: "{ find: [personal-data], except: [email], in: /api/**, do: mask }",
        },
        Field {
            key: "in",
            kind: Kind::Form(PATH),
            absent: Absent::Required,
            doc: "On which paths, as in routes.",
            example: "{ find: [us_ssn], in: /api/people/**, do: tag }",
        },
        Field {
            key: "at",
            kind: Kind::List(&Kind::Word(&["body", "headers", "url"])),
            absent: Absent::Default("[body, headers, url]"),
            doc: "Where: in the `body` of replies, in the `headers` and trailers of replies, in the `url` of requests. What is found in a URL is recorded and \
                  never changed: the request has to reach the app as it was sent.",
            example: "{ find: [secrets], in: /**, at: [headers, url], do: tag }",
        },
        Field {
            key: "do",
            kind: Kind::Word(&["tag", "mask", "remove", "block"]),
            absent: Absent::Required,
            doc: "`tag` tells the log, `mask` overwrites the value in place, `remove` takes the whole field out of the JSON object (only for detectors with `fields`), \
                  `block` refuses the reply where it can be held and masks it where not.",
            example: "{ find: [iban], in: /api/**, do: block }",
        },
        Field {
            key: "keep_first",
            kind: Kind::Integer(0, 8),
            absent: Absent::Default("0"),
            doc: "How many characters at the beginning of a masked value stay readable. Not for `tag` and `remove`. Together with `keep_last` at most 10.",
            example: "{ find: [payment_card], in: /api/**, do: mask, keep_first: 6, keep_last: 4 }",
        },
        Field {
            key: "keep_last",
            kind: Kind::Integer(0, 8),
            absent: Absent::Default("0"),
            doc: "How many characters at the end of a masked value stay readable. Not for `tag` and `remove`.",
            example: "{ find: [payment_card], in: /api/**, do: mask, keep_last: 4 }",
        },
        Field {
            key: "mask_with",
            kind: Kind::Word(&["stars", "hash"]),
            absent: Absent::Default("stars"),
            doc: "What stands in place of a masked value: `stars` in place of its letters and digits, or a `hash`: a token of the same length that is the same for \
                  the same value, so that joins still work. Beside `hash` nothing is kept readable.",
            example: "{ find: [email], in: /export/**, do: mask, mask_with: hash }",
        },
        Field {
            key: "confidence",
            kind: Kind::Word(&["high", "likely"]),
            absent: Absent::Default("high"),
            doc: "What is acted on: only findings of `high` confidence, or those that are only `likely` as well, such as a bare sixteen-digit number with a right check digit. \
                  What is not acted on is recorded all the same.",
            example: "{ find: [payment_card], in: /api/**, do: mask, confidence: likely }",
        },
    ],
};
