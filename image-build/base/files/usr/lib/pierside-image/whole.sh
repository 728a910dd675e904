# shellcheck shell=dash
# For the scripts that lie beside it on the image, and source it.

# whole FILE [MODE]: what comes in is the file's new content, or nothing is changed, also after a power cut. With a MODE
# nobody else sees it before it has that; without one its rights are those that the FAT gives, or the umask.
whole() {
  aside "$@" && mv -f "$1.new" "$1" && sync "$(dirname "$1")" && return
  rm -f "$1.new"
  return 1
}
aside() {
  if [ -n "${2:-}" ]; then
    (umask 077 && cat >"$1.new") && chmod "$2" "$1.new"
  else
    cat >"$1.new"
  fi && sync "$1.new"
}
