//! What may be linked: licences, sources and wildcards of every dependency, as deny.toml says.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use spdx::{Expression, LicenseReq, Licensee, ParseMode};

use crate::step;

/// The part of deny.toml that is checked here; the rest is for cargo-deny.
#[derive(Deserialize)]
struct Rules {
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Bans {
    multiple_versions: Level,
    wildcards: Level,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    unknown_registry: Level,
    unknown_git: Level,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Level {
    Allow,
    Warn,
    Deny,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    /// Absent for a package of this workspace.
    source: Option<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    req: String,
    path: Option<String>,
}

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Prints what deny.toml warns of, and fails on what it denies.
pub(crate) fn check(root: &Path) -> Result<()> {
    let rules: Rules = toml::from_slice(&step::read(&root.join("deny.toml"))?).context("deny.toml")?;
    let metadata = metadata(root)?;
    let findings = findings(&rules, &metadata.packages)?;
    for (_, text) in findings.iter().filter(|(level, _)| *level != Level::Allow) {
        println!("{text}");
    }
    let denied = findings.iter().filter(|(level, _)| *level == Level::Deny).count();
    ensure!(denied == 0, "{denied} dependencies are against deny.toml");
    println!("{} packages are as deny.toml says", metadata.packages.len());
    Ok(())
}

fn metadata(root: &Path) -> Result<Metadata> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--locked", "--all-features"])
        .current_dir(root)
        .output()
        .context("cannot start cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("cargo metadata")
}

fn findings(rules: &Rules, packages: &[Package]) -> Result<Vec<(Level, String)>> {
    let allowed = rules
        .licenses
        .allow
        .iter()
        .map(|text| Licensee::parse(text).with_context(|| format!("deny.toml: `{text}`")))
        .collect::<Result<Vec<_>>>()?;
    let mut found = Vec::new();
    let mut versions = BTreeMap::<&str, Vec<&str>>::new();
    for package in packages {
        versions.entry(&package.name).or_default().push(&package.version);
        let id = format!("{} {}", package.name, package.version);
        if let Some(problem) = license(package, &allowed) {
            found.push((Level::Deny, format!("{id}: {problem}")));
        }
        if let Some(level) = source(package, &rules.sources) {
            found
                .push((level, format!("{id}: comes from {}", package.source.as_deref().unwrap_or_default())));
        }
        if package.source.is_none() {
            let wild = package.dependencies.iter().filter(|one| one.req == "*" && one.path.is_none());
            found
                .extend(wild.map(|one| (rules.bans.wildcards, format!("{id}: any version of {}", one.name))));
        }
    }
    for (name, versions) in versions.iter().filter(|(_, versions)| versions.len() > 1) {
        found.push((
            rules.bans.multiple_versions,
            format!("warning: {name} in versions {}", versions.join(", ")),
        ));
    }
    Ok(found)
}

/// What is wrong with the licence of a package, if anything is.
fn license(package: &Package, allowed: &[Licensee]) -> Option<String> {
    let Some(text) = &package.license else { return Some("no licence named".to_owned()) };
    let permits = |requirement: &LicenseReq| allowed.iter().any(|licensee| licensee.satisfies(requirement));
    // Lax, as older crates write `MIT/Apache-2.0`.
    match Expression::parse_mode(text, ParseMode::LAX) {
        Ok(expression) if expression.evaluate(permits) => None,
        Ok(_) => Some(format!("licence `{text}` is not allowed")),
        Err(_) => Some(format!("licence `{text}` is not an SPDX expression")),
    }
}

fn source(package: &Package, rules: &Sources) -> Option<Level> {
    match package.source.as_deref() {
        None | Some(CRATES_IO) => None,
        Some(source) if source.starts_with("git+") => Some(rules.unknown_git),
        Some(_) => Some(rules.unknown_registry),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        let text = r#"
            licenses.allow = ["MIT", "Apache-2.0"]
            bans = { multiple-versions = "warn", wildcards = "deny" }
            sources = { unknown-registry = "deny", unknown-git = "deny" }
        "#;
        toml::from_str(text).unwrap()
    }

    fn package(license: &str, source: Option<&str>) -> Package {
        Package {
            name: "a".into(),
            version: "1.0.0".into(),
            license: Some(license.into()),
            source: source.map(Into::into),
            dependencies: Vec::new(),
        }
    }

    fn denied(package: Package) -> bool {
        findings(&rules(), &[package]).unwrap().iter().any(|(level, _)| *level == Level::Deny)
    }

    #[test]
    fn a_licence_is_allowed_when_one_of_its_alternatives_is() {
        assert!(!denied(package("MIT OR GPL-3.0", Some(CRATES_IO))));
        assert!(!denied(package("MIT/Unlicense", Some(CRATES_IO))));
        assert!(denied(package("MIT AND GPL-3.0", Some(CRATES_IO))));
        assert!(denied(package("nonsense", Some(CRATES_IO))));
        assert!(denied(Package { license: None, ..package("", Some(CRATES_IO)) }));
    }

    #[test]
    fn only_the_registry_and_this_workspace_are_sources() {
        assert!(!denied(package("MIT", None)));
        assert!(denied(package("MIT", Some("git+https://example.org/a"))));
        assert!(denied(package("MIT", Some("registry+https://example.org/index"))));
    }

    #[test]
    fn our_own_packages_name_the_versions_they_want() {
        let depends = |path: Option<&str>| Package {
            dependencies: vec![Dependency { name: "b".into(), req: "*".into(), path: path.map(Into::into) }],
            ..package("MIT", None)
        };
        assert!(denied(depends(None)));
        assert!(!denied(depends(Some("b"))));
    }

    #[test]
    fn two_versions_of_one_package_are_a_warning() {
        let two = [package("MIT", None), Package { version: "2.0.0".into(), ..package("MIT", None) }];
        let found = findings(&rules(), &two).unwrap();
        assert!(matches!(found.as_slice(), [(Level::Warn, text)] if text.contains("1.0.0, 2.0.0")));
    }
}
