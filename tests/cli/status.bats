#!/usr/bin/env bats
# What weir-gateway says of itself and of the others: metrics, status,
# connections, presence, and the document of its API.

load ../helpers

setup() {
	weir_setup
	WS=$HELPERS/wsclient
	PROMTOOL=$(command -v promtool || echo build/deps/promtool)
}

teardown() { weir_teardown; }

# A gateway; sets $url and $port.
start_gateway() {
	start_daemon gateway --dir "$DIR" --port 0 "$@"
	gateway=$daemon
	url=$(sed -n 's/.*url=\(.*\)\/ dir.*/\1/p' "$T/gateway.err")
	port=${url##*:}
}

start_both() {
	start_store
	start_gateway "$@"
	wait_for says '"ready":true' /readyz
}

get() { curl -sS --max-time 20 "$@"; }
says() { get "$url$2" | grep -qF -- "$1"; }

# client NAME TRANSPORT PATTERN: in the background, until teardown.
client() {
	if [ "$2" = sse ]; then
		curl -sN "$url/api/v1/events/stream?topic=$3" >"$T/$1.out" 2>&1 3>&- &
	elif [ "$2" = poll ]; then
		curl -s "$url/api/v1/events?wait=60&topic=$3" >"$T/$1.out" 2>&1 3>&- &
	else
		echo "{\"subscribe\":[\"$3\"]}" |
			"$WS" -t 60000 "$port" >"$T/$1.out" 2>&1 3>&- &
	fi
	daemons+=($!)
}

@test "metrics are what promtool wants, with histograms and lag by class" {
	start_both
	client ws websocket test.
	client sse sse test.
	client poll poll other
	wait_for says 'transport="poll",class="live"} 1' /metrics
	wait_for says 'transport="sse",class="live"} 1' /metrics
	wait_for says 'transport="websocket",class="live"} 1' /metrics
	numbers 1 5 | pub --type test.n
	wait_for says '"n":5' "/api/v1/events?topic=test.n"
	wait_for grep -q '"n":5' "$T/ws.out"
	wait_for says 'weir_store_commit_seconds_count' /metrics
	get "$url/metrics" >"$T/metrics"
	# Each event once, however many clients it goes to.
	[ "$(sed -n 's/^weir_gateway_delivery_seconds_count.* //p' "$T/metrics")" = 5 ]
	[ "$(grep -c '^weir_gateway_delivery_seconds_bucket' "$T/metrics")" = 18 ]
	grep -q '^weir_gateway_delivery_seconds_bucket{id="[^"]*",le="+Inf"} 5$' "$T/metrics"
	grep -q '^weir_gateway_client_lag_events{id="[^"]*",transport="websocket",class="live"} 0$' "$T/metrics"
	# All that there is, is described.
	[ "$(grep -c '^# TYPE' "$T/metrics")" = "$(grep -c '^# HELP' "$T/metrics")" ]
	! grep 'Not described' "$T/metrics"
	[ "$(sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' "$T/metrics" | sort | uniq -d)" = "" ]
	if ! [ -x "$PROMTOOL" ]; then
		skip "promtool is not there (scripts/deps check)"
	fi
	"$PROMTOOL" check metrics <"$T/metrics" >&2
}

@test "what any process says of itself is a metric, and cannot break the others" {
	start_both
	wait_for says 'weir_up{tool="store"' /metrics
	get "$url/metrics" >"$T/metrics"
	for id in $(sed -n 's/^weir_up{.*id="\([^"]*\)"} 1$/\1/p' "$T/metrics"); do
		grep -q "^weir_[a-z_]*{id=\"$id\"" "$T/metrics"
	done
	grep -q '^weir_up{tool="gateway"' "$T/metrics"
}
