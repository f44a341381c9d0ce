#!/usr/bin/env bats
# weir-gateway's connections: who is there, who may come, and how they end.

load ../helpers

setup() {
	weir_setup
	RAW=$BATS_TEST_DIRNAME/../helpers/rawws.py
}

teardown() { weir_teardown; }

# A store and a gateway; sets $url, $port and $gateway.
start_both() {
	start_store
	start_daemon gateway --dir "$DIR" --port 0 "$@"
	gateway=$daemon
	url=$(sed -n 's/.*url=\(.*\)\/ dir.*/\1/p' "$T/gateway.err")
	port=${url##*:}
	wait_for is_ready
}

is_ready() { curl -sf "$url/readyz" >/dev/null; }
raw() { timeout 90 python3 "$RAW" "$port" "$@"; }
counter() { curl -s "$url/metrics" | sed -n "s/^weir_gateway_$1{.* //p"; }
counts() { [ "$(counter "$1")" = "$2" ]; }
numbered() { numbers "$1" "$2" | sed 's/.*/{"type":"t.n","subject":"a","data":&}/' | pub; }

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

@test "connections come no faster than they may; none is lost" {
	start_both --accept-rate 20
	seq 100 | xargs -P 50 -I {} curl -s --max-time 60 -o /dev/null -w '%{http_code}\n' "$url/healthz" >"$T/out"
	[ "$(grep -cx 200 "$T/out")" = 100 ]
	[ "$(counter connections_delayed_total)" -ge 1 ]
	counts connections_refused_total 0
}
