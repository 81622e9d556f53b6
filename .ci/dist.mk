# What people install: built into dist/ by `make dist`, installed into empty environments and tried by `make test-dist`.
# Each artefact is a step of its own, .ci/dist/NAME and .ci/test-dist/NAME; .ci/dist/README.md says what a step gets.

.PHONY: dist test-dist

dist: setup ## Build what people install into dist/, with checksums (BINARY=FILE: of this program; ONLY='python deb': these steps)
	@CARGO="$(CARGO)" PYTHON="$(PYTHON)" NPM="$(NPM)" .ci/make-dist build $(ONLY)

test-dist: ## Install what is in dist/ into empty environments and try it; builds it first if it is not there (ONLY='python')
	@test -f dist/SHA256SUMS || $(MAKE) --no-print-directory dist
	@CARGO="$(CARGO)" PYTHON="$(PYTHON)" NPM="$(NPM)" .ci/make-dist test $(ONLY)
