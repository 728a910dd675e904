# Sourced by build.sh. Debian as its packages make it, all that the concerns list, and nothing of ours yet.

make_root() {
  local excluded=() lines path
  run_arm64
  rm -rf --one-file-system "$here/root.new" "$here/root"
  for path in man locale lintian info doc; do excluded+=(--dpkgopt="path-exclude=/usr/share/$path/*"); done
  mapfile -t lines <<<"$(sources arm64; base_sources arm64)"
  in_toolbox mmdebstrap --variant=apt --architectures=arm64 --include="$(packages_of root)${base_packages:+,${base_packages// /,}}" \
    "${excluded[@]}" --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
    "$release" build/image/root.new "${lines[@]}" >&2 || fail "the root file system could not be made"
  mv "$here/root.new" "$here/root"
}
