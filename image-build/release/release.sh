# Sourced by build.sh. What is given away, in build/: the card packed for every flashing program, what is in it, what
# Raspberry Pi Imager wants to know, and the sums of all.

# Where the packed card will be fetched from; as it stands, from this folder.
publish=${IMAGE_URL:-file://$PWD/build}

make_release() {
  local name=pierside-$version-arm64 card=build/image/card.img
  rm -f build/pierside-*-arm64.* build/SHA256SUMS
  # The slot is packed already: what is left to gain is the kernel and the firmware, for which little effort is enough.
  # Both are written by one thread's rules, so that the same card gives the same file.
  in_toolbox xz --threads=1 -0 --keep --stdout "$card" >"build/$name.img.xz.new"
  in_toolbox zstd --quiet --single-thread -9 --stdout "$card" >"build/$name.img.zst.new"
  use_node
  node image-build/release/contents.mjs "$here" "$version" >"build/$name.cdx.json"
  node image-build/release/imager.mjs "$card" "build/$name.img.xz.new" "$publish/$name.img.xz" "$version" \
    >"build/$name.rpi-imager-manifest"
  mv "build/$name.img.xz.new" "build/$name.img.xz"
  mv "build/$name.img.zst.new" "build/$name.img.zst"
  make_bundle
  (cd build && sha256sum "$name".* >SHA256SUMS)
  say "the image lies in build/: $(cd build && du -h --apparent-size "$name".* | xargs)"
}
