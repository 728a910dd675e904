# Sourced by build.sh. What each computer wants of the FAT partition: its firmware, its device trees, its words for the
# kernel. No other concern knows a computer by name.

# boards_packages: what is unpacked beside the kernel.
boards_packages() { echo raspi-firmware u-boot-rpi; }

# put_boards TREE: what is there once, whatever slot is started.
put_boards() {
  local tree=$1 firmware=$here/firmware/usr/lib
  cp "$firmware"/raspi-firmware/{bootcode.bin,start.elf,fixup.dat,start4.elf,fixup4.dat} "$tree/"
  cp "$firmware/u-boot/rpi_arm64/u-boot.bin" "$tree/"
  cp "$here/kernel/usr/lib/modules/$kernel"/dtb/broadcom/bcm2{711,837}-rpi-*.dtb "$tree/"
  cp image-build/boards/config.txt "$tree/"
  mkdir "$tree/boards"
  cp image-build/boards/*.env "$tree/boards/"
}

# put_boards_slot FOLDER WORDS: what the firmware of a Pi 5 starts by itself; WORDS are the kernel's.
put_boards_slot() {
  local folder=$1 words=$2
  cp "$here/kernel/usr/lib/modules/$kernel"/dtb/broadcom/bcm2712*-rpi-5*.dtb "$folder/"
  echo "$words $(sed -n 's/^board_args=//p' image-build/boards/rpi.env)" >"$folder/cmdline.txt"
}
