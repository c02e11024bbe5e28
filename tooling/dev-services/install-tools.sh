#!/bin/sh
# Installs the missing packages of debian-packages.txt, on Debian and as root; does nothing elsewhere, and never fails a run:
# a test that misses its tool says so itself.
list="$(dirname "$0")/debian-packages.txt"
command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ] || exit 0
missing=
while read -r package; do
  case "$package" in
    '' | '#'*) continue ;;
    # Any Java will do that the broker accepts; the launcher says so when it does not.
    default-jre-headless) command -v java >/dev/null && continue ;;
  esac
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing="$missing $package"
done <"$list"
[ -n "$missing" ] || exit 0
install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/dev/null 2>&1
}
# $missing is a list of words
# shellcheck disable=SC2086
install $missing && exit 0
apt-get update >/dev/null 2>&1
# One by one: not every Debian has all of them.
for package in $missing; do
  install "$package" || echo "not installed: $package"
done
exit 0
