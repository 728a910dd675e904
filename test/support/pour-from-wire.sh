#!/bin/sh -eu
# Stands in for ffmpeg: whatever comes from the address among the words goes to the output, as it comes.
for word; do
  case $word in
    http://127.0.0.1:*) place=${word#http://}; exec socat -u "TCP:${place%%/*}" STDOUT ;;
  esac
done
echo "no address among: $*" >&2
exit 1
