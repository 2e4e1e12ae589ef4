//! Repositories and commits, as code hosts send them: many URLs, digests and encoded ids.

use crate::random::Random;
use crate::times::Moment;
use crate::writer::Writer;

pub(super) fn repository(random: &mut Random, writer: &mut Writer) {
    let (owner, name) = (random.login(), random.slug());
    let api = format!("https://api.github.example/repos/{owner}/{name}");
    let created = Moment::any(random);
    writer.object("", |repository| {
        repository.plain("id", random.digits(9));
        repository.string("node_id", format_args!("MDEwOlJlcG9zaXRvcnk{}", random.base64(9)));
        repository.plain("owner_id", random.digits(16));
        repository.string("full_name", format_args!("{owner}/{name}"));
        repository.plain("private", false);
        repository.string("description", random.sentences(1));
        for (member, rest) in [
            ("keys_url", "/keys{/key_id}"),
            ("hooks_url", "/hooks"),
            ("issue_events_url", "/issues/events{/number}"),
            ("branches_url", "/branches{/branch}"),
            ("statuses_url", "/statuses/{sha}"),
            ("commits_url", "/commits{/sha}"),
            ("compare_url", "/compare/{base}...{head}"),
            ("contents_url", "/contents/{+path}"),
        ] {
            repository.string(member, format_args!("{api}{rest}"));
        }
        repository.string("ssh_url", format_args!("git@git.example.com:{owner}/{name}.git"));
        repository.string("created_at", created.iso());
        repository.string("pushed_at", created.later(random, 9_000_000).iso());
        repository.plain("size", random.below(90_000));
        repository.plain("stargazers_count", random.below(5_000));
        repository.plain("forks", random.below(500));
        repository.string("default_branch", random.pick(&["main", "master", "release/2.x"]));
        repository.array("topics", |topics| {
            for _ in 0..random.below(5) {
                topics.string(
                    "",
                    random.pick(&["api", "oauth-token", "password-manager", "rust", "http2", "css"]),
                );
            }
        });
        repository.array("commits", |commits| {
            for _ in 0..random.between(1, 4) {
                commit(random, commits, &api, created);
            }
        });
        repository.array("checks", |checks| {
            for _ in 0..random.between(1, 3) {
                checks.object("", |check| {
                    check.plain("id", random.digits(16));
                    check.string("head_sha", random.hex(40));
                    check.string("conclusion", random.pick(&["success", "failure", "neutral", "skipped"]));
                    check.plain("check_suite", random.digits(16));
                    check.string("artifact", format_args!("sha256:{}", random.hex(64)));
                });
            }
        });
        repository.object("license", |license| {
            license.string("key", "apache-2.0");
            license.string("spdx_id", "Apache-2.0");
            license.string("node_id", format_args!("MDc6TGljZW5zZT{}", random.base64(3)));
        });
    });
}

fn commit(random: &mut Random, commits: &mut Writer, api: &str, at: Moment) {
    commits.object("", |commit| {
        let sha = random.hex(40);
        commit.string("sha", &sha);
        commit.string("url", format_args!("{api}/commits/{sha}"));
        commit.string("message", random.sentences(2));
        commit.object("author", |author| {
            author.string("login", random.login());
            author.string("date", at.later(random, 500_000).iso());
            author.string("gravatar_id", random.hex(32));
        });
        commit.object("tree", |tree| tree.string("sha", random.hex(40)));
        commit.object("verification", |verification| {
            verification.plain("verified", false);
            verification.string("reason", "unsigned");
            verification.null("signature");
            verification.null("payload");
        });
        let (line, before, after) = (random.below(900), random.colour(), random.colour());
        commit.string(
            "patch",
            format_args!("@@ -{line},7 +{line},9 @@\n-  color: {before};\n+  color: {after};\n"),
        );
    });
}
