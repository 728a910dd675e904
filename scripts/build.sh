#!/usr/bin/env bash
# Builds what changed: the agent to build/edge, its kernels to build/kernels.wasm, the page to web/dist. `build.sh all` installs the packages of
# development too.
set -euo pipefail
. "$(dirname "$0")/packages.sh"

# up_to_date STAMP PATH…: nothing beneath the paths, nor what the build itself hangs on, is newer than the stamp.
up_to_date() {
  local stamp=$1
  shift
  [ -e "$stamp" ] || return 1
  [ -z "$(find "$@" package.json package-lock.json scripts/build.sh \
    -path web/dist -prune -o -newer "$stamp" -print -quit)" ]
}

build_agent() {
  up_to_date build/agent.stamp edge tsconfig.json tsconfig.build.json && return
  mkdir -p build
  # The stamp is as old as the start, so that a file saved meanwhile is built next time.
  touch build/agent.new
  say "building the agent"
  node node_modules/typescript/bin/tsc -p tsconfig.build.json >&2 || fail "the agent could not be built"
  # What no source stands behind any more must not be found by an import.
  find build/edge -name '*.js' | while read -r made; do
    source=${made#build/}
    [ -e "${source%.js}.ts" ] || rm -f "$made" "$made.map"
  done
  # An unchanged source may have a new date: the compiler then leaves its own notes as they were.
  touch build/.tsbuildinfo
  mv build/agent.new build/agent.stamp
}

build_kernels() {
  up_to_date build/kernels.wasm edge/kernels/assembly && return
  mkdir -p build
  touch build/kernels.new
  say "building the kernels"
  # No relaxed SIMD: the same frames give the same bits on every machine. 112: files share vectors, the module does not.
  node node_modules/assemblyscript/bin/asc.js edge/kernels/assembly/index.ts -o build/kernels.made -O3 --noAssert \
    --runtime stub --use abort= --enable simd --enable threads --disableWarning 112 \
    --importMemory --sharedMemory --initialMemory 1 --maximumMemory 65536 >&2 || fail "the kernels could not be built"
  touch -r build/kernels.new build/kernels.made
  mv build/kernels.made build/kernels.wasm
  rm build/kernels.new
}

build_page() {
  [ -e web/dist/index.html ] && up_to_date build/page.stamp web && return
  mkdir -p web/dist
  touch build/page.new
  say "building the page"
  node node_modules/vite/bin/vite.js build web --logLevel warn >&2 || fail "the page could not be built"
  mv build/page.new build/page.stamp
}

one_at_a_time
use_node
bring_packages "${1:-production}"
build_agent
build_kernels
build_page
others_may
