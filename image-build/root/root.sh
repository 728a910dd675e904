# Sourced by build.sh. The root file system: first Debian as its packages make it (root), then with everything of ours
# over it and without what is never opened (slot), at last packed for a slot of the card (root.squashfs).

make_root() {
  run_arm64
  rm -rf --one-file-system "$here/root.new" "$here/root"
  local excluded=() path
  for path in '/usr/share/man/*' '/usr/share/locale/*' '/usr/share/lintian/*' '/usr/share/info/*' '/usr/share/doc/*'; do
    excluded+=(--dpkgopt="path-exclude=$path")
  done
  mapfile -t lines <<<"$(sources arm64 /usr/share/keyrings/debian-archive-keyring.gpg)"
  in_toolbox mmdebstrap --variant=apt --architectures=arm64 --include="$(packages_of image-build/[!t]* image-build/time)" \
    "${excluded[@]}" --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
    "$release" build/image/root.new "${lines[@]}" >&2 || fail "the root file system could not be made"
  mv "$here/root.new" "$here/root"
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

make_slot() {
  local slot=$here/slot concern pattern module
  run_arm64
  rm -rf --one-file-system "$slot"
  cp -a --reflink=auto "$here/root" "$slot"
  while read -r pattern; do
    # shellcheck disable=SC2086
    case $pattern in '' | '#'*) ;; *) (cd "$slot" && rm -rf -- $pattern) ;; esac
  done <image-build/root/prune
  find "$slot/usr" -name __pycache__ -prune -exec rm -rf {} +

  # The kernel's modules, but for what no computer of ours has.
  local modules=$slot/usr/lib/modules
  mkdir -p "$modules"
  cp -a "$here/kernel/usr/lib/modules/$kernel" "$modules/"
  rm -f "$modules/$kernel/vmlinuz"
  while read -r pattern; do
    # shellcheck disable=SC2086
    case $pattern in '' | '#'*) ;; *) (cd "$modules/$kernel/kernel" && rm -rf -- $pattern) ;; esac
  done <image-build/root/prune-modules
  in_toolbox depmod -b "${slot#"$PWD"/}/usr" "$kernel"

  # What lies in a concern's files, as root's, executable where git has it so, and readable by all.
  for concern in image-build/*/files; do
    (cd "$concern" && find . -type d -exec install -d -m 755 "$slot/{}" \; \
      -o -type l -exec cp -a {} "$slot/{}" \; \
      -o -type f -perm -100 -exec install -m 755 {} "$slot/{}" \; \
      -o -type f -exec install -m 644 {} "$slot/{}" \;)
  done
  install -m 644 udev/*.rules "$slot/usr/lib/udev/rules.d/"
  put_agent "$slot"
  mkdir -p "$slot/data" "$slot/boot/firmware"
  put_writable "$slot"

  in_slot systemd-sysusers
  put_units "$slot"
  # The clock of a computer without one starts no earlier than this.
  touch "$slot/usr/lib/clock-epoch"
  : >"$slot/etc/machine-id"
  find "$slot" -xdev \( -name '*.pyc' -o -name '*.dpkg-*' -o -name '*-' -path '*/etc/*' \) -type f -delete

  rm -f "$here/root.squashfs"
  in_toolbox mksquashfs build/image/slot build/image/root.squashfs -comp zstd -Xcompression-level 9 -b 256K \
    -noappend -no-progress -quiet -xattrs -wildcards -e 'proc/*' 'sys/*' 'dev/*' 'run/*' 'tmp/*' >&2
}

# What stays writable, all concerns' lists as one, parents before their children; what is not there is made now, since
# nothing can be made in a root that is read only.
put_writable() {
  local slot=$1 path mode owner group
  install -d -m 755 "$slot/usr/lib/pierside"
  cat image-build/*/writable | sed 's/#.*//; /^ *$/d' | sort -u >"$slot/usr/lib/pierside/writable"
  while read -r path mode owner group; do
    [ -e "$slot$path" ] || install -d -m 755 "$slot$path"
  done <"$slot/usr/lib/pierside/writable"
}

# What starts is what the lists say, and nothing that a package would start by itself.
put_units() {
  local slot=$1 preset=$1/usr/lib/systemd/system-preset
  mkdir -p "$preset"
  rm -rf "$slot"/etc/systemd/system/*.wants "$slot"/etc/systemd/system/*.requires
  cat image-build/*/units | sed 's/#.*//; s/ *$//; /^$/d; s/^/enable /' | sort -u >"$preset/00-pierside.preset"
  echo 'disable *' >>"$preset/00-pierside.preset"
  in_slot systemctl preset-all >&2
}
