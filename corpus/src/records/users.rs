//! Accounts: what a user directory sends about them.

use crate::random::Random;
use crate::text::{CITIES, COUNTRIES, FAMILY, GIVEN};
use crate::times::Moment;
use crate::writer::Writer;

pub(super) fn user(random: &mut Random, writer: &mut Writer, with_contacts: bool) {
    let created = Moment::any(random);
    let login = random.login();
    writer.object("", |user| {
        user.plain("id", random.digits(16));
        user.string("nodeId", format_args!("MDQ6VXNlcj{}", random.base64(6)));
        user.string("uuid", random.uuid());
        user.string("externalId", random.ulid());
        user.string("login", &login);
        user.string("displayName", format_args!("{} {}", random.pick(GIVEN), random.pick(FAMILY)));
        if with_contacts {
            user.string(
                "email",
                format_args!(
                    "{login}{}",
                    random.pick(&["@example.com", "@mail.example.org", "@example.net"])
                ),
            );
            user.string("phone", phone(random));
        } else {
            user.null("email");
            user.null("phone");
        }
        user.string("avatarUrl", random.picture());
        if random.once_in(12) {
            let bytes = random.between(300, 2_500) as usize;
            user.string("avatarPreview", random.image(bytes));
        }
        user.string("createdAt", created.iso());
        user.plain("lastSeen", created.later(random, 9_000_000).milliseconds());
        user.plain("passwordChangedAt", created.later(random, 900_000).seconds());
        user.null("passwordHint");
        user.plain("hasPassword", true);
        user.plain("twoFactor", random.once_in(3));
        user.plain("tokenVersion", random.below(12));
        user.array("roles", |roles| {
            for _ in 0..random.between(1, 3) {
                roles.string(
                    "",
                    random.pick(&["reader", "editor", "owner", "billing", "support", "secret-manager"]),
                );
            }
        });
        profile(random, user);
        user.object("settings", |settings| settings_of(random, settings));
        user.array("recentOrderIds", |ids| {
            for _ in 0..random.below(4) {
                ids.plain("", random.digits(16));
            }
        });
        user.string("etag", format_args!("W/\"{}\"", random.hex(32)));
        user.object("_links", |links| {
            links.object("self", |link| {
                link.string("href", format_args!("https://api.example.com/v2/users/{}", random.digits(16)))
            });
            links.object("orders", |link| {
                link.string("href", format_args!("https://api.example.com/v2/users/{login}/orders{{?page}}"))
            });
        });
    });
}

fn profile(random: &mut Random, user: &mut Writer) {
    user.object("profile", |profile| {
        profile.string("bio", random.sentences(2));
        profile.string("city", random.pick(CITIES));
        profile.string("country", random.pick(COUNTRIES));
        profile.string(
            "timeZone",
            random.pick(&["Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC+02:00"]),
        );
        profile.string("locale", random.pick(&["de-DE", "en-GB", "fr-FR", "pt-BR", "ja-JP"]));
        profile.string(
            "website",
            format_args!("https://{}.example.org/?ref={}", random.slug(), random.digits(10)),
        );
        profile.string("memberNumber", format_args!("M-{}", random.digits(7)));
        profile.plain("referrerId", random.snowflake(1_750_000_000_000));
        profile.array("badges", |badges| {
            for _ in 0..random.below(4) {
                badges.object("", |badge| {
                    badge.plain("id", random.digits(16));
                    badge.string("slug", random.slug());
                    badge.string("colour", random.colour());
                });
            }
        });
    });
}

fn settings_of(random: &mut Random, settings: &mut Writer) {
    settings.string("theme", random.pick(&["dark", "light", "system"]));
    settings.string("accent", random.colour());
    settings.object("notifications", |notifications| {
        notifications.plain("email", true);
        notifications.plain("phone", false);
        notifications.plain("push", random.once_in(2));
        notifications.plain("channelId", random.snowflake(1_740_000_000_000));
    });
    settings.string("dashboard", random.hex(24));
    settings.null("apiKey");
    settings.object("secretScanning", |scanning| scanning.string("status", "enabled"));
}

/// Numbers that are set aside for films and examples.
fn phone(random: &mut Random) -> String {
    match random.below(3) {
        0 => format!("+1 202 555 01{:02}", random.below(100)),
        1 => format!("+44 20 7946 0{:03}", random.below(1000)),
        _ => format!("+49 30 23125 {:03}", random.below(1000)),
    }
}
