# Sourced by build.sh. The card as a file, made without a loop device and without mounting anything: FAT with what the
# firmware reads, root A, root B (empty, so that the download is not twice as large), data.

# In MiB, each partition at a whole one.
firmware_mb=256 root_mb=600 data_mb=256
firmware_at=4
a_at=$((firmware_at + firmware_mb))
b_at=$((a_at + root_mb))
data_at=$((b_at + root_mb))

make_card() {
  local card=$here/card.img bytes
  bytes=$(stat -c %s "$here/root.squashfs")
  [ "$bytes" -le $((root_mb * 1048576)) ] || fail "root has $((bytes >> 20)) MB, and a slot has $root_mb"
  rm -f "$card" "$here/firmware.vfat" "$here/data.ext4"
  in_toolbox bash -euc '
    cd build/image
    mkfs.vfat -C -F 32 -n PIERSIDE -i "$1" firmware.vfat $(($2 * 1024)) >/dev/null
    mcopy -s -i firmware.vfat firmware-tree/* ::
    # Room in its table of groups to grow to 2 TB while it is mounted, and a journal that suits such a disk.
    mke2fs -q -t ext4 -L pierside-data -m 1 -J size=32 -E resize=512M,root_owner=0:0 data.ext4 "$3M"
  ' card "$disk_id" "$firmware_mb" "$data_mb"
  truncate -s "$((data_at + data_mb))M" "$card"
  in_toolbox sfdisk --quiet "build/image/card.img" <<TABLE
label: dos
label-id: 0x$disk_id
start=${firmware_at}MiB, size=${firmware_mb}MiB, type=c, bootable
start=${a_at}MiB, size=${root_mb}MiB, type=83
start=${b_at}MiB, size=${root_mb}MiB, type=83
start=${data_at}MiB, size=${data_mb}MiB, type=83
TABLE
  put_part "$here/firmware.vfat" "$firmware_at" "$card"
  put_part "$here/root.squashfs" "$a_at" "$card"
  put_part "$here/data.ext4" "$data_at" "$card"
  rm -f "$here/firmware.vfat" "$here/data.ext4"
}

# put_part FILE MIB CARD: without the empty blocks, which the card has already.
put_part() { dd if="$1" of="$3" bs=1M seek="$2" conv=sparse,notrunc status=none; }
