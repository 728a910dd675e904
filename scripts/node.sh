# Sourced by the other scripts. Puts a Node that runs the agent first in PATH: the system's where it is 20.19 or newer,
# else a current one out of npm's node packages, kept in .tools/node. The network is needed only for what is not here
# yet.
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export npm_config_fund=false npm_config_audit=false npm_config_update_notifier=false npm_config_loglevel=error

brought_node=$PWD/.tools/node
brought_version=24

say() { echo "pierside: $*" >&2; }
fail() { say "$*"; exit 1; }

# As root on Debian and its kin, programs of the system can be installed without asking.
can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

apt_install() {
  say "installing $*"
  # Failing to refresh the list need not matter: the packages may be known, or lie in the cache.
  apt-get -qq update >&2 || say "the list of Debian packages could not be refreshed"
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >/dev/null
}

# bring_debian WHAT PACKAGE…: installs the packages that are missing, as root by itself, else it says which; WHAT goes
# without them. Never fails: what needs them says so by itself.
bring_debian() {
  local what=$1 package
  local missing=()
  shift
  command -v dpkg-query >/dev/null || { say "this is no Debian: $what that need $* go without"; return 0; }
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  can_apt || { say "$what need packages of Debian. For them: sudo apt install ${missing[*]}"; return 0; }
  apt_install "${missing[@]}" && return 0
  # One that is unknown here must not keep the others away.
  for package in "${missing[@]}"; do
    apt_install "$package" || say "$package could not be installed; $what that need it go without"
  done
}

# Two makes at once must not install or build into each other's folders.
one_at_a_time() {
  mkdir -p .tools
  exec 9>.tools/lock
  flock -n 9 && return
  say "waiting for another make to finish installing"
  flock -w 1800 9 || fail "another make has held .tools/lock for half an hour"
}
others_may() { exec 9>&-; }

node_fits() {
  "$1" -e 'const [major, minor] = process.versions.node.split(".").map(Number)
    process.exit(major >= 22 || (major === 20 && minor >= 19) ? 0 : 1)' 2>/dev/null
}

need_npm() {
  command -v npm >/dev/null && return
  if can_apt; then apt_install npm; fi
  command -v npm >/dev/null || fail "npm is missing. Install it (sudo apt install npm), then run make again"
}

# npm_node FOLDER VERSION: puts Node and an npm that suits it into FOLDER, whole or not at all.
npm_node() {
  local folder=$1 version=$2 arch
  [ "$(getconf LONG_BIT)" = 64 ] || fail "Node needs a 64-bit system; this one has $(getconf LONG_BIT) bits"
  case $(uname -m) in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *) fail "no Node is known for a $(uname -m); install Node 20.19 or newer yourself, then run make again" ;;
  esac
  need_npm
  say "bringing Node $version into ${folder#"$PWD"/}"
  rm -rf "$folder.new"
  mkdir -p "$folder.new/bin"
  npm install --prefix "$folder.new" --no-save --no-package-lock --ignore-scripts \
    "node-linux-$arch@$version" npm@11 >&2 ||
    fail "Node could not be brought: npm said why above. Is the network there?"
  ln -s "../node_modules/node-linux-$arch/bin/node" "$folder.new/bin/node"
  ln -s ../node_modules/npm/bin/npm-cli.js "$folder.new/bin/npm"
  ln -s ../node_modules/npm/bin/npx-cli.js "$folder.new/bin/npx"
  "$folder.new/bin/node" -e 0 || fail "the Node brought does not run on this system"
  rm -rf "$folder"
  mv "$folder.new" "$folder"
}

bring_node() {
  npm_node "$brought_node" "$brought_version"
  PATH=$brought_node/bin:$PATH
  hash -r
}

use_node() {
  if node_fits "$brought_node/bin/node"; then
    PATH=$brought_node/bin:$PATH
  elif ! node_fits node; then
    bring_node
  fi
  export PATH
}
