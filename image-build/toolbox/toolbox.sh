# Sourced by build.sh. The toolbox is a Debian of the image's own release for this machine: the image comes out the same
# whatever Debian builds it, and its emulator is six times faster at dpkg's scripts than that of the release before.

toolbox=$here/toolbox
binfmt=/proc/sys/fs/binfmt_misc

make_toolbox() {
  rm -rf --one-file-system "$toolbox.new" "$toolbox"
  mmdebstrap --variant=minbase --include="$(packages_of toolbox)" \
    --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
    "$release" "$toolbox.new" "$(sources "$(dpkg --print-architecture)")" >&2 ||
    fail "the toolbox could not be made"
  mv "$toolbox.new" "$toolbox"
}

# in_toolbox COMMAND…: runs it there, in this folder, which is seen under its own name. It is a root of its own by
# pivot_root and no chroot, since mmdebstrap makes file systems and mounts in turn. Its mounts end with it.
in_toolbox() {
  cp -L /etc/resolv.conf /etc/hosts "$toolbox/etc/"
  mkdir -p "$toolbox$PWD" "$toolbox/old"
  # shellcheck disable=SC2016
  unshare --mount --propagation private bash -euc '
    toolbox=$1 tree=$2
    shift 2
    mount --bind "$toolbox" "$toolbox"
    mount --bind "$tree" "$toolbox$tree"
    cd "$toolbox"
    pivot_root . old
    mount -t proc none /proc
    mount --rbind /old/dev /dev
    mount --rbind /old/sys /sys
    mount -t tmpfs none /tmp
    umount -l /old
    exec chroot . /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
      bash -euc "cd \"\$1\"; shift; exec \"\$@\"" toolbox "$tree" "$@"
  ' toolbox "$toolbox" "$PWD" "$@"
}

# Lets the kernel run arm64 programs by the toolbox's emulator until this script ends; where it can already, it does.
run_arm64() {
  [ "$(uname -m)" != aarch64 ] || return 0
  mountpoint -q "$binfmt" || mount -t binfmt_misc none "$binfmt" || fail "this kernel has no binfmt_misc"
  if [ -e "$binfmt/pierside-aarch64" ]; then return 0; fi
  # An ELF file of 64 bits for machine 183, whatever its ABI. P: it is told its own name; F: opened now, so that it is
  # found in any root.
  local magic='\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
  local mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
  trap 'echo -1 >"$binfmt/pierside-aarch64"' EXIT
  printf ':pierside-aarch64:M::%s:%s:%s:PF' "$magic" "$mask" "$toolbox/usr/bin/qemu-aarch64" >"$binfmt/register"
}
