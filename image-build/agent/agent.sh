# Sourced by build.sh. The agent as it lies in the image: /usr/lib/pierside, its Node at /usr/bin/node.

# put_agent SLOT
put_agent() {
  local slot=$1 place=$1/usr/lib/pierside
  install -d -m 755 "$place" "$place/build" "$place/web"
  use_node
  node image-build/agent/bundle.mjs build/edge "$here/npm/node_modules" "$place"
  cp -a build/kernels.wasm "$place/build/"
  cp -a package.json "$place/"
  cp -a web/dist "$place/web/dist"
  # Sources, maps and what is for other computers: nothing of it is ever opened here.
  find "$place" \( -name '*.map' -o -name '*.d.ts' -o -name '*.ts' -o -name '*.md' -o -name '*.c' -o -name '*.cc' \
    -o -name '*.cpp' -o -name '*.h' -o -name '*.o' -o -name '*.a' -o -name '*.obj' -o -path '*musl*' \) -type f -delete
  find "$place/node_modules" -type d \( -name prebuilds -o -path '*/koffi/build/koffi' \) -print0 |
    xargs -0 -I FOLDER find FOLDER -mindepth 1 -maxdepth 1 ! -name '*linux-arm64*' -exec rm -rf {} +
  chown -R root:root "$place"
  chmod -R u=rwX,go=rX "$place"
  install -m 755 "$here/npm/bin/node" "$slot/usr/bin/node"
  # Its names for debuggers are a sixth of it; what modules look for by name stays.
  aarch64-linux-gnu-strip "$slot/usr/bin/node"
  ln -sf ../lib/pierside/build/edge/cli.js "$slot/usr/bin/pierside"
  chmod 755 "$place/build/edge/cli.js"
  cat >"$place/image.json" <<JSON
{
  "version": "$version",
  "builtAt": "$(date -u +%Y-%m-%dT%H:%M:%SZ)",
  "base": "debian-$release, Linux $kernel",
  "sources": "$(git describe --always --dirty 2>/dev/null || echo unknown)"
}
JSON
}
