//! Every kind of finding. Codes are stable and never reused.
//!
//! The hundreds say where a policy went wrong: 1 the text, 2 keys and types, 3 single values, 4 names, 5 contradictions,
//! 6 policies that are valid and probably not meant.

/// Whether a finding stops the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// There is no blob.
    Error,
    /// There is one, but look again.
    Warning,
    /// There is one, and it does something that its text does not show.
    Note,
}

impl Severity {
    /// The word for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A kind of finding.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `B` and four digits.
    pub id: &'static str,
    /// Whether it stops the compiler.
    pub severity: Severity,
    /// In a few words.
    pub title: &'static str,
    /// One paragraph: what is meant, and why it matters.
    pub explanation: &'static str,
}

/// The code with this id; upper or lower case.
#[must_use]
pub fn find(id: &str) -> Option<&'static Code> {
    ALL.iter().copied().find(|code| code.id.eq_ignore_ascii_case(id))
}

macro_rules! codes {
    ($($name:ident $id:literal $severity:ident $title:literal $explanation:literal)*) => {
        $(
            #[doc = $title]
            pub static $name: Code =
                Code { id: $id, severity: Severity::$severity, title: $title, explanation: $explanation };
        )*
        /// Every code, by number.
        pub static ALL: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    INVALID_YAML "B0101" Error "the text is not valid YAML"
    "The file cannot be read as YAML 1.2. The most frequent reasons: a value that contains `{`, `}`, `[`, `]`, `,`, `#` or `: ` \
     and is not quoted (`path: '/api/items/{id}'` inside braces needs the quotes), a tab used for indentation, a bracket that \
     is never closed. Nothing after such a mistake can be read, so fix it first and run the check again."
    TOO_LARGE "B0102" Error "the file is larger than a policy can be"
    "A policy file may have 1 MiB, 100,000 values and 32 levels of nesting. A long list of addresses belongs into a file of its \
     own, see `addresses_from`."
    NOT_UTF8 "B0103" Error "the file is not UTF-8"
    "Policies and address lists are UTF-8 text. Editors on some systems save other encodings; save the file as UTF-8."
    UNSUPPORTED_YAML "B0104" Error "a part of YAML that policies do without"
    "Anchors (`&x`), aliases (`*x`), merge keys (`<<`), tags (`!x`), directives (`%YAML`) and several documents in one file make \
     a text mean something that cannot be seen where it stands. A reviewer must be able to read a policy line by line, so they \
     are refused. A value that starts with `*`, `&` or `!` is quoted: `hosts: ['*.example.com']`."
    DUPLICATE_KEY "B0105" Error "the same key twice"
    "Many YAML readers silently take the last of two equal keys. Then half of what a reviewer read is not in force."
    AMBIGUOUS_SCALAR "B0106" Error "a value that YAML 1.1 and YAML 1.2 read differently"
    "`on`, `yes`, `1:30`, `010`, `1_000` or `2024-05-01` are text for one reader and a boolean, a number or a date for another. \
     Tools around the policy would not agree on what it says. Quote text, write `true` or `false`, and write numbers plainly."
    HIDDEN_CHARACTER "B0107" Error "a character that cannot be seen"
    "Characters that change the direction of text, have no width or control a terminal can make a line look different from what \
     it says. They are refused everywhere in the file, comments included."
    MIXED_SCRIPTS "B0108" Warning "a word in letters of two scripts"
    "A word that mixes Latin letters with Cyrillic or Greek ones mostly contains a look-alike: the Latin `a` and the Cyrillic \
     `а` are different characters, and a path or cookie name with the wrong one matches nothing."

    UNKNOWN_KEY "B0201" Error "a key that does not exist here"
    "A misspelt key is a protection that is not there, so no unknown key is ignored. The policy reference lists the keys of every \
     part; `bartizan schema` prints a JSON Schema with which an editor completes them."
    MISSING_KEY "B0202" Error "a key that is needed here is missing"
    "The part cannot work without this key. Where leaving a key out has a sensible meaning, the policy reference gives the default."
    WRONG_TYPE "B0203" Error "a value of the wrong kind"
    "A list stands where a text is expected, a text where a number is expected, and so on. Nothing is converted silently."
    UNKNOWN_WORD "B0204" Error "a value that is not one of the allowed words"
    "The key takes one of a fixed set of words. The message lists them."
    OUT_OF_RANGE "B0205" Error "a number outside its range"
    "The number cannot work in this place; the message names the range."
    BAD_DURATION "B0206" Error "not a duration"
    "Durations are a whole number and a unit, without a space: `30s`, `10m`, `24h`. They lie between `1s` and `24h`: the state of \
     the filter lives in the proxy's memory and does not outlast it."
    BAD_RATE "B0207" Error "not a rate"
    "Rates are a whole number of requests per second, minute or hour: `2/s`, `5/m`, `100/h`. The filter lets requests through at \
     even distances and counts in whole requests per minute, from `1/m` to `60000/m`; other rates are rounded to these."
    BAD_NAME "B0208" Error "not a name"
    "Names appear in metrics, log records and headers. Names of apps, routes, logins and rules have lower-case letters, digits and \
     `-`; names of counters and lists may have `_` as well. They start with a letter or digit."
    EMPTY_BECAUSE "B0209" Error "no reason given"
    "Whoever is called at night about a blocked customer reads the `because` of the rules that fired. A reason is mandatory on \
     everything that scores or exempts, and a blank one is none."
    KEYS_EXCLUDE "B0210" Error "keys that exclude each other"
    "Each of these keys answers the same question, so exactly one of them can stand here."
    TOO_MUCH "B0211" Error "too long or too many"
    "The policy has to fit a fixed budget of memory in every worker of the proxy. The message names the limit."
    UNSUPPORTED_VERSION "B0212" Error "a version of the policy language that this compiler does not know"
    "`version` says in which version of the language the policy is written. This compiler knows version 1."
    KEY_NOT_HERE "B0213" Error "a key that says nothing together with another"
    "The key exists here, but what the part does leaves it without effect: a block has no rate, a tag has no status. Somebody \
     who wrote it expects something that will not happen."
    NOTHING_GIVEN "B0214" Error "an empty list or mapping"
    "At least one entry is needed. To switch a part off, remove its key."

    BAD_ADDRESS "B0301" Error "not an address or range of addresses"
    "Addresses are `192.0.2.7`, `192.0.2.0/24`, `2001:db8::1` or `2001:db8::/32`. A range starts at its first address: \
     `192.0.2.7/24` could mean one address or 256, so it is refused."
    LIST_FILE "B0302" Error "a list cannot be read"
    "`addresses_from` names a text file, relative to the policy file, with one address or range per line; `#` starts a comment. \
     It may have a million lines and 64 MiB. The keys of `leaked` name text files with one entry per line, of any size."
    BAD_HOST "B0303" Error "not a host"
    "Hosts are given as the client names them, without scheme and port: `shop.example.com`, `*.example.com` for every host below a \
     domain, or `*` for all. Hosts with other letters are given in their ASCII form (`xn--...`)."
    BAD_PATH "B0304" Error "not a path pattern"
    "Path patterns start with `/` and are matched segment by segment against the normalised path: a segment is literal text, a named \
     parameter `{id}`, or `*` for any one segment; `**` as the last segment stands for the whole rest. A query, an empty \
     segment, `.` and `..`, a `;` or an escape of an ordinary character never appear in a normalised path, so a pattern with one would never match."
    BAD_METHOD "B0305" Error "not a request method"
    "Methods are written in upper case: `GET`, `POST`."
    BAD_STATUS "B0306" Error "not a status"
    "Outcomes look at a status from 100 to 599 or at a class such as `4xx`. Replies of the filter's own have a status from 200 to 599."
    BAD_FIELD_NAME "B0307" Error "not a header or cookie name"
    "Names of headers and cookies have letters, digits and `-_.!#$%&'+^|~`. Header names are compared in lower case."
    BAD_FIELD_SOURCE "B0308" Error "not a place for a login's field"
    "A login's field is `form.<field>`, `json.<pointer>` (`json./user/name`), `query.<parameter>`, `multipart.<field>`, \
     `graphql.variables.<name>`, `element.<name>`, `basic.user` or `basic.password`."
    BAD_CLIENT_KEY "B0309" Error "not something that names a client"
    "Clients are named by `verified_jwt.<claim>`, `issued_cookie.<name>`, `accepted_header.<name>` or `address`. Each at most once, \
     `address` last: it always counts, so nothing after it is ever looked at."
    BAD_POINTER "B0310" Error "not a JSON pointer"
    "A JSON pointer (RFC 6901) is a sequence of keys or positions, each after a slash: `/error/code`, `/errors/0`. A `~` in a key is \
     written `~0`, a slash `~1`."
    NOT_COUNTABLE "B0311" Error "not something that can be counted"
    "`count` takes `request`, `login.attempt`, `login.success`, `login.new_device`, `login.failure`, `response.<status>` (`response.404`, \
     `response.4xx`) or `sensitive.found`; with a `half_life` only what logins do. `distinct` takes `login.username`, `login.password`, `client`, \
     `address`, `network`, `fingerprint`, `path` or `path.<parameter>`. `regularity` takes `request` or `login.attempt`."
    BAD_REPLY_BODY "B0312" Error "a reply body that is not what it claims"
    "The text under `json` is sent as it stands to clients that accept JSON, so it has to be valid JSON."
    BAD_LOGIN_REQUEST "B0313" Error "not a login request"
    "A login is a method and a path: `POST /login`."
    CONDITION_SIZE "B0314" Error "a condition that is too large"
    "Conditions are evaluated on every request. A rule's condition has at most 64 parts and 8 levels, a login's outcome 32 parts and 8 \
     levels. Split a large `any` into several rules; they add up."

    BAD_FINGERPRINT "B0315" Error "not a part of a fingerprint"
    "A fingerprint is made of what a client always sends alike. A header that differs from request to request, such as a cookie or a length, \
     would give each request a fingerprint of its own; the same part twice adds nothing."
    BAD_REPLY_HEADER "B0316" Error "not a header for a reply of the filter's own"
    "Lengths, connections and dates are the proxy's business: it writes these headers itself. Values of headers are one line of text."

    BAD_PATTERN "B0317" Error "a pattern that cannot be searched for"
    "Patterns run on every byte of every reply, so they are compiled to automata of bounded size and tried only where they can begin: at fixed texts, \
     digits or capitals, or behind words of `context`. The message says what is in the way, and what to write instead."
    BAD_WORD "B0318" Error "not a word or field to look for"
    "Words and phrases begin with a letter or digit, because they are looked for where words begin. JSON fields are written `/**/name`."
    BAD_DOCUMENT "B0319" Error "an OpenAPI document that cannot be read"
    "What replies are meant to contain is read from the document, so without it what is meant would be reported. It is OpenAPI 3.0 or 3.1, in YAML or JSON, \
     of at most 16 MiB."

    UNKNOWN_NAME "B0401" Error "a name that nothing has"
    "The policy refers to a counter, list, flow, app or route that it does not define, or to a rule that a pack does not have."
    DEFINED_TWICE "B0402" Error "two parts with the same name"
    "Names of rules are unique in the policy; names of routes and logins are unique in their app. Records and metrics could not tell \
     them apart otherwise. A rule pack is used once."
    UNKNOWN_PARAMETER "B0403" Error "a path parameter that no route has"
    "`distinct: path.<parameter>` counts the values of a named parameter of the routes, `{id}` in `/api/items/{id}`. No route of \
     the policy has a parameter of this name, so the counter would stay at zero."
    RESERVED_NAME "B0404" Error "a name that means something else in conditions"
    "A counter appears in conditions under its own name, beside the keys of conditions: `list`, `login`, `stranger`, `new`, `all` and so on. It cannot \
     be called like one of these."
    AMBIGUOUS_ROUTE "B0405" Error "a route name that several apps have"
    "Write the app's name before it: `shop.catalog`."

    STEPS_NOT_RISING "B0501" Error "steps that do not rise"
    "The steps of a threat are a ladder: each has a higher score than the one before."
    HOST_CLAIMED_TWICE "B0502" Error "a host that two apps claim"
    "A request belongs to one app, found by its host. An exact host wins over `*.example.com` and this over `*`, but the same host \
     cannot stand in two apps, or twice in one."
    ROUTE_SHADOWED "B0503" Error "two routes for the same requests"
    "Both routes have the same path pattern, but for the names of parameters, and a method in common. Only one of them could ever match."
    MODE_TOO_STRONG "B0504" Error "a mode that is stronger than the app's"
    "Whether an app is in report or enforce mode is decided at the app. Its routes and logins, and the rules, may only weaken it. So one look at \
     the app is enough to know that nothing in it blocks."
    NO_ACCOUNT "B0505" Error "a counter per account of something that names no account"
    "`per: login.username` keeps a count for each account, and only a login names one. Requests, replies and paths are counted per \
     `client`, `address` or `route`."
    ALWAYS_ONE "B0506" Error "a counter that is always one"
    "Within one account there is only one user name, within one address one address. Such a counter never passes one."
    OUTCOME_UNKNOWABLE "B0507" Error "an outcome that can never be told"
    "Where a reply meets both `success` and `failure`, the outcome of the login is unknown and not counted. Here every reply that meets \
     one meets the other as well, so it is never counted: typically both look at the same status, and one at the body too. Say \
     in both what tells them apart."
    THRESHOLD_RANGE "B0508" Error "a threshold that the counter cannot reach"
    "Counts are exact up to 65,000, counters of distinct values up to 512, those per password up to 250: beyond that a cell in the filter's \
     state would not be bounded. A regularity is a percentage. Take a shorter window and a smaller number."
    DOES_NOT_FIT "B0509" Error "counters that do not fit into the filter's state"
    "The state of the filter has cells of a fixed size, one for each client, account or route, and a cell holds all counters of its \
     kind. Counters of distinct values are as large as the highest number that they are compared with."
    TRAP_ON_ROUTE "B0510" Error "a trap where customers go"
    "A honeypot is a path that no customer has a reason to ask for. This one also matches a route or login of the app, so ordinary requests \
     would be taken for an attacker's."
    LEFT_ALONE "B0511" Error "an app that is left alone and looked at"
    "`watch: false` says that an app is known and left alone: the filter passes its requests untouched. Modes, routes, logins, traps and \
     searches would do nothing there, so either they or `watch: false` is a mistake."

    PER_PASSWORD "B0512" Error "a counter per password that a sketch cannot keep"
    "What is known about passwords is a sketch in which no password can be found: with how many different accounts one failed. Nothing \
     else can be kept per password: `distinct: login.username` with `of: failure`, mostly `from: strangers`."
    NEEDS_DEVICES "B0513" Error "known devices without a device cookie"
    "A device is known by the signed cookie that it got with an earlier login. Without `devices` the filter hands none out, so every \
     device would be new for ever."
    RATIO_MISMATCH "B0514" Error "a ratio of counters that do not belong together"
    "A percentage of one counter in another says something only if both are kept for the same key and over the same time, and both count \
     occurrences. Different values of two kinds, or ten minutes of one and a day of the other, give a number without a meaning."
    EIGHT_BITS "B0515" Error "a refusal on eight bits"
    "A list of eight bits an entry takes one password in 256 for a leaked one. Of a thousand customers whose passwords never leaked, four would be \
     refused each time they log in. Such a list may only add to a score that something else carries on; with `bits: 16` it is one in 65,536."
    FLOW_REPEATS "B0516" Error "a step that stands in a flow twice"
    "For each client the filter keeps when it last asked for a step. A step that is asked for twice in one flow cannot come before itself."
    COOKIE_TAKEN "B0517" Error "a device cookie with the name of another cookie"
    "The device cookie is the filter's own. If an app sets a cookie of the same name, one would overwrite the other, and customers would lose their \
     session or their known device."
    ONE_PER_PASSWORD "B0518" Error "a second counter per password"
    "One sketch holds what is known about passwords, over one window and of one kind of logins. Compare the one counter with several numbers instead, \
     or leave the other one's rule out; a rule pack's with `use: [{ pack: account-takeover, without: [ato-sprayed-password] }]`."

    SAMPLE_FAILS "B0519" Error "a sample that the detector does not treat as it says"
    "Samples are tried whenever the policy is checked or compiled. A detector that misses what it is for, or finds what it is not for, would be found out by customers \
     otherwise. Change the detector, or the sample."
    NOTHING_TO_REMOVE "B0520" Error "a value that cannot be taken out"
    "`remove` takes a field out of a JSON object, so it goes with detectors that find fields by their names. Values that stand anywhere in a text can be masked."
    STAYS_READABLE "B0521" Error "a mask that leaves values readable"
    "The shortest values that are looked for have about twelve characters. With more than ten of them left readable nothing is hidden."
    COMPRESSED "B0522" Error "changes to replies that are only decoded"
    "With `compression: decode` the filter reads compressed replies beside their way to the client. It cannot change them. Where values are masked, removed or blocked, \
     the upstream has to send them uncompressed: `compression: identity`."

    STEP_UNREACHABLE "B0601" Warning "a step that no score can reach"
    "All rules and traps of the threat together do not add up to the score of this step, so it never happens. Lower it, or give the rules \
     more points."
    UNUSED_COUNTER "B0602" Warning "a counter that nothing uses"
    "No condition looks at the counter. It is left out of the blob."
    UNUSED_LIST "B0603" Warning "a list, flow or detector that nothing uses"
    "No condition and no exemption looks at the list, no condition at the flow, or no app for what the detector finds."
    ALLOWS_EVERYBODY "B0604" Warning "an exemption for everybody"
    "The exemption covers all addresses of IPv4 or IPv6. The threats that it skips are switched off for everybody. To look without acting, \
     use `mode: report`."
    COUNTS_NOTHING "B0605" Warning "a counter or condition of something that never happens"
    "The counter or condition needs logins, passwords of logins, or findings in replies, and no app of the policy has any."
    ENFORCES_NOTHING "B0606" Warning "enforcement that does nothing"
    "The policy or app says `enforce`, but every part of it is in report mode, or nothing in the policy ever acts."
    LOCKOUT "B0607" Warning "anybody can have an account locked"
    "The counter is kept per account, and whoever knows a user name can drive it up with wrong passwords. Where this alone leads to \
     a refusal, an attacker can shut customers out of their accounts. Let such a rule reach `tag` only, and refuse together with a \
     counter per `client` or `address`, a list, or `stranger: true`, which spares devices and networks that the account was used from before."
    SHARED_COUNTER "B0608" Warning "all clients pay for one"
    "The counter is kept for many clients together (per route, network, fingerprint or password), or the condition is that others attack the route. Where \
     that alone leads to a refusal, one busy client, or a good day of business, has every customer refused. Combine it with a counter per `client` or \
     `address`, or with `stranger: true`."
    ALWAYS_TRUE "B0609" Warning "a rule that ordinary requests meet"
    "The condition can be met by a first, ordinary request, without any counter or list, and its points alone lead to a refusal: customers would \
     be refused. Add a counter or a list to the condition, or give it fewer points. Everybody is a stranger once: with a new telephone, or on a \
     journey. `stranger: true` refuses together with a counter or `under_attack: true`."
    HUMAN_MISTAKE "B0610" Warning "a threshold that an honest mistake passes"
    "People mistype passwords and try again. Two wrong passwords of one client should not lead to a refusal."
    STEP_WEAKENS "B0611" Warning "a higher score with a weaker action"
    "Actions of one threat from weak to strong: `tag`, `throttle`, `challenge`, `deceive`, `block`. Here a client that behaves worse is treated better, because the \
     highest step reached decides."
    KEY_NEVER_ACCEPTED "B0612" Warning "a client key that never counts"
    "A header that the client chooses names it only after the upstream has accepted it: with a 2xx reply on a route marked \
     `authenticated: true`. No route is, so the key is never used."
    LEADS_NOWHERE "B0613" Warning "a score without steps"
    "Rules or traps give points for a threat that has no steps, so the score is recorded and never acted upon. If that is what you want, a single \
     step with `do: tag` says so."
    BLOCKS_ORDINARY_REPLIES "B0614" Warning "refusing replies that are ordinary"
    "Nearly every page has an e-mail address somewhere: a contact, the customer's own profile. With `do: block` on all paths they would all be refused. Mask them, \
     or name the paths that must never carry one."
    NO_SESSION "B0615" Warning "sessions without anything that names them"
    "Flows, `session_moved` and `session_older` follow a client from its login on. A client that only its address names has no session, because others \
     may share the address: nothing of this ever holds for it. Name clients under `client.key`: `issued_cookie.<name>`, `verified_jwt.<claim>` or \
     `accepted_header.<name>`."
    LEARNT_DECOY "B0616" Note "a decoy that is learnt"
    "`deceive` answers like the app's own failed login. Where the login says no `decoy`, the filter takes it over from the app once two failures of different \
     accounts brought the same reply; until then, and where the app's failed logins differ from each other, its answer is a plain 401."
    RATIO_OF_FEW "B0617" Warning "a ratio of a handful"
    "One failure out of one try is 100 percent. Without a lowest number of tries, a customer's first mistake meets the condition. Combine it: \
     `all: [{ tries: { over: 30 } }, { ratio: … }]`."
    LEFT_OUT "B0618" Warning "lines of a list that are left out"
    "Files of leaked credentials are collected by hand and have lines that are no entries. They are left out and named by number, never by \
     what they say. A file with more than one such line in a hundred is another kind of list than the policy says, and an error."
    EXPECTED_IN_VAIN "B0619" Warning "something expected that nothing looks for"
    "A route says that its replies contain something, and the app does not look for it. Nothing is reported with or without that word."
    CHANGES_NOTHING "B0620" Warning "something is to be changed where nothing can be"
    "What stands in the path or query of a request is told: the request goes on as it came, and nobody is refused for it. Only members of bodies can \
     be taken out. So `mask` and `block` with `at: [url]`, and `remove` without `body` in `at`, report and do nothing else."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_well_formed() {
        for pair in ALL.windows(2) {
            assert!(pair[0].id < pair[1].id, "{} is not before {}", pair[0].id, pair[1].id);
        }
        for code in ALL {
            assert!(code.id.len() == 5 && code.id.starts_with('B'), "{}", code.id);
            assert!(!code.title.ends_with('.'), "{}: titles have no final period", code.id);
            assert!(code.explanation.ends_with('.'), "{}: explanations are sentences", code.id);
            assert!(!code.explanation.contains("  "), "{}: stray spaces", code.id);
        }
    }

    #[test]
    fn a_code_is_found_in_either_case() {
        assert_eq!(find("b0201"), Some(&UNKNOWN_KEY));
        assert_eq!(find("B9999"), None);
    }
}
