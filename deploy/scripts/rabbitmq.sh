#!/bin/sh
# A private RabbitMQ in a folder, on free ports of 127.0.0.1; for tests and benchmarks.
# rabbitmq.sh start FOLDER   makes it where it is not there, starts it, prints its URL
# rabbitmq.sh stop FOLDER    stops it; the folder stays
# rabbitmq.sh ctl FOLDER ... rabbitmqctl on it
# FOLDER/pid holds the process id of the broker, FOLDER/url its URL, FOLDER/manage that of its
# management API. FOLDER/more.conf is added to its configuration. After a kill -9, start again. It is ready about 7 seconds after its start.
set -eu
command=$1
folder=$2

server=$(ls -d /usr/lib/rabbitmq/bin/rabbitmq-server 2>/dev/null || command -v rabbitmq-server)

listens() {
    python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1).close()' "$1" 2>/dev/null
}

case $command in
start)
    mkdir -p "$folder"
    folder=$(cd "$folder" && pwd)
    if [ ! -e "$folder/ports" ]; then
        python3 - >"$folder/ports" <<'PORTS'
import socket
held = [socket.socket() for _ in range(4)]
for each in held:
    each.bind(("127.0.0.1", 0))
print(*[each.getsockname()[1] for each in held])
PORTS
    fi
    read -r amqp manage dist epmd <"$folder/ports"
    cat >"$folder/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$amqp
management.tcp.ip = 127.0.0.1
management.tcp.port = $manage
log.console = true
log.file = false
CONF
    # What a test wants beside it, TLS for example.
    if [ -e "$folder/more.conf" ]; then cat "$folder/more.conf" >>"$folder/rabbitmq.conf"; fi
    echo '[rabbitmq_management].' >"$folder/plugins"
    export HOME="$folder" ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT="$epmd"
    export RABBITMQ_NODENAME="masar$amqp@localhost" RABBITMQ_DIST_PORT="$dist"
    export RABBITMQ_MNESIA_BASE="$folder/data" RABBITMQ_LOG_BASE="$folder" RABBITMQ_CONF_ENV_FILE=/dev/null
    export RABBITMQ_CONFIG_FILE="$folder/rabbitmq.conf" RABBITMQ_ENABLED_PLUGINS_FILE="$folder/plugins"
    export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1} +S 2:2'
    # The name service of Erlang would outlive the broker; this one belongs to the folder.
    if ! kill -0 "$(cat "$folder/epmd.pid" 2>/dev/null || echo x)" 2>/dev/null; then
        epmd -address 127.0.0.1 -port "$epmd" >/dev/null 2>&1 &
        echo $! >"$folder/epmd.pid"
    fi
    # The broker writes its own process id there; the script around it has another.
    rm -f "$folder/pid"
    export RABBITMQ_PID_FILE="$folder/pid"
    : >"$folder/log"
    "$server" >>"$folder/log" 2>&1 </dev/null &
    started=$!
    tries=0
    until grep -q 'Server startup complete' "$folder/log" && listens "$amqp" && listens "$manage"; do
        tries=$((tries + 1))
        kill -0 $started 2>/dev/null && [ $tries -lt 600 ] || {
            tail -50 "$folder/log" >&2
            exit 1
        }
        sleep 0.2
    done
    echo "http://guest:guest@127.0.0.1:$manage" >"$folder/manage"
    echo "amqp://guest:guest@127.0.0.1:$amqp/%2f" | tee "$folder/url"
    ;;
stop)
    # A broker that ends takes the file with it.
    pid=$(cat "$folder/pid" 2>/dev/null || echo none)
    kill "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    kill "$(cat "$folder/epmd.pid")" 2>/dev/null || true
    ;;
ctl)
    shift 2
    read -r amqp _ _ epmd <"$folder/ports"
    ctl=$(ls -d /usr/lib/rabbitmq/bin/rabbitmqctl 2>/dev/null || command -v rabbitmqctl)
    HOME="$folder" ERL_EPMD_PORT="$epmd" RABBITMQ_CONF_ENV_FILE=/dev/null "$ctl" -q -n "masar$amqp@localhost" "$@"
    ;;
*)
    echo "rabbitmq.sh: start FOLDER, stop FOLDER or ctl FOLDER ..." >&2
    exit 2
    ;;
esac
