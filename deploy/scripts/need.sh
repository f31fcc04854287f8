#!/bin/sh
# Makes sure that the named tools are there, installing what can be installed.
# need.sh TOOL... ; tools: cargo cc nextest node chromium postgres rabbitmq compose systemd shellcheck
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
    node)
        # The editor's tools want 20.19 or newer.
        node --eval 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null || {
            echo "Node 20.19 or newer is missing: install it from https://nodejs.org, then try again" >&2
            exit 1
        }
        ;;
    chromium)
        command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 || [ -n "${MASAR_CHROMIUM:-}" ] || {
            as_root apt-get update -qq
            as_root apt-get install -y -qq chromium
        }
        ;;
    postgres)
        { ls /usr/lib/postgresql/*/bin/postgres || command -v postgres; } >/dev/null 2>&1 || {
            as_root apt-get update -qq
            as_root apt-get install -y -qq postgresql
            # It is there for the tests, which start their own.
            as_root systemctl disable --now postgresql >/dev/null 2>&1 || true
        }
        command -v python3 >/dev/null 2>&1 || as_root apt-get install -y -qq python3
        ;;
    rabbitmq)
        # With the client in Python that the tests take for a foreign program, and what makes certificates.
        { [ -e /usr/lib/rabbitmq/bin/rabbitmq-server ] && /usr/bin/python3 -c 'import pika' && command -v openssl; } >/dev/null 2>&1 || {
            as_root apt-get update -qq
            as_root apt-get install -y -qq rabbitmq-server python3-pika openssl
            as_root systemctl disable --now rabbitmq-server >/dev/null 2>&1 || true
        }
        ;;
    compose)
        docker compose version >/dev/null 2>&1 || command -v docker-compose >/dev/null 2>&1 || {
            as_root apt-get update -qq
            as_root apt-get install -y -qq docker-compose
        }
        ;;
    systemd)
        command -v systemd-analyze >/dev/null 2>&1 || {
            as_root apt-get update -qq
            as_root apt-get install -y -qq systemd
        }
        ;;
    shellcheck)
        command -v shellcheck >/dev/null 2>&1 || {
            as_root apt-get update -qq
            as_root apt-get install -y -qq shellcheck
        }
        ;;
    *)
        echo "need.sh: unknown tool $tool" >&2
        exit 2
        ;;
    esac
done
