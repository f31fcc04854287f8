#!/bin/sh
# Makes sure that the named tools are there, installing what can be installed.
# need.sh TOOL... ; tools: cargo cc nextest
set -eu

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

for tool in "$@"; do
    case $tool in
    cargo)
        command -v cargo >/dev/null 2>&1 || {
            echo "Rust is missing: install it from https://rustup.rs, then try again" >&2
            exit 1
        }
        ;;
    cc)
        # SQLite and zstd are built from source.
        command -v cc >/dev/null 2>&1 || {
            as_root apt-get update -qq
            as_root apt-get install -y -qq build-essential
        }
        ;;
    nextest)
        cargo nextest --version >/dev/null 2>&1 || cargo install --locked cargo-nextest
        ;;
    *)
        echo "need.sh: unknown tool $tool" >&2
        exit 2
        ;;
    esac
done
