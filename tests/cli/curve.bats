#!/usr/bin/env bats
# The bus over tcp: keys, and who is let in.

load ../helpers

setup() {
	weir_setup
	for name in store laptop stranger; do
		"$BIN/weir-store" --keygen "$T/$name.key" >"$T/$name.pub"
	done
	cp "$T/laptop.pub" "$T/clients"
}

teardown() { weir_teardown; }

# Two ports that nobody has; should somebody take one meanwhile, try others.
start_tcp_store() {
	for _ in 1 2 3 4 5; do
		port=$((20000 + RANDOM % 10000))
		AT=(--ingest "tcp://127.0.0.1:$port" --feed "tcp://127.0.0.1:$((port + 1))")
		start_store "${AT[@]}" --curve-key "$T/store.key" \
			--curve-peers "$T/clients" "$@" && return
	done
	return 1
}

# as NAME [STORE]: what names NAME's keys, and the store's
as() { AS=("${AT[@]}" --curve-key "$T/$1.key" --curve-peers "$T/${2:-store}.pub"); }

publish() { pub "${AS[@]}" -t test.n "$@"; }

# One line on standard error that says $1.
one_line() {
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ ${stderr_lines[0]} == *"$1"* ]]
}

refused() {
	echo 1 >"$T/in"
	run --separate-stderr publish --timeout 1s "$T/in"
	[ "$status" -eq 75 ]
	one_line "is weir-store running on tcp://127.0.0.1:$port"
	[ "$(log | wc -l)" -eq 0 ]
}

@test "--keygen makes a pair that only its owner may read, and prints the public key" {
	[ "$(stat -c %a "$T/laptop.key")" = 600 ]
	grep -qE '^public [!-~]{40}$' "$T/laptop.pub"
	grep -qxFf "$T/laptop.pub" "$T/laptop.key"
	[ "$(grep -cE '^secret [!-~]{40}$' "$T/laptop.key")" -eq 1 ]
	! cmp -s "$T/laptop.pub" "$T/store.pub"
	cp "$T/laptop.key" "$T/was"
	run --separate-stderr "$BIN/weir-store" --keygen "$T/laptop.key"
	[ "$status" -eq 73 ]
	[ -z "$output" ]
	one_line "$T/laptop.key"
	cmp "$T/laptop.key" "$T/was"
}

@test "with the right keys events pass from end to end" {
	start_tcp_store
	as laptop
	start_sub=("${AS[@]}" -n 5)
	"$BIN/weir-sub" --dir "$DIR" "${start_sub[@]}" --since 1h >"$T/sub" &
	sub=$!
	numbers 1 5 | publish
	wait "$sub"
	jq .data.n "$T/sub" | cmp - <(seq 1 5)
	in_order 5
	stop_store
}

@test "where there is no journal, sub prints what comes" {
	start_tcp_store
	as laptop
	numbers 1 3 | publish
	"$BIN/weir-sub" --dir "$T/elsewhere" "${AS[@]}" -n 4 test.n >"$T/sub" &
	sub=$!
	# Nobody sees when it has begun; then it prints each that comes.
	for n in $(seq 4 1000); do
		[ ! -s "$T/sub" ] || break
		numbers "$n" "$n" | publish
	done
	numbers 1001 1004 | publish
	wait "$sub"
	[ "$(head -n 1 "$T/sub" | jq .data.n)" -gt 3 ]
	log --since "$(head -n 1 "$T/sub" | jq -r '"\(.epoch):\((.offset|tonumber) - 1)"')" \
		-n 4 test.n | cmp - "$T/sub"
	[ ! -e "$T/elsewhere" ]
	# What is asked of the past needs the journal.
	run --separate-stderr "$BIN/weir-sub" --dir "$T/elsewhere" "${AS[@]}" --since 1h
	[ "$status" -eq 66 ]
	stop_store
}

@test "keys come from weir.conf as well, a tool's own before the shared" {
	start_tcp_store
	printf '%s\n' '[weir]' "ingest = ${AT[1]}" "feed = ${AT[3]}" \
		"curve-key = $T/stranger.key" "curve-peers = $T/store.pub" \
		'[pub]' "curve-key = $T/laptop.key" >"$T/conf"
	numbers 1 2 | pub --config "$T/conf" -t test.n
	in_order 2
	stop_store
}

@test "a client that is not listed is refused, counted and logged, until it is listed" {
	start_tcp_store
	as stranger
	refused
	grep -q "warning: client refused: 127.0.0.1: key .* is not in $T/clients" "$T/store.err"
	as laptop
	"$BIN/weir-sub" "${AS[@]}" --dir "$DIR" >/dev/null &
	daemons+=($!)
	numbers 1 1 | publish
	as stranger
	numbers 2 2 | publish --timeout 60s &
	publisher=$!
	cat "$T/stranger.pub" >>"$T/clients"
	wait "$publisher"
	in_order 2
	stop_store
}

@test "refused clients are a figure of the store" {
	start_tcp_store
	as stranger
	refused
	start_daemon gateway --dir "$DIR" "${AT[@]}" --port 0 \
		--curve-key "$T/laptop.key" --curve-peers "$T/store.pub"
	url=$(grep -o 'http://[^ ]*' "$T/gateway.err")
	counted() { curl -s "${url}metrics" | grep -qE '^weir_store_clients_refused_total.* [1-9]'; }
	wait_for counted
	stop_daemon
	stop_store
}

@test "a client that names another store's key, or has no keys, delivers nothing" {
	start_tcp_store
	as laptop stranger
	refused
	AS=("${AT[@]}")
	refused
	stop_store
}

@test "a subscriber that is not let in hears nothing" {
	start_tcp_store
	as stranger
	"$BIN/weir-sub" --dir "$T/elsewhere" "${AS[@]}" >"$T/sub" 2>"$T/sub.err" &
	sub=$!
	wait_for grep -q "nothing heard (is weir-store running on ${AT[3]}, and do the keys fit?)" "$T/sub.err"
	as laptop
	numbers 1 300 | publish
	wait_for grep -q 'client refused' "$T/store.err"
	numbers 301 302 | publish
	kill -TERM "$sub"
	wait "$sub"
	[ ! -s "$T/sub" ]
	stop_store
}

@test "garbage on the ports harms nobody" {
	start_tcp_store
	as laptop
	numbers 1 1 | publish
	for p in "$port" $((port + 1)); do
		head -c 200000 /dev/urandom | timeout 10 bash -c "cat >/dev/tcp/127.0.0.1/$p" || true
		printf 'GET / HTTP/1.1\r\n\r\n' | timeout 10 bash -c "cat >/dev/tcp/127.0.0.1/$p" || true
		# A greeting of ZMTP 3.0 that means the mechanism NULL.
		{ printf '\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL'; head -c 48 /dev/zero; } |
			timeout 10 bash -c "cat >/dev/tcp/127.0.0.1/$p" || true
	done
	for seed in 1 2; do
		timeout 20 "$HELPERS/garbage" "${AT[1]}" $seed 100 || true
	done
	alive "$store"
	numbers 2 3 | publish
	in_order 3
	stop_store
}

@test "without keys nothing leaves the machine: refused, also by --check-config" {
	for tool in store pub sub log gateway scraper analyzer alerter notifier; do
		for end in ingest feed; do
			run --separate-stderr "$BIN/weir-$tool" --dir "$DIR" --check-config \
				--$end tcp://192.0.2.1:7001
			[ "$status" -eq 78 ]
			one_line "$end: tcp://192.0.2.1:7001: not beyond this machine without keys"
		done
	done
	for tool in store pub sub analyzer gateway; do
		run --separate-stderr timeout 20 "$BIN/weir-$tool" --dir "$DIR" --feed 'tcp://*:7001'
		[ "$status" -eq 78 ]
		one_line 'feed: tcp://*:7001: not beyond this machine without keys'
	done
}

@test "endpoints that nobody could reach, or bind, are refused" {
	for at in inproc://x localhost:7001 tcp://7001 ''; do
		for tool in store pub; do
			run --separate-stderr "$BIN/weir-$tool" --dir "$DIR" --check-config --ingest "$at"
			[ "$status" -ne 0 ]
			one_line "ingest: "
		done
	done
	for at in tcp://localhost:7001 tcp://no.such.example:7001 tcp://eth0:7001; do
		run --separate-stderr timeout 20 "$BIN/weir-store" --dir "$DIR" --feed "$at"
		[ "$status" -eq 78 ]
		one_line "feed: $at: the store binds an address or *"
	done
	# Others connect, and look a name up.
	pub --check-config --ingest tcp://localhost:7001
}

@test "files of keys: what is wrong is one line" {
	AT=(--ingest tcp://127.0.0.1:1 --feed tcp://127.0.0.1:2)
	as laptop
	pub "${AS[@]}" --check-config
	chmod 644 "$T/laptop.key"
	run --separate-stderr pub "${AS[@]}" --check-config
	[ "$status" -eq 78 ]
	one_line "curve-key: $T/laptop.key: mode is 0644"
	chmod 600 "$T/laptop.key"
	cp "$T/store.key" "$T/store.pub"
	run --separate-stderr pub "${AS[@]}" --check-config
	[ "$status" -eq 78 ]
	one_line "curve-peers: $T/store.pub: line 2: a secret key"
	run --separate-stderr pub "${AT[@]}" --curve-key "$T/laptop.key" </dev/null
	[ "$status" -eq 78 ]
	one_line "curve-key and curve-peers go together"
}
