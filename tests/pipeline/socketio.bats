#!/usr/bin/env bats
# Socket.IO and Engine.IO as the gateway's modules speak them (socketio-echo):
# by hand, with npm's client, and with the protocols' conformance suites, which
# are read from WEIR_SUITES=DIR.

SUITES=${WEIR_SUITES:-} # before it is unset
load ../helpers

here=$BATS_TEST_DIRNAME/../socketio
npm=$BATS_TEST_DIRNAME/../../build/socketio

setup_file() {
	mkdir -p "$npm"
	cp "$here"/package.json "$here"/package-lock.json "$here"/client.mjs "$npm"
	npm_packages "$npm" socket.io-client
}

setup() {
	weir_setup
	ECHO=$BIN/../tests/socketio-echo
}

teardown() { weir_teardown; }

start_echo() { # OPTION...
	: >"$T/echo.err" # no line of the one before is taken for this one's
	"$ECHO" --port 0 --ping-interval 25000 --ping-timeout 20000 "$@" 2>>"$T/echo.err" 3>&- &
	daemon=$!
	daemons+=("$daemon")
	wait_for ready_or_gone "$T/echo.err" "$daemon"
	url=$(sed -n 's|.*ready url=||p' "$T/echo.err")
	polling="${url}?EIO=4&transport=polling"
}

# It ends with 0 and has met no error of memory.
stop_echo() {
	stop_daemon
	no_memory_errors "$T/echo.err"
}

post() { # BODY SID
	get --data-binary "$1" -H 'Content-Type: text/plain;charset=UTF-8' "$polling&sid=$2"
}

handshake() { get "$polling" | cut -c2- | jq -r .sid; }

client() { # SCENARIO
	(cd "$npm" && node client.mjs "$1" "${url%/*.io/}")
}

@test "by hand: handshake, connect, event, acknowledgement, close" {
	start_echo
	run -0 get "$polling"
	[[ $output == 0* ]]
	run -0 jq -c '.upgrades, .pingInterval, .pingTimeout, .maxPayload' <<<"${output:1}"
	[ "$output" = $'["websocket"]\n25000\n20000\n1000000' ]
	sid=$(handshake)
	[ "$(post '40{"a":1}' "$sid")" = ok ]
	# In one answer, or in two.
	run -0 get "$polling&sid=$sid"
	[[ $output == '40{"sid":"'* ]]
	[[ $output == *42* ]] || run -0 get "$polling&sid=$sid"
	[[ $output == *'42["auth",{"a":1}]' ]]
	[ "$(post $'42["message",1]\x1e427["message-with-ack","x"]' "$sid")" = ok ]
	run -0 get "$polling&sid=$sid"
	[ "$output" = $'42["message-back",1]\x1e437["x"]' ]
	[ "$(post 1 "$sid")" = ok ]
	# One GET may have been on its way.
	run -0 get -w ' %{http_code}' "$polling&sid=$sid"
	[ "$output" = '6 200' ]
	run -0 get -w ' %{http_code}' "$polling&sid=$sid"
	[ "$output" = '{"code":1,"message":"Session ID unknown"} 400' ]
	stop_echo
}

@test "by hand: binary data, and a client that says nothing" {
	start_echo --engine
	sid=$(handshake)
	[ "$(post $'4hello\x1ebAQIDBA==' "$sid")" = ok ]
	run -0 get "$polling&sid=$sid"
	[ "$output" = $'4hello\x1ebAQIDBA==' ]
	stop_echo
	start_echo --engine --ping-interval 100 --ping-timeout 3000
	sid=$(handshake)
	run -0 get "$polling&sid=$sid"
	[ "$output" = 2 ]
	run -0 get -w ' %{http_code}' "$polling&sid=$sid"
	[ "$output" = '1 200' ]
	wait_for grep -q 'why="ping timeout"' "$T/echo.err"
	stop_echo
}

@test "npm's client over HTTP" {
	start_echo
	client polling
	stop_echo
}

@test "npm's client over WebSocket" {
	start_echo
	client websocket
	stop_echo
}

@test "npm's client over both, as it does by itself" {
	start_echo
	client defaults
	stop_echo
}

@test "npm's client upgrades, and loses nothing on the way" {
	start_echo --engine
	for _ in 1 2 3 4 5; do
		client upgrade
	done
	stop_echo
}

@test "npm's client in several namespaces" {
	start_echo
	client namespaces
	stop_echo
}

@test "npm's client is refused, and let in" {
	start_echo
	client refused
	stop_echo
}

@test "npm's client is disconnected, and connects again" {
	start_echo
	client disconnected
	stop_echo
}

@test "npm's client comes back with its pid and offset" {
	start_echo
	client reconnect
	stop_echo
}

@test "npm's client stays through heartbeats" {
	start_echo --ping-interval 100
	client heartbeat
	stop_echo
}

@test "npm's client is sent more than may wait, and comes back" {
	start_echo
	client flood
	stop_echo
}

@test "npm's client sends more than a message may have, and comes back" {
	start_echo
	client too-large
	stop_echo
}

@test "npm's client ends as the server does" {
	start_echo
	(cd "$npm" && node -e '
		import("socket.io-client").then(({ io }) => {
			const s = io(process.argv[1], { reconnection: false });
			s.on("connect", () => console.log("connected"));
			s.on("disconnect", () => process.exit(0));
		})' "${url%/socket.io/}") >"$T/client" 3>&- &
	client=$!
	daemons+=("$client")
	wait_for grep -q connected "$T/client"
	stop_echo
	wait "$client"
}

# suite NAME COUNT OPTION...: all of its cases pass, as many as are known.
suite() {
	[ -n "${SUITES:-}" ] || skip "WEIR_SUITES is unset"
	local copy=$npm/$1 n=$2
	name=$1
	shift 2
	mkdir -p "$copy"
	cp "$SUITES/$name"/test-suite/*.js* "$copy"
	[ -x "$copy/node_modules/.bin/mocha" ] ||
		(cd "$copy" && npm ci --no-audit --no-fund >"$copy/npm.log" 2>&1)
	run "$here/suite.sh" "$ECHO" "$copy" "$@"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"# pass $n"* ]]
	[[ $output == *"# fail 0"* ]]
}

@test "conformance suite of Engine.IO" { suite engine.io-protocol 24 --engine; }

@test "conformance suite of Socket.IO" { suite socket.io-protocol 32; }
