from wasmtime import Engine, Store
from wasmtime.component import Component, Linker

engine = Engine()
store = Store(engine)
warded = Linker(engine).instantiate(store, Component.from_file(engine, "component.wasm"))
interface = warded.get_export_index(store, "warded:engine/engine@0.1.0")
covers = warded.get_func(store, warded.get_export_index(store, "covers", interface))

print(covers(store, "secrets:read:production/*", "secrets:read:production/KEY"))
