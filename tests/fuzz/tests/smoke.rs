//! Every target on its corpus, on every beginning of an entry of it, and on mutations: on stable Rust, in bounded time.
//!
//! The same seed gives the same inputs. `WARDED_FUZZ_SEED=7 cargo test --package warded-fuzz` tries others, `make fuzz` goes on from here.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a helper of tests that says what it ran, and that panics where something does not hold"
)]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use warded_fuzz::mutate::Mutator;
use warded_fuzz::{TARGETS, Target};

macro_rules! smoke {
    ($($name:ident)*) => {
        const TESTED: &[&str] = &[$(stringify!($name)),*];

        $(#[test]
        fn $name() {
            smoke(stringify!($name));
        })*
    };
}

smoke! {
    bundle call chain compiled compiled_policy decide dotenv export grant ip json module path policy redact scope sealed token ttl
}

#[test]
fn every_target_is_run_here_and_by_libfuzzer_and_has_a_corpus() {
    let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names, TESTED);
    assert_eq!(names, listed("libfuzzer/fuzz_targets"));
    assert_eq!(names, listed("corpus"));
    let manifest = std::fs::read_to_string(own("libfuzzer/Cargo.toml")).expect("a manifest");
    for name in names {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "libfuzzer/Cargo.toml lacks {name}");
    }
}

fn smoke(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target");
    let corpus = corpus(name);
    for entry in &corpus {
        let beginnings = (0..entry.len().min(512)).filter_map(|end| entry.get(..end));
        beginnings.chain([entry.as_slice()]).for_each(|input| run(target, input));
    }
    let seed = seed();
    let mut mutator = Mutator::new(&corpus, seed);
    (0..target.smoke).for_each(|_| run(target, &mutator.input()));
    println!("{name}: {} of the corpus, {} mutations, seed {seed}", corpus.len(), target.smoke);
}

/// Runs a target, and says on which input it failed.
fn run(target: &Target, input: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.run)(input))) {
        let text = input.escape_ascii();
        println!("{} failed on this input, which belongs into its corpus:\n{text}", target.name);
        resume_unwind(panic);
    }
}

fn seed() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a setting of the test run")]
    let given = std::env::var("WARDED_FUZZ_SEED");
    given.map_or(1, |seed| seed.parse().unwrap_or_else(|_| panic!("WARDED_FUZZ_SEED is not a number")))
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = format!("corpus/{name}");
    let read = |file: &String| std::fs::read(own(&folder).join(file)).expect("an entry of the corpus");
    let entries: Vec<_> = files(&own(&folder)).iter().map(read).collect();
    assert!(!entries.is_empty(), "{folder} is empty");
    entries
}

fn own(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The names in a folder without their endings.
fn listed(folder: &str) -> Vec<String> {
    files(&own(folder)).iter().map(|name| name.trim_end_matches(".rs").to_owned()).collect()
}

/// In order, so that the same seed means the same inputs everywhere.
fn files(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().expect("a plain name")).collect();
    names.sort_unstable();
    names
}
