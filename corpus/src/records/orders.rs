//! Orders, as shop systems send them.

use crate::random::Random;
use crate::text::{CITIES, COUNTRIES, CURRENCIES, FAMILY, GIVEN};
use crate::times::Moment;
use crate::writer::Writer;

pub(super) fn order(random: &mut Random, writer: &mut Writer) {
    let created = Moment::any(random);
    let updated = created.later(random, 900_000);
    let currency = random.pick(CURRENCIES);
    writer.object("", |order| {
        let id = random.digits(16);
        order.plain("id", &id);
        order.string("admin_graphql_api_id", format_args!("gid://shop/Order/{id}"));
        order.string("name", random.order_number());
        order.plain("order_number", random.between(1000, 99_999));
        order.string("confirmation_number", random.letters_and_digits(9).to_ascii_uppercase());
        order.plain("app_id", random.digits(6));
        order.string("created_at", created.iso_with_zone());
        order.string("updated_at", updated.iso_with_zone());
        order.plain("processed_at_ms", created.milliseconds());
        order.null("cancelled_at");
        order.null("cancel_reason");
        order.string("currency", currency);
        order.string("total_price", random.amount());
        order.string("subtotal_price", random.amount());
        order.plain("total_weight", random.below(9000));
        order.plain("taxes_included", true);
        order.string("financial_status", random.pick(&["paid", "pending", "refunded", "authorized"]));
        order.null("fulfillment_status");
        order.array("payment_gateway_names", |names| {
            names.string("", random.pick(&["invoice", "gift_card", "bank_transfer", "card"]));
        });
        order.string("tags", random.words(3));
        order.string("note", random.sentences(1));
        order.string(
            "order_status_url",
            format_args!("https://shop.example.com/{}/orders/{}", random.digits(8), random.hex(32)),
        );
        address(random, order, "shipping_address");
        order.array("line_items", |items| {
            for _ in 0..random.between(1, 4) {
                line_item(random, items, currency);
            }
        });
        order.array("fulfillments", |list| {
            if random.once_in(2) {
                fulfilment(random, list, updated);
            }
        });
        order.array("refunds", |_| {});
        order.object("customer", |customer| {
            customer.plain("id", random.digits(16));
            customer.plain("orders_count", random.below(30));
            customer.string("state", random.pick(&["enabled", "disabled", "invited"]));
            customer.string("total_spent", random.amount());
            customer.plain("last_order_id", random.digits(13));
            customer.plain("tax_exempt", false);
            customer.null("phone");
            customer.null("email");
        });
    });
}

fn address(random: &mut Random, order: &mut Writer, name: &str) {
    order.object(name, |address| {
        address.string("first_name", random.pick(GIVEN));
        address.string("last_name", random.pick(FAMILY));
        address.string(
            "address1",
            format_args!(
                "{} {}",
                random.pick(&["Hauptstraße", "Main Street", "Rue du Port", "Rua Nova"]),
                random.below(300)
            ),
        );
        address.string("zip", random.digits(5));
        address.string("city", random.pick(CITIES));
        address.string("country_code", random.pick(COUNTRIES));
        address.plain("latitude", random.degrees(90));
        address.plain("longitude", random.degrees(180));
    });
}

fn line_item(random: &mut Random, items: &mut Writer, currency: &str) {
    items.object("", |item| {
        item.plain("id", random.digits(16));
        item.plain("product_id", random.digits(13));
        item.plain("variant_id", random.digits(14));
        item.string("sku", random.sku());
        item.string("barcode", random.article());
        item.string("title", random.product());
        item.plain("quantity", random.between(1, 5));
        item.plain("grams", random.below(3000));
        item.plain("gift_card", false);
        item.string("price", random.amount());
        item.object("price_set", |set| {
            set.object("shop_money", |money| {
                money.string("amount", random.amount());
                money.string("currency_code", currency);
            });
        });
        item.string("vendor", random.words(2));
        item.string("image", random.picture());
        item.array("properties", |list| {
            if random.once_in(3) {
                list.object("", |property| {
                    property.string("name", "engraving");
                    property.string("value", random.words(3));
                });
            }
        });
        item.array("tax_lines", |lines| {
            lines.object("", |line| {
                line.string("title", "VAT");
                line.plain("rate", "0.19");
                line.string("price", random.amount());
            });
        });
    });
}

fn fulfilment(random: &mut Random, list: &mut Writer, at: Moment) {
    list.object("", |fulfilment| {
        let number = random.tracking();
        fulfilment.plain("id", random.digits(16));
        fulfilment.plain("location_id", random.digits(11));
        fulfilment.string("created_at", at.iso());
        fulfilment.string("status", "success");
        fulfilment.string("tracking_company", random.pick(&["UPS", "FedEx", "USPS", "DHL", "Post"]));
        fulfilment.string("tracking_number", &number);
        fulfilment.string(
            "tracking_url",
            format_args!("https://track.example.com/?n={}", number.replace(' ', "+")),
        );
        fulfilment.string("receipt", random.uuid());
    });
}
