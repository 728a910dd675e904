#!/usr/bin/env bash
# Makes the image and boots it in QEMU for the tests of test/image, one after the other; FILE=… runs one.
set -euo pipefail
. "$(dirname "$0")/node.sh"
scripts/build.sh all
image-build/build.sh
use_node
# One machine at a time, and each file may take as long as its many starts.
export TAP_JOBS=1 TAP_TIMEOUT=7200
if [ $# = 0 ]; then set -- test/image/*.image.ts; fi
exec node scripts/tally.mjs "$@"
