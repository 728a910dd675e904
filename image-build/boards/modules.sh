#!/usr/bin/env bash
# Compiles the modules that image-build/boards/modules names for the kernel of the image.
#
#   image-build/boards/modules.sh KERNEL FOLDER
#
# KERNEL is a kernel as scripts/debian-arm64.sh unpacks it. FOLDER then holds what belongs to usr/lib/modules/<release>/updates
# of the image, where depmod prefers it to the kernel's own. A FOLDER that was made of the same is left alone.
#
# They come from the source package of that very kernel, with its headers, its Module.symvers and its compiler, in a small
# Debian of the image's release (mmdebstrap, root), so that they fit whatever machine this is. They are not signed: this
# kernel asks for no signature (MODULE_SIG_FORCE is off, and lockdown comes only with UEFI's secure boot, which a
# Raspberry Pi has not), and marks itself as tainted (E, out of tree O).
set -euo pipefail
. "$(dirname "$0")/../../scripts/node.sh"
. scripts/debian-sources.sh

[ $# = 2 ] || fail "usage: image-build/boards/modules.sh KERNEL FOLDER"
kernel=$1 folder=$2
list=image-build/boards/modules
release=$(basename "$kernel"/usr/lib/modules/*)
# 7.3.4+deb13-arm64: the source is that of 7.3.
series=$(cut -d . -f 1,2 <<<"$release")
suite=trixie
workshop=$PWD/build/boards/workshop

key=$({ echo "$release"; cat "$kernel.packages" "$list" "$0"; } | sha256sum)
if [ "$(cat "$folder.key" 2>/dev/null)" = "$key" ]; then exit 0; fi

bring_debian "the image's kernel modules" mmdebstrap debian-archive-keyring kmod xz-utils
PATH=$PATH:/usr/sbin:/sbin

# The headers of another build of that kernel would give modules that it refuses.
make_workshop() {
  local machine architectures=arm64
  say "bringing headers and source of Linux $release"
  machine=$(dpkg --print-architecture)
  [ "$machine" = arm64 ] || architectures=$machine,arm64
  rm -rf --one-file-system "$workshop" "$workshop.new"
  mkdir -p "$(dirname "$workshop")"
  mmdebstrap --quiet --variant=apt --architectures="$architectures" \
    --include="linux-headers-$release:arm64,linux-source-$series,make,xz-utils" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
    "$suite" "$workshop.new" "deb [signed-by=$keys] $mirror $suite main" \
    "deb [signed-by=$keys] $mirror $suite-backports main" >&2 ||
    fail "headers and source of Linux $release could not be had"
  echo "$release" >"$workshop.new/of"
  mv "$workshop.new" "$workshop"
}

# The folders as they lie in the kernel's source, each with a Makefile that names our modules alone.
lay_out() {
  local tree=$workshop/modules where name
  local folders
  mapfile -t folders < <(named | cut -d ' ' -f 1 | sort -u)
  rm -rf --one-file-system "$tree"
  mkdir -p "$tree"
  tar -xJf "$workshop/usr/src/linux-source-$series.tar.xz" -C "$tree" --strip-components=1 \
    "${folders[@]/#/linux-source-$series/}" || fail "the source of Linux $series has not all of what $list names"
  printf 'obj-m += %s/\n' "${folders[@]}" >"$tree/Makefile"
  for where in "${folders[@]}"; do : >"$tree/$where/Makefile"; done
  while read -r where name; do echo "obj-m += $name.o" >>"$tree/$where/Makefile"; done < <(named)
}

# named: folder and module, a line each.
named() { sed 's/#.*//' "$list" | awk 'NF == 2 { print $1, $2 }'; }

compile() {
  local log=$PWD/build/boards/modules.log
  # shellcheck disable=SC2016
  unshare --mount --propagation private bash -euc '
    mount -t proc none "$1/proc"
    mount --rbind /dev "$1/dev"
    cd "$1"
    for goal in modules modules_install; do
      chroot . /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
        make -j "$(nproc)" -C "/usr/src/linux-headers-$2" M=/modules \
        INSTALL_MOD_PATH=/modules/out INSTALL_MOD_STRIP=1 DEPMOD=true "$goal"
    done
  ' compile "$workshop" "$release" >"$log" 2>&1 || { tail -n 20 "$log" >&2; fail "see $log"; }
  # The kernel itself is built without warnings.
  ! grep 'warning:' "$log" >&2 || fail "the modules compile with warnings: see $log"
}

find_mirror
[ "$(cat "$workshop/of" 2>/dev/null)" = "$release" ] || make_workshop
say "compiling $(named | wc -l) modules for Linux $release"
lay_out
compile

made=$workshop/modules/out/lib/modules/$release/updates
while read -r where name; do
  [ -e "$made/$where/$name.ko.xz" ] || fail "$name was not made"
  said=$(modinfo -F vermagic "$made/$where/$name.ko.xz")
  [[ "$said" = "$release "* ]] || fail "$name is for Linux $said"
done < <(named)
rm -rf "$folder"
mkdir -p "$(dirname "$folder")"
mv "$made" "$folder"
echo "$key" >"$folder.key"
