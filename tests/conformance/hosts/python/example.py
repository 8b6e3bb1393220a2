import json
from wasmtime import Engine, Instance, Module, Store

store = Store(Engine())
warded = Instance(store, Module.from_file(store.engine, "raw.wasm"), []).exports(store)

def call(document):
    text = json.dumps(document).encode()
    warded["memory"].write(store, text, warded["warded_buffer"](store, len(text)))
    length = warded["warded_call"](store, len(text)) & 0xFFFFFFFF
    start = warded["warded_buffer"](store, length)
    return json.loads(warded["memory"].read(store, start, start + length))

print(call({"op": "covers", "outer": "secrets:read:production/*", "inner": "secrets:read:production/KEY"}))
