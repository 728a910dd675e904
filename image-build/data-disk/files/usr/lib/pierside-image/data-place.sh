# shellcheck shell=dash
# For data-disk and data-move, which source it: where the agent's folder lies, and on which disk. ROOT stands before all
# paths, for tests.

root=${ROOT:-}
agent=$root/data/pierside
state=$root/data/system/data-disk
bound=$state/bound
run=$root/run/pierside-image
mkdir -p "$state"

say() {
  echo "${0##*/}: $*" >&2
  [ -n "$root" ] || echo "pierside: $*" >/dev/console || true
}

# said KEY: of the disk that is bound; what is garbled is not to garble what the agent reads.
said() { sed -n "s/^$1=//p" "$bound" 2>/dev/null | head -n 1 | tr -cd 'A-Za-z0-9 ._-'; }
