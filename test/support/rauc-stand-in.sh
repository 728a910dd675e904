#!/bin/sh
# Puts nothing in: there are no slots here. What it says of a bundle is said by the real rauc. Beside it lie system.conf,
# and `fails` with the reason when it is to fail.
here=$(dirname "$0")
case $1 in
  info) exec /usr/bin/rauc --conf "$here/system.conf" "$@" ;;
  install)
    [ ! -e "$here/installs-of" ] || echo "$2" >>"$here/installs-of"
    echo 'installing'
    echo '  0% Installing'
    echo ' 20% Checking bundle'
    if [ -e "$here/hangs" ]; then sleep 60; fi
    if [ -e "$here/fails" ]; then
      echo '100% Installing failed.'
      echo "LastError: $(cat "$here/fails")"
      echo "Installing \`$2\` failed"
      exit 1
    fi
    printf ' 40%% Copying image to rootfs.1'
    echo
    echo '100% Installing done.'
    echo "Installing \`$2\` succeeded"
    ;;
  *) exit 2 ;;
esac
