#!/usr/bin/env bats
# weir-gateway with TLS: https and wss, and certificates that are replaced.

load ../helpers

setup() {
	weir_setup
	RAW=$BATS_TEST_DIRNAME/../helpers/rawws.py
	certificate one
}

teardown() { weir_teardown; }

# certificate NAME: $T/NAME.pem, whose subject is NAME, and $T/NAME.key.
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -subj "/CN=$1" -addext subjectAltName=DNS:localhost \
		-keyout "$T/$1.key" -out "$T/$1.pem" 2>/dev/null
}

start_both() {
	start_store
	cp "$T/one.pem" "$T/cert"
	cp "$T/one.key" "$T/key"
	start_daemon gateway --dir "$DIR" --port 0 --tls-cert "$T/cert" \
		--tls-key "$T/key" "$@"
	gateway=$daemon
	url=$(sed -n 's/.*url=\(.*\)\/ dir.*/\1/p' "$T/gateway.err")
	port=${url##*:}
	url=https://localhost:$port
	wait_for is_ready
}

get() { curl -sS --max-time 20 --cacert "$T/one.pem" "$@"; }
is_ready() { get -f "$url/readyz" >/dev/null 2>&1; }
# The name in the certificate that is shown.
shown() {
	openssl s_client -connect "127.0.0.1:$port" -alpn h2,http/1.1 </dev/null 2>/dev/null |
		sed -n 's/^subject=CN = //p;s/^subject=CN=//p'
}
shows() { [ "$(shown)" = "$1" ]; }
says() { grep -q "$1" "$T/gateway.err"; }

@test "https: requests, streams and WebSockets" {
	start_both
	[[ $(cat "$T/gateway.err") == *"url=https://127.0.0.1:$port/"* ]]
	[ "$(get -o /dev/null -w '%{http_code} %{http_version}' --http2 "$url/healthz")" = "200 1.1" ]
	timeout 90 env RAWWS_CA="$T/one.pem" python3 "$RAW" "$port" many
	numbers 1 3 | sed 's/.*/{"type":"t.n","data":&}/' | pub
	[ "$(get -N "$url/api/v1/events/stream?topic=t.n&last=1" 2>/dev/null |
		grep -m 2 '^data: ' | tail -n 1 | cut -d' ' -f2- | jq .data.n)" = 3 ]
	run get --tls-max 1.1 "$url/healthz"
	[ "$status" -ne 0 ]
	# plain text is not understood, and harms nobody
	run curl -sS --max-time 20 "http://127.0.0.1:$port/healthz"
	[ "$status" -ne 0 ]
	is_ready
	stop_daemon "$gateway"
}

@test "TLS 1.2 and 1.3, HTTP/1.1, and nothing else" {
	start_both
	said() { openssl s_client -connect "127.0.0.1:$port" "$@" </dev/null 2>&1 || true; }
	for old in -tls1 -tls1_1; do
		said "$old" -cipher DEFAULT@SECLEVEL=0 >"$T/out"
		grep -q 'alert protocol version' "$T/out" # its own word, not the client's
	done
	for version in 1_2 1_3; do
		said "-tls$version" -alpn h2,http/1.1 >"$T/out"
		grep -q '^ALPN protocol: http/1.1' "$T/out"
	done
	said -alpn h2 >"$T/out"
	run ! grep -q 'ALPN protocol' "$T/out"
}

@test "a handshake that comes too slowly is ended, and counted" {
	start_both
	timeout 90 env RAWWS_CA="$T/one.pem" python3 "$RAW" "$port" slow_tls
	is_ready
}

@test "a new certificate is shown from SIGHUP on, a bad one never" {
	start_both
	shows one
	certificate two
	cp "$T/two.pem" "$T/cert"
	kill -HUP "$gateway" # the key is still the first one's
	wait_for says 'not reloaded: tls-key'
	shows one
	echo nonsense >"$T/cert"
	kill -HUP "$gateway"
	wait_for says 'not reloaded: tls-cert'
	shows one
	cp "$T/two.pem" "$T/cert"
	cp "$T/two.key" "$T/key"
	kill -HUP "$gateway"
	wait_for says ': reloaded'
	shows two
}

@test "a certificate that cannot be used is a bad configuration" {
	certificate two
	for pair in "one.pem two.key" "one.key one.key" "none one.key"; do
		set -- $pair
		run "$BIN/weir-gateway" --dir "$DIR" --check-config --tls-cert "$T/$1" --tls-key "$T/$2"
		[ "$status" -eq 78 ]
		[[ $output == *tls-* ]]
	done
	run "$BIN/weir-gateway" --dir "$DIR" --check-config --tls-cert "$T/one.pem"
	[ "$status" -eq 78 ]
	run "$BIN/weir-gateway" --dir "$DIR" --check-config --listen 0.0.0.0 \
		--tls-cert "$T/one.pem" --tls-key "$T/one.key"
	[ "$status" -eq 78 ]
}
