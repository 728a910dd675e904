#!/usr/bin/env bash
# Makes a signed update bundle of a root file system.
#
#   image-build/updates/bundle.sh ROOT.squashfs VERSION DATA-VERSION BUNDLE.raucb
#
# DATA-VERSION is that of the database the version leaves behind; MINIMUM_DATA= (1) the oldest it can take over; both
# stand in the bundle's description, which every rauc shows. The programs are rauc's and squashfs-tools', from PATH: the toolbox has them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
fail() { echo "pierside: $*" >&2; exit 1; }

[ $# = 4 ] || fail "usage: image-build/updates/bundle.sh ROOT.squashfs VERSION DATA-VERSION BUNDLE.raucb"
root=$1 version=$2 data=$3 bundle=$4
for program in rauc mksquashfs; do command -v "$program" >/dev/null || fail "$program is missing"; done
keys=$("$here/keys.sh")
{ read -r key; read -r certificate; } <<<"$keys"

mkdir -p "$(dirname "$bundle")"
work=$(mktemp -d "$(dirname "$bundle")/bundle.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/in"
# The image is hundreds of megabytes: a second name for it where that goes, else a copy.
cp -l "$root" "$work/in/root.squashfs" 2>/dev/null || cp "$root" "$work/in/root.squashfs"
install -m 755 "$here/bundle-hook" "$work/in/hook"
cat >"$work/in/manifest.raucm" <<MANIFEST
[update]
compatible=$(sed -n 's/^compatible=//p' "$here/files/etc/rauc/system.conf")
version=$version
description=data $data, from ${MINIMUM_DATA:-1}

[bundle]
format=plain

[hooks]
filename=hook

[image.rootfs]
filename=root.squashfs
hooks=post-install
MANIFEST
# The root file system is compressed already.
rauc --cert "$certificate" --key "$key" --keyring "$certificate" bundle \
  --mksquashfs-args="-comp zstd -Xcompression-level 1 -noD -noF -no-progress" "$work/in" "$work/bundle.raucb" \
  >"$work/said" 2>&1 || fail "the bundle could not be made: $(tail -n 3 "$work/said")"
mv "$work/bundle.raucb" "$bundle"
