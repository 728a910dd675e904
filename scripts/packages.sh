# Sourced by the other scripts. Brings the npm packages of package-lock.json: `production` for an owner, `all` for
# development. What is there and whole is left alone, so a second start needs neither npm nor the network.
. "$(dirname "${BASH_SOURCE[0]}")/node.sh"

node_major() { node -p 'process.versions.node.split(".")[0]'; }

install_packages() {
  local kind=$1 options=()
  [ "$kind" = all ] || options+=(--omit=dev)
  # Two need theirs, to be compiled: SQLite for Node 20 (from Node 22 on another version brings its binary along) and
  # onoff, for systems that have GPIO lines by sysfs alone; they go without where that fails. The rest only check.
  [ "$(node_major)" -lt 22 ] || options+=(--ignore-scripts)
  # A compiler finds the headers beside Node where they came with it, and need not look for them on the network.
  local prefix
  prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  if [ -e "$prefix/include/node/node_version.h" ]; then export npm_config_nodedir=$prefix; fi
  need_npm
  say "installing the npm packages ($kind) for Node $(node -v)"
  npm ci "${options[@]}" >&2 || fail "the packages could not be installed: npm said why above. Is the network there?"
}

bring_packages() {
  local kind=$1 missing=() program
  node scripts/packages-fit.mjs "$kind" 2>/dev/null && return
  # Someone who develops here keeps the packages of development.
  if [ -e node_modules/tap ]; then kind=all; fi
  install_packages "$kind"
  node scripts/packages-fit.mjs "$kind" && return
  # No SQLite was to be had ready-made for Node 20, and compiling it failed.
  for program in python3 make g++; do
    command -v "$program" >/dev/null || missing+=("$program")
  done
  if [ ${#missing[@]} -gt 0 ] && can_apt && apt_install "${missing[@]}"; then
    install_packages "$kind"
    node scripts/packages-fit.mjs "$kind" && return
  elif [ ${#missing[@]} -gt 0 ]; then
    say "SQLite for Node $(node -v) has to be compiled, which takes: sudo apt install ${missing[*]}"
  fi
  if [ "$(node_major)" -lt 22 ]; then
    say "taking Node $brought_version instead, which needs no compiler"
    bring_node
    install_packages "$kind"
    node scripts/packages-fit.mjs "$kind" && return
  fi
  fail "the packages do not fit, see above. Remove node_modules and run make again"
}
