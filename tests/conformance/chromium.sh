#!/bin/sh
# Installs Chromium from Debian's packages, where the tests would find no browser.
set -e
for name in "$WARDED_CHROMIUM" chromium chromium-browser google-chrome; do
  if [ -n "$name" ] && command -v "$name" >/dev/null; then exit 0; fi
done
printf '\n== Chromium, from the Debian packages\n'
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >/dev/null
