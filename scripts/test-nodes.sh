#!/usr/bin/env bash
# Runs the tests, or the files given, on every Node that owners have. Each gets a copy of this tree with packages of its
# own in .tools/nodes, so that nothing compiled for one is loaded by another. A table closes the run.
set -euo pipefail
. "$(dirname "$0")/node.sh"

versions=(20.19.0 22 24)
root=$PWD
table=()
worst=0

copy_tree() {
  local tree=$1
  mkdir -p "$tree"
  # The packages stay from last time; whatever else is there goes, so that a deleted file is not tested.
  find "$tree" -mindepth 1 -maxdepth 1 ! -name node_modules ! -name .tools -exec rm -rf {} +
  git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
    tar --null -T - -cf - | tar -xf - -C "$tree"
  if [ -d ../shared ] && [ ! -e "$tree/../shared" ]; then ln -s "$(readlink -f ../shared)" "$tree/../shared"; fi
}

for version in "${versions[@]}"; do
  place=$root/.tools/nodes/$version
  [ -x "$place/node/bin/node" ] || { mkdir -p "$place"; npm_node "$place/node" "$version"; }
  copy_tree "$place/pierside"
  found=$("$place/node/bin/node" -v)
  say "testing on Node $found"
  code=0
  PATH=$place/node/bin:$PATH "$place/pierside/scripts/test.sh" "$@" | tee "$place/test.log" || code=$?
  count=$(tail -n 1 "$place/test.log")
  table+=("$(printf '%-10s %-5s %s' "$found" "$([ "$code" = 0 ] && echo ok || echo FAIL)" "$count")")
  [ "$code" = 0 ] || worst=1
done

printf '\n%-10s %-5s %s\n' Node '' Tests
printf '%s\n' "${table[@]}"
exit "$worst"
