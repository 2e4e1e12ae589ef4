//! Charges, as payment services send them: with much about a card, and never its number.

use crate::random::Random;
use crate::text::{COUNTRIES, CURRENCIES};
use crate::times::Moment;
use crate::writer::Writer;

pub(super) fn charge(random: &mut Random, writer: &mut Writer) {
    let created = Moment::any(random);
    writer.object("", |charge| {
        let id = random.prefixed("ch");
        charge.string("id", &id);
        charge.string("object", "charge");
        charge.plain("amount", random.digits(4));
        charge.plain("amount_refunded", 0);
        charge.string("balance_transaction", random.prefixed("txn"));
        charge.string("currency", random.pick(CURRENCIES).to_ascii_lowercase());
        charge.plain("created", created.seconds());
        charge.null("customer");
        charge.string("description", random.sentences(1));
        charge.plain("livemode", false);
        charge.object("billing_details", |details| {
            details.object("address", |address| {
                address.null("city");
                address.string("country", random.pick(COUNTRIES));
                address.string("postal_code", random.digits(5));
            });
            details.null("email");
            details.null("name");
            details.null("phone");
        });
        charge.object("metadata", |metadata| {
            metadata.string("order_id", random.digits(16));
            metadata.string("cart", random.ulid());
            metadata.string("session", random.uuid());
        });
        charge.object("outcome", |outcome| {
            outcome.string("network_status", "approved_by_network");
            outcome.string("risk_level", "normal");
            outcome.plain("risk_score", random.below(100));
            outcome.string("seller_message", "Payment complete.");
        });
        charge.string("payment_intent", random.prefixed("pi"));
        charge.string("payment_method", random.prefixed("card"));
        charge.object("payment_method_details", |details| card(random, details));
        charge.string("receipt_number", format_args!("{}-{}", random.digits(4), random.digits(4)));
        charge.string(
            "receipt_url",
            format_args!(
                "https://pay.example.com/receipts/acct_{}/{id}/rcpt_{}",
                random.letters_and_digits(16),
                random.letters_and_digits(31)
            ),
        );
        charge.plain("refunded", false);
        charge.object("refunds", |refunds| {
            refunds.string("object", "list");
            refunds.array("data", |_| {});
            refunds.string("url", format_args!("/v1/charges/{id}/refunds"));
        });
        charge.array("ledger", |lines| {
            for _ in 0..random.between(2, 6) {
                lines.object("", |line| {
                    line.plain("entry", random.digits(16));
                    line.string("at", created.iso_exact());
                    line.string("amount", random.amount());
                });
            }
        });
        charge.string("status", random.pick(&["succeeded", "pending", "failed"]));
    });
}

fn card(random: &mut Random, details: &mut Writer) {
    details.object("card", |card| {
        card.string("brand", random.pick(&["visa", "mastercard", "amex"]));
        card.object("checks", |checks| {
            checks.null("address_line1_check");
            checks.string("cvc_check", "pass");
        });
        card.string("country", random.pick(COUNTRIES));
        card.plain("exp_month", random.between(1, 12));
        card.plain("exp_year", random.between(2026, 2031));
        card.string("fingerprint", random.letters_and_digits(16));
        card.string("funding", random.pick(&["credit", "debit"]));
        card.null("installments");
        card.string("last4", random.digits(4));
        card.string("network", "visa");
        card.null("three_d_secure");
        card.null("wallet");
    });
    details.string("type", "card");
}
