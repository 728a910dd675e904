# Sourced by build.sh. The certificate by which a box judges updates, and the update bundle of this version.

put_updates_root() { image-build/updates/keys.sh "$1" >/dev/null; }

# make_bundle: build/pierside-<version>-arm64.raucb, of root.squashfs as it lies on the card. The toolbox sees this tree
# alone: a key from elsewhere is lent to it.
make_bundle() {
  local keys lent=$here/signing data
  mapfile -t keys < <(image-build/updates/keys.sh)
  use_node
  data=$(node -e 'import("./build/edge/store/migrations.data.js").then(one => console.log(one.migrations.length))')
  rm -rf "$lent"
  install -d -m 700 "$lent"
  install -m 600 "${keys[0]}" "$lent/key.pem"
  install -m 644 "${keys[1]}" "$lent/cert.pem"
  in_toolbox env RAUC_KEY=build/image/signing/key.pem RAUC_CERT=build/image/signing/cert.pem \
    image-build/updates/bundle.sh build/image/root.squashfs "$version" "$data" "build/pierside-$version-arm64.raucb"
  rm -rf "$lent"
}
