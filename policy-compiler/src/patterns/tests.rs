use super::*;
use bartizan_engine::blob::detectors::{AT_CAPITALS, AT_DIGITS};
use regex_automata::dfa::Automaton as _;
use regex_automata::dfa::sparse::DFA;
use regex_automata::{Anchored, Input};

fn longest_match(regex: &str, text: &str) -> Option<usize> {
    let pattern = compile(regex, true).unwrap();
    let (dfa, _) = DFA::from_bytes(&pattern.automaton).unwrap();
    let found = dfa.try_search_fwd(&Input::new(text).anchored(Anchored::Yes)).unwrap();
    found.map(|found| found.offset())
}

#[test]
fn the_longest_match_is_found_whatever_stands_first() {
    assert_eq!(longest_match("ab|abcd|abc", "abcdef"), Some(4));
    assert_eq!(longest_match("[0-9]{3}(-[0-9]{2}){0,2}?", "123-45-67"), Some(9));
    assert_eq!(longest_match("ab", "xab"), None);
}

#[test]
fn patterns_are_tried_where_they_can_begin() {
    let place = |regex: &str| {
        let pattern = compile(regex, false).map_err(|refusal| refusal.reason);
        pattern.map(|pattern| (pattern.literals.join(" "), pattern.triggers, pattern.longest))
    };
    let literal = |texts: &str, longest| Ok((texts.to_owned(), AT_LITERALS, longest));
    assert_eq!(place("(AKIA|ASIA)[A-Z2-7]{16}"), literal("akia asia", 20));
    assert_eq!(place("gh[pousr]_[A-Za-z0-9]{36}"), literal("gho_ ghp_ ghr_ ghs_ ghu_", 40));
    assert_eq!(place("(?i)secret[0-9]{4}"), literal("secret", 10));
    assert_eq!(place("averyveryverylongbeginning"), literal("averyveryverylon", 26));
    assert_eq!(place("[0-9]{3}-[0-9]{2}-[0-9]{4}"), Ok((String::new(), AT_DIGITS, 11)));
    assert_eq!(place("[A-Z]{6}[0-9]{2}[A-Z]"), Ok((String::new(), AT_CAPITALS, 9)));
    assert_eq!(place("[0-9]{8}[A-Z]"), Ok((String::new(), AT_CAPITALS, 9)));
    let everywhere = "it could begin anywhere, so the filter would have to try it everywhere";
    for regex in ["[a-z]{3}[0-9]{5}", "ab[0-9]{9}", "1-[0-9]{4}", "-----BEGIN", "[0-9]{8}[a-z]"] {
        assert_eq!(place(regex), Err(everywhere.to_owned()), "{regex}");
        assert!(compile(regex, true).is_ok(), "{regex}");
    }
}

#[test]
fn what_cannot_be_used_is_refused_with_a_reason() {
    for (regex, reason) in [
        ("abc+", "its matches can be longer than 400 bytes"),
        ("abc[0-9]{398}", "its matches can be longer than 400 bytes"),
        ("(abc)?", "it matches nothing at all"),
        ("^abc", "`^`, `$` and `\\b` are not possible"),
        ("abc\\b", "`^`, `$` and `\\b` are not possible"),
        ("abcä", "it is not ASCII"),
        ("abc(", "unclosed group"),
        ("abc(?=d)", "look-around, including look-ahead and look-behind, is not supported"),
        ("abc([a-f]{1,9}[c-z]{1,9}){1,20}", "its automaton is larger than 65536 bytes"),
    ] {
        assert_eq!(compile(regex, false).unwrap_err().reason, reason, "{regex}");
    }
}
