#!/bin/sh
# The files for deployment are what Docker, Compose and systemd take; the scripts are sound.
set -eu
cd "$(dirname "$0")/../.."

sh deploy/scripts/need.sh node compose systemd shellcheck

npx --yes --prefer-offline dockerfile-utils@0.16.3 lint deploy/Dockerfile

# Every variable that has no default, so that the file is seen as it is used.
export MASAR_SECRETS_MASTER_KEY=key MASAR_SERVER_TOKEN=token POSTGRES_PASSWORD=secret RABBITMQ_PASSWORD=secret
if docker compose version >/dev/null 2>&1; then
    docker compose -f deploy/compose.yaml config --quiet
else
    docker-compose -f deploy/compose.yaml config --quiet
fi

# The program is not installed where the unit expects it: its syntax is looked at with another one.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
sed 's|^ExecStart=[^ ]*|ExecStart=/bin/true|' deploy/masar.service >"$folder/masar.service"
systemd-analyze verify --man=no "$folder/masar.service"

# `a && b || { fail; }` is meant: fail unless both hold.
shellcheck --exclude=SC2015 deploy/scripts/*.sh .ci/run
