#!/bin/sh
# run.sh: clients come and go for a while, and nobody misses anything. TAP.
#
#	tests/soak/run.sh		300 clients, 15 s
#	LONG=yes tests/soak/run.sh	2,000 clients, 30 minutes
#
# BIN names other binaries, SOAK the client; SEED other moments, CLIENTS how
# many there are, LASTS the seconds that they come and go.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
BIN=${BIN:-$root/build/bin}
SOAK=${SOAK:-$root/build/tests/soak}
dir=$(mktemp -d)
pids=
# shellcheck disable=SC2086 # words
trap 'kill $pids 2>/dev/null || true; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM

start() { # TOOL OPTION...
	tool=$1
	shift
	"$BIN/weir-$tool" --dir "$dir" "$@" >/dev/null 2>"$dir/$tool.log" &
	pid=$!
	pids="$pid $pids"
	for _ in $(seq 600); do
		! grep -q ': ready ' "$dir/$tool.log" || return 0
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	cat "$dir/$tool.log" >&2
	return 1
}

# What a process did, as TAP without its number.
stop() { # TOOL PID
	if kill -TERM "$2" 2>/dev/null && wait "$2"; then
		echo "ok - weir-$1 ran to the end"
	else
		echo "not ok - weir-$1 did not run to the end"
		cat "$dir/$1.log" >&2
		status=1
	fi
}

start store
store=$pid
start gateway --port 0 --lag soak.n/=disconnect:1000
gateway=$pid
port=$(sed -n 's|.*url=http://[^/]*:\([0-9]*\)/.*|\1|p' "$dir/gateway.log")
for _ in $(seq 600); do
	! curl -s "http://localhost:$port/readyz" | grep -q '"ready":true' || break
	sleep 0.05
done
clients=300 seconds=15
if [ "${LONG:-no}" = yes ]; then
	clients=2000 seconds=1800
fi
status=0
"$SOAK" -c "${CLIENTS:-$clients}" -t "${LASTS:-$seconds}" -s "${SEED:-1}" "$port" "$gateway" \
	"$BIN/weir-pub --dir $dir" >"$dir/out" || status=1
sed '/^1\.\./d' "$dir/out"
{ stop gateway "$gateway"; stop store "$store"; } >"$dir/stops"
pids=
awk '{ sub(/ok -/, "ok " 7 + NR " -"); print }' "$dir/stops"
! grep -q '^not ok' "$dir/stops" || status=1
echo 1..9
exit $status
