//! The exports as a host uses them, under Miri (`make miri`): the address of the buffer goes out as a number and comes back as one.
#![expect(unsafe_code, reason = "what a host does with the module's memory")]

use crate::exports;

/// One test, and so one thread, as in a module's instance.
#[test]
fn a_host_writes_where_it_is_told_and_reads_the_answer_there() {
    let grant = send(exports::warded_compile_grant, br#"{"scopes":["secrets:read:a/*"]}"#);
    let grant = send(exports::warded_load_grant, &grant);
    assert_eq!(grant.len(), 12);
    let keyring = send(exports::warded_load_keyring, &[7; 32]);
    let context = [0; 20];
    let sealed = send(exports::warded_seal, &[&keyring[..], &[1; 32], &context, b"hunter2"].concat());
    assert_eq!(send(exports::warded_open, &[&keyring[..], &context, &sealed].concat()), b"hunter2");
    let minted = send(exports::warded_mint_token, &[&b"s"[..], &[9; 32]].concat());
    assert_eq!(send(exports::warded_hash_token, &minted[..53])[1..], minted[53..]);
    // An answer that is longer than the buffer moves it, and a longer input does.
    assert!(send(exports::warded_call, br#"{"op":"errors"}"#).ends_with(b"]}"));
    assert_eq!(send(exports::warded_sha256, &[5; 10_000]).len(), 32);
    for (export, input) in [(exports::warded_decide as Export, &grant[..]), (exports::warded_open, &keyring)]
    {
        let (status, answer) = answered(export, input);
        assert!(status != 0 && answer.starts_with(b"{\"error\""));
    }
    assert_eq!(exports::warded_buffer(u32::MAX), 0);
    assert_eq!(exports::warded_sha256(u32::MAX) >> 32, 161);
    assert_eq!(exports::warded_abi(), 1);
}

type Export = extern "C" fn(u32) -> u64;

fn send(export: Export, input: &[u8]) -> Vec<u8> {
    let (status, answer) = answered(export, input);
    assert_eq!(status, 0, "{}", String::from_utf8_lossy(&answer));
    answer
}

fn answered(export: Export, input: &[u8]) -> (u64, Vec<u8>) {
    let length = u32::try_from(input.len()).unwrap();
    let address = std::ptr::with_exposed_provenance_mut::<u8>(exports::warded_buffer(length));
    // SAFETY: the buffer holds that many bytes, and nothing else runs between here and the call.
    unsafe { address.copy_from_nonoverlapping(input.as_ptr(), input.len()) };
    let packed = export(length);
    let length = packed & u64::from(u32::MAX);
    let address = exports::warded_buffer(u32::try_from(length).unwrap());
    let address = std::ptr::with_exposed_provenance::<u8>(address);
    // SAFETY: the answer lies there until the next call.
    let answer = unsafe { std::slice::from_raw_parts(address, usize::try_from(length).unwrap()) };
    (packed >> 32, answer.to_vec())
}
