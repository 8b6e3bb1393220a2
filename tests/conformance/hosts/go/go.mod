module warded.dev/hosts

go 1.22.0

// The newest that Go 1.22 builds.
require github.com/tetratelabs/wazero v1.9.0
