#!/bin/sh
# run.sh: clients come and go for a while, and nobody misses anything. TAP.
#
#	tests/soak/run.sh		300 clients, 12 s
#	LONG=yes tests/soak/run.sh	2,000 clients, 30 minutes
#
# BIN names other binaries, SOAK the client; SEED other moments, CLIENTS how
# many there are, LASTS the seconds that they come and go.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
BIN=${BIN:-$root/build/bin}
SOAK=${SOAK:-$root/build/tests/soak}
dir=$(mktemp -d)
pid=
trap 'kill $pid 2>/dev/null || true; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM

"$BIN/weir-store" --dir "$dir" >/dev/null 2>"$dir/store.log" &
pid=$!
clients=300 seconds=12
if [ "${LONG:-no}" = yes ]; then
	clients=2000 seconds=1800
fi
status=0
"$SOAK" -c "${CLIENTS:-$clients}" -t "${LASTS:-$seconds}" -s "${SEED:-1}" "$dir" \
	"$BIN/weir-gateway --dir $dir --lag soak.n/=disconnect:1000" \
	"$BIN/weir-pub --dir $dir" >"$dir/out" || status=1
sed '/^1\.\./d' "$dir/out"
[ "$status" = 0 ] || cat "$dir/gateway.log" >&2
n=$(($(grep -c '^ok\|^not ok' "$dir/out") + 1))
if kill -TERM "$pid" && wait "$pid"; then
	echo "ok $n - weir-store ran to the end"
else
	echo "not ok $n - weir-store did not run to the end"
	cat "$dir/store.log" >&2
	status=1
fi
pid=
echo "1..$n"
exit $status
