//! The policy that a run uses: a file, or the rule pack's defaults for the world's routes.

use std::fmt::Write as _;
use std::path::Path;

use bartizan_policy_compiler::diagnostic::render::{Format, render};
use bartizan_policy_compiler::{Compiled, compile_file, compile_text};

use crate::failure::Failure;
use crate::world::ROUTES;

/// The app's host.
pub const HOST: &str = "bank.example";

/// The built-in policy: what an app owner writes to use the rule pack, for fifty routes.
#[must_use]
pub fn built_in() -> String {
    let mut text = format!("{HEAD}apps:\n  bank:\n    hosts: [{HOST}]\n    mode: enforce\n    logins:\n");
    for route in 0..ROUTES {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "      - request: POST /login/{route:02}\n        username: form.username\n        password: form.password\n        \
             success: {{ status: 302, sets_cookie: sid }}\n        failure: {{ status: 401 }}\n"
        );
    }
    text
}

/// Compiles a policy file, or the built-in policy.
///
/// # Errors
///
/// When the file cannot be read or is no policy; the text holds every finding.
pub fn compile(file: Option<&Path>) -> Result<Vec<u8>, Failure> {
    let compiled = match file {
        Some(path) => compile_file(path).map_err(|error| Failure::file(path, &error))?,
        None => compile_text(Path::new("built-in.policy.yaml"), &built_in()),
    };
    let Compiled { sources, findings, blob, .. } = compiled;
    blob.ok_or_else(|| Failure::Policy(render(&sources, &findings, Format::Plain).trim_end().to_owned()))
}

const HEAD: &str = "\
version: 1
use: [account-takeover]
client:
  key: [issued_cookie.sid, address]
";
