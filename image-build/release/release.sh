# Sourced by build.sh. What is given away: the card compressed for every flashing program, its sums, what is in it, and
# what Raspberry Pi Imager wants to know.

make_release() {
  fail "not yet"
}
