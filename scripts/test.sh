#!/usr/bin/env bash
# Brings what the tests need, builds what they start, and runs all of them, or the files given. The last line is the
# count.
set -euo pipefail
. "$(dirname "$0")/node.sh"
scripts/debian.sh
scripts/build.sh all
use_node
exec node scripts/tally.mjs "$@"
