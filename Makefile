# The two commands are `make run` and `make test`; everything they need that is not Rust, Node or make, they set up themselves.
# Rust and its Wasm target come by rust-toolchain.toml, JavaScript tools by `npm ci` into the project's own folders.

.DEFAULT_GOAL := help
.PHONY: reference schemathesis help run test build wasm differential torture bench fuzz lint fmt clean bare hosts runtimes miri redis
export CARGO_TERM_COLOR ?= auto
say = @printf '\n== %s\n' '$(1)'

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## set up, build and run the server on its embedded store, in ./data and ./keys
	$(call say,the server: stop it with Ctrl-C)
	@target/release/warded serve $(ARGS)

build: wasm ## build target/release/warded, and pkg/ ready for `npm pack`
	$(call say,the server (the first build takes some minutes))
	cargo build --release --package warded

wasm: ## build the Wasm modules and the npm package in pkg/
	$(call say,the Wasm modules and the npm package)
	cargo xtask wasm

test: build bare runtimes hosts tests/e2e/node_modules/.stamp tests/package/node_modules/.stamp tests/http/.venv/.stamp redis ## set up and run every test
	$(call say,the native half of the differential test)
	cargo build --release --package warded-differential
	$(call say,every test)
	node tests/run.mjs

CASES ?= 20000000
differential: wasm ## compare native code, Wasm and the reference on CASES=20000000 random calls; SEED=n repeats a run
	cargo build --release --package warded-differential
	CASES=$(CASES) node --test tests/differential/

reference: build ## write docs/reference.md and docs/commands.md from what the program says of itself
	target/release/warded commands > docs/commands.md
	node tests/http/reference.mjs

EXAMPLES ?= 200
schemathesis: build tests/e2e/node_modules/.stamp tests/http/.venv/.stamp ## ask the server at random as every kind of caller, EXAMPLES=200 times for each route; SEED=n asks otherwise
	EXAMPLES=$(EXAMPLES) node --test tests/http/schemathesis.test.mjs
tests/http/.venv/.stamp: tests/http/requirements.txt
	@tests/http/setup

HOSTS = tests/conformance/hosts
hosts: $(HOSTS)/python/.venv/.stamp $(HOSTS)/go/target/host $(HOSTS)/java/target/.stamp $(HOSTS)/jco/node_modules/.stamp ## set up the languages of the conformance suite
$(HOSTS)/python/.venv/.stamp: $(HOSTS)/python/requirements.txt
	@$(HOSTS)/setup python
$(HOSTS)/go/target/host: $(wildcard $(HOSTS)/go/go.* $(HOSTS)/go/*/*.go)
	@$(HOSTS)/setup go
$(HOSTS)/java/target/.stamp: $(wildcard $(HOSTS)/java/pom.xml $(HOSTS)/java/*.java)
	@$(HOSTS)/setup java

# The Wasm of Biscuit is imported as a module. V8 11.3 (Node 20) can stop with `unreachable code` when it leaves optimised code in which a call
# of Wasm that returns a reference was inlined: Cedar's do, ours do not (docs/engine.md). Without that optimisation it does not.
bench: build tests/bench/node_modules/.stamp ## measure, beside the named peers, into docs/benchmarks.md
	$(call say,benchmarks)
	node --no-warnings --experimental-wasm-modules --no-turbo-inline-js-wasm-calls tests/bench/bench.mjs

# libFuzzer needs nightly Rust. What it finds lies in tests/fuzz/libfuzzer/artifacts, what it learns in target/fuzz.
SECONDS ?= 60
fuzz: ## run every fuzz target under libFuzzer for SECONDS=60 each; sets up nightly Rust and cargo-fuzz
	$(call say,nightly Rust and cargo-fuzz)
	rustup toolchain install nightly --profile minimal --no-self-update
	cargo install --locked --root target/tools cargo-fuzz
	$(call say,$(SECONDS) seconds for each target)
	for target in $$(ls tests/fuzz/corpus); do mkdir -p target/fuzz/corpus/$$target; RUSTUP_TOOLCHAIN=nightly target/tools/bin/cargo-fuzz run --fuzz-dir tests/fuzz/libfuzzer --target-dir target/fuzz $$target target/fuzz/corpus/$$target tests/fuzz/corpus/$$target -- -max_total_time=$(SECONDS) -max_len=4096 -print_final_stats=1 || exit 1; done

ROUNDS ?= 1000
torture: build tests/e2e/node_modules/.stamp ## kill the server ROUNDS=1000 times between writes, and under 10,000 counted tokens; nothing may be lost
	$(call say,$(ROUNDS) rounds of kill -9)
	WARDED_CRASH_ROUNDS=$(ROUNDS) node --test tests/e2e/crash.test.mjs tests/e2e/torture.test.mjs

miri: ## check the unsafe code of the raw boundary; sets up nightly Rust with Miri
	node tests/miri.mjs

# In the release profile, whose build scripts `make build` needs too: compiling the compiler once is enough.
lint: bare ## formatting, clippy, types, licences and generated files; warnings are errors
	$(call say,formatting)
	cargo fmt --all --check
	$(call say,clippy)
	cargo xtask wasm
	cargo clippy --quiet --release --package warded-core --all-targets -- -D warnings
	cargo clippy --quiet --release --package warded-core --all-features --all-targets -- -D warnings
	for package in warded-hot warded-derive warded-js warded warded-conformance warded-fill warded-load warded-no-std warded-fuzz xtask; do cargo clippy --quiet --release --package $$package --all-targets -- -D warnings || exit 1; done
	for package in warded-core warded-raw warded-js warded-derive warded-component; do cargo clippy --quiet --package $$package --target wasm32-unknown-unknown -- -D warnings || exit 1; done
	cargo clippy --quiet --package warded-no-std --target $(BARE) -- -D warnings
	$(call say,documentation)
	RUSTDOCFLAGS='-D warnings' cargo doc --quiet --release --no-deps --package warded-core --package warded-hot --package warded
	$(call say,types)
	npm --prefix js run --silent lint
	$(call say,licences and sources of dependencies)
	cargo xtask deny

# A target without a standard library. rust-toolchain.toml names it, but a toolchain that is there already is not completed by that.
BARE := thumbv7em-none-eabi
bare:
	@rustup target list --installed | grep -qx $(BARE) || rustup target add $(BARE)

# What cannot be installed stops nothing here: the tests that need it say what to do and are skipped, and in CI they fail.
runtimes:
	-@$(MAKE) --no-print-directory --silent tests/conformance/node_modules/.stamp
	-@tests/conformance/chromium.sh

redis:
	-@$(MAKE) --no-print-directory tests/edge/node_modules/.stamp
	-@tests/edge/redis.sh

fmt: ## format the Rust code
	cargo fmt --all

clean: ## remove what builds and tests have made, but not data or keys
	cargo clean
	rm -rf pkg/dist js/node_modules tests/*/node_modules $(HOSTS)/*/node_modules $(HOSTS)/*/target $(HOSTS)/python/.venv tests/http/.venv

# `npm ci` runs again when a lock file has changed.
%/node_modules/.stamp: %/package-lock.json
	$(call say,npm packages for $*)
	npm --prefix $* ci --no-audit --no-fund --loglevel=error
	@touch $@
