#!/bin/sh
# suite.sh ECHO SUITE [--engine]: a conformance suite against socketio-echo.
#
# The suite is for port 3000 of localhost. It gets a network of its own, where
# the system gives it one, so that nobody else has that port.
set -eu

if [ "${WEIR_OWN_NET:-}" = "" ] && unshare -rn true 2>/dev/null; then
	WEIR_OWN_NET=yes exec unshare -rn "$0" "$@"
fi
[ "${WEIR_OWN_NET:-}" = "" ] || ip link set lo up

echo=$1 suite=$2
shift 2
said=$(mktemp)
"$echo" --port 3000 --ping-interval 300 --ping-timeout 200 "$@" 2>"$said" &
pid=$!
trap 'kill $pid 2>/dev/null || true; cat "$said" >&2; rm -f "$said"' EXIT
until grep -q ': ready ' "$said"; do
	kill -0 $pid || exit 1
	sleep 0.02
done
cd "$suite"
node_modules/.bin/mocha --reporter tap test-suite.js
kill $pid
wait $pid
! grep -A 30 'Sanitizer\|runtime error' "$said"
