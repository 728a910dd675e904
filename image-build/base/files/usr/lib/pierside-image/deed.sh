# shellcheck shell=dash
# For the deeds of root that the agent may ask for, which source it: scripts called as the deed is. ROOT stands before
# all paths, for tests.

# What is asked for, in JSON: a stranger's word. The agent has written it, or whoever has broken into the agent.
order=${ROOT:-}/run/pierside/${0##*/}.json
# The last words, which the page shows when the deed fails.
words=${ROOT:-}/run/pierside-do/${0##*/}
rm -f "$words"

# take: the order, once, without its blanks.
take() {
  head -c 500 "$order" | tr -d '[:space:]'
  rm -f "$order"
}

# refuse WHAT FIX
refuse() {
  mkdir -p "${words%/*}"
  printf '%s\n%s\n' "$1" "$2" >"$words"
  exit 1
}
