# Sourced by build.sh. On what the image stands, BASE=debian|raspios: where its kernel comes from, and what comes with it.
# One description is one file, NAME.base, which a shell sources; base_archive is the stem of the variables that name
# another archive than Debian's.
# What a description sets is a variable here.
# shellcheck disable=SC2154

base=${BASE:-debian}
[ -e "image-build/bases/$base.base" ] ||
  fail "BASE=$base is none of: $(cd image-build/bases && echo *.base | sed 's/\.base//g')"
base_firmware=
# shellcheck source=/dev/null
. "image-build/bases/$base.base"

# base_value WHICH: RASPIOS_MIRROR or RASPIOS_KEYRING, or the end where nobody named it.
base_value() {
  local name=${base_archive}_$1
  [ -n "${!name:-}" ] || fail "$base_name is taken from an archive that you name: $name="
  echo "${!name}"
}

# take_base FOLDER PACKAGE…: unpacks packages of the base's own archive, as scripts/debian-arm64.sh does of Debian's;
# with --list instead of FOLDER it prints what it would take, one file of the archive a line.
take_base() {
  local folder=$1
  shift
  if [ -z "$base_archive" ]; then
    scripts/debian-arm64.sh --alone trixie-backports "$folder" "$@"
    return
  fi
  local mirror keyring
  mirror=$(base_value MIRROR) || return 1
  keyring=$(base_value KEYRING) || return 1
  ARCHIVE=$base MIRROR=$mirror KEYRING=$keyring scripts/debian-arm64.sh --alone trixie "$folder" "$@" || return 1
  [ "$folder" = --list ] || as_debian_lays "$folder"
}

# as_debian_lays FOLDER: the kernel where Debian's own has it, plain: theirs lies in /boot, packed by gzip.
as_debian_lays() {
  local folder=$1 image release
  if [ -d "$folder/lib" ]; then
    mkdir -p "$folder/usr/lib"
    cp -al "$folder/lib/." "$folder/usr/lib/"
    rm -rf "${folder:?}/lib"
  fi
  for image in "$folder"/boot/vmlinuz-*; do
    [ -e "$image" ] || continue
    release=${image##*/vmlinuz-}
    if gzip -t "$image" 2>/dev/null; then gzip -dc "$image"; else cat "$image"; fi >"$folder/usr/lib/modules/$release/vmlinuz"
  done
}

# take_base_firmware FOLDER: the base's own firmware into the folder of Debian's, which has none of the same name
# (boards_packages).
take_base_firmware() {
  [ -n "$base_firmware" ] || return 0
  # shellcheck disable=SC2086
  take_base "$1-of-$base" $base_firmware || return 1
  cp -a "$1-of-$base/." "$1/"
}

# base_sources ARCHITECTURE: the base's archive beside Debian's, as a line of apt's; none for Debian itself. Its keys are
# laid into build, which the toolbox sees.
base_sources() {
  [ -n "$base_archive" ] || return 0
  local mirror keyring keys_here
  mirror=$(base_value MIRROR) || return 1
  keyring=$(base_value KEYRING) || return 1
  keys_here=$PWD/build/image/$base-keys.${keyring##*.}
  install -D -m 644 "$keyring" "$keys_here" || return 1
  echo "deb [arch=$1 signed-by=$keys_here] $mirror trixie main"
}

# base_plan: what is taken from where, for people; nothing is fetched but lists.
base_plan() {
  local files
  # shellcheck disable=SC2086
  files=$(take_base --list "$base_kernel" $base_firmware) || return 1
  echo "$base_name: kernel and firmware"
  # shellcheck disable=SC2086
  printf '  %s\n' $files
  echo "in the root, with what they need:"
  # shellcheck disable=SC2086
  printf '  %s\n' ${base_packages:-nothing}
}
