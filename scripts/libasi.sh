#!/usr/bin/env bash
# Brings ZWO's camera library, as Debian packs it, into .tools/libasi: the tests build their camera from its header and
# load the real file. It stands in Debian's non-free part, which this machine's own sources need not name: they are read
# with another component, into lists of our own. Never fails: what needs it says so by itself.
set -euo pipefail
. "$(dirname "$0")/node.sh"

folder=$PWD/.tools/libasi
[ -e "$folder/usr/include/libasi/ASICamera2.h" ] && exit 0
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
  say "this is no Debian: tests that need libasi go without"
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/parts" "$work/lists/partial" "$work/archives/partial"
for list in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
  [ -s "$list" ] || continue
  case $list in
    *.sources) sed 's/^Components:.*/Components: non-free/' "$list" >"$work/parts/non-free.sources" ;;
    *) sed -nE 's/^(deb (\[[^]]*\] )?[^ ]+ [^ ]+) main.*/\1 non-free/p' "$list" >"$work/parts/non-free.list" ;;
  esac
done
ours=(
  -o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$work/parts" -o "Dir::State::Lists=$work/lists"
  -o "Dir::Cache=$work" -o APT::Sandbox::User=root -o Debug::NoLocking=1
)
if apt-get -qq "${ours[@]}" update >&2 && (cd "$work" && apt-get -qq "${ours[@]}" download libasi >&2); then
  mkdir -p "$folder.new"
  dpkg-deb -x "$work"/libasi_*.deb "$folder.new"
  rm -rf "$folder"
  mv "$folder.new" "$folder"
  say "libasi of Debian lies in ${folder#"$PWD"/}"
else
  say "libasi could not be had; tests that need it go without"
fi
