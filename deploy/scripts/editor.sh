#!/bin/sh
# The editor: installed as its lock file says, built, checked. editor.sh build|check|browser
set -eu
cd "$(dirname "$0")/../.."
root=$(pwd)

sh deploy/scripts/need.sh node
cd editor
# What is installed is what the lock file says, and need not be installed again.
mark=node_modules/.installed
if ! cmp -s package-lock.json "$mark" 2>/dev/null; then
    # A registry that does not carry the optional packages of other platforms leaves gaps in the lock
    # file, which npm ci refuses; npm install fills them and keeps to the versions that are locked.
    npm ci --no-audit --no-fund --silent || npm install --no-save --no-audit --no-fund
    cp package-lock.json "$mark"
fi

case ${1:-build} in
build)
    npm run --silent build
    ;;
check)
    npm run --silent check
    npm run --silent test
    ;;
browser)
    sh "$root/deploy/scripts/need.sh" chromium
    npm run --silent e2e
    ;;
*)
    echo "editor.sh: unknown task $1" >&2
    exit 2
    ;;
esac
