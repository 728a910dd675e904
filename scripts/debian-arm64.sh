#!/usr/bin/env bash
# Unpacks Debian packages for arm64 into a folder, whatever this machine is, without installing anything: what the guest
# and the image are made of, and the device trees that overlays are tried on.
#
#   scripts/debian-arm64.sh [--alone] SUITE FOLDER PACKAGE…
#
# What the packages depend on comes with them, unless --alone is said. SUITE is a release (trixie) or its backports
# (trixie-backports), which are then preferred. `linux-image-arm64` stands for the newest kernel with its modules and
# device trees, `linux-dtbs-arm64` for its device trees alone. Packages are unpacked and no more: their scripts do not run.
#
# A FOLDER that was made of the same is left alone; its list is FOLDER.packages. apt's own state is private and stays in
# build/debian-arm64; the mirror is the one this machine's apt uses, or MIRROR=; signatures are verified.
#
# ARCHIVE=NAME says that MIRROR= and KEYRING= are those of another archive, which builds on Debian. --list in the place of
# FOLDER prints what would be unpacked, a file of the archive a line, and fetches nothing but lists.
set -euo pipefail
. "$(dirname "$0")/node.sh"
. scripts/debian-sources.sh

alone=no
if [ "${1:-}" = --alone ]; then alone=yes; shift; fi
[ $# -ge 3 ] || fail "usage: scripts/debian-arm64.sh [--alone] SUITE FOLDER PACKAGE…"
suite=$1 folder=$2
shift 2
release=${suite%-backports}
state=$PWD/build/debian-arm64${ARCHIVE:+-$ARCHIVE}

asked="${ARCHIVE:+$ARCHIVE }$suite alone=$alone $*"
if [ -d "$folder" ] && [ "$(head -n 1 "$folder.packages" 2>/dev/null)" = "$asked" ]; then exit 0; fi

command -v dpkg-deb >/dev/null || fail "dpkg-deb is missing: packages of Debian can be unpacked on Debian and its kin only"
find_mirror

suites="$release $release-updates"
[ "$suite" = "$release" ] || suites+=" $suite"
if [ -n "${ARCHIVE:-}" ]; then suites=$suite components=main; fi
mkdir -p "$state"/{etc/preferences.d,state/lists/partial,cache/archives/partial}
: >"$state/status"
cat >"$state/etc/debian.sources" <<SOURCES
Types: deb
URIs: $mirror
Suites: $suites
Components: $components
Signed-By: $keys
SOURCES
cat >"$state/apt.conf" <<CONF
Dir::State "$state/state";
Dir::State::status "$state/status";
Dir::Cache "$state/cache";
Dir::Etc::sourcelist "$state/etc/debian.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "$state/etc/preferences.d";
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Install-Recommends "false";
APT::Get::AllowUnauthenticated "false";
APT::Sandbox::User "$(id -un)";
Acquire::Languages "none";
Acquire::Retries "3";
DPkg::Post-Invoke { };
CONF
export APT_CONFIG=$state/apt.conf

# Two at once, or a second call after a first, ask the mirror once: lists are good for an hour.
exec 8>"$state/lock"
flock -w 1800 8 || fail "another has held $state/lock for half an hour"
# Whoever had it may have made the same.
if [ -d "$folder" ] && [ "$(head -n 1 "$folder.packages" 2>/dev/null)" = "$asked" ]; then exit 0; fi
if [ "$(head -n 1 "$state/lists-of" 2>/dev/null)" != "$mirror $suites $components" ] ||
  [ -n "$(find "$state/lists-of" -mmin +60 2>/dev/null)" ]; then
  say "asking Debian's $suite for arm64 what it has"
  apt-get -qq -o APT::Update::Error-Mode=any update >&2 || fail "the lists of $suite could not be had, or are not signed by $keys"
  echo "$mirror $suites $components" >"$state/lists-of"
fi

# dependencies PACKAGE PATTERN: those of its direct dependencies whose whole name matches.
dependencies() { apt-cache -t "$suite" depends --important "$1" | sed -nE "s/^[ |]*Depends: ($2)\$/\1/p"; }

wanted=()
for package in "$@"; do
  [[ "$package" = linux-@(image-arm64|dtbs-arm64|image-rpi-*) ]] || { wanted+=("$package"); continue; }
  [ "$alone" = yes ] || fail "a kernel comes without what installs it: ask for it by --alone"
  kernel=$(dependencies "${package/dtbs/image}" 'linux-image-[0-9].*' | head -n 1)
  [ -n "$kernel" ] || fail "$suite has no kernel for arm64"
  # Since Linux 7 modules, device trees and the kernel itself have packages of their own.
  which='base|binary|modules'
  [ "$package" != linux-dtbs-arm64 ] && wanted+=("$kernel") || which=base
  mapfile -t parts < <(dependencies "$kernel" "linux-($which)-[0-9].*")
  wanted+=("${parts[@]}")
done

if [ "$folder" = --list ]; then
  apt-get -qq -t "$suite" --print-uris download "${wanted[@]}" | cut -d ' ' -f 2
  exit
fi

say "bringing ${wanted[*]} of $suite for arm64"
list=$state/uris
if [ "$alone" = yes ]; then
  (cd "$state/cache/archives" && apt-get -qq -t "$suite" download "${wanted[@]}" >&2) ||
    fail "the packages could not be fetched"
  apt-get -qq -t "$suite" --print-uris download "${wanted[@]}" >"$list"
else
  # --print-uris leaves out what is in the cache already; a cleaned cache names everything.
  apt-get -qq -y -t "$suite" --print-uris -o Dir::Cache::archives="$state/none" install "${wanted[@]}" >"$list" ||
    fail "the packages could not be resolved"
  apt-get -qq -y -t "$suite" --download-only install "${wanted[@]}" >&2 || fail "the packages could not be fetched"
fi

rm -rf "$folder.new"
mkdir -p "$folder.new"
debs=()
while read -r _ deb _; do debs+=("$deb"); done <"$list"
[ ${#debs[@]} -gt 0 ] || fail "apt names no package for: $*"
for deb in "${debs[@]}"; do dpkg-deb -x "$state/cache/archives/$deb" "$folder.new"; done

rm -rf "$folder"
mv "$folder.new" "$folder"
{
  echo "$asked"
  printf '%s\n' "${debs[@]}"
} >"$folder.packages"
