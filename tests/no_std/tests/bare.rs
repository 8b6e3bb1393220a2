//! The program builds for a target that has no standard library, and the engine is in it.

use std::path::PathBuf;
use std::process::Command;

const TARGET: &str = "thumbv7em-none-eabi";

#[test]
fn the_program_links_for_a_bare_target() {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "--package", "warded-no-std", "--target", TARGET])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("cargo starts");
    assert!(built.success(), "`make bare` brings the target {TARGET}");
    // Beside the native binary: `target/debug/x` and `target/<triple>/release/x`.
    let native = PathBuf::from(env!("CARGO_BIN_EXE_warded-no-std"));
    let target = native.ancestors().nth(2).expect("a target folder");
    let program = std::fs::read(target.join(TARGET).join("release/warded-no-std")).expect("the program");
    assert_eq!(program[..4], *b"\x7fELF");
    // Machine 40 is Arm, type 2 an executable: ELF header, bytes 16 to 20, little-endian.
    assert_eq!(program[16..20], [2, 0, 40, 0]);
    for linked in ["scope_missing", "the sealed value does not open"] {
        assert!(program.windows(linked.len()).any(|bytes| bytes == linked.as_bytes()), "{linked} is missing");
    }
}
