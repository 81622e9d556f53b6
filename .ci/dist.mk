# What people install: built into dist/ by `make dist`, installed into empty environments and tried by `make test-dist`.
# Each artefact is a step of its own, .ci/dist/NAME and .ci/test-dist/NAME; .ci/dist/README.md says what a step gets.

.PHONY: dist test-dist

dist: setup ## Build what people install into dist/, with checksums (BINARY=FILE: of this program; ONLY='python deb': these steps)
	@CARGO="$(CARGO)" PYTHON="$(PYTHON)" NPM="$(NPM)" .ci/make-dist build $(ONLY)

test-dist: ## Install what is in dist/ into empty environments and try it; builds it first if it is not there (ONLY='python')
	@test -f dist/SHA256SUMS || $(MAKE) --no-print-directory dist
	@CARGO="$(CARGO)" PYTHON="$(PYTHON)" NPM="$(NPM)" .ci/make-dist test $(ONLY)

.PHONY: image examples
image: setup ## Build the container image stend:VERSION with docker, podman or buildah (BINARY=FILE: of this static program)
	@export VERSION=$$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml) SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct); \
	.ci/image "$${BINARY:-$$(.ci/dist-binary)}"

examples: program ## Run the examples in other languages whose runtime is installed; the others are told (STEND_BINARY=FILE)
	@STEND_BINARY="$(abspath $(or $(STEND_BINARY),$(PROGRAM)))" clients/examples/run

.PHONY: reproduce
reproduce: setup ## Build this commit twice, in two folders, and compare the bytes
	@CARGO="$(CARGO)" .ci/reproduce
