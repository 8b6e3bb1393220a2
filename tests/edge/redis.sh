#!/bin/sh
# Installs a Redis server from Debian's packages, where the tests would find none.
set -e
for name in redis-server valkey-server; do
  if command -v "$name" >/dev/null; then exit 0; fi
done
printf '\n== Redis, from the Debian packages\n'
apt-get update -qq
# Its service is not wanted: the tests start a server of their own.
DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -qq -y --no-install-recommends redis-server >/dev/null
