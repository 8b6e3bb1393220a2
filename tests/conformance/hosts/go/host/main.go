// Command host answers calls with the raw module in Go: one call per line on stdin, one answer per line on stdout.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// Warded is the module, instantiated without an import.
type Warded struct {
	module api.Module
}

// Open instantiates the module of a file.
func Open(ctx context.Context, path string) (*Warded, error) {
	binary, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	module, err := wazero.NewRuntime(ctx).Instantiate(ctx, binary)
	if err != nil {
		return nil, err
	}
	return &Warded{module}, nil
}

// Call makes one call of the document boundary and returns its answer.
func (warded *Warded) Call(ctx context.Context, call []byte) ([]byte, error) {
	start, err := warded.address(ctx, uint64(len(call)))
	if err != nil {
		return nil, err
	}
	if !warded.module.Memory().Write(start, call) {
		return nil, errors.New("the buffer lies outside of the memory")
	}
	results, err := warded.module.ExportedFunction("warded_call").Call(ctx, uint64(len(call)))
	if err != nil {
		return nil, err
	}
	status, length := results[0]>>32, uint32(results[0])
	if start, err = warded.address(ctx, uint64(length)); err != nil {
		return nil, err
	}
	answer, ok := warded.module.Memory().Read(start, length)
	if !ok || (status != 0) != bytes.HasPrefix(answer, []byte(`{"error":`)) {
		return nil, fmt.Errorf("status %d does not fit its answer", status)
	}
	return answer, nil
}

// address says where the exchange buffer lies, with room for so many bytes.
func (warded *Warded) address(ctx context.Context, length uint64) (uint32, error) {
	results, err := warded.module.ExportedFunction("warded_buffer").Call(ctx, length)
	if err != nil {
		return 0, err
	}
	if results[0] == 0 {
		return 0, fmt.Errorf("%d bytes are over the limit", length)
	}
	return uint32(results[0]), nil
}

func run(path string) error {
	ctx := context.Background()
	warded, err := Open(ctx, path)
	if err != nil {
		return err
	}
	input, output := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	for {
		line, err := input.ReadBytes('\n')
		if err == io.EOF {
			return output.Flush()
		}
		if err != nil {
			return err
		}
		answer, err := warded.Call(ctx, bytes.TrimSuffix(line, []byte{'\n'}))
		if err != nil {
			return err
		}
		// The answer is a view of the module's memory: it is written before the next call.
		if _, err := output.Write(append(answer[:len(answer):len(answer)], '\n')); err != nil {
			return err
		}
	}
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
