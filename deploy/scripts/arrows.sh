#!/bin/sh
# The dependency rule: runtime -> nodes -> {engine, crm-core}; engine and crm-core know nobody,
# and the engine has no async runtime, no network and no database under it.
set -eu
cd "$(dirname "$0")/../.."

tree() {
    cargo tree --locked -p "$1" -e normal --prefix none --format '{p}' | cut -d' ' -f1 | sort -u
}

refuse() { # crate, what it may not reach
    crate=$1
    shift
    found=$(tree "$crate")
    for name in "$@"; do
        if printf '%s\n' "$found" | grep -qx "$name"; then
            echo "$crate must not depend on $name" >&2
            exit 1
        fi
    done
}

refuse masar-engine masar-crm-core masar-nodes masar tokio sqlx hyper axum reqwest
refuse masar-crm-core masar-engine masar-nodes masar axum reqwest
refuse masar-nodes masar axum
echo "arrows point one way"
