#!/bin/sh
# What has to hold before anything lands: formatting, lints, the dependency rule, all tests.
# Everything listens on free loopback ports and writes into temporary folders.
set -eu
cd "$(dirname "$0")/../.."

sh deploy/scripts/need.sh cargo cc nextest

echo "== formatting"
cargo fmt --all -- --check

echo "== lints"
cargo clippy --workspace --all-targets --locked -- -D warnings

echo "== the engine depends on no runtime and no other member"
sh deploy/scripts/arrows.sh

echo "== tests"
cargo nextest run --workspace --locked

echo "== documentation examples"
cargo test --doc --workspace --locked
