use warded_core::time::Millis;

use super::*;

fn checkpoint(seq: u64) -> Checkpoint {
    Checkpoint::sign(&SigningKey::new(&[1; 32]), [2; 16], seq, [3; 32], Millis::ZERO)
}

fn seqs(path: &Path) -> Vec<u64> {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    lines.map(|line| line["seq"].as_u64().unwrap()).collect()
}

#[test]
fn a_witness_is_appended_to_in_order_and_by_nobody_else() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("witness");
    let witness = Witness::new(path.clone());
    for seq in [3, 5, 4, 5, 9] {
        witness.append(&checkpoint(seq)).unwrap();
    }
    assert_eq!(seqs(&path), [3, 5, 9], "what a newer one covers is not written after it");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_line_that_was_cut_off_does_not_spoil_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("witness");
    Witness::new(path.clone()).append(&checkpoint(1)).unwrap();
    let mut file = open_file(&path).unwrap();
    file.write_all(b"{\"tenant\":\"02").unwrap();
    Witness::new(path.clone()).append(&checkpoint(2)).unwrap();
    assert_eq!(seqs(&path), [1, 2]);
}

#[test]
fn a_witness_that_cannot_be_written_is_an_error_until_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let witness = Witness::new(folder.path().join("later/witness"));
    assert!(witness.append(&checkpoint(1)).is_err());
    std::fs::create_dir(folder.path().join("later")).unwrap();
    witness.append(&checkpoint(1)).unwrap();
    assert_eq!(seqs(&witness.path), [1]);
}
