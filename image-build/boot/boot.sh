# Sourced by build.sh. What comes before root: kernel, first file system, the script of U-Boot, and the computers' own
# firmware: the FAT partition as a folder (firmware-tree).

# modules NAME…: the files of modules and of what they need; what is built in has none.
modules() {
  local name
  for name in "$@"; do
    in_toolbox modprobe -d "build/image/kernel/usr" -S "$kernel" --show-depends "$name" ||
      fail "the kernel has no module $name"
  done | sed -n 's/^insmod //p' | sort -u
}

make_initrd() {
  local stage=$here/initrd module place
  rm -rf "$stage"
  mkdir -p "$stage"/{bin,dev,proc,sys,run,root,lib/modules/"$kernel"}
  in_toolbox depmod -b build/image/kernel/usr "$kernel"
  cp "$here/root/usr/bin/busybox" "$stage/bin/busybox"
  ln -s busybox "$stage/bin/sh"
  cp image-build/boot/init "$stage/init"
  # shellcheck disable=SC2046
  modules $(sed 's/#.*//' image-build/*/initrd-modules) >"$here/initrd.modules"
  while read -r module; do
    module=$(realpath -m --relative-to=build/image/kernel/usr "$module")
    place=$stage/$module
    mkdir -p "$(dirname "$place")"
    xz -dc "$here/kernel/usr/$module" >"${place%.xz}"
  done <"$here/initrd.modules"
  cp "$here/kernel/usr/lib/modules/$kernel"/modules.{order,builtin,builtin.modinfo} "$stage/lib/modules/$kernel/"
  in_toolbox depmod -b build/image/initrd "$kernel"
  rm -f "$here/initrd.img"
  in_toolbox bash -euc 'cd build/image/initrd && find . | sort | cpio --quiet -o -H newc -R 0:0 | zstd -q -15 -o ../initrd.img'
  rm -rf "$stage"
}

make_firmware_tree() {
  local tree=$here/firmware-tree slot
  rm -rf "$tree"
  mkdir -p "$tree/A" "$tree/B"
  in_toolbox mkimage -A arm64 -T script -C none -d image-build/boot/boot.cmd build/image/firmware-tree/boot.scr >&2
  cp image-build/boot/slots.env "$tree/"
  put_boards "$tree"
  fill_slot_of_tree "$tree/A" A 2
  cp "$tree/A/slot.env" "$here/slot-A.env"
}

# fill_slot_of_tree FOLDER SLOT PARTITION: kernel, first file system and words of a slot.
fill_slot_of_tree() {
  local folder=$1 slot=$2 partition=$3 words
  cp "$here/kernel/usr/lib/modules/$kernel/vmlinuz" "$folder/vmlinuz"
  cp "$here/initrd.img" "$folder/initrd.img"
  words="root=PARTUUID=$disk_id-0$partition pierside.slot=$slot rauc.slot=$slot $(grep -v '^#' image-build/boot/cmdline | xargs)"
  echo "slot_args=$words" >"$folder/slot.env"
  put_boards_slot "$folder" "$words"
}
