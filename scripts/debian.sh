#!/usr/bin/env bash
# Installs the Debian packages whose programs the tests run for real: as root by itself, else it says what is missing.
set -euo pipefail
. "$(dirname "$0")/node.sh"

wanted=(
  indi-bin                       # a real INDI server with its simulators
  indi-eqmod                     # and its driver for Sky-Watcher mounts, which is a package of its own
  mosquitto mosquitto-clients    # a real broker, and hands that are not ours
  chromium                       # the page on a phone-sized screen
  fitsverify python3-astropy     # what others think of our FITS files and our sky
  libcfitsio-bin                 # fpack and funpack
  python3-photutils python3-scipy # and of our stars
  ffmpeg                         # video sources
  socat openssl unzip            # serial lines, certificates, whole nights in one stream
  device-tree-compiler udev      # overlays with the device trees they are for, and rules
  gpg gpgconf                    # an archive of packages that is signed
  gcc libc6-dev linux-libc-dev   # how the kernel's headers are laid out
  libtiff-dev gcc-aarch64-linux-gnu linux-libc-dev-arm64-cross # DNGs by the library others use; headers as a Pi has them
  libusb-1.0-0                   # what ZWO's library needs
  gpsd                           # a real one, with a receiver of our own
  shellcheck                     # and of our scripts
  qemu-utils                     # disks after power cuts
  samba smbclient                # the frames as a folder of the network
  iproute2 procps                # a network of its own, and what processes cost
  nftables kmod                  # the firewall, and which modules a board gets
  rauc squashfs-tools            # update bundles, as a box judges them
)

bring_debian "tests" "${wanted[@]}"
scripts/libasi.sh
