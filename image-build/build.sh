#!/usr/bin/env bash
# Turns this checkout into the image for the card: build/pierside-<version>-arm64.img.xz and what goes with it. `build.sh
# card` ends with the card as it is booted here, build/image/card.img.
#
# One concern is one folder beside this file. Each stage is kept in build/image and made anew when what it is made of has
# changed; what is old and the same stays, packages of Debian too, until `make clean`. Debian is fetched from where this
# machine's apt has it, or MIRROR=. Needs root: file systems of other users are made, and programs of another computer run.
set -euo pipefail
. "$(dirname "$0")/../scripts/node.sh"
. scripts/debian-sources.sh

release=trixie
here=$PWD/build/image
# Signature of the disk, by which a slot finds its own card among others.
disk_id=9e5d1e42
version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)

[ "$(id -u)" = 0 ] || fail "make image needs root (files of other users, mounts, programs of arm64): sudo make image"
for concern in toolbox root agent boards boot card release; do
  # shellcheck source=/dev/null
  . "image-build/$concern/$concern.sh"
done

# packages_of FOLDER…: the packages in their lists, by commas.
packages_of() {
  local folder
  for folder in "$@"; do
    [ ! -e "$folder/packages" ] || sed 's/#.*//' "$folder/packages"
  done | xargs | tr ' ' ','
}

# sources ARCHITECTURE KEYS: where Debian comes from, as lines of apt's.
sources() {
  local options="[arch=$1 signed-by=$2]"
  echo "deb $options $mirror $release $components"
  echo "deb $options $mirror $release-updates $components"
  [ -z "$security" ] || echo "deb $options $security $release-security $components"
}

# made_of PATH…: names, rights and contents of all that lies there.
made_of() {
  find "$@" \( -type f -o -type l \) -printf '%p %m %l\n' | sort
  find "$@" -type f -print0 | sort -z | xargs -0 -r sha256sum
}

# stage NAME PATH…: makes it unless it is made of the same already.
stage() {
  local name=$1 key
  shift
  key=$(made_of "$@" | sha256sum)
  if [ "$(cat "$here/$name.key" 2>/dev/null)" = "$key" ]; then return 0; fi
  rm -f "$here/$name.key"
  say "image: $name"
  "make_${name//-/_}"
  echo "$key" >"$here/$name.key"
}

bring_debian "the image" mmdebstrap debian-archive-keyring dpkg gcc-aarch64-linux-gnu g++-aarch64-linux-gnu python3 make xz-utils
PATH=$PATH:/usr/sbin:/sbin
mkdir -p "$here"
exec 7>"$here/lock"
flock -w 3600 7 || fail "another make image has held $here/lock for an hour"
find_mirror

scripts/build.sh
scripts/npm-arm64.sh "$here/npm" production
stage toolbox image-build/toolbox/packages
scripts/debian-arm64.sh --alone "$release-backports" "$here/kernel" linux-image-arm64
scripts/debian-arm64.sh --alone "$release-backports" "$here/firmware" raspi-firmware u-boot-rpi
kernel=$(basename "$here"/kernel/usr/lib/modules/*)

made=(image-build/root/root.sh image-build/*/packages)
stage root "${made[@]}"
mapfile -t files < <(find image-build/*/files image-build/*/writable image-build/*/units image-build/root/prune* 2>/dev/null)
stage slot "$here"/{root,npm}.key "$here/kernel.packages" "${files[@]}" image-build/{root,agent}/*.sh \
  build/edge build/kernels.wasm web/dist package.json udev
stage initrd "$here/kernel.packages" "$here/root.key" image-build/boot/{boot.sh,init} image-build/*/initrd-modules
stage firmware-tree "$here"/{kernel,firmware}.packages "$here/initrd.key" image-build/boot image-build/boards
stage card "$here"/{slot,firmware-tree}.key image-build/card
[ "${1:-}" = card ] || make_release
