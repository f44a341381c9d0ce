#!/usr/bin/env bats
# weir-gateway sends an event to many clients at once.

load ../helpers

setup() { weir_setup; }
teardown() { weir_teardown; }

gauge() { curl -s "$url/metrics" | sed -n "s/^weir_gateway_$1{.*} //p"; }
has() { [ "$(gauge "$1")" = "$2" ]; }

# crowd N: N clients, of which every third is a stream, hear all of 50 events.
crowd() {
	local i clients=() streams=()
	for i in $(seq "$1"); do
		if ((i % 3)); then
			echo '{"subscribe":["t.n/"]}' |
				"$HELPERS/wsclient" -t 60000 -n 51 "$port" >"$T/out.$i" 3>&- &
			clients+=($!)
		else
			curl -sN -m 60 "$url/api/v1/events/stream?topic=t.n/" >"$T/out.$i" 3>&- &
			streams+=($!)
		fi
	done
	wait_for has subscribed "$1"
	for i in $(seq 50); do
		printf '{"type":"t.n","subject":"%d","data":{"n":%d}}\n' $i $i
	done >"$T/events"
	# some alone, and some of one flush
	head -n 10 "$T/events" | while read -r event; do echo "$event" | pub; done
	tail -n +11 "$T/events" | pub
	wait "${clients[@]}"
	for i in $(seq "$1"); do
		wait_for heard_all "$T/out.$i"
	done
	kill "${streams[@]}"
}

heard_all() { # once each, and in order
	sed 's/^data: //; /^{/!d' "$1" | jq -c 'select(.data).data.n' | cmp -s - <(seq 50)
}

@test "a ring: many clients take one system call" {
	start_both
	has io_uring 1 || skip "the kernel has no ring for us"
	strace -f -c -o "$T/calls" -p "$gateway" 2>/dev/null 3>&- &
	tracer=$!
	wait_for grep -q "TracerPid:.*$tracer" "/proc/$gateway/status"
	crowd 60
	kill -INT "$tracer"
	wait "$tracer" || true
	# an event of its own is sent by one call, and 60 handshakes are not
	sends=$(awk '$NF == "sendto" { print $4 }' "$T/calls")
	enters=$(awk '$NF == "io_uring_enter" { print $4 }' "$T/calls")
	[ "$enters" -ge 10 ] && [ "$enters" -le 120 ]
	[ "${sends:-0}" -le 300 ]
	[ "$(gauge delivered_total)" -ge 3000 ]
}

@test "without: each client takes one" {
	start_both --no-io-uring
	has io_uring 0
	crowd 12
}

@test "where a sandbox has none, it does without" {
	start_store
	: >"$T/gateway.err"
	"$HELPERS/without" ring "$BIN/weir-gateway" --dir "$DIR" --port 0 2>>"$T/gateway.err" 3>&- &
	gateway=$!
	daemons+=("$gateway")
	wait_for ready_or_gone "$T/gateway.err" "$gateway"
	url=$(sed -n 's/.*url=\(.*\)\/ dir.*/\1/p' "$T/gateway.err")
	port=${url##*:}
	wait_for gateway_is_ready
	has io_uring 0
	crowd 12
	stop_daemon "$gateway"
}
