#!/usr/bin/env bats
# Socket.IO's clients, and old HTTP paths, at the gateway: npm's client, the
# store and the gateway as they are.

load ../helpers

here=$BATS_TEST_DIRNAME/../socketio
npm=$BATS_TEST_DIRNAME/../../build/socketio-gateway

setup_file() {
	mkdir -p "$npm"
	cp "$here"/package.json "$here"/package-lock.json "$here"/gateway.mjs \
		"$here"/deflate.mjs "$npm"
	npm_packages "$npm" socket.io-client
}

setup() { weir_setup; }
teardown() { weir_teardown; }

# It ends with 0 and has met no error of memory.
stop_gateway() {
	stop_daemon "$gateway"
	no_memory_errors "$T/gateway.err"
}

client() { # SCENARIO ARG...
	local scenario=$1
	shift
	(cd "$npm" && node gateway.mjs "$scenario" "$url" "$@")
}

run_client() {
	start_both
	client "$@"
	stop_gateway
}

@test "events have their old names and payloads, over WebSocket" { run_client events; }
@test "events have their old names and payloads, over HTTP" { run_client events-polling; }
@test "rooms are joined and left, and what cannot be is said" { run_client rooms; }
@test "a room gives the newest of each topic, where it is asked to" { run_client last; }
@test "a room gives what came after a position, a time or an age" { run_client since; }
@test "who was given something of the past comes back to where it was" { run_client past; }
@test "a client has so many subscriptions at most" {
	start_both --max-subscriptions 10
	client limits
	stop_gateway
}

@test "pings are answered, binary data and unknown events refused" { run_client answers; }
@test "what an old client publishes is an event" { run_client publish; }
@test "nothing is lost or doubled while the transport changes" { run_client upgrade; }
@test "notifications are their user's" { run_client notifications; }
@test "who is connected is seen, and ended" { run_client connections; }
@test "who says good-bye does not come back to its seat" { run_client goodbye; }
@test "a body of thousands of packets is taken in turns" { run_client burst; }
@test "hundreds of clients in one room" { run_client crowd; }

@test "who comes back goes on where it was, over WebSocket" {
	start_both
	client recovery
	[ "$(counter socketio_recovered_total)" -ge 4 ]
	[ "$(counter socketio_restarted_total)" = 1 ]
	stop_gateway
}

@test "what is newest of a room is not where a client goes on" { run_client recovery-last; }
@test "who comes back goes on where it was, over HTTP" { run_client recovery-polling; }

@test "SIGUSR2: all come back to their seats, and hear each event once" {
	start_both
	client renewed "$gateway" "$BIN/weir-pub" "$DIR"
	[ "$(grep -c ': ready ' "$T/gateway.err")" = 3 ]
	! grep 'seats are not' "$T/gateway.err"
	stop_gateway
}

@test "seats that cannot be read are ignored, in one line" {
	start_store
	WEIR_GATEWAY_SEATS=1:5 start_gateway
	[ "$(grep -c 'seats are not taken over: ' "$T/gateway.err")" = 1 ]
	wait_for gateway_is_ready
	client answers
	stop_gateway
}

@test "with a token, only who has it" {
	echo 0123456789abcdef >"$T/token"
	start_store
	start_gateway --token-file "$T/token"
	wait_for gateway_is_ready
	client token 0123456789abcdef
	stop_gateway
}

@test "who has a name hears its own notifications, whatever else it may not" {
	"$BIN/weir" key ann role=viewer read='[]' >"$T/keys" 2>"$T/key"
	chmod 600 "$T/keys"
	echo 0123456789abcdef >"$T/token"
	start_store
	start_gateway --keys-file "$T/keys" --token-file "$T/token"
	wait_for gateway_is_ready
	client own "$(cat "$T/key")" 0123456789abcdef
	stop_gateway
}

@test "a token that is not known any more ends its clients" {
	echo 0123456789abcdef >"$T/token"
	start_store
	start_gateway --token-file "$T/token"
	wait_for gateway_is_ready
	client expelled 0123456789abcdef >"$T/client" 2>&1 3>&- &
	client=$!
	wait_for grep -q connected "$T/client"
	echo fedcba9876543210 >"$T/token"
	kill -HUP "$gateway"
	wait "$client" || {
		cat "$T/client"
		return 1
	}
	stop_gateway
}

@test "a table of one's own: namespaces, names, no recovery" {
	cat >"$T/compat.json" <<-'END'
		{"namespaces": ["/prices"], "first_rooms": ["price"],
		 "events": [{"topic": "price.update/", "event": "price", "data": "$data.price"}]}
	END
	start_both --compat "$T/compat.json"
	client namespaces
	stop_gateway
	printf '{\n"events": [{"topic": "a b"}]}' >"$T/compat.json"
	run -78 "$BIN/weir-gateway" --compat "$T/compat.json" --check-config
	[[ $output == *"$T/compat.json: line 2: "* ]]
}

@test "who comes before the journal hears what comes after" {
	start_gateway
	client early >"$T/client" 3>&- &
	client=$!
	wait_for grep -q connected "$T/client"
	start_store
	wait_for gateway_is_ready
	for i in $(seq 100); do
		echo '{"type":"price.update","subject":"lamp","data":{"item":{"id":"lamp"},"price":"1"}}' | pub
		alive "$client" || break
		sleep 0.2
	done
	wait "$client"
	stop_gateway
}

# Its WebSockets are ws's, which are strict about compression.
@test "ws agrees with the gateway about compression" {
	start_both --deflate
	(cd "$npm" && node deflate.mjs "$url")
	[ "$(counter 'deflated_total')" -ge 18 ]
	stop_gateway
}
