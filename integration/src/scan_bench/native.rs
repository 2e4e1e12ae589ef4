//! Measurements without a proxy, made by other commands.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::corpora::{self, Corpus};
use super::{Row, Setting, rounded};
use crate::failure::{Context, Failure, ensure};

impl Setting {
    fn corpora(&self) -> PathBuf {
        self.directory.join("corpora")
    }
}

/// Makes the bodies.
pub(super) fn write_corpora(setting: &Setting) -> Result<Vec<Corpus>, Failure> {
    let directory = setting.corpora();
    output(
        Command::new(&setting.native)
            .arg("corpora")
            .arg("--directory")
            .arg(&directory)
            .arg("--")
            .args(&setting.files),
    )?;
    corpora::list(&directory)
}

/// The engine and RegexSet.
pub(super) fn measure(setting: &Setting) -> Result<Vec<Row>, Failure> {
    eprintln!("measuring the engine and RegexSet");
    let mut command = Command::new(&setting.native);
    command.arg("speed").arg("--policy").arg(&setting.policy).arg("--builtins").arg(&setting.builtins);
    command.arg("--corpora").arg(setting.corpora()).args(["--seconds", &setting.seconds.to_string()]);
    let text = output(&mut command)?;
    text.lines().map(|line| serde_json::from_str(line).context("what scan-native printed")).collect()
}

/// Hyperscan, with the patterns that it compiles; the others are named.
pub(super) fn measure_hyperscan(
    setting: &Setting,
    command: &Path,
    corpora: &[Corpus],
) -> Result<Vec<Row>, Failure> {
    eprintln!("measuring Hyperscan");
    let mut patterns = Command::new(&setting.native);
    patterns.arg("patterns").arg("--policy").arg(&setting.policy).arg("--builtins").arg(&setting.builtins);
    let file = setting.directory.join("patterns.txt");
    std::fs::write(&file, output(&mut patterns)?).context(file.display())?;
    let mut command = Command::new(command);
    command.arg(&file).arg(setting.seconds.to_string());
    for (number, corpus) in corpora.iter().enumerate() {
        if number > 0 {
            command.arg("--");
        }
        command.arg(&corpus.name).args(&corpus.bodies);
    }
    let mut rows = Vec::new();
    for line in output(&mut command)?.lines() {
        match line.split('\t').collect::<Vec<_>>().as_slice() {
            ["skipped", name, reason] => eprintln!("Hyperscan does not compile {name}: {reason}"),
            ["scanned", corpus, bytes, seconds, _matches] => {
                let (bytes, seconds): (f64, f64) = (bytes.parse()?, seconds.parse()?);
                rows.push(Row {
                    r#where: "native".to_owned(),
                    corpus: (*corpus).to_owned(),
                    engine: "hyperscan".to_owned(),
                    mb_per_s: rounded(bytes / 1e6 / seconds),
                    total_mb_per_s: None,
                    candidates_percent: None,
                });
            }
            _ => return Err(Failure::new(format!("the Hyperscan command printed: {line}"))),
        }
    }
    Ok(rows)
}

/// What a command prints; what it says about errors goes to the terminal.
fn output(command: &mut Command) -> Result<String, Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stderr(Stdio::inherit()).output().context(format_args!("cannot run {name}"))?;
    ensure(output.status.success(), || format!("{name} failed ({})", output.status))?;
    Ok(String::from_utf8(output.stdout)?)
}
