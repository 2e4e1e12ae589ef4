//! What machines say about themselves: spans, events of pages, devices, deployments.

use crate::random::Random;
use crate::text::SERVICES;
use crate::times::Moment;
use crate::writer::Writer;

pub(super) fn span(random: &mut Random, writer: &mut Writer) {
    let start = Moment::any(random);
    let end = start.later(random, 3);
    let service = random.pick(SERVICES);
    writer.object("", |span| {
        span.string("traceId", random.hex(32));
        span.string("spanId", random.hex(16));
        span.string("parentSpanId", random.hex(16));
        span.string("name", format_args!("{} /api/{service}/{{id}}", random.pick(&["GET", "POST", "PUT"])));
        span.string("kind", "SPAN_KIND_SERVER");
        span.string("startTimeUnixNano", start.nanoseconds());
        span.string("endTimeUnixNano", end.nanoseconds());
        span.array("attributes", |attributes| {
            attribute(attributes, "service.name", service);
            attribute(attributes, "service.version", &random.version());
            attribute(attributes, "k8s.pod.name", &random.pod(service));
            attribute(attributes, "http.route", &format!("/api/{service}/:id"));
            attribute(
                attributes,
                "http.target",
                &format!("/api/{service}/{}?limit=50&v={}", random.digits(16), random.digits(10)),
            );
            attribute(
                attributes,
                "http.status_code",
                random.pick(&["200", "201", "204", "304", "404", "500"]),
            );
            attribute(attributes, "messaging.message_id", &random.uuid());
            attribute(attributes, "shard.key", &random.digits(16));
        });
        span.plain("sequence", random.digits(9));
        span.plain("receivedAt", end.microseconds());
        span.object("resource", |resource| {
            resource.string("container", format_args!("sha256:{}", random.hex(64)));
            resource.string(
                "arn",
                format_args!("arn:aws:ecs:eu-west-1:{}:task/{}", random.digits(12), random.hex(32)),
            );
        });
        span.object("status", |status| status.plain("code", 0));
    });
}

fn attribute(attributes: &mut Writer, key: &str, value: &str) {
    attributes.object("", |attribute| {
        attribute.string("key", key);
        attribute.object("value", |inner| inner.string("stringValue", value));
    });
}

pub(super) fn event(random: &mut Random, writer: &mut Writer) {
    let at = Moment::any(random);
    writer.object("", |event| {
        event.string("event", random.pick(&["page_view", "add_to_cart", "token_refresh", "card_click", "pan", "scroll"]));
        event.string("event_id", random.ulid());
        event.plain("ts", at.milliseconds());
        event.string("ts_iso", at.iso_exact());
        event.string("anonymous_id", random.uuid());
        event.string("client_id", format_args!("{}.{}", random.digits(10), at.seconds()));
        event.plain("user_hash", random.snowflake(at.milliseconds()));
        event.plain("visit", random.digits(16));
        event.object("page", |page| {
            page.string("url", format_args!("https://www.example.com/{}/{}?utm_id={}&gclid={}", random.slug(), random.digits(13), random.digits(10), random.letters_and_digits(55)));
            page.string("title", random.product());
            page.string("referrer", format_args!("https://search.example.net/?q={}&ei={}", random.slug(), random.dotted()));
        });
        event.object("pointer", |pointer| {
            pointer.plain("x", random.below(1920));
            pointer.plain("y", random.below(1080));
            pointer.string("style", format_args!("color:{};margin:0 {}px", random.colour(), random.below(40)));
        });
        event.array("items", |items| {
            for _ in 0..random.between(1, 4) {
                items.object("", |item| {
                    item.plain("item_id", random.digits(16));
                    item.string("gtin", random.article());
                    item.plain("price", random.amount());
                });
            }
        });
        event.string("user_agent", format_args!("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.{}.{} Safari/537.36", random.between(100, 140), random.digits(4), random.digits(3)));
        event.plain("consent", true);
    });
}

pub(super) fn device(random: &mut Random, writer: &mut Writer) {
    let at = Moment::any(random);
    writer.object("", |device| {
        device.string("deviceId", random.uuid());
        device.string("serial", format_args!("SN{}", random.digits(10)));
        device.string("mac", random.hardware_address());
        device.string("model", format_args!("EX-{}", random.digits(4)));
        device.string("firmware", random.version());
        device.string("os", format_args!("10.0.{}.{}", random.digits(5), random.digits(4)));
        device.object("position", |position| {
            position.plain("lat", random.degrees(90));
            position.plain("lon", random.degrees(180));
            position.plain("accuracy_m", random.below(80));
        });
        device.array("readings", |readings| {
            for _ in 0..random.between(2, 10) {
                let at = at.later(random, 3600);
                readings.object("", |reading| {
                    reading.plain("t", at.microseconds());
                    reading.plain("seq", random.digits(6));
                    reading.plain("celsius", format_args!("{}.{}", random.below(60), random.below(10)));
                    reading.plain("volt", format_args!("3.{:03}", random.below(1000)));
                });
            }
        });
        device.string("blob", random.base64(120));
    });
}

pub(super) fn deployment(random: &mut Random, writer: &mut Writer) {
    let at = Moment::any(random);
    let service = random.pick(SERVICES);
    writer.object("", |deployment| {
        deployment.plain("id", random.digits(16));
        deployment.string("service", service);
        deployment.string("version", random.version());
        deployment.string("commit", random.hex(40));
        deployment.string("image", format_args!("registry.example.com/{service}@sha256:{}", random.hex(64)));
        deployment.string("integrity", format_args!("sha512-{}", random.base64(64)));
        deployment.string("checksum", random.hex(8));
        deployment.plain("build", random.digits(16));
        deployment.string("at", at.iso());
        deployment.plain("duration_ms", random.below(900_000));
        deployment.object("resources", |resources| {
            resources.string("cpu", format_args!("{}m", random.below(4000)));
            resources.string("memory", format_args!("{}Mi", random.below(4096)));
        });
        deployment.array("pods", |pods| {
            for _ in 0..random.between(1, 5) {
                pods.object("", |pod| {
                    pod.string("name", random.pod(service));
                    pod.string("uid", random.uuid());
                    pod.plain("generation", random.digits(16));
                });
            }
        });
        deployment.string("log", random.sentences(3));
    });
}
