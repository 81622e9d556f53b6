# Everything a machine with Rust needs. `make help` lists the targets.

CARGO ?= cargo
STEND ?= target/quick/stend
SCENARIO ?= scenarios/busy-town.yaml
SPEED ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup schemas run test check new-service scaffold fmt lint docs clients client-programs unit snapshots scenarios judges page wrk bench bench-setup bench-peers bench-growth bench-soak bench-report guard clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## See that the toolchain is there, and fetch the dependencies
	@command -v $(CARGO) >/dev/null || { echo "cargo is missing: install Rust with rustup, https://rustup.rs"; exit 1; }
	@rustup component add clippy rustfmt >/dev/null 2>&1 || $(CARGO) clippy --version >/dev/null
	@$(CARGO) fetch --locked --quiet

# A build for `make run`, with the profile `quick` of Cargo.toml.
target/quick/stend: setup FORCE
	@$(CARGO) build --locked --profile quick -p stend
FORCE:

# Shipped scenarios and worlds name these in their first lines; they follow from the code, so they are not in the repository.
define SCHEMAS
	@$(1) schema scenario >scenarios/scenario.schema.json
	@$(1) schema world >fixtures/worlds/world.schema.json
endef

schemas: $(STEND) ## Write the schemas by which editors complete and check scenarios and worlds
	$(call SCHEMAS,$(STEND))

run: schemas ## Build, start everything, and play an ordinary day in the busy world, on and on (SERVE='--port-base 8800': more options)
	@$(STEND) serve --scenario $(SCENARIO) --speed $(SPEED) --loop $(SERVE)

test: setup lint docs unit snapshots scenarios judges page scaffold ## Everything that CI runs

check: setup ## Type-check everything and run the unit tests of what changed (SINCE=REV: since then)
	@CARGO="$(CARGO)" .ci/check

new-service: ## Write a new service that compiles and passes (NAME=demo)
	@CARGO="$(CARGO)" .ci/new-service "$(NAME)"

scaffold: setup ## Write a service in a copy of the tree, and run its tests there
	@CARGO="$(CARGO)" .ci/scaffold

fmt: ## Format the code
	$(CARGO) fmt --all

PYTHON ?= python3
TOOLS := target/tools

# VENV(folder, requirements): a Python environment with exactly these packages.
define VENV
	@command -v $(PYTHON) >/dev/null || { echo "python3 is missing: install Python 3.10 or newer, with pip and venv"; exit 1; }
	@rm -rf $(1) && mkdir -p $(dir $(1))
	@$(PYTHON) -m venv $(1) || { echo "python3 has no venv: install python3-venv"; exit 1; }
	@$(1)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $(2)
	@touch $(1)/.ready
endef

$(TOOLS)/.ready: .ci/requirements.txt
	$(call VENV,$(@D),$<)

PAGE := target/page
NPM ?= npm

$(PAGE)/.ready: tests/page/package.json tests/page/package-lock.json tests/page/tsconfig.json
	@command -v node >/dev/null && command -v $(NPM) >/dev/null || { echo "npm is missing: install Node.js 20 or newer"; exit 1; }
	@mkdir -p $(@D) && cp $^ $(@D)
	@cd $(@D) && $(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

lint: $(TOOLS)/.ready $(PAGE)/.ready ## Formatting, clippy with warnings as errors, the page's types, licences and sources of dependencies
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets --quiet -- -D warnings
	$(PAGE)/node_modules/.bin/tsc --project $(PAGE)/tsconfig.json
	$(TOOLS)/bin/cargo-deny --log-level error check --hide-inclusion-graph licenses bans sources

docs: ## The crates' documentation, warnings as errors
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps --quiet

# insta writes down which snapshots the tests asked for; `snapshots` compares.
REFERENCED := target/insta-referenced.txt

NPM ?= npm

# Unchanged clients reach the bench in the tests where their runtime is installed; the others are reported as not run. CI as root
# installs what is missing.
CLIENTS := curl php-cli php-curl default-jdk-headless nodejs python3-requests python3-httpx chromium iproute2
NODE_CLIENTS := target/clients
$(NODE_CLIENTS)/.ready: servers/app/tests/cli/node/package.json servers/app/tests/cli/node/package-lock.json
	@mkdir -p $(@D) && cp $^ $(@D)
	@if command -v node >/dev/null && command -v $(NPM) >/dev/null; then \
	cd $(@D) && $(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error; \
	else echo "npm is missing: the tests of Node.js packages are reported as not run"; fi
	@touch $@

clients: client-programs $(NODE_CLIENTS)/.ready
client-programs:
	@if [ "$${CI:-}" = true ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	missing=; for package in $(CLIENTS); do dpkg -s $$package >/dev/null 2>&1 || missing="$$missing $$package"; done; \
	command -v node >/dev/null && missing=$$(echo "$$missing" | sed 's/ nodejs//'); \
	command -v javac >/dev/null && missing=$$(echo "$$missing" | sed 's/ default-jdk-headless//'); \
	if [ -n "$$missing" ]; then echo "installing clients for the tests:$$missing"; \
	(apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing) >/dev/null 2>&1 || echo "some could not be installed; their tests are reported as not run"; fi; fi

# Hurl plays the files that `stend record --format hurl` writes. It is compiled, which takes a minute or two, and links libxml2
# and libcurl: on a CI machine, or when asked for.
HURL := 8.0.1
.PHONY: hurl
hurl: ## Install Hurl for the test that plays exported files with it
	@if [ ! -x target/hurl/bin/hurl ]; then \
	if [ "$${CI:-}" = true ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	(apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libxml2-dev libcurl4-openssl-dev libssl-dev pkg-config libclang1) >/dev/null 2>&1 || true; fi; \
	BINDGEN_EXTRA_CLANG_ARGS="-I$$(cc -print-file-name=include)" $(CARGO) install --quiet --locked --debug --version $(HURL) --root target/hurl --target-dir target/hurl/build hurl \
	|| echo "Hurl could not be built; its test is reported as not run"; rm -rf target/hurl/build; fi

unit: clients $(if $(filter true,$(CI)),hurl) ## Unit tests, black-box tests, and tests of the binary
	@mkdir -p target && rm -f $(REFERENCED)
	INSTA_UPDATE=no INSTA_FORCE_PASS=0 INSTA_SNAPSHOT_REFERENCES_FILE=$(CURDIR)/$(REFERENCED) \
		$(CARGO) test --locked --workspace --quiet

snapshots: ## Fail on snapshots that nobody has read, or that no test asks for
	@pending=$$(find tests servers -name '*.snap.new' -o -name '*.pending-snap' | grep -v /target/); \
	if [ -n "$$pending" ]; then echo "snapshots that nobody has read:"; echo "$$pending"; exit 1; fi
	@test -s $(REFERENCED) || { echo "run 'make unit' first"; exit 1; }
	@sort -u $(REFERENCED) | xargs -r -n1 realpath >target/insta-asked.txt; \
	find tests servers -name '*.snap' -not -path '*/target/*' | xargs -r -n1 realpath | sort -u >target/insta-there.txt; \
	sort -u -o target/insta-asked.txt target/insta-asked.txt; \
	stray=$$(comm -13 target/insta-asked.txt target/insta-there.txt); \
	if [ -n "$$stray" ]; then echo "snapshots that no test asks for:"; echo "$$stray"; exit 1; fi

# The program as the tests build it: built with other features of the dependencies, it would be compiled all over again.
PROGRAM := target/debug/stend
.PHONY: program
program: setup
	@$(CARGO) test --locked --workspace --quiet --no-run

scenarios: program ## Check every shipped file and play every shipped scenario
	$(call SCHEMAS,$(PROGRAM))
	$(PROGRAM) check scenarios scenarios/recipes fixtures/worlds
	$(PROGRAM) play scenarios scenarios/recipes

JUDGES := target/judges

$(JUDGES)/venv/.ready: tests/judges/requirements.txt
	$(call VENV,$(@D),$<)

$(JUDGES)/npm/.ready: tests/judges/package.json tests/judges/package-lock.json tests/judges/asyncapi.mjs tests/judges/editor.mjs
	@command -v node >/dev/null && command -v $(NPM) >/dev/null || { echo "npm is missing: install Node.js 20 or newer"; exit 1; }
	@mkdir -p $(@D) && cp $^ $(@D)
	@cd $(@D) && $(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

judges: program $(JUDGES)/venv/.ready $(JUDGES)/npm/.ready ## Let linters, schemathesis and an editor's language server judge specifications, answers and schemas
	@$(JUDGES)/venv/bin/python tests/judges/judge.py $(PROGRAM) $(JUDGES)/venv $(JUDGES)/npm/node_modules $(JUDGES)/out

CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

# Chromium is installed only where nobody minds: by root, or on a CI machine.
page: program $(PAGE)/.ready ## Drive the page in Chromium, as a person would (CHROMIUM=PATH; SHOTS=FOLDER keeps pictures)
	@chromium="$(CHROMIUM)"; \
	if [ -z "$$chromium" ] && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 -o "$$CI" = true ]; then \
		as=$$([ "$$(id -u)" = 0 ] || echo sudo); \
		($$as apt-get update -qq && $$as apt-get install -y -qq chromium) >/dev/null; chromium=$$(command -v chromium); fi; \
	if [ -z "$$chromium" ]; then echo "chromium is missing: install it (apt-get install chromium), or name a browser of its kind by CHROMIUM=PATH"; exit 1; fi; \
	cp tests/page/*.mjs $(PAGE)/ && cd $(PAGE) && STEND=$(CURDIR)/$(PROGRAM) CHROMIUM="$$chromium" PAGE=$(CURDIR)/servers/control/page \
		SHOTS="$(SHOTS)" node --experimental-websocket --test --test-concurrency=1 --test-reporter=spec

# The peers live in target/; what they are, and their exact versions, stands in tests/benches/peers.
PEERS := tests/benches/peers
RELEASED = $(CARGO) build --locked --release --quiet -p stend-bench -p stend

bench-setup: ## Install what the benchmarks are made with: wrk, valgrind, and the peers (Node.js and Java are needed for those)
	@command -v wrk >/dev/null || (apt-get update -qq && apt-get install -y -qq wrk) >/dev/null || { echo "install wrk, the load generator"; exit 1; }
	@command -v valgrind >/dev/null || apt-get install -y -qq valgrind >/dev/null || echo "install valgrind for 'make guard'"
	@mkdir -p target/peers && cp $(PEERS)/package.json $(PEERS)/package-lock.json target/peers/
	@if command -v npm >/dev/null; then cd target/peers && npm ci --no-audit --no-fund --silent; else echo "npm is missing: most peers will be reported as absent"; fi
	@$(CARGO) build --locked --release --quiet --manifest-path $(PEERS)/rust/Cargo.toml --target-dir target/peers/build

wrk:
	@command -v wrk >/dev/null || (apt-get update -qq && apt-get install -y -qq wrk) >/dev/null || { echo "install wrk, the load generator"; exit 1; }

bench: setup wrk ## Measure beside a bare actix-web server; prints ratios (BENCH_SECONDS and BENCH_ROUNDS shorten it)
	$(RELEASED)
	target/release/stend-bench

bench-peers: setup bench-setup ## Measure beside what one would take instead
	$(RELEASED)
	target/release/stend-bench peers

bench-growth: setup wrk ## What operations and things cost in worlds of a thousand to a million
	$(RELEASED)
	target/release/stend-bench growth memory
	$(CARGO) bench --locked --quiet -p stend-tillypad

bench-soak: setup ## Ten minutes under load (SOAK_SECONDS)
	$(RELEASED)
	target/release/stend-bench soak

bench-report: setup bench-setup ## All of it, written to target/bench-report.md
	$(RELEASED)
	target/release/stend-bench all --report target/bench-report.md

guard: setup ## Count the instructions of a start and of five requests beside a bare server's; fails beyond the limits
	@command -v valgrind >/dev/null || (apt-get update -qq && apt-get install -y -qq valgrind) >/dev/null 2>&1 || true
	@if command -v valgrind >/dev/null; then $(RELEASED) && target/release/stend-bench guard; \
	else echo "not guarded: valgrind is missing and could not be installed"; fi

include .ci/dist.mk

clean: ## Remove what was built
	$(CARGO) clean
