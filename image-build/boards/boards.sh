# Sourced by build.sh. What the boards that image-build/boards/claimed names want of the image: firmware, device trees and
# overlays on the FAT partition, modules and firmware in the root. No other concern knows a board by name.
# `here`, `kernel` (its release) and the kernel and firmware unpacked beneath `here` are build.sh's, `base` and its
# `base_archive` those of bases.sh.
# Keys of boards are variables that a board's file sets.
# shellcheck disable=SC2154

boards=image-build/boards

# boards_packages: Debian packages that are unpacked into `here`/firmware, from the suite of the kernel; without those that
# another base has of its own.
boards_packages() {
  local own=${base_firmware:-none}
  { echo raspi-firmware; echo u-boot-rpi; wanted_firmware | cut -d ' ' -f 1; } | grep -vxF -- "${own// /$'\n'}"
}

# wanted_firmware: package and patterns, a line each.
wanted_firmware() { sed 's/#.*//' "$boards/firmware" | awk 'NF >= 2 { $1 = $1; print }'; }

# each_board CHAIN COMMAND…: runs it for every claimed board of that chain, whose keys are then variables.
each_board() (
  of_chain=$1
  shift
  for file in "$boards"/claimed/*.board; do
    # shellcheck source=/dev/null
    . "$file"
    if [ "$chain" = "$of_chain" ]; then "$@"; fi
  done
)

# put_boards TREE: what lies at the root of the FAT partition, whatever slot is started.
put_boards() {
  local tree=$1
  scripts/overlays.sh
  each_board u-boot put_firmware "$tree"
  each_board u-boot put_trees "$tree"
  config_txt >"$tree/config.txt"
  cp "$boards/owner${base_archive:+-$base}.txt" "$tree/owner.txt"
  mkdir -p "$tree/boards"
  cp "$boards"/*.env "$tree/boards/"
}

# put_boards_slot FOLDER WORDS: what the firmware of those boards starts by itself; WORDS are the kernel's.
put_boards_slot() {
  local folder=$1 words=$2
  scripts/overlays.sh
  each_board direct put_trees "$folder"
  echo "$words $(sed -n 's/^board_args=//p' "$boards/rpi.env")" >"$folder/cmdline.txt"
}

put_firmware() {
  local tree=$1 file
  for file in $firmware; do cp "$here/firmware/usr/lib/raspi-firmware/$file" "$tree/"; done
  cp "$here/firmware/usr/lib/u-boot/$u_boot" "$tree/u-boot.bin"
}

# The firmware takes overlays from a slot's folder only where a file README lies with them.
put_trees() {
  local folder=$1 tree spec from=$here/kernel/usr/lib/linux-image-$kernel/broadcom
  # A kernel of the boards' own maker brings trees by the names that the firmware looks for, and overlays.
  if [ -n "${base_archive:-}" ]; then
    mkdir -p "$folder/overlays"
    cp "$from"/bcm27*.dtb "$folder/"
    cp "$from"/../overlays/* "$folder/overlays/"
    touch "$folder/overlays/README"
    return
  fi
  for spec in $device_trees; do
    for tree in ${spec/:/ }; do cp "$from/${spec%%:*}" "$folder/$tree"; done
  done
  mkdir -p "$folder/overlays/$overlays"
  cp "build/overlays/$overlays"/*.dtbo "$folder/overlays/$overlays/"
  echo "Overlays for device trees of Debian's kernel; owner.txt names those that are used." >"$folder/overlays/$overlays/README"
}

# config_txt: the head, what each kind of board adds under its filter, and at last the owner's. Boards of one filter add
# the same, once.
config_txt() {
  cat "$boards/config.txt"
  { each_board u-boot board_lines; each_board direct board_lines; } |
    awk '/^\[/ { first = !seen[$0]++ } first'
  echo '[all]'
  echo 'include owner.txt'
}

board_lines() {
  local overlay
  echo "[$filter]"
  case $chain in
    u-boot) echo kernel=u-boot.bin ;;
    direct) printf '%s\n' os_prefix=A/ kernel=vmlinuz 'initramfs initrd.img followkernel' ;;
  esac
  if [ -n "${base_archive:-}" ]; then echo dtparam=i2c_arm=on; return; fi
  echo "overlay_prefix=overlays/$overlays/"
  for overlay in $always; do echo "dtoverlay=$overlay"; done
}

# put_boards_root ROOT: modules that Debian leaves out, firmware, and what is said of the boards, for scripts and page.
# Before depmod.
put_boards_root() {
  local root=$1 package patterns
  if [ -z "${base_archive:-}" ]; then
    "$boards/modules.sh" "$here/kernel" "$here/modules"
    rm -rf "$root/usr/lib/modules/$kernel/updates"
    cp -r "$here/modules" "$root/usr/lib/modules/$kernel/updates"
  fi
  mkdir -p "$root/usr/lib/firmware"
  while read -r package patterns; do
    # Links between firmware files lead from one folder to the other.
    # shellcheck disable=SC2086
    (cd "$here/firmware/usr/lib/firmware" && cp -a --parents $patterns "$root/usr/lib/firmware/") ||
      fail "$package has not all of: $patterns"
  done < <(wanted_firmware)
  install -d -m 755 "$root/usr/lib/pierside-image/boards"
  install -m 644 "$boards"/claimed/*.board "$root/usr/lib/pierside-image/boards/"
}

# tell_boards ROOT: what works on which board, from what really lies in the finished root; after depmod. What the packages
# have for a claimed device and this root has not was lost on the way, and is a fault.
tell_boards() {
  local root=$1 lost
  # The table knows Debian's device trees and our overlays; of another kernel it would tell nothing true.
  [ -z "${base_archive:-}" ] || return 0
  use_node
  node "$boards/table.mjs" --json --root "$root" --trees "$here/kernel" >"$root/usr/lib/pierside-image/boards.json"
  lost=$(diff <(node "$boards/table.mjs" --made "$boards/modules" --root "$here/kernel" --root "$here/firmware") \
    <(node "$boards/table.mjs" --root "$root" --trees "$here/kernel")) ||
    fail "the root lacks what claimed devices need, and what its packages have: $lost"
}
