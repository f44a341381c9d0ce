#!/usr/bin/env bats
# weir-gateway's connections: who is there, who may come, and how they end.

load ../helpers

setup() {
	weir_setup
	RAW=$BATS_TEST_DIRNAME/../helpers/rawws.py
}

teardown() { weir_teardown; }

raw() { timeout 90 python3 "$RAW" "$port" "$@"; }

@test "pings carry the position, and who does not answer is given up" {
	start_both --ping 1s
	numbered 1 3
	raw heartbeat
	[ "$(counter silent_total)" -ge 1 ]
}

@test "10,000 connections without a head: cheap, told so in time, in nobody's way" {
	start_both --max-clients 9000
	raw half_open 10000 "$gateway"
	[ "$(counter late_heads_total)" -gt 0 ]
}

@test "a head that comes byte by byte is served" {
	start_both
	raw slow_head
}

@test "an address has as many connections as it may" {
	start_both --max-per-address 5
	raw crowd 5
	[ "$(counter connections_crowded_total)" -ge 1 ]
}

@test "an address has no more connections in a second than it may" {
	start_both --connections-per-s 3
	# so many at once that a second cannot pass between them
	wait_for turned_away
	wait_for gateway_is_ready # when its time has come
	wait_for connection_rate_counted
}
turned_away() {
	seq 100 | xargs -P 20 -I {} curl -s --max-time 20 -o /dev/null \
		-w '%{http_code} %header{retry-after}\n' "$url/healthz" >"$T/codes" || true
	grep -Eqx '429 [0-9]+' "$T/codes"
}
connection_rate_counted() {
	curl -s "$url/metrics" | grep -q '^weir_gateway_refused_total{.*"connection-rate".*} [1-9]'
}

@test "limits that hold by themselves, for others than this machine" {
	unshare -rn true 2>/dev/null || skip "no network of our own here"
	echo 0123456789abcdef0123456789abcdef >"$T/token"
	chmod 600 "$T/token"
	start_store
	# IPv4, and IPv6's sockets, to which that comes as ::ffff:ADDRESS.
	while read -r listen local stranger; do
		unshare -rn sh -c 'ip link set lo up && ip address add 192.0.2.1/32 dev lo &&
			ip address add 2001:db8::1/128 dev lo && exec "$@"' - \
			timeout 90 python3 "$RAW" 0 strangers "$BIN/weir-gateway" "$DIR" "$T/token" \
			"$listen" "$local" "$stranger"
	done <<-'END'
		0.0.0.0 127.0.0.1 192.0.2.1
		:: 127.0.0.2 192.0.2.1
		:: ::1 2001:db8::1
	END
}

@test "4096 connections that begin another request and stop: in nobody's way" {
	start_both
	raw kept "$gateway" 4096
}

@test "connections come no faster than they may; none is lost" {
	start_both --accept-rate 20
	# By one process: a hundred would come as fast as the machine starts them.
	seq 100 | sed "s|.*|url = $url/healthz\noutput = /dev/null|" |
		curl -s -Z --parallel-immediate --parallel-max 100 --max-time 60 \
			-H 'Connection: close' -w '%{http_code}\n' -K - >"$T/out"
	[ "$(grep -cx 200 "$T/out")" = 100 ]
	[ "$(counter connections_delayed_total)" -ge 1 ]
	counts connections_refused_total 0
}

@test "SIGTERM: clients are told when to come back, and where to go on" {
	start_both
	numbered 1 3
	raw told_to_leave "$gateway"
	wait "$gateway"
}

@test "SIGUSR2: makes way for the program, and nobody loses or doubles an event" {
	start_both
	raw upgrade "$gateway"
	[ "$(grep -c ': making way ' "$T/gateway.err")" -ge 1 ]
	[ "$(grep -c ': ready ' "$T/gateway.err")" -ge 2 ]
	[ "$(sed -n 's/.*ready url=//p' "$T/gateway.err" | sort -u | wc -l)" = 1 ]
	# what was answered is not waited for
	[ "$(grep -c 'not answered' "$T/gateway.err")" = 0 ]
	stop_daemon "$gateway"
}

@test "SIGUSR2: stays where the new program does not take the configuration" {
	touch "$T/conf"
	start_both --config "$T/conf"
	echo '[gateway]' >"$T/conf"
	echo 'listen = nonsense' >>"$T/conf"
	kill -USR2 "$gateway"
	wait_for grep -q 'not replaced: ' "$T/gateway.err"
	gateway_is_ready
	[ "$(grep -c ': ready ' "$T/gateway.err")" = 1 ]
	stop_daemon "$gateway"
}

makes_way() { [ "$(grep -c ': making way ' "$T/gateway.err")" -ge "$1" ]; }

@test "SIGUSR2 and SIGHUP: at any time, as often as one likes" {
	start_both
	files=$(ls "/proc/$gateway/fd" | wc -l)
	until makes_way 5; do
		kill -USR2 "$gateway"
		kill -HUP "$gateway"
	done
	wait_for makes_way 5
	quiet() { # nobody has made way for a while: none is on its way
		before=$(lines "$T/gateway.err")
		for i in $(seq 10); do gateway_is_ready || return 1; done
		[ "$(lines "$T/gateway.err")" = "$before" ]
	}
	wait_for quiet
	# nothing is left open by those that were before
	[ "$(ls "/proc/$gateway/fd" | wc -l)" -le $((files + 1)) ]
	stop_daemon "$gateway"
}

@test "SIGUSR2: stays where the new program says nothing" {
	mkdir "$T/bin"
	cp "$BIN/weir-gateway" "$T/bin"
	start_store
	BIN=$T/bin start_gateway
	wait_for gateway_is_ready
	mv "$T/bin/weir-gateway" "$T/bin/good"
	printf '#!/bin/sh\nexec sleep 1000\n' >"$T/bin/weir-gateway"
	chmod +x "$T/bin/weir-gateway"
	kill -USR2 "$gateway"
	wait_for grep -q 'not replaced: .* has not checked' "$T/gateway.err"
	gateway_is_ready
	[ -z "$(ps --ppid "$gateway" -o pid=)" ]
	mv "$T/bin/good" "$T/bin/weir-gateway"
	kill -USR2 "$gateway"
	wait_for makes_way 1
	wait_for gateway_is_ready
	stop_daemon "$gateway"
}

@test "a subprotocol that is not known is answered, also at Socket.IO's path" {
	start_both
	for path in /ws '/socket.io/?EIO=4&transport=websocket'; do
		[ "$(curl -sS --max-time 20 -o "$T/out" -w '%{http_code}' -H 'Upgrade: websocket' -H 'Connection: Upgrade' \
			-H 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==' -H 'Sec-WebSocket-Version: 13' \
			-H 'Sec-WebSocket-Protocol: other' "$url$path")" = 400 ]
		grep -q subprotocol "$T/out"
	done
}

@test "listens on a socket that it is handed" {
	start_store
	cat >"$T/hand.py" <<-'E'
		import os, socket, sys
		s = socket.create_server(("127.0.0.1", 0), backlog=5)
		print(s.getsockname()[1], flush=True)
		os.dup2(s.fileno(), 3)
		os.set_inheritable(3, True)
		os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
		os.execv(sys.argv[1], sys.argv[1:])
	E
	python3 "$T/hand.py" "$BIN/weir-gateway" --dir "$DIR" --listen 192.0.2.1 \
		>"$T/port" 2>"$T/gateway.err" 3>&- &
	gateway=$!
	daemons+=("$gateway")
	wait_for grep -q ': ready ' "$T/gateway.err"
	url=http://127.0.0.1:$(cat "$T/port")
	grep -qF "url=$url/" "$T/gateway.err"
	wait_for gateway_is_ready
	stop_daemon "$gateway"
	# no socket that listens is an error, one that is another's is not ours
	run env LISTEN_FDS=2 bash -c "LISTEN_PID=\$\$ exec $BIN/weir-gateway --dir $DIR"
	[ "$status" -eq 78 ]
	[[ $output == *LISTEN_FDS* ]]
	run env LISTEN_PID=1 LISTEN_FDS=1 "$BIN/weir-gateway" --dir "$DIR" --check-config
	[ "$status" -eq 0 ]
}

@test "messages too large, in many pieces, or no UTF-8: an error each, and no harm" {
	start_both
	raw abuse "$gateway"
}

@test "who takes no more is told why it is ended when it reads on, else hung up" {
	start_both
	raw told_late
	raw hung_up
}

@test "pings in a flood of events: each frame comes whole" {
	start_both
	raw pings
}
