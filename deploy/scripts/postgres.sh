#!/bin/sh
# A private PostgreSQL in a folder, on a free port of 127.0.0.1; for tests and benchmarks.
# postgres.sh start FOLDER   makes it where it is not there, starts it, prints its URL
# postgres.sh stop FOLDER    stops it; the folder stays
# FOLDER/pid holds the process id of the server, FOLDER/url its URL. After a kill -9, start again.
set -eu
command=$1
folder=$2

# Debian keeps the servers out of the path, the newest is taken.
# shellcheck disable=SC2012 # the names are versions
newest=$(ls -d /usr/lib/postgresql/*/bin/postgres 2>/dev/null | sort -V | tail -1)
bin=$(dirname "${newest:-$(command -v postgres)}")

# It refuses to run as root; then it runs as another user, who owns the folder.
as_user() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=postgres --regid=postgres --clear-groups -- "$@"
    else
        "$@"
    fi
}

case $command in
start)
    mkdir -p "$folder"
    folder=$(cd "$folder" && pwd)
    if [ ! -e "$folder/data/PG_VERSION" ]; then
        [ "$(id -u)" != 0 ] || chown postgres:postgres "$folder"
        as_user "$bin/initdb" -D "$folder/data" -U masar --auth=trust --encoding=UTF8 --no-locale --no-sync >"$folder/log" 2>&1 || {
            cat "$folder/log" >&2
            exit 1
        }
        python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' >"$folder/port"
    fi
    port=$(cat "$folder/port")
    rm -f "$folder/data/postmaster.pid"
    : >>"$folder/log"
    [ "$(id -u)" != 0 ] || chown postgres:postgres "$folder/log"
    # Only what the tests need; whether a commit is durable is not for these settings to change.
    # The braces: nothing of the server may hold what this script's caller reads from.
    {
        as_user "$bin/postgres" -D "$folder/data" -p "$port" -c listen_addresses=127.0.0.1 \
            -c unix_socket_directories= -c max_connections=200 -c shared_buffers=64MB
    } >>"$folder/log" 2>&1 </dev/null 3>&- &
    started=$!
    tries=0
    until "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; do
        tries=$((tries + 1))
        kill -0 $started 2>/dev/null && [ $tries -lt 300 ] || {
            cat "$folder/log" >&2
            exit 1
        }
        sleep 0.1
    done
    head -1 "$folder/data/postmaster.pid" >"$folder/pid"
    echo "postgres://masar@127.0.0.1:$port/postgres" | tee "$folder/url"
    ;;
stop)
    # SIGINT: connections are cut, everything is written.
    pid=$(cat "$folder/pid" 2>/dev/null || echo none)
    kill -INT "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    ;;
*)
    echo "postgres.sh: start FOLDER or stop FOLDER" >&2
    exit 2
    ;;
esac
