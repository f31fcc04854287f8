# Everything that a fresh machine (Rust, Node 20, apt) needs: each target installs what it uses.
.POSIX:
.PHONY: run test bench fmt lint clean generate editor help

CARGO ?= cargo

help: ## what there is
	@grep -E '^[a-z]+:.*## ' Makefile | sed 's/:.*## /\t/'

run: editor ## build Masar with its editor and start it on its embedded default (http://127.0.0.1:8080)
	@scripts=deploy/scripts; sh $$scripts/need.sh cargo cc
	$(CARGO) build --release --locked -p masar
	exec target/release/masar serve $(ARGS)

test: ## formatting, lints, generated files and all tests
	sh deploy/scripts/test.sh

editor: ## build the editor; cargo build then embeds it
	@sh deploy/scripts/editor.sh build

bench: ## the figures of docs/benchmarks.md, measured here
	@sh deploy/scripts/need.sh cargo cc
	$(CARGO) bench --locked -p masar --bench budgets -- $(ARGS)

fmt: ## format the code
	$(CARGO) fmt --all
	cd editor && npm run --silent format

lint: ## clippy with warnings denied
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

generate: ## write the generated files anew (schemas, OpenAPI, node pages)
	MASAR_UPDATE=1 $(CARGO) nextest run --workspace --locked -E 'test(generated) or test(pages_of_the_nodes)'
	cd editor && npm run --silent api

clean: ## remove what was built
	$(CARGO) clean
