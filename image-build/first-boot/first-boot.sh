# Sourced by build.sh. What has to be each box's own is in no image.

# put_first_boot_root SLOT
put_first_boot_root() {
  # openssh-server makes them where it is unpacked.
  rm -f "$1"/etc/ssh/ssh_host_*
}
