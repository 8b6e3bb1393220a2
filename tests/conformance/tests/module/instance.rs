//! An instance of the module, called by the names and rules of `docs/abi.md`.

use std::sync::LazyLock;

use wasmtime::{Engine, Instance, Memory, Module, Store, StoreLimits, StoreLimitsBuilder, TypedFunc};

/// As much memory as the server gives an instance.
const MAX_MEMORY: usize = 96 * 1024 * 1024;

static COMPILED: LazyLock<(Engine, Module)> = LazyLock::new(|| {
    let engine = Engine::default();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/wasm/warded_raw.wasm");
    let module = Module::from_file(&engine, path).expect("`make wasm` builds the module");
    assert_eq!(module.imports().len(), 0, "the module imports nothing");
    (engine, module)
});

/// The status of a call and its answer.
pub(crate) type Answer = (u32, Vec<u8>);

pub(crate) struct Raw {
    store: Store<StoreLimits>,
    memory: Memory,
    buffer: TypedFunc<u32, u32>,
    exports: Vec<(String, TypedFunc<u32, u64>)>,
}

impl Raw {
    pub(crate) fn new() -> Self {
        Self::with_memory(MAX_MEMORY)
    }

    /// An instance whose memory cannot grow beyond so many bytes.
    pub(crate) fn with_memory(most: usize) -> Self {
        let (engine, module) = &*COMPILED;
        let mut store = Store::new(engine, StoreLimitsBuilder::new().memory_size(most).build());
        store.limiter(|limits| limits);
        let instance = Instance::new(&mut store, module, &[]).unwrap();
        let buffer = instance.get_typed_func(&mut store, "warded_buffer").unwrap();
        let names: Vec<String> = module.exports().map(|export| export.name().to_owned()).collect();
        let export = |name: String| {
            let function = instance.get_typed_func::<u32, u64>(&mut store, &name).ok()?;
            Some((name, function))
        };
        let exports = names.into_iter().filter_map(export).collect();
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        Self { store, memory, buffer, exports }
    }

    /// Every export that takes the length of an input.
    pub(crate) fn names(&self) -> Vec<String> {
        self.exports.iter().map(|(name, _)| name.clone()).collect()
    }

    /// The address of the buffer; 0 if it cannot be so large.
    pub(crate) fn buffer(&mut self, length: u32) -> u32 {
        self.buffer.call(&mut self.store, length).expect("never a trap")
    }

    /// Writes an input into the buffer, grown for it.
    pub(crate) fn write(&mut self, input: &[u8]) {
        let address = self.buffer(u32::try_from(input.len()).unwrap());
        assert_ne!(address, 0);
        self.memory.write(&mut self.store, usize::try_from(address).unwrap(), input).unwrap();
    }

    /// Calls an export with a length, which need not be that of an input.
    pub(crate) fn call(&mut self, name: &str, length: u32) -> Answer {
        let (_, function) = self.exports.iter().find(|(export, _)| export == name).expect("an export");
        let packed = function.call(&mut self.store, length).unwrap_or_else(|trap| panic!("{name}: {trap:#}"));
        let length = u32::try_from(packed & u64::from(u32::MAX)).unwrap();
        let address = usize::try_from(self.buffer(length)).unwrap();
        let mut answer = vec![0; usize::try_from(length).unwrap()];
        self.memory.read(&self.store, address, &mut answer).unwrap();
        (u32::try_from(packed >> 32).unwrap(), answer)
    }

    pub(crate) fn send(&mut self, name: &str, input: &[u8]) -> Answer {
        self.write(input);
        self.call(name, u32::try_from(input.len()).unwrap())
    }

    /// The answer of a call that succeeds.
    pub(crate) fn done(&mut self, name: &str, input: &[u8]) -> Vec<u8> {
        let (status, answer) = self.send(name, input);
        assert_eq!(status, 0, "{name}: {}", String::from_utf8_lossy(&answer));
        answer
    }

    /// The size of the memory in bytes: it never shrinks, so this is the most that was ever needed.
    pub(crate) fn size(&self) -> usize {
        self.memory.data_size(&self.store)
    }
}
