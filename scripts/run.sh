#!/usr/bin/env bash
# Installs what is missing, builds what changed, and becomes the agent.
set -euo pipefail
. "$(dirname "$0")/node.sh"
scripts/build.sh
use_node

# Large buffers go back to the system as soon as they are free, instead of when glibc finds it worth it (mallopt(3)), and
# threads share what small ones leave: without this an idle agent keeps some 60 MB of the frames it has seen, and 200 MB
# of large ones.
export MALLOC_TRIM_THRESHOLD_=131072 MALLOC_ARENA_MAX=2

# Fields 5 and 8 of /proc/PID/stat (proc(5)): our process group, and the one in the foreground of the terminal (-1
# without one).
read -r stat <"/proc/$$/stat"
read -r _ _ group _ _ foreground _ <<<"${stat##*) }"
[ "$group" = "$foreground" ] || exec node build/edge/cli.js run

# At a terminal the agent gets the foreground for itself: Ctrl-C stops it alone, and make, which would die of it without
# looking at what the agent said, hands on the agent's exit code. Ctrl-Z is answered by going on, for an exposure cannot
# be held.
set -m
code=0
node build/edge/cli.js run || code=$?
while [ -n "$(jobs -ps)" ]; do
  code=0
  fg >/dev/null || code=$?
done
exit "$code"
