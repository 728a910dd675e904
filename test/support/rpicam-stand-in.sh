#!/bin/bash
# Behaves as rpicam-still and rpicam-vid of rpicam-apps do, under whichever of their names it is called; no camera is
# here, and the programs run on a Raspberry Pi alone. Beside it lie: mood (what goes wrong), words (what it was told,
# one call a line), dng-writer, pictures (JPEGs for the stream), never (a pipe on which nothing comes).
folder=${0%/*}
mood=$(cat "$folder/mood")
printf '%s %s\n' "${0##*/}" "$*" >>"$folder/words"
# A wait of our own, so that a signal ends it and leaves no child behind.
pause() { read -rt "$1" -u 9; }
exec 9<>"$folder/never"
fail() { echo "ERROR: *** $1 ***" >&2; exit 255; }
info() { echo "[0:12:34.567890123] [$$]  INFO $*" >&2; }
info 'Camera camera_manager.cpp:330 libcamera v0.5.2+99-bfd68f78'

if [ "$1" = --list-cameras ]; then
  case $mood in
    none) echo 'No cameras available!'; exit 0 ;;
    old)
      printf '%s\n' 'Available cameras' '-----------------' '0 : imx477 [4056x3040] (/base/soc/i2c0mux/i2c@1/imx477@1a)'
      exit 0 ;;
  esac
  cat <<LIST
Available cameras
-----------------
0 : imx477 [128x96 12-bit RGGB] (/base/soc/i2c0mux/i2c@1/imx477@1a)
    Modes: 'SRGGB10_CSI2P' : 64x48 [120.05 fps - (696, 528)/2664x1980 crop]
           'SRGGB12_CSI2P' : 128x96 [10.00 fps - (0, 0)/4056x3040 crop]

1 : ov9281 [64x48 10-bit MONO] (/base/soc/i2c0mux/i2c@0/ov9281@60)
    Modes: 'R10_CSI2P' : 64x48 [143.66 fps - (0, 0)/1280x800 crop]

LIST
  exit 0
fi

camera=0 shutter=10000 gain=1 output='' immediate='' nopreview='' raw='' framerate=30
while [ $# -gt 0 ]; do
  case $1 in
    --camera) camera=$2; shift ;;
    --shutter) shutter=$2; shift ;;
    --gain) gain=$2; shift ;;
    --output) output=$2; shift ;;
    --framerate) framerate=$2; shift ;;
    --mode | --timeout | --awbgains | --denoise | --quality | --codec | --width | --height) shift ;;
    --immediate) immediate=1 ;;
    --nopreview) nopreview=1 ;;
    --raw) raw=1 ;;
    --flush) ;;
    *) fail "unrecognised option '$1'" ;;
  esac
  shift
done

case $mood in
  gone) fail 'no cameras available' ;;
  busy) fail 'failed to acquire camera /base/soc/i2c0mux/i2c@1/imx477@1a' ;;
  crash-nopreview) [ -z "$nopreview" ] || kill -SEGV $$ ;;
  hangs-immediate) [ -z "$immediate" ] || pause 600 ;;
  stubborn) trap '' TERM; while :; do pause 600; done ;;
  timeouts) while :; do echo 'ERROR: Device timeout detected, attempting a restart!!!' >&2; pause 1; done ;;
esac

if [ "${0##*/}" != "${0##*vid}" ] && [ "$output" = - ]; then
  step=$(awk "BEGIN { print 1 / $framerate }")
  while :; do
    for picture in "$folder"/pictures/*.jpg; do
      cat "$picture" || exit 1
      pause "$step"
    done
  done
fi

seconds=$(awk "BEGIN { print $shutter / 1000000 }")
# It looks through the camera first, at least for one picture.
[ -n "$immediate" ] || pause "$seconds"
pause "$seconds"
echo 'Still capture image received' >&2
cp "$folder"/pictures/0.jpg "$output" || exit 1
[ -n "$raw" ] || exit 0
# A driver that cannot expose so long takes what it can.
[ "$mood" != clips ] || shutter=100000
iso=$(awk "BEGIN { printf \"%d\", $gain * 100 }")
value=$(awk "BEGIN { printf \"%d\", 256 + $shutter / 1000 * $gain }")
dng=${output%.*}.dng
if [ "$camera" = 0 ]; then
  "$folder/dng-writer" "$dng" 128 96 12 BGGR "$shutter" "$iso" "$value" || exit 1
else
  "$folder/dng-writer" "$dng" 64 48 10 BGGR "$shutter" "$iso" "$value" || exit 1
fi
case $mood in
  no-dng) rm "$dng" ;;
  short) truncate -s 5000 "$dng" ;;
  crash-at-end) kill -SEGV $$ ;;
esac
exit 0
