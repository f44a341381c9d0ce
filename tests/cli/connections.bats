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
