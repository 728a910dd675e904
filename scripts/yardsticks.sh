#!/usr/bin/env bash
# Installs the Debian packages that the benchmarks measure us against; without one its rows are told as absent.
set -euo pipefail
. "$(dirname "$0")/node.sh"

wanted=(
  siril                                             # stacks
  astap-cli source-extractor                        # stars
  python3-sep python3-photutils python3-scipy python3-astropy     # stars again, and agreement
  libcfitsio-dev gcc                                # FITS
)

bring_debian "benchmarks" "${wanted[@]}"
