#!/bin/sh
# What has to hold before anything lands: formatting, lints, the dependency rule, all tests.
# Everything listens on free loopback ports and writes into temporary folders.
set -eu
cd "$(dirname "$0")/../.."

sh deploy/scripts/need.sh cargo cc nextest node

echo "== the editor: types, lints, texts, unit tests"
sh deploy/scripts/editor.sh check

echo "== the editor: build"
sh deploy/scripts/editor.sh build

echo "== formatting"
cargo fmt --all -- --check

echo "== lints"
cargo clippy --workspace --all-targets --locked -- -D warnings

echo "== the engine depends on no runtime and no other member"
sh deploy/scripts/arrows.sh

echo "== the files for deployment"
sh deploy/scripts/deployment.sh

echo "== tests"
cargo nextest run --workspace --locked

echo "== the tests of the server once more, on PostgreSQL"
TEST_STORE=postgres cargo nextest run --profile postgres --workspace --locked

echo "== the editor in a browser, against the real binary"
cargo build --locked -p masar
sh deploy/scripts/editor.sh browser

echo "== documentation examples"
cargo test --doc --workspace --locked
