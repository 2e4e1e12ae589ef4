//! Whether path patterns and outcomes include each other.

use bartizan_engine::blob::draft::{OutcomeCondition, PathPattern, Segment};

/// Whether every path that `narrow` matches is matched by `wide` as well.
pub(super) fn covers(wide: &PathPattern, narrow: &PathPattern) -> bool {
    for (at, segment) in wide.segments.iter().enumerate() {
        match (segment, narrow.segments.get(at)) {
            (Segment::Rest, _) => return true,
            (_, None | Some(Segment::Rest)) => return false,
            (Segment::Literal(one), Some(Segment::Literal(other))) if one == other => {}
            (Segment::Literal(_), Some(_)) => return false,
            (Segment::Parameter(_) | Segment::Any, Some(_)) => {}
        }
    }
    narrow.segments.len() == wide.segments.len()
}

/// Whether both match the same paths.
pub(super) fn same(one: &PathPattern, other: &PathPattern) -> bool {
    covers(one, other) && covers(other, one)
}

/// Whether both have a method in common; none given means all.
pub(super) fn share_a_method(one: &[String], other: &[String]) -> bool {
    one.is_empty() || other.is_empty() || one.iter().any(|method| other.contains(method))
}

/// Whether every reply that meets `one` certainly meets `other`. Outcomes have at most 32 parts, so this ends soon.
pub(super) fn implies(one: &OutcomeCondition, other: &OutcomeCondition) -> bool {
    use OutcomeCondition::{All, Any, Header, Json, JsonHas, RedirectsTo, Status};
    if one == other {
        return true;
    }
    match (one, other) {
        (Any(parts), _) => parts.iter().all(|part| implies(part, other)),
        (_, All(parts)) => parts.iter().all(|part| implies(one, part)),
        (All(parts), Any(others)) => {
            parts.iter().any(|part| implies(part, other)) || others.iter().any(|other| implies(one, other))
        }
        (All(parts), _) => parts.iter().any(|part| implies(part, other)),
        (_, Any(others)) => others.iter().any(|other| implies(one, other)),
        (Status(status), Status(class)) => *class < 10 && status / 100 == *class,
        (Header { name, .. }, Header { name: other, contains: None }) => name == other,
        (RedirectsTo(_), Header { name, contains: None }) => name == "location",
        (RedirectsTo(_), Status(class)) => *class == 3,
        (RedirectsTo(path), RedirectsTo(below)) => is_below(path, below),
        (Json { pointer, equals }, JsonHas(other)) => {
            pointer == other && !matches!(equals.as_str(), "" | "null" | "false")
        }
        _ => false,
    }
}

/// Whether all paths of one redirect are paths of another, which may end in `/**`.
fn is_below(path: &str, other: &str) -> bool {
    let Some(start) = other.strip_suffix("/**") else { return false };
    let path = path.strip_suffix("/**").unwrap_or(path);
    path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> PathPattern {
        let segments = text.split('/').filter(|part| !part.is_empty()).map(|part| match part {
            "**" => Segment::Rest,
            "*" => Segment::Any,
            _ if part.starts_with('{') => Segment::Parameter(String::from(part)),
            _ => Segment::Literal(String::from(part)),
        });
        PathPattern { segments: segments.collect() }
    }

    #[test]
    fn a_wider_pattern_covers_a_narrower_one() {
        for (wide, narrow) in
            [("/**", "/"), ("/**", "/a/b"), ("/a/*", "/a/{id}"), ("/a/{id}", "/a/b"), ("/a/**", "/a")]
        {
            assert!(covers(&pattern(wide), &pattern(narrow)), "{wide} {narrow}");
        }
        for (wide, narrow) in
            [("/a", "/b"), ("/a/b", "/a/*"), ("/a/*", "/a/**"), ("/a", "/a/b"), ("/a/b", "/a"), ("/", "/**")]
        {
            assert!(!covers(&pattern(wide), &pattern(narrow)), "{wide} {narrow}");
        }
    }

    #[test]
    fn patterns_that_differ_in_parameter_names_only_are_the_same() {
        assert!(same(&pattern("/a/{id}/**"), &pattern("/a/*/**")));
        assert!(!same(&pattern("/a/{id}"), &pattern("/a/b")));
    }

    #[test]
    fn a_reply_that_meets_more_meets_less() {
        use OutcomeCondition::{All, Any, BodyContains, Header, Status};
        let body = || BodyContains(String::from("no"));
        let location = |contains: Option<&str>| Header {
            name: String::from("location"),
            contains: contains.map(String::from),
        };
        assert!(implies(&All(vec![Status(200), body()]), &Status(200)));
        assert!(implies(&Status(401), &Status(4)));
        assert!(implies(&Status(401), &Any(vec![body(), Status(401)])));
        assert!(implies(&location(Some("/account")), &location(None)));
        assert!(implies(&Any(vec![Status(401), Status(403)]), &Status(4)));
        let to = |path: &str| OutcomeCondition::RedirectsTo(String::from(path));
        assert!(implies(&to("/account/orders"), &to("/account/**")) && implies(&to("/login"), &to("/**")));
        assert!(implies(&to("/account"), &location(None)));
        assert!(implies(&to("/account"), &Status(3)) && !implies(&to("/account"), &Status(302)));
        assert!(
            !implies(&to("/accounts"), &to("/account/**")) && !implies(&to("/account/**"), &to("/account"))
        );
        let token = |equals: &str| OutcomeCondition::Json {
            pointer: String::from("/token"),
            equals: String::from(equals),
        };
        let has_token = OutcomeCondition::JsonHas(String::from("/token"));
        assert!(implies(&token("x"), &has_token) && !implies(&token("null"), &has_token));
        assert!(!implies(&Status(4), &Status(401)));
        assert!(!implies(&Status(200), &All(vec![Status(200), body()])));
        assert!(!implies(&location(None), &location(Some("/account"))));
    }
}
