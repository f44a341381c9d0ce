# Tests of weir-scraper as a filter, in a directory of their own; conditions to
# wait for are text, evaluated again and again. Load it from a .bats beside.

# shellcheck disable=SC2016,SC2034 # conditions are evaluated later

setup() {
	BIN=$(realpath "${BIN:-build/bin}")
	HELPERS=$(realpath "${HELPERS:-build/tests/helpers}")
	PATH=$BIN:$PATH
	repo=$PWD
	cd "$BATS_TEST_TMPDIR" || return
	pids=
}

teardown() {
	for pid in $pids; do
		kill "$pid" 2>/dev/null && wait "$pid"
	done || true
}

# Run NAME in the background with the options given; waits for PATTERN in its
# log NAME.log, and sets $pid.
start() { # PATTERN NAME OPTION...
	pattern=$1 name=$2
	shift 2
	: >"$name.log" # no line of the one before is taken for this one's
	"weir-$name" "$@" >"$name.out" 2>>"$name.log" 3>&- &
	pid=$!
	pids="$pids $pid"
	wait_for 'grep -q "$pattern" "$name.log"'
}

wait_for() { # COMMAND
	for _ in $(seq 200); do
		! eval "$1" || return 0
		sleep 0.05
	done
	echo "not in time: $1" >&2
	return 1
}

# Sets $url and $addr, its host and port.
start_sim() {
	start ': ready ' sim --listen 127.0.0.1:0 --tick 0
	addr=$(sed -n 's/.*ready listen=\([^ ]*\).*/\1/p' sim.log)
	url=http://$addr
}

control() { # PATH [JSON]
	curl -sS --max-time 20 -H 'Content-Type: application/json' \
		${2:+-d "$2"} "$url/control/$1"
}
