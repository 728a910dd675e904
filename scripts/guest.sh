#!/usr/bin/env bash
# Boots a small arm64 Linux in QEMU and runs the tests of test/guest in it, where the real drivers meet devices of a real
# kernel; FILE=… runs one. Everything is made beneath build/guest and kept there: a second run compiles the tests and
# boots. Root is needed for nothing but installing what is missing.
set -euo pipefail
. "$(dirname "$0")/node.sh"

bring_debian "the guest" qemu-system-arm gcc-aarch64-linux-gnu g++-aarch64-linux-gnu python3 make \
  dpkg kmod xz-utils cpio e2fsprogs debian-archive-keyring
# kmod and mke2fs lie where only root looks.
PATH=$PATH:/usr/sbin:/sbin
scripts/build.sh all

here=$PWD/build/guest
mkdir -p "$here"
exec 7>"$here/lock"
flock -w 1800 7 || fail "another make guest has held $here/lock for half an hour"

# What the image for the Raspberry Pi has too: the kernel of Debian's backports (arm64), udev, Node 24, ffmpeg.
scripts/debian-arm64.sh --alone trixie-backports "$here/kernel" linux-image-arm64
scripts/npm-arm64.sh "$here/npm" all
scripts/debian-arm64.sh trixie "$here/debian" base-files libc6 libstdc++6 libgcc-s1 busybox-static util-linux udev \
  kmod libusb-1.0-0 ffmpeg

# modules NAME…: the files of the kernel's modules and of what they need, in the order in which they are loaded.
modules() {
  local name
  for name in "$@"; do
    modprobe -d "$here/kernel/usr" -S "$release" --show-depends "$name" || fail "the kernel has no module $name"
  done | sed -n 's/^insmod //p' | awk '!seen[$1]++ {print $1}'
}

# The first file system: only what finds the disk.
make_initrd() {
  local stage=$here/initrd number=10 module modules
  # By itself, so that a module that is not there ends it.
  modules=$(modules virtio_blk ext4)
  rm -rf "$stage"
  mkdir -p "$stage"/{dev,proc,disk,modules}
  cp "$here/debian/usr/bin/busybox" "$stage/busybox"
  cp test/guest/initrd-init "$stage/init"
  for module in $modules; do
    xz -dc "$module" >"$stage/modules/$number-$(basename "$module" .xz)"
    number=$((number + 1))
  done
  (cd "$stage" && find . | cpio --quiet -o -H newc -R 0:0) | gzip -1 >"$here/initrd.gz"
  rm -rf "$stage"
}

make_root() {
  local stage=$here/root module modules place
  # shellcheck disable=SC2046
  modules=$(modules $(sed 's/#.*//' test/guest/modules))
  say "making the guest's disk"
  rm -rf "$stage"
  # Links, not copies: nothing beneath is written to, only removed.
  cp -al "$here/debian" "$stage"
  rm -rf "$stage"/usr/share/{doc,man,locale,lintian,bash-completion,icons,fonts} "$stage"/usr/lib/aarch64-linux-gnu/libLLVM*
  mkdir -p "$stage"/{dev,proc,sys,run,tmp,root,pierside} "$stage/usr/local/bin"
  ln "$here/npm/bin/node" "$stage/usr/local/bin/node"
  cp -al "$here/npm/node_modules" "$stage/pierside/node_modules"
  # What builds, and is not asked for there.
  (cd "$stage/pierside/node_modules" && rm -rf binaryen assemblyscript @biomejs @typescript playwright-core @rolldown \
    rolldown vite lightningcss* tshy)
  for module in $modules; do
    place=$stage/usr/lib/${module#"$here/kernel/usr/lib/"}
    mkdir -p "$(dirname "$place")"
    xz -dc "$module" >"${place%.xz}"
  done
  cp "$here/kernel/usr/lib/modules/$release"/modules.{order,builtin,builtin.modinfo} "$stage/usr/lib/modules/$release"
  depmod -b "$stage/usr" "$release"
  # What the packages' scripts would choose.
  for module in blas/libblas lapack/liblapack; do
    ln -sf "$module.so.3" "$stage/usr/lib/aarch64-linux-gnu/${module#*/}.so.3"
  done
  rm -f "$stage/usr/sbin/init"
  cp test/guest/init "$stage/usr/sbin/init"
  cp test/guest/{passwd,group} "$stage/etc"
  rm -f "$here/root.ext4"
  mke2fs -q -t ext4 -O ^has_journal -E root_owner=0:0 -d "$stage" "$here/root.ext4" 1500M >/dev/null
  rm -rf "$stage"
}

release=$(basename "$here"/kernel/usr/lib/modules/*)
key=$({
  cat "$here"/{kernel,debian}.packages "$here/npm.key" test/guest/initrd-init test/guest/{init,modules,passwd,group}
  declare -f modules make_initrd make_root
} | sha256sum)
if [ "$(cat "$here/root.key" 2>/dev/null)" != "$key" ]; then
  depmod -b "$here/kernel/usr" "$release"
  make_initrd
  make_root
  echo "$key" >"$here/root.key"
fi

# The agent and the tests change with every run: they come on a disk of their own, which is an archive.
use_node
rm -rf "$here/tests"
node node_modules/typescript/bin/tsc -p test/guest/tsconfig.json >&2 || fail "the tests of the guest could not be compiled"
exec node scripts/guest.mjs "$@"
