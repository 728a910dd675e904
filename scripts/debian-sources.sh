# Sourced where Debian's packages are fetched for another system than this one. Where they come from: the place that this
# machine's own apt has Debian from, or MIRROR=; SECURITY_MIRROR= likewise. Signatures are verified by KEYRING=.

keys=${KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}
components='main contrib non-free non-free-firmware'

# place_of LABEL: the first place that this machine has packages of that label from.
# shellcheck disable=SC2016
place_of() {
  apt-get indextargets --format '$(LABEL)|$(REPO_URI)' 'Created-By: Packages' | sed -n "s/^$1|//p" | head -n 1
}

# find_mirror: sets mirror, and security, which is empty where this machine has none.
find_mirror() {
  command -v apt-get >/dev/null || fail "apt-get is missing: packages of Debian can be fetched on Debian and its kin only"
  [ -e "$keys" ] || fail "the keys of Debian's archive are missing: install debian-archive-keyring"
  mirror=${MIRROR:-$(place_of Debian)}
  [ -n "$mirror" ] || fail "no mirror of Debian is known to this machine's apt: name one, MIRROR=http://…"
  # Whoever names a mirror may have no other: that of security updates is then named too, or there is none.
  security=${SECURITY_MIRROR:-}
  [ -n "$security" ] || [ -n "${MIRROR:-}" ] || security=$(place_of Debian-Security)
}
