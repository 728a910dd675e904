# Sourced by build.sh. The root file system of a slot: Debian with everything of ours over it, without what is never
# opened, packed as it lies on the card (root.squashfs).

make_slot() {
  local slot=$here/slot modules=$here/slot/usr/lib/modules concern
  run_arm64
  rm -rf --one-file-system "$slot"
  cp -a --reflink=auto "$here/root" "$slot"
  prune "$slot" image-build/slot/prune
  find "$slot" -xdev -name __pycache__ -prune -exec rm -rf {} +

  mkdir -p "$modules"
  cp -a "$here/kernel/usr/lib/modules/$kernel" "$modules/"
  # What starts it stands in a folder of its own, for the FAT partition.
  rm -rf "$modules/$kernel"/{vmlinuz,dtb,config,System.map}
  prune "$modules/$kernel/kernel" image-build/slot/prune-modules

  put_files "$slot"
  install -m 644 udev/*.rules "$slot/usr/lib/udev/rules.d/"
  mkdir -p "$slot/data" "$slot/boot/firmware" "$slot/usr/lib/pierside-image"
  cp -a "$here/boot-files" "$slot/usr/lib/pierside-image/boot"
  chown -R root:root "$slot/usr/lib/pierside-image/boot"
  put_agent "$slot"
  put_writable "$slot"
  for concern in $concerns; do if_there "put_${concern//-/_}_root" "$slot"; done
  in_toolbox depmod -b build/image/slot/usr "$kernel"
  for concern in $concerns; do if_there "tell_${concern//-/_}" "$slot"; done
  node image-build/slot/missing-libraries.mjs "$slot" || fail "too much was pruned: image-build/slot/prune"

  in_slot systemd-sysusers
  put_units "$slot"
  # The clock of a computer without one starts no earlier than this.
  touch "$slot/usr/lib/clock-epoch"
  : >"$slot/etc/machine-id"
  # Nothing is to be brought up to date at the start, which units would find out in turn (systemd-update-done(8)).
  touch "$slot/etc/.updated" "$slot/var/.updated"
  find "$slot/etc" -name '*-' -type f -delete

  squash slot root.squashfs
}

# squash FOLDER FILE: both beneath build/image.
squash() {
  rm -f "$here/$2"
  in_toolbox mksquashfs "build/image/$1" "build/image/$2" -comp zstd -Xcompression-level 15 -b 256K \
    -noappend -no-progress -quiet -wildcards -e 'proc/*' 'sys/*' 'dev/*' 'run/*' 'tmp/*' >&2
}

# prune FOLDER LIST: removes what the patterns of the list name.
prune() {
  local pattern
  while read -r pattern; do
    # shellcheck disable=SC2086
    case $pattern in '' | '#'*) ;; *) (cd "$1" && rm -rf -- $pattern) ;; esac
  done <"$2"
}

# put_files SLOT: what lies in the concerns' files, as root's: executable where git has it so, and readable by all.
put_files() {
  local slot=$1 files
  for files in image-build/*/files; do
    (cd "$files" && find . -type d -exec install -d -m 755 "$slot/{}" \; \
      -o -type l -exec cp -af {} "$slot/{}" \; \
      -o -type f -perm -100 -exec install -m 755 {} "$slot/{}" \; \
      -o -type f -exec install -m 644 {} "$slot/{}" \;)
  done
}

# put_writable SLOT: what stays writable, all concerns' lists as one, parents before their children. What is not there is
# made now, since nothing can be made in a root that is read only.
put_writable() {
  local list=$1/usr/lib/pierside-image/writable path rest
  cat image-build/*/writable | sed 's/#.*//; s/ *$//; /^$/d' | sort -u >"$list"
  while read -r path rest; do
    [ -e "$1$path" ] || install -d -m 755 "$1$path"
  done <"$list"
}

# put_units SLOT: what starts is what the lists say, and nothing that a package would start by itself.
put_units() {
  local preset=$1/usr/lib/systemd/system-preset unit
  mkdir -p "$preset"
  rm -rf "$1"/etc/systemd/system/*.wants "$1"/etc/systemd/system/*.requires
  cat image-build/*/units | sed 's/#.*//; s/ *$//; /^$/d; s/^/enable /' | sort -u >"$preset/00-pierside.preset"
  echo 'disable *' >>"$preset/00-pierside.preset"
  while read -r _ unit; do
    # What stands behind an @ is the unit's own affair.
    [[ "$unit" = '*' || -e "$1/usr/lib/systemd/system/${unit/@*./@.}" || -e "$1/etc/systemd/system/${unit/@*./@.}" ]] ||
      fail "there is no unit $unit"
  done <"$preset/00-pierside.preset"
  in_slot systemctl preset-all >"$here/units.log" 2>&1 || fail "the units could not be enabled: see $here/units.log"
}

# in_slot COMMAND…: runs a program of the slot, under this machine's kernel.
in_slot() {
  # shellcheck disable=SC2016
  unshare --mount --propagation private bash -euc '
    mount --rbind /dev "$1/dev"
    mount -t proc none "$1/proc"
    mount -t tmpfs none "$1/run"
    exec chroot "$@"
  ' slot "$here/slot" /usr/bin/env -i LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin SYSTEMD_OFFLINE=1 "$@"
}
