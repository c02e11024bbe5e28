#!/bin/sh
# Installs what debian-packages.txt names and the machine lacks: on Debian, as root. Elsewhere it does nothing, and the tests that need
# a missing tool say so themselves.
set -eu
cd "$(dirname "$0")"
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || exit 0
missing=
for package in $(grep -v '^#' debian-packages.txt); do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
apt-get update -qq
# shellcheck disable=SC2086 # one word a package
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
