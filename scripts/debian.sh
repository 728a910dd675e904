#!/usr/bin/env bash
# Installs the Debian packages whose programs the tests run for real: as root by itself, else it says what is missing.
set -euo pipefail
. "$(dirname "$0")/node.sh"

wanted=(
  indi-bin                       # a real INDI server with its simulators
  mosquitto mosquitto-clients    # a real broker, and hands that are not ours
  chromium                       # the page on a phone-sized screen
  fitsverify python3-astropy     # what others think of our FITS files and our sky
  ffmpeg                         # video sources
  socat openssl unzip            # serial lines, certificates, whole nights in one stream
  iproute2 procps                # a network of its own, and what processes cost
)

command -v dpkg-query >/dev/null || { say "this is no Debian: tests of ${wanted[*]} skip"; exit 0; }
missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
if can_apt; then
  apt_install "${missing[@]}" || say "some of ${missing[*]} could not be installed; their tests skip"
else
  say "some tests will skip. For them: sudo apt install ${missing[*]}"
fi
