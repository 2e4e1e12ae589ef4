//! Account takeover: known devices, feigned failures, clients by their verified token.

use serde_json::json;

use super::super::bed::Bed;
use super::super::gateway::Gateway;
use super::super::run::Case;
use super::{cases, token};
use crate::client::{Protocol, Reply, Request};
use crate::failure::{Context, Failure, ensure, ensure_equal};

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_device_that_logged_in_is_known_over_both_protocols,
        a_forged_device_cookie_makes_nobody_known,
        a_feigned_failure_looks_like_a_real_one_over_both_protocols,
        a_right_password_behind_a_feigned_failure_stays_unknown,
        a_client_is_who_its_verified_token_says,
        nobody_chooses_their_own_ja4,
    ]
}

/// Failed logins of strangers that the policy `takeover` lets through.
const LIMIT: usize = 3;
const DEVICE: &str = "bartizan-device";

fn customer(number: u32) -> Request {
    Request::login(&format!("customer{number}@example.org"), &format!("correct-horse-{number}"))
}

fn with_device(request: Request, device: &str) -> Request {
    request.header("cookie", format!("theme=dark; {DEVICE}={device}"))
}

/// The value and the attributes of the device cookie in a reply.
fn device_cookie(reply: &Reply) -> Option<(String, String)> {
    let mut cookies = reply.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    let cookie = cookies.find_map(|cookie| cookie.strip_prefix(DEVICE)?.strip_prefix('='))?;
    let (value, attributes) = cookie.split_once(';')?;
    Some((value.to_owned(), attributes.to_owned()))
}

/// Fails to log in until strangers at this address get feigned failures; the last one here is.
async fn besiege(gateway: &Gateway, host: u8) -> Result<(), Failure> {
    for number in 0..=LIMIT {
        let reply = gateway.send(host, Request::login(&format!("leaked{number}@example.net"), "x")).await?;
        ensure_equal("status of a guess", reply.status, 401)?;
    }
    Ok(())
}

async fn a_device_that_logged_in_is_known_over_both_protocols(bed: &Bed) -> Result<(), Failure> {
    for (name, protocol, host) in [("device-http1", Protocol::Http1, 1), ("device-http2", Protocol::Http2, 2)]
    {
        let gateway = bed.gateway(name, "takeover")?;
        let mut connection = gateway.connect(protocol, host).await?;
        let welcome = connection.send(customer(1)).await?;
        ensure_equal("status of the first login", welcome.status, 302)?;
        let sessions = welcome
            .headers
            .get_all("set-cookie")
            .iter()
            .filter(|value| value.as_bytes().starts_with(b"sid="));
        ensure_equal("session cookies of the app", sessions.count(), 1)?;
        let (device, attributes) = device_cookie(&welcome).context("no device cookie")?;
        for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=15552000"] {
            ensure(attributes.contains(attribute), || format!("{attribute} is not among{attributes}"))?;
        }
        besiege(&gateway, host).await?;
        bed.shop.reset()?;
        // Networks are remembered too, so strangers to an account come from another one.
        let stranger = connection.send(customer(2)).await?;
        ensure_equal("status of a stranger with the right password", stranger.status, 401)?;
        let known = connection.send(with_device(customer(1), &device)).await?;
        ensure_equal("status of the known device", known.status, 302)?;
        let other = connection.send(with_device(customer(3), &device)).await?;
        ensure_equal("status of the device at another account", other.status, 401)?;
        ensure_equal("logins that reached the shop", bed.shop.count("POST", "/login")?, 1)?;
    }
    Ok(())
}

async fn a_forged_device_cookie_makes_nobody_known(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("forged-device", "takeover")?;
    let welcome = gateway.send(9, customer(1)).await?;
    let (device, _) = device_cookie(&welcome).context("no device cookie")?;
    besiege(&gateway, 1).await?;
    let (front, back) = device.split_at(device.len() / 2);
    let last = device.chars().last().map_or('0', |last| if last == '0' { '1' } else { '0' });
    let changed = format!("{}{last}", device.get(..device.len() - 1).unwrap_or_default());
    let long = "1".repeat(8_000);
    for forged in ["", "v1", front, back, changed.as_str(), "v1.00000000.00000000.0000000000000000.0", &long]
    {
        let reply = gateway.send(1, with_device(customer(2), forged)).await?;
        ensure(reply.status == 401, || format!("status {} with the cookie {forged}", reply.status))?;
    }
    Ok(())
}

/// Names and values of all headers, in the order of their names; the time of day is the only one that may differ.
fn look(reply: &Reply) -> (u16, Vec<(String, String)>, String) {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let value = |name: &http::HeaderName, value| if name == "date" { "now".to_owned() } else { text(value) };
    let mut headers: Vec<_> =
        reply.headers.iter().map(|(name, field)| (name.to_string(), value(name, field))).collect();
    headers.sort();
    (reply.status, headers, reply.text())
}

async fn a_feigned_failure_looks_like_a_real_one_over_both_protocols(bed: &Bed) -> Result<(), Failure> {
    for (name, protocol) in [("feigned-http1", Protocol::Http1), ("feigned-http2", Protocol::Http2)] {
        let gateway = bed.gateway(name, "takeover")?;
        let mut connection = gateway.connect(protocol, 1).await?;
        let mut looks = Vec::new();
        for number in 0..2 * LIMIT {
            let guess = Request::login(&format!("leaked{number}@example.net"), "x");
            looks.push(look(&connection.send(guess).await?));
        }
        let reached = bed.shop.count("POST", "/login")?;
        ensure(reached < looks.len(), || "no failure was feigned".to_owned())?;
        ensure_equal("tries that the shop saw", reached, LIMIT)?;
        let real = looks.first().cloned();
        for (number, feigned) in looks.iter().enumerate().skip(reached) {
            ensure_equal(&format!("reply {number}"), Some(feigned.clone()), real.clone())?;
        }
    }
    Ok(())
}

async fn a_right_password_behind_a_feigned_failure_stays_unknown(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("feigned-right", "takeover")?;
    besiege(&gateway, 1).await?;
    bed.shop.reset()?;
    let wrong = gateway.send(1, Request::login("customer7@example.org", "x")).await?;
    let right = gateway.send(1, customer(7)).await?;
    ensure_equal("reply to the right password", look(&right), look(&wrong))?;
    ensure_equal("tries that reached the shop", bed.shop.count("POST", "/login")?, 0)?;
    let log = gateway.log_of(LIMIT + 3).await?;
    let feigned = log.iter().filter(|line| line.text("do") == "deceive").count();
    ensure_equal("records that say what was done", feigned, 3)
}

async fn a_client_is_who_its_verified_token_says(bed: &Bed) -> Result<(), Failure> {
    let blob = bed.compile("verified")?;
    let mut spec = bed.spec("verified", blob, &json!({}));
    spec.in_front.push(token::verifier());
    let gateway = bed.open(&spec)?;
    let page = |subject: &str, is_genuine| {
        let token = token::signed(&json!({ "iss": "suite", "sub": subject }), is_genuine)?;
        Ok::<_, Failure>(Request::get("/api/status").header("authorization", format!("Bearer {token}")))
    };
    // One person in many places is one client.
    for host in 1..=3 {
        ensure_equal("status", gateway.send(host, page("ann", true)?).await?.status, 200)?;
    }
    ensure_equal("status of the fourth page", gateway.send(4, page("ann", true)?).await?.status, 403)?;
    // Another person in one of these places is another client, and so is nobody.
    ensure_equal("status of another", gateway.send(4, page("ben", true)?).await?.status, 200)?;
    ensure_equal("status of nobody", gateway.send(4, Request::get("/api/status")).await?.status, 200)?;
    // A token that somebody else signed is refused before Bartizan sees it.
    ensure_equal("status of a forged token", gateway.send(5, page("ann", false)?).await?.status, 401)
}

async fn nobody_chooses_their_own_ja4(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("ja4", "takeover")?;
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let request = Request::get("/api/status").header("x-ja4", "t13d1516h2_8daaf6152771_b186095e22b6");
        gateway.connect(protocol, 1).await?.send(request.header("x-ja4", "twice")).await?;
    }
    for seen in bed.shop.seen()? {
        ensure_equal("the client's word for its JA4", seen.header("x-ja4"), None)?;
    }
    Ok(())
}
