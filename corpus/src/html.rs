//! Pages, as sites send them: navigation, style, scripts, text, pictures in the page.

use std::fmt::Write as _;

use crate::random::Random;
use crate::text::{FAMILY, GIVEN};
use crate::times::Moment;

/// An HTML page of at most so many bytes, and of little less. Below 64 KiB it may be longer than was asked for.
#[must_use]
pub fn html(seed: u64, bytes: usize) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut page = head(&mut random);
    let tail = tail(&mut random);
    loop {
        let part = part(&mut random);
        if page.len().saturating_add(part.len()).saturating_add(tail.len()) > bytes {
            break;
        }
        page.push_str(&part);
    }
    page.push_str(&tail);
    page.into_bytes()
}

fn head(random: &mut Random) -> String {
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <link rel=\"stylesheet\" href=\"/assets/main.{}.css\" integrity=\"sha384-{}\">\n<style>\n",
        random.product(),
        random.hex(8),
        random.base64(48),
    );
    for _ in 0..300 {
        rule(random, &mut text);
    }
    text.push_str("</style>\n");
    for _ in 0..3 {
        script(random, &mut text);
    }
    text.push_str("</head>\n<body class=\"page\">\n<nav aria-label=\"Main\">\n  <ul>\n");
    for _ in 0..40 {
        let slug = random.slug();
        let _ = writeln!(
            text,
            "    <li class=\"nav-item\"><a class=\"nav-link\" href=\"/c/{slug}?id={}\">{}</a></li>",
            random.digits(8),
            random.product(),
        );
    }
    text.push_str("  </ul>\n</nav>\n<main>\n");
    text
}

fn tail(random: &mut Random) -> String {
    let mut text = String::from("</main>\n<footer>\n");
    let _ = writeln!(
        text,
        "  <p>&copy; 2026 Example. Build {} of {}</p>",
        random.hex(10),
        Moment::any(random).iso()
    );
    text.push_str("</footer>\n</body>\n</html>\n");
    text
}

/// A part of the page: mostly articles and product cards, sometimes a script, a style, a table or a picture.
fn part(random: &mut Random) -> String {
    let mut text = String::new();
    match random.below(20) {
        0 => script(random, &mut text),
        1 => {
            text.push_str("<style>\n");
            for _ in 0..30 {
                rule(random, &mut text);
            }
            text.push_str("</style>\n");
        }
        2 => {
            let bytes = random.between(800, 9_000) as usize;
            let _ = writeln!(text, "<img alt=\"\" loading=\"lazy\" src=\"{}\">", random.image(bytes));
        }
        3 | 4 => table(random, &mut text),
        5..=9 => product(random, &mut text),
        10 => drawing(random, &mut text),
        _ => article(random, &mut text),
    }
    text
}

fn rule(random: &mut Random, text: &mut String) {
    let name = random.pick(&[
        "card",
        "btn-primary",
        "nav-link",
        "grid",
        "phone-input",
        "token-list",
        "hero",
        "price",
    ]);
    let _ = writeln!(
        text,
        ".{name}-{}{{color:{};background:{};margin:{}px {}px;font:{}px/1.{} system-ui;z-index:{}}}",
        random.hex(4),
        random.colour(),
        random.colour(),
        random.below(60),
        random.below(60),
        random.between(10, 40),
        random.below(9),
        random.below(10_000),
    );
}

/// Code as a bundler leaves it.
fn script(random: &mut Random, text: &mut String) {
    let _ = write!(text, "<script nonce=\"{}\">\n!function(){{\"use strict\";", random.base64(16));
    for _ in 0..random.between(20, 90) {
        let (a, b) = (random.pick(&["e", "t", "n", "r", "i"]), random.pick(&["o", "a", "s", "c", "u"]));
        match random.below(5) {
            0 => {
                let _ = write!(
                    text,
                    "function {a}{b}({a},{b}){{return {a}<<{}|{b}>>>{}}}",
                    random.below(32),
                    random.below(32)
                );
            }
            1 => {
                let _ = write!(
                    text,
                    "var {a}{}=\"{}\",{b}={};",
                    random.below(99),
                    random.words(3),
                    random.digits(10)
                );
            }
            2 => {
                let _ = write!(
                    text,
                    "{a}.exports={{id:{},hash:\"{}\",load:function(){{return {b}({})}}}};",
                    random.digits(4),
                    random.hex(20),
                    random.digits(5)
                );
            }
            3 => {
                let _ = write!(text, "if({a}.token&&!{b}.password)throw new Error(\"{}\");", random.words(4));
            }
            _ => {
                let _ = write!(
                    text,
                    "document.querySelector(\"#{}\").addEventListener(\"click\",function({a}){{{a}.preventDefault()}});",
                    random.slug()
                );
            }
        }
    }
    text.push_str("}();\n</script>\n");
}

fn table(random: &mut Random, text: &mut String) {
    text.push_str("<table class=\"orders\">\n<thead><tr><th>Order</th><th>Date</th><th>Total</th><th>Parcel</th></tr></thead>\n<tbody>\n");
    for _ in 0..random.between(5, 30) {
        let _ = writeln!(
            text,
            "<tr data-id=\"{}\"><td>{}</td><td>{}</td><td>{} &euro;</td><td>{}</td></tr>",
            random.digits(16),
            random.order_number(),
            Moment::any(random).date(),
            random.amount(),
            random.tracking(),
        );
    }
    text.push_str("</tbody>\n</table>\n");
}

fn product(random: &mut Random, text: &mut String) {
    let (name, slug) = (random.product(), random.slug());
    let _ = write!(
        text,
        "<div class=\"card product-card\" data-product-id=\"{}\" data-sku=\"{}\" data-gtin=\"{}\" data-uuid=\"{}\">\n  \
         <a href=\"/p/{slug}/{}?ref={}\">\n    <img src=\"{}\" width=\"480\" height=\"480\" alt=\"{name}\">\n    \
         <h3>{name}</h3>\n  </a>\n  <p class=\"price\">&euro; {}</p>\n  <p>{}</p>\n  \
         <button type=\"button\" style=\"color:{}\" onclick=\"add('{}')\">Add to cart</button>\n</div>\n",
        random.digits(16),
        random.sku(),
        random.article(),
        random.uuid(),
        random.digits(13),
        random.letters_and_digits(10),
        random.picture(),
        random.amount(),
        random.sentences(2),
        random.colour(),
        random.letters_and_digits(12),
    );
}

fn drawing(random: &mut Random, text: &mut String) {
    text.push_str(
        "<svg viewBox=\"0 0 24 24\" fill=\"none\" xmlns=\"http://www.w3.org/2000/svg\"><path d=\"M",
    );
    for _ in 0..random.between(20, 120) {
        let _ = write!(
            text,
            "{}.{} {}.{}c",
            random.below(24),
            random.digits(3),
            random.below(24),
            random.digits(3)
        );
    }
    let _ = writeln!(text, "z\" stroke=\"{}\"/></svg>", random.colour());
}

fn article(random: &mut Random, text: &mut String) {
    let at = Moment::any(random);
    let _ = writeln!(
        text,
        "<article id=\"post-{}\">\n  <h2><a href=\"/blog/{}\">{}</a></h2>\n  \
         <p class=\"meta\">By <b>{} {}</b>, <time datetime=\"{}\">{}</time></p>",
        random.digits(6),
        random.slug(),
        random.words(6),
        random.pick(GIVEN),
        random.pick(FAMILY),
        at.iso(),
        at.date(),
    );
    for _ in 0..random.between(2, 8) {
        let sentences = random.between(3, 9);
        let _ = writeln!(
            text,
            "  <p>{}<a href=\"https://www.example.org/{}?utm_source={}\">{}</a>.</p>",
            random.sentences(sentences),
            random.slug(),
            random.slug(),
            random.words(3),
        );
    }
    text.push_str("</article>\n");
}

#[cfg(test)]
mod tests {
    use super::html;

    const MEBIBYTE: usize = 1 << 20;

    #[test]
    fn a_page_fills_what_was_asked_for_and_follows_from_its_seed() {
        for seed in 0..4 {
            let page = html(seed, MEBIBYTE);
            assert!(page.len() <= MEBIBYTE && page.len() + 65_536 > MEBIBYTE, "{}", page.len());
            assert!(page.ends_with(b"</html>\n"));
            assert!(std::str::from_utf8(&page).is_ok());
        }
        assert_eq!(html(1, MEBIBYTE), html(1, MEBIBYTE));
        assert_ne!(html(1, MEBIBYTE), html(2, MEBIBYTE));
    }
}
