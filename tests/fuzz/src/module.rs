//! The exports of the module: any bytes through any of them are answered.
//!
//! Here natively, for the coverage; `tests/conformance` sends the like through the compiled module itself.

use warded_core::ErrorCode;
use warded_hot::{Engine, Export};

use crate::input::Input;

/// Each call of a sequence is answered, by success or by a code, and the answer lies in the buffer.
///
/// A call is an export, what to begin with (nothing, the last answer, or the last handle), a piece of bytes, and a length that may be another.
pub fn module(data: &[u8]) {
    let mut input = Input::new(data);
    let mut engine = Engine::new();
    let (mut handle, mut answer) = (Vec::new(), Vec::new());
    for _ in 0..16 {
        if input.is_empty() {
            return;
        }
        let (at, start) = (usize::from(input.byte()) % Export::ALL.len(), input.byte() % 3);
        let before = match start {
            0 => &[][..],
            1 => answer.as_slice(),
            _ => handle.as_slice(),
        };
        let bytes = [before, input.piece(200)].concat();
        let length = if input.byte() == 255 { input.short() } else { bytes.len() };
        let buffer = engine.buffer(bytes.len()).expect("the buffer holds a short input");
        buffer[..bytes.len()].copy_from_slice(&bytes);
        answer = answered(&mut engine, length, Export::ALL[at]);
        if answer.len() == 12 {
            handle.clone_from(&answer);
        }
    }
}

fn answered(engine: &mut Engine, length: usize, export: Export) -> Vec<u8> {
    let packed = engine.run(length, export);
    let status = u16::try_from(packed >> 32).expect("a status has sixteen bits");
    let length = usize::try_from(packed & u64::from(u32::MAX)).expect("a length");
    let answer = engine.buffer(length).expect("an answer fits the buffer")[..length].to_vec();
    if status != 0 {
        let code = ErrorCode::from_number(status).expect("a status is a code's number");
        let name = format!("\"code\":\"{}\"", code.name());
        assert!(str::from_utf8(&answer).is_ok_and(|json| json.contains(&name)), "{name}");
        assert_ne!(code, ErrorCode::Internal);
    }
    answer
}
