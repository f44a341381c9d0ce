# What tests of whole programs share. Daemons are waited for by the line in
# which they say that they are ready; nothing sleeps for that.
#
#	load ../helpers
#	setup() { weir_setup; }
#	teardown() { weir_teardown; }

bats_require_minimum_version 1.5.0

weir_setup() {
	BIN=${BIN:-build/bin}
	BIN=$(cd "$BIN" && pwd)
	HELPERS=${HELPERS:-$BIN/../tests/helpers}
	T=$BATS_TEST_TMPDIR
	DIR=$T/d
	unset "${!WEIR_@}" NOTIFY_SOCKET
	daemons=()
	daemon=
}

weir_teardown() {
	for pid in "${daemons[@]}"; do
		kill -KILL "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	return 0
}

# wait_for COMMAND...: until it succeeds, at most 20 s.
wait_for() {
	local end=$((SECONDS + 20))
	while ((SECONDS <= end)); do
		"$@" && return 0
		sleep 0.02
	done
	echo "waited in vain for: $*" >&2
	return 1
}

alive() { kill -0 "$1" 2>/dev/null; }

gone() { ! alive "$1"; }

ready_or_gone() { grep -q ': ready ' "$1" || gone "$2"; }

# start_daemon TOOL ARG...: in the background; $daemon is its process, its
# standard error is in $T/TOOL.err (of this start only). Waits for "ready".
start_daemon() {
	local tool=$1
	shift
	: >"$T/$tool.err"
	"$BIN/weir-$tool" "$@" >"$T/$tool.out" 2>>"$T/$tool.err" 3>&- &
	daemon=$!
	daemons+=("$daemon")
	wait_for ready_or_gone "$T/$tool.err" "$daemon"
	grep -q ': ready ' "$T/$tool.err" || {
		cat "$T/$tool.err" >&2
		return 1
	}
}

# stop_daemon [PID]: TERM, and it must end with status 0.
stop_daemon() {
	local pid=${1:-$daemon}
	kill -TERM "$pid"
	wait "$pid"
}

start_store() {
	start_daemon store --dir "$DIR" "$@"
	store=$daemon
}

# with_clock COMMAND...: the clocks of what it starts are as far ahead as
# `ahead SECONDS` has said last, from then on.
ahead() { printf %09d "$1" 1<>"$T/ahead"; }
with_clock() {
	[ -e "$T/ahead" ] || ahead 0
	LATER=$T/ahead LD_PRELOAD=$HELPERS/later.so \
		ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0 "$@"
}

stop_store() { stop_daemon "$store"; }

# start_gateway OPTION...: sets $gateway, $url and $port.
start_gateway() {
	start_daemon gateway --dir "$DIR" --port 0 "$@"
	gateway=$daemon
	url=$(sed -n 's/.*url=\(.*\)\/ dir.*/\1/p' "$T/gateway.err")
	port=${url##*:}
}

gateway_is_ready() { curl -sf --max-time 5 "$url/readyz" >/dev/null; }

# start_both OPTION...: a store, and a gateway that is ready.
start_both() {
	start_store
	start_gateway "$@"
	wait_for gateway_is_ready
}

kill_store() {
	kill -KILL "$store"
	wait "$store" || true
}

pub() { "$BIN/weir-pub" --dir "$DIR" "$@"; }
log() { "$BIN/weir-log" --dir "$DIR" "$@"; }

# numbers FROM TO: data lines {"n":FROM} to {"n":TO}
numbers() { seq "$1" "$2" | sed 's/.*/{"n":&}/'; }

# in_order N: the log's topic test.n is 1 to N, once each.
in_order() {
	log test.n >"$T/log.jsonl" || return 1
	jq .data.n "$T/log.jsonl" | cmp - <(seq 1 "$1")
}

lines() { wc -l <"$1"; }

has_lines() { [ "$(lines "$1")" -ge "$2" ]; }

# numbered FROM TO [SUBJECT]: these numbers as events of t.n/SUBJECT, or t.n/a.
numbered() {
	numbers "$1" "$2" | sed 's/.*/{"type":"t.n","subject":"'"${3:-a}"'","data":&}/' | pub
}

get() { curl -sS --max-time 20 "$@"; }

# status OPTION... URL: of the answer.
status() { get -o /dev/null -w '%{http_code}' "$@"; }

# Of the gateway's journal.
epoch() { get "$url/api/v1/status" | jq -r .position | cut -d: -f1; }

# counter NAME: of the gateway, one that has no label of its own.
counter() { get "$url/metrics" | sed -n "s/^weir_gateway_$1{.* //p"; }

counts() { [ "$(counter "$1")" = "$2" ]; }

# A sanitizer has found nothing to say on standard error, which is in FILE.
no_memory_errors() { # FILE
	! grep -A 30 'Sanitizer\|runtime error' "$1"
}

# npm_packages FOLDER NAME: what its package-lock.json has, NAME among it. What
# is installed already, in these versions, is not fetched again.
npm_packages() {
	(cd "$1" && { npm ls "$2" || npm ci --no-audit --no-fund; }) >"$1/npm.log" 2>&1 || {
		cat "$1/npm.log"
		echo "npm cannot fetch $2"
		return 1
	}
}
