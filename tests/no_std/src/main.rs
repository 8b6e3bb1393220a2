//! A program for a machine without an operating system, that decides, seals and opens with the engine.
//!
//! There is no standard library for such a target: if anything that the engine links wanted one, this would not build.
//! The same proof runs natively, where its result can be seen.
#![cfg_attr(target_os = "none", no_std, no_main)]
extern crate alloc;

#[cfg(target_os = "none")]
mod bare;
mod proof;

#[cfg(not(target_os = "none"))]
fn main() -> std::process::ExitCode {
    if proof::holds() { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_proof_holds() {
        assert!(super::proof::holds());
    }
}
