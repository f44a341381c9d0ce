# shellcheck shell=bash
# What tests of the kinds of channels share: a notifier with a store, and
# receivers of tests/helpers/receivers. Sourced by their .bats; setup() calls
# receiver_setup, teardown() receiver_teardown.

receiver_setup() {
	BIN=${BIN:-build/bin}
	BIN=$(realpath "$BIN")
	ROOT=$(realpath "$BATS_TEST_DIRNAME/../..")
	T=$BATS_TEST_TMPDIR
	# A socket's path has little room; bats' directories are deep.
	D=$(mktemp -d)
	conf=$T/weir.conf
	pids=
	export WEIR_CONFIG=$conf WEIR_DIR=$D PYTHONDONTWRITEBYTECODE=1
	: >"$conf"
}

receiver_teardown() {
	for p in $pids; do
		kill -KILL "$p" 2>/dev/null || true
	done
	rm -rf "$D"
}

# until_true COMMAND...: poll it; fail after 20 s.
until_true() {
	for _ in $(seq 400); do
		"$@" && return
		sleep 0.05
	done
	echo "never true: $*"
	tail -n 20 "$T"/*.log
	return 1
}

# start NAME READY [OPTION...]: run a tool, wait for a word of its log.
start() {
	local tool=$1 ready=$2
	shift 2
	: >"$T/$tool.log"
	"$BIN/weir-$tool" "$@" 2>>"$T/$tool.log" >"$T/$tool.out" 3>&- &
	pid=$!
	pids="$pids $pid"
	until_true grep -q "$ready" "$T/$tool.log"
}

# receiver SERVICE [NAME]: start one; $url is its address, of NAME too.
receiver() {
	local out=$T/receiver.${2:-$1}
	python3 "$ROOT/tests/helpers/receiver.py" "$1" >"$out" 2>"$out.log" \
		3>&- &
	pids="$pids $!"
	until_true grep -q '^ready ' "$out"
	url=$(sed -n 's/^ready //p' "$out")
}

# receiver_url NAME: the address of one that was started.
receiver_url() {
	sed -n 's/^ready //p' "$T/receiver.$1"
}

# script NAME JSON: what it answers next, see receiver.py.
script() {
	curl -sS --fail-with-body -d "$2" "$(receiver_url "$1")/control"
}

# got NAME JQ: of the requests that came, as an array.
got() {
	curl -sS "$(receiver_url "$1")/control" | jq -r ".requests | $2"
}

got_is() {
	[ "$(got "$1" "$2")" = "$3" ]
}

# channel NAME KEY=VALUE...
channel() {
	printf '[channel %s]\n' "$1"
	shift
	printf '%s\n' "$@"
}

# secret NAME TEXT: a file that only its owner can read; prints its path.
secret() {
	(umask 077 && echo "$2" >"$T/$1.secret")
	echo "$T/$1.secret"
}

start_notifier() {
	start notifier ': ready ' "$@"
	notifier=$pid
}

# Sends TERM; it must end with status 0.
stop_notifier() {
	kill -TERM "$notifier"
	wait "$notifier"
}

kill_notifier() {
	kill -KILL "$notifier"
	wait "$notifier" || true
}

# tell USER TITLE [MORE]: record a notification; MORE are further members.
tell() {
	printf '{"type":"custom","title":"%s","message":"m"%s}\n' "$2" \
		"${3:+,$3}" |
		"$BIN/weir-pub" -t user.notification -s "$1" 2>>"$T/pub.log"
}

# What others wrote to do harm, to ana; see tests/helpers/hostile.py.
tell_hostile() {
	python3 "$ROOT/tests/helpers/hostile.py" |
		"$BIN/weir-pub" -t user.notification -s ana 2>>"$T/pub.log"
}

# shown_is NAME JQ FORM: is all of it shown as it was meant; JQ of a request.
shown_is() {
	got "$1" "map($2)" |
		python3 "$ROOT/tests/helpers/hostile.py" check "$3"
}

# keeps_secret TEXT...: neither logs nor events have it.
keeps_secret() {
	local secret
	"$BIN/weir-log" >"$T/all.events" 2>>"$T/log.log"
	for secret; do
		! grep -F -- "$secret" "$T"/*.log "$T/all.events"
	done
}

# failures_are TEXT: reasons and what the receiver said, of all that failed.
failures_are() {
	events_are delivery. 'map(select(.type == "delivery.failed").data |
		.reason + ": " + .receiver) | join("; ")' "$1"
}

# events PREFIX JQ: what jq makes of all such events as an array.
events() {
	"$BIN/weir-log" "$1" 2>>"$T/log.log" | jq -rs "$2"
}

events_are() {
	[ "$(events "$1" "$2")" = "$3" ]
}

# Types of the deliveries, in order: "sent failed".
deliveries_are() {
	events_are delivery. \
		'map(.type | ltrimstr("delivery.")) | join(" ")' "$1"
}
