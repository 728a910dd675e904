# Sourced by build.sh. What comes before root: the first file system (initrd.img), what starts a slot (boot-files), and
# the FAT partition as a folder (firmware-tree).

# modules NAME…: the files of modules and of what they need; what is built in has none.
modules() {
  in_toolbox bash -euo pipefail -c '
    kernel=$1
    shift
    for name in "$@"; do
      modprobe -d build/image/kernel/usr -S "$kernel" --show-depends "$name" ||
        { echo "pierside: the kernel has no module $name" >&2; exit 1; }
    done | sed -n "s/^insmod //p" | sort -u' modules "$kernel" "$@"
}

make_initrd() {
  local stage=$here/initrd place module wanted
  rm -rf "$stage"
  mkdir -p "$stage"/{bin,dev,proc,sys,run,root,lib/modules/"$kernel"}
  cp "$here/root/usr/bin/busybox" "$stage/bin/busybox"
  ln -s busybox "$stage/bin/sh"
  cp image-build/boot/init "$stage/init"
  in_toolbox depmod -b build/image/kernel/usr "$kernel"
  mapfile -t wanted < <(sed 's/#.*//' image-build/*/initrd-modules | xargs -n 1)
  modules "${wanted[@]}" >"$here/initrd.modules"
  while read -r module; do
    module=$(realpath -m --relative-to=build/image/kernel/usr "$module")
    place=$stage/${module%.xz}
    mkdir -p "$(dirname "$place")"
    xz -dc "$here/kernel/usr/$module" >"$place"
  done <"$here/initrd.modules"
  cp "$here/kernel/usr/lib/modules/$kernel"/modules.{order,builtin,builtin.modinfo} "$stage/lib/modules/$kernel/"
  in_toolbox depmod -b build/image/initrd "$kernel"
  rm -f "$here/initrd.img"
  in_toolbox bash -euo pipefail -c \
    'cd build/image/initrd && find . | sort | cpio --quiet -o -H newc -R 0:0 --reproducible | zstd -q -19 -o ../initrd.img'
  rm -rf "$stage"
}

# What starts slot A. An update that goes to B changes the letter and the partition in its words, and nothing else.
make_boot_files() {
  local folder=$here/boot-files words
  rm -rf "$folder"
  mkdir "$folder"
  cp "$here/kernel/usr/lib/modules/$kernel/vmlinuz" "$here/initrd.img" "$folder/"
  words="root=PARTUUID=$disk_id-02 pierside.slot=A rauc.slot=A $(grep -v '^#' image-build/boot/cmdline | xargs)"
  echo "slot_args=$words" >"$folder/slot.env"
  put_boards_slot "$folder" "$words"
}

make_firmware_tree() {
  local tree=$here/firmware-tree file
  rm -rf "$tree"
  mkdir -p "$tree/B"
  cp -r "$here/boot-files" "$tree/A"
  in_toolbox mkimage -A arm64 -T script -C none -n pierside -d image-build/boot/boot.cmd \
    build/image/firmware-tree/boot.scr >/dev/null
  cp image-build/boot/slots.env "$tree/"
  # What owners may write in before the first start.
  for file in image-build/*/pierside.txt; do cp "$file" "$tree/"; done
  put_boards "$tree"
}
