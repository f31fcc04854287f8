#!/bin/sh
# The PostgreSQL and the RabbitMQ that the tests of one run share; nextest calls this before the
# first of them (.config/nextest.toml). Each test makes a database or a virtual host of its own.
# They are stopped and their folder is removed when the test run has ended, however it ended.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
what=$1

sh "$here/need.sh" "$what"
folder=$(mktemp -d "${TMPDIR:-/tmp}/masar-$what.XXXXXX")
chmod 755 "$folder"
url=$(sh "$here/$what.sh" start "$folder/server")
run=$PPID
(
    trap '' INT TERM HUP
    while kill -0 "$run" 2>/dev/null; do sleep 1; done
    sh "$here/$what.sh" stop "$folder/server"
    rm -rf "$folder"
) >/dev/null 2>&1 </dev/null &

case $what in
postgres) echo "TEST_POSTGRES=$url" >>"$NEXTEST_ENV" ;;
rabbitmq)
    echo "TEST_AMQP=$url" >>"$NEXTEST_ENV"
    echo "TEST_AMQP_MANAGE=$(cat "$folder/server/manage")" >>"$NEXTEST_ENV"
    ;;
esac
