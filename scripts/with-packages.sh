#!/usr/bin/env bash
# Runs a command with Node first in PATH and the packages of development installed.
set -euo pipefail
. "$(dirname "$0")/packages.sh"
one_at_a_time
use_node
bring_packages all
others_may
exec "$@"
