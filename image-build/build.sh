#!/usr/bin/env bash
# Turns this checkout into the image for the card: build/pierside-<version>-arm64.img.xz and what goes with it. `build.sh
# card` ends with the card as it is booted here, build/image/card.img; `build.sh bare` with what its start is measured
# against.
#
# One concern is one folder beside this file. Each stage is kept in build/image and made anew when what it is made of has
# changed; what is old and the same stays, packages of Debian too, until `make clean`. Debian is fetched from where this
# machine's apt has it, or MIRROR=. Needs root: file systems of other users are made, and programs of another computer run.
set -euo pipefail
shopt -s extglob nullglob
. "$(dirname "$0")/../scripts/node.sh"
. scripts/debian-sources.sh

# What stands here the concerns' scripts use too.
release=trixie
here=$PWD/build/image
# Signature of the disk, by which a slot finds its own card among others.
# shellcheck disable=SC2034
disk_id=9e5d1e42
# shellcheck disable=SC2034
version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)

[ "$(id -u)" = 0 ] || fail "make image needs root (files of other users, mounts, programs of arm64): sudo make image"
# Every concern whose part is more than lists and files has a script of its name.
concerns=$(cd image-build && echo *)
for concern in $concerns; do
  # shellcheck source=/dev/null
  if [ -e "image-build/$concern/$concern.sh" ]; then . "image-build/$concern/$concern.sh"; fi
done

# if_there FUNCTION ARGUMENT…: calls it where a concern has it.
if_there() { if declare -F "$1" >/dev/null; then "$@"; fi; }

# packages_of root|toolbox: Debian's packages for the image (all concerns' lists), or for what it is made with, by commas.
packages_of() {
  local list
  for list in image-build/*/packages; do
    case $1/$list in
      toolbox/*/toolbox/* | root/*/!(toolbox)/*) sed 's/#.*//' "$list" ;;
    esac
  done | xargs | tr ' ' ','
}

# sources ARCHITECTURE: where Debian comes from, as lines of apt's.
sources() {
  local options="[arch=$1 signed-by=$keys]"
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

# What would be taken from where, when no more than that is asked for.
if [ "${1:-}" = plan ]; then base_plan; exit; fi

bring_debian "the image" mmdebstrap debian-archive-keyring dpkg xz-utils \
  gcc-aarch64-linux-gnu g++-aarch64-linux-gnu python3 make device-tree-compiler
PATH=$PATH:/usr/sbin:/sbin
mkdir -p "$here"
exec 7>"$here/lock"
flock -w 3600 7 || fail "another make image has held $here/lock for an hour"
find_mirror

scripts/build.sh
scripts/overlays.sh
scripts/npm-arm64.sh "$here/npm" production
stage toolbox image-build/toolbox/packages
# shellcheck disable=SC2154
take_base "$here/kernel" "$base_kernel"
mapfile -t firmware < <(boards_packages | xargs -n 1 | sort -u)
scripts/debian-arm64.sh --alone "$release-backports" "$here/firmware" "${firmware[@]}"
take_base_firmware "$here/firmware"
# shellcheck disable=SC2034
kernel=$(basename "$here"/kernel/usr/lib/modules/*)

# By their names in this tree: a cache that was copied from another checkout is as good.
made=build/image
# shellcheck disable=SC2154
echo "$base" >"$here/base"
stage root $made/base image-build/bases image-build/root image-build/!(toolbox)/packages
stage initrd $made/{root.key,kernel.packages} image-build/boot/{boot.sh,init} image-build/*/initrd-modules
stage boot-files $made/{initrd.key,kernel.packages,firmware.packages} image-build/boot/{boot.sh,cmdline} \
  image-build/boards build/overlays/pi*
stage slot $made/{root.key,npm.key,boot-files.key} image-build/!(build.sh|toolbox|root|boot|card|release|bare) \
  build/edge build/kernels.wasm web/dist package.json udev
stage firmware-tree $made/boot-files.key image-build/boot image-build/boards image-build/*/pierside.txt
stage card $made/{slot,firmware-tree}.key image-build/card
case ${1:-} in
  card) ;;
  bare)
    stage bare $made/kernel.packages image-build/bare
    stage bare-card $made/{bare,card}.key
    ;;
  *) stage release $made/card.key image-build/release image-build/boards/imager-devices ;;
esac
