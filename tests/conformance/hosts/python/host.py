"""Answers calls with the raw module in Python: one call per line on stdin, one answer per line on stdout."""

import sys

from wasmtime import Engine, Instance, Module, Store


class Warded:
    """The module, instantiated without an import."""

    def __init__(self, path: str) -> None:
        self.store = Store(Engine())
        module = Module.from_file(self.store.engine, path)
        assert not module.imports
        self.exports = Instance(self.store, module, []).exports(self.store)

    def call(self, call: bytes) -> bytes:
        """One call of the document boundary, and its answer."""
        memory = self.exports["memory"]
        memory.write(self.store, call, self.address(len(call)))
        answer = self.exports["warded_call"](self.store, len(call))
        status, length = answer >> 32, answer & 0xFFFFFFFF
        start = self.address(length)
        document = bytes(memory.read(self.store, start, start + length))
        assert (status != 0) == document.startswith(b'{"error":'), status
        return document

    def address(self, length: int) -> int:
        """Where the exchange buffer lies, with room for so many bytes."""
        address = self.exports["warded_buffer"](self.store, length)
        assert address != 0, length
        return address & 0xFFFFFFFF


def main() -> None:
    warded = Warded(sys.argv[1])
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(warded.call(line.rstrip(b"\n")) + b"\n")


main()
