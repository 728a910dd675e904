#!/usr/bin/env bash
# What update bundles are signed with: the owner's key and certificate (RAUC_KEY=, RAUC_CERT=), or a key for development
# that is made on the first build and stays in build/updates. Prints their two paths. With a folder given, the
# certificate also becomes the keyring of the root file system there: a box takes only what was signed with the key that
# its own image was built with.
#
#   image-build/updates/keys.sh [ROOT]
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
fail() { echo "pierside: $*" >&2; exit 1; }

folder=${PIERSIDE_KEYS:-$here/build/updates}
key=${RAUC_KEY:-$folder/development.key.pem}
certificate=${RAUC_CERT:-$folder/development.cert.pem}
if [ -n "${RAUC_KEY:-}" ] || [ -n "${RAUC_CERT:-}" ]; then
  if [ -z "${RAUC_KEY:-}" ] || [ -z "${RAUC_CERT:-}" ]; then fail "RAUC_KEY= and RAUC_CERT= go together"; fi
  for file in "$key" "$certificate"; do [ -r "$file" ] || fail "$file cannot be read"; done
elif [ ! -e "$key" ] || [ ! -e "$certificate" ]; then
  mkdir -p "$folder"
  made=$(mktemp -d "$folder/new.XXXXXX")
  trap 'rm -rf "$made"' EXIT
  # A box judges the certificate by when a bundle was signed; it may go on without a new one for as long as it lives.
  openssl req -x509 -newkey rsa:3072 -nodes -days 36500 -sha256 -subj "/O=Pierside/CN=Pierside development" \
    -addext keyUsage=critical,digitalSignature,keyCertSign -keyout "$made/key" -out "$made/cert" 2>"$made/said" ||
    fail "no key could be made: $(tail -n 1 "$made/said")"
  chmod 600 "$made/key"
  mv "$made/key" "$key"
  mv "$made/cert" "$certificate"
fi
if [ $# -gt 0 ]; then install -D -m 644 "$certificate" "$1/etc/rauc/keyring.pem"; fi
printf '%s\n' "$key" "$certificate"
