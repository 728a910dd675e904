# Sourced by build.sh. What the image's start is measured against, build/image/bare.img: Debian's first processes, a
# network and the smallest of web servers on the card of the image itself, with its boot and its kernel.

# The root, packed as that of the image is.
make_bare() {
  local bare=$here/bare modules=$here/bare/usr/lib/modules packages=systemd-sysv,udev,dbus,kmod,e2fsprogs,busybox-static
  run_arm64
  rm -rf --one-file-system "$bare"
  in_toolbox mmdebstrap --variant=minbase --architectures=arm64 --include="$packages" \
    --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
    "$release" build/image/bare "$(sources arm64)" >&2 || fail "the bare Debian could not be made"
  mkdir -p "$modules" "$bare"/{data,boot/firmware,usr/lib/pierside-image,srv/page}
  cp -a "$here/kernel/usr/lib/modules/$kernel" "$modules/"
  rm -rf "$modules/$kernel"/{vmlinuz,dtb,config,System.map}
  in_toolbox depmod -b build/image/bare/usr "$kernel"
  # The first program of the initrd looks for what stays writable: nothing.
  : >"$bare/usr/lib/pierside-image/writable"
  : >"$bare/etc/machine-id"
  echo '<!doctype html><title>Debian</title>' >"$bare/srv/page/index.html"
  printf '[Match]\nName=en* eth*\n[Network]\nDHCP=yes\n' >"$bare/etc/systemd/network/cable.network"
  cat >"$bare/etc/systemd/system/page.service" <<'UNIT'
[Unit]
After=network.target
[Service]
ExecStart=/usr/bin/busybox httpd -f -p 80 -h /srv/page
[Install]
WantedBy=multi-user.target
UNIT
  SYSTEMD_OFFLINE=1 in_toolbox systemctl --root=build/image/bare enable systemd-networkd.service page.service >&2
  squash bare bare.squashfs
  rm -rf --one-file-system "$bare"
}

make_bare_card() {
  cp --sparse=always "$here/card.img" "$here/bare.img"
  dd if="$here/bare.squashfs" of="$here/bare.img" bs=1M seek="$a_at" conv=notrunc status=none
}
