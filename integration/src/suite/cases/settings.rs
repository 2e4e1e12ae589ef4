//! Configuration: what is refused, what replaces the policy's word, both ways to carry a policy.

use std::fs;
use std::process::Command;

use serde_json::json;

use super::super::bed::{Bed, merged};
use super::super::run::Case;
use super::{cases, with_binary};
use crate::client::Request;
use crate::envoy::{Configuration, Update, validate};
use crate::failure::{Context, Failure, ensure, ensure_equal};

pub(super) fn cases() -> Vec<Case> {
    let mut all = cases![
        a_bad_blob_is_refused_and_the_old_policy_keeps_serving,
        a_bad_setting_is_refused,
        the_kill_switch_lets_everything_through,
        the_mode_override_only_reports,
        a_policy_in_base64_inside_json_works,
    ];
    all.extend(with_binary(cases![envoy_validates_a_good_policy_and_refuses_a_bad_one]));
    all
}

async fn a_bad_blob_is_refused_and_the_old_policy_keeps_serving(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("bad-blob", "masking")?;
    let good = bed.compile("masking")?;
    let mut flipped = good.clone();
    if let Some(byte) = flipped.get_mut(good.len() / 2) {
        *byte ^= 0x10;
    }
    let cut = good.get(..good.len() / 2).unwrap_or_default().to_vec();
    let mut longer = good.clone();
    longer.extend_from_slice(&[0; 64]);
    for (fault, bad) in [
        ("flipped", flipped),
        ("cut", cut),
        ("longer", longer),
        ("empty", Vec::new()),
        ("noise", vec![0xa5; 4096]),
    ] {
        let (_, update) = bed.envoy.try_listen(&bed.spec("bad-blob", bad, &json!({})))?;
        ensure(matches!(update, Update::Refused(_)), || format!("a blob that is {fault} was accepted"))?;
        let reply = gateway.send(1, Request::get("/api/orders/1")).await?;
        ensure(reply.text().contains("**** 1111"), || {
            format!("after a blob that is {fault}: {}", reply.text())
        })?;
    }
    Ok(())
}

async fn a_bad_setting_is_refused(bed: &Bed) -> Result<(), Failure> {
    let blob = bed.compile("masking")?;
    for settings in [
        json!({ "no_such_setting": true }),
        json!({ "instance": "Not Good" }),
        json!({ "mode_override": "enforce" }),
        json!({ "state_pages": 1 }),
        json!({ "records": "everything" }),
        json!({ "forget": [{ "before": "yesterday" }] }),
    ] {
        let (_, update) = bed.envoy.try_listen(&bed.spec("bad-setting", blob.clone(), &settings))?;
        ensure(matches!(update, Update::Refused(_)), || format!("{settings} was accepted"))?;
    }
    Ok(())
}

async fn the_kill_switch_lets_everything_through(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("kill-switch", "ban")?;
    for number in 0..5 {
        gateway.send(1, Request::login(&format!("leaked{number}@example.net"), "x")).await?;
    }
    ensure_equal("status before", gateway.send(1, Request::get("/api/status")).await?.status, 403)?;
    bed.gateway_with("kill-switch", "ban", &json!({ "kill_switch": true }))?;
    ensure_equal("status with it", gateway.send(1, Request::get("/api/status")).await?.status, 200)?;
    bed.gateway_with("kill-switch", "ban", &json!({}))?;
    ensure_equal("status after", gateway.send(1, Request::get("/api/status")).await?.status, 403)
}

async fn the_mode_override_only_reports(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway_with("override", "ban", &json!({ "mode_override": "report" }))?;
    for number in 0..8 {
        let reply = gateway.send(1, Request::login(&format!("leaked{number}@example.net"), "x")).await?;
        ensure_equal("status", reply.status, 401)?;
    }
    let log = gateway.log_of(8).await?;
    let would =
        log.iter().filter(|line| line.text("would_do") == "block" && line.text("do") == "none").count();
    ensure_equal("records that would block", would, 5)
}

async fn a_policy_in_base64_inside_json_works(bed: &Bed) -> Result<(), Failure> {
    let blob = bed.compile("masking")?;
    let mut settings = merged("base64", &json!({}));
    if let Some(settings) = settings.as_object_mut() {
        settings.insert("policy".to_owned(), json!(bed.base64("masking")?));
    }
    let mut spec = bed.spec("base64", blob, &json!({}));
    if let Some(filter) = &mut spec.filter {
        filter.configuration = Configuration::Text(settings.to_string());
        filter.vm_configuration = String::new();
    }
    let gateway = bed.open(&spec)?;
    let reply = gateway.send(1, Request::get("/api/orders/1")).await?;
    ensure(reply.text().contains("**** 1111"), || reply.text())
}

async fn envoy_validates_a_good_policy_and_refuses_a_bad_one(bed: &Bed) -> Result<(), Failure> {
    let binary = bed.paths.envoy.as_ref().context("no Envoy binary")?;
    let good = bed.compile("masking")?;
    let cut = good.get(..good.len() - 1).unwrap_or_default().to_vec();
    for (blob, expected) in [(good, true), (cut, false)] {
        let configuration = validate(&bed.spec("validate", blob, &json!({})))?;
        let path = bed.envoy.directory().join("validate.json");
        fs::write(&path, configuration.to_string()).context(path.display())?;
        let output =
            Command::new(binary).args(["--mode", "validate", "--config-path"]).arg(&path).output()?;
        ensure(output.status.success() == expected, || {
            format!("{}; {}", output.status, String::from_utf8_lossy(&output.stderr))
        })?;
    }
    Ok(())
}
