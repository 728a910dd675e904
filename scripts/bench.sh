#!/usr/bin/env bash
# Installs their yardsticks, builds the benchmarks as the agent is built, so that nothing of the tests' compiler is
# measured, and runs them.
set -euo pipefail
. "$(dirname "$0")/node.sh"
scripts/build.sh all
scripts/yardsticks.sh
use_node
rm -rf build/bench
node node_modules/typescript/bin/tsc -p test/bench/tsconfig.json >&2
exec node scripts/bench.mjs "$@"
