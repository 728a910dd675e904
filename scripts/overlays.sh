#!/usr/bin/env bash
# Compiles the device-tree overlays into build/overlays/{pi3,pi4,pi5}/NAME.dtbo. A warning is an error.
set -euo pipefail
. "$(dirname "$0")/node.sh"

command -v dtc >/dev/null || fail "dtc is missing: install device-tree-compiler"
for source in overlays/pi?/*.dts; do
  target=build/${source%.dts}.dtbo
  mkdir -p "$(dirname "$target")"
  said=$(dtc -@ -I dts -O dtb -o "$target.new" "$source" 2>&1) || fail "$source: $said"
  [ -z "$said" ] || fail "$source: $said"
  mv "$target.new" "$target"
done
