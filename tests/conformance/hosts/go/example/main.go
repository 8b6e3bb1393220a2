package main

import (
	"context"
	"fmt"
	"os"

	"github.com/tetratelabs/wazero"
)

func main() {
	ctx, call := context.Background(), `{"op":"covers","outer":"secrets:read:production/*","inner":"secrets:read:production/KEY"}`
	binary := must(os.ReadFile("raw.wasm"))
	warded := must(wazero.NewRuntime(ctx).Instantiate(ctx, binary))
	run := func(name string, length int) uint64 {
		return must(warded.ExportedFunction(name).Call(ctx, uint64(length)))[0]
	}
	warded.Memory().WriteString(uint32(run("warded_buffer", len(call))), call)
	length := uint32(run("warded_call", len(call)))
	answer, _ := warded.Memory().Read(uint32(run("warded_buffer", int(length))), length)
	fmt.Println(string(answer))
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
