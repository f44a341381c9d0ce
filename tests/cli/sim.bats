#!/usr/bin/env bats
# weir-sim as a process: what only shows on the wire, and its manners.

bats_require_minimum_version 1.5.0

setup() {
	BIN=${BIN:-build/bin}
	log=$BATS_TEST_TMPDIR/log
	pid=
}

teardown() {
	[ -z "$pid" ] || { kill "$pid" && wait "$pid"; } || true
}

# Start it with the options given and wait for the ready line; sets $url.
start_sim() {
	: >"$log" # no line of the one before is taken for this one's
	"$BIN/weir-sim" --listen 127.0.0.1:0 --tick 0 "$@" 2>>"$log" 3>&- &
	pid=$!
	for _ in $(seq 1200); do
		grep -q ': ready ' "$log" && break
		kill -0 "$pid"
		sleep 0.05
	done
	grep -q ': ready ' "$log"
	url=http://$(sed -n 's/.*ready listen=\([^ ]*\).*/\1/p' "$log")
}

# End it; it must go with status 0.
stop_sim() {
	kill -TERM "$pid"
	wait "$pid"
	pid=
}

get() {
	curl -sS --max-time 20 "$@"
}

status() {
	get -o /dev/null -w '%{http_code}' "$@"
}

@test "help and version are answered on stdout" {
	run --separate-stderr "$BIN/weir-sim" --help
	[ "$status" -eq 0 ]
	[[ $output == *--listen* ]]
	[ -z "$stderr" ]
	run --separate-stderr "$BIN/weir-sim" --version
	[ "$status" -eq 0 ]
	[ -n "$output" ]
}

@test "bad options are usage errors that name the option" {
	for bad in --tick=5 --seed=x --ads=501 --no-such; do
		run "$BIN/weir-sim" "$bad"
		[ "$status" -eq 64 ]
		name=${bad%%=*}
		[[ $output == *"${name#--}"* ]]
	done
	run "$BIN/weir-sim" operand
	[ "$status" -eq 64 ]
}

@test "a bad address is a configuration error" {
	for bad in nonsense 127.0.0.1 host.name:80 127.0.0.1:99999 :80; do
		run "$BIN/weir-sim" --listen "$bad"
		[ "$status" -eq 78 ]
		[[ $output == *"$bad"* ]]
	done
}

@test "a port in use is said in one line" {
	start_sim
	run "$BIN/weir-sim" --listen "${url#http://}"
	[ "$status" -eq 75 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"in use"* ]]
}

@test "SIGTERM ends it with 0, also while requests wait" {
	start_sim
	curl -s --max-time 20 "$url/hang/" &
	hanging=$!
	curl -s --max-time 20 "$url/slow/19000/page" &
	slow=$!
	for _ in $(seq 200); do
		[ "$(get "$url/control/log" | jq '.paths | length')" -ge 2 ] &&
			break
		sleep 0.02
	done
	stop_sim
	run ! wait "$hanging"
	run ! wait "$slow"
}

@test "readiness is told to the supervisor" {
	sock=$BATS_TEST_TMPDIR/notify
	python3 - "$sock" >"$BATS_TEST_TMPDIR/told" 3>&- <<-'PY' &
		import socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind(sys.argv[1])
		s.settimeout(20)
		print(s.recv(100).decode())
	PY
	listener=$!
	for _ in $(seq 200); do
		[ -S "$sock" ] && break
		sleep 0.05
	done
	NOTIFY_SOCKET=$sock start_sim
	wait "$listener"
	grep -qx 'READY=1' "$BATS_TEST_TMPDIR/told"
}

@test "the same seed gives the same world, another seed another" {
	start_sim --seed 5
	get -d '{"n":50}' "$url/control/tick"
	get "$url/control/state" >"$BATS_TEST_TMPDIR/a"
	stop_sim
	start_sim --seed 5
	get -d '{"n":50}' "$url/control/tick"
	get "$url/control/state" >"$BATS_TEST_TMPDIR/b"
	stop_sim
	start_sim --seed 6
	get -d '{"n":50}' "$url/control/tick"
	get "$url/control/state" >"$BATS_TEST_TMPDIR/c"
	cmp "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
	run ! cmp "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/c"
}

@test "time passes by itself with --tick" {
	start_sim --tick 10ms
	for _ in $(seq 200); do
		tick=$(get "$url/control/state" | jq .tick)
		[ "$tick" -ge 3 ] && break
		sleep 0.02
	done
	[ "$tick" -ge 3 ]
}

@test "every page shows the price that the state tells" {
	start_sim
	get -d '{"item":"samba-og","price":"1234.50"}' "$url/control/set"
	[ "$(get "$url/control/state" |
		jq -r '.products[] | select(.id == "samba-og").price')" = 1234.50 ]
	get "$url/shop/jsonld/samba-og" | grep -q '"price":"1234.50"'
	get "$url/shop/microdata/samba-og" | grep -q 'content="1234.50"'
	get "$url/shop/og/samba-og" | grep -q 'amount" content="1234.50"'
	get "$url/shop/plain/samba-og" | grep -q '1.234,50 EUR'
}

@test "feeds are well-formed and list the ads that the state tells" {
	start_sim --ads 5
	get -d '{"source":"ksl","id":"x","title":"a <b> & c","price":"5"}' \
		"$url/control/ad"
	want=$(get "$url/control/state" |
		jq -r '.ads[] | select(.source == "ksl").id' | sort)
	for feed in feed.xml atom.xml; do
		get "$url/ads/ksl/$feed" >"$BATS_TEST_TMPDIR/$feed"
		python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' \
			"$BATS_TEST_TMPDIR/$feed"
	done
	got=$(sed -n 's/^<guid[^>]*>\(.*\)<.*/\1/p' \
		"$BATS_TEST_TMPDIR/feed.xml" | sort)
	[ "$got" = "$want" ]
	got=$(get "$url/ads/ksl/api.json" | jq -r '.results[].id' | sort)
	[ "$got" = "$want" ]
}

@test "links in feeds lead to pages on the host that was asked" {
	start_sim --ads 3
	for link in $(get "$url/ads/feed.xml" |
		sed -n 's/^<link>\(.*\)<.*/\1/p'); do
		[[ $link == "$url"/* ]]
		[ "$(status "$link")" = 200 ]
	done
}

@test "what has not changed is 304, by tag and by date" {
	start_sim
	page=$url/shop/jsonld/samba-og
	get -D "$BATS_TEST_TMPDIR/h" -o /dev/null "$page"
	tag=$(tr -d '\r' <"$BATS_TEST_TMPDIR/h" | sed -n 's/^ETag: //p')
	date=$(tr -d '\r' <"$BATS_TEST_TMPDIR/h" |
		sed -n 's/^Last-Modified: //p')
	[ "$(status -H "If-None-Match: $tag" "$page")" = 304 ]
	[ "$(status -H "If-Modified-Since: $date" "$page")" = 304 ]
	get -d '{"item":"samba-og","price":"1.00"}' "$url/control/set"
	[ "$(status -H "If-None-Match: $tag" "$page")" = 200 ]
	[ "$(status -H "If-Modified-Since: $date" "$page")" = 200 ]
}

@test "gzip is used only where it is accepted" {
	start_sim
	get "$url/page" >"$BATS_TEST_TMPDIR/plain"
	get --compressed -D "$BATS_TEST_TMPDIR/h" "$url/page" |
		cmp - "$BATS_TEST_TMPDIR/plain"
	grep -qi '^Content-Encoding: gzip' "$BATS_TEST_TMPDIR/h"
	get -H 'Accept-Encoding: gzip;q=0' "$url/page" |
		cmp - "$BATS_TEST_TMPDIR/plain"
}

@test "a slow answer takes its time and holds up nobody" {
	start_sim
	get -o /dev/null -w '%{time_total}' "$url/slow/1500/page" \
		>"$BATS_TEST_TMPDIR/time" 3>&- &
	slow=$!
	[ "$(status "$url/page")" = 200 ]
	kill -0 "$slow"
	wait "$slow"
	awk '{ exit !($1 >= 1.5) }' "$BATS_TEST_TMPDIR/time"
}

@test "a cut answer ends before its announced length" {
	start_sim
	run curl -s --max-time 20 -o "$BATS_TEST_TMPDIR/half" "$url/cut/page"
	[ "$status" -eq 18 ]
	size=$(get "$url/page" | wc -c)
	[ "$(wc -c <"$BATS_TEST_TMPDIR/half")" -eq $((size / 2)) ]
}

@test "an endless answer goes on until the client has enough" {
	start_sim
	[ "$(curl -s --max-time 20 "$url/endless/" | head -c 5000000 |
		wc -c)" -eq 5000000 ]
	[ "$(status "$url/page")" = 200 ]
}

@test "the bomb is small on the wire and gigabytes behind it" {
	start_sim
	get "$url/bomb/" >"$BATS_TEST_TMPDIR/bomb"
	[ "$(wc -c <"$BATS_TEST_TMPDIR/bomb")" -lt 3000000 ]
	[ "$(gzip -dc <"$BATS_TEST_TMPDIR/bomb" | wc -c)" -eq 2147483648 ]
}

@test "a hanging answer never comes" {
	start_sim
	run curl -s --max-time 1 "$url/hang/"
	[ "$status" -eq 28 ]
	[ -z "$output" ]
	[ "$(status "$url/page")" = 200 ]
}

@test "many headers are sent" {
	start_sim
	n=$(get -o /dev/null -D - "$url/headers/1000/page" |
		grep -c '^X-Filler-')
	[ "$n" -eq 1000 ]
}

@test "redirects lead to the page, into a loop, or wherever one wants" {
	start_sim
	[ "$(get -L -o /dev/null -w '%{http_code} %{num_redirects}' \
		"$url/redirect/4/page")" = "200 4" ]
	run curl -s -L --max-redirs 10 -o /dev/null "$url/redirect-loop/"
	[ "$status" -eq 47 ]
	for to in file:///etc/passwd 'http://[::ffff:127.0.0.1]/'; do
		[ "$(get -G --data-urlencode "url=$to" -o /dev/null \
			-w '%{redirect_url}' "$url/redirect-to")" = "$to" ]
	done
}

@test "Retry-After comes with 429 and where it is asked for" {
	start_sim
	[ "$(get -o /dev/null -w '%header{retry-after}' \
		"$url/status/503/?retry_after=9")" = 9 ]
	[ "$(get -o /dev/null -w '%{http_code} %header{retry-after}' \
		"$url/ratelimit/0/page")" = "429 1" ]
}

@test "a webhook records what came and answers as scripted" {
	start_sim
	get -d '{"name":"h","status":429,"retry_after":2,"times":1}' \
		"$url/control/hook"
	[ "$(status -H 'X-Key: k' -d '{"a":1}' "$url/hook/h?b=2")" = 429 ]
	[ "$(status -X PUT -d 'again' "$url/hook/h")" = 200 ]
	get "$url/control/hook/h" >"$BATS_TEST_TMPDIR/got"
	jq -e '.total == 2
		and .requests[0].method == "POST"
		and .requests[0].headers["x-key"] == "k"
		and .requests[0].args.b == "2"
		and (.requests[0].body | fromjson).a == 1
		and .requests[1].method == "PUT"' "$BATS_TEST_TMPDIR/got"
}

@test "a body that is too large is refused" {
	start_sim
	head -c 1100000 /dev/zero >"$BATS_TEST_TMPDIR/large"
	[ "$(status --data-binary @"$BATS_TEST_TMPDIR/large" \
		"$url/hook/h")" = 413 ]
	[ "$(get "$url/control/hook/h" | jq .total)" = 0 ]
}

@test "control is closed to web pages" {
	start_sim
	[ "$(status -H 'Origin: http://evil.test' "$url/control/state")" = 403 ]
	[ "$(status "$url/control/state")" = 200 ]
}

@test "a Host header that is none is not repeated" {
	start_sim --ads 1
	run get -H 'Host: x"><script>' "$url/ads/feed.xml"
	[[ $output == *"<link>$url/ads/"* ]]
	[[ $output != *"<script"* ]]
}

@test "IRC: of several channels the first lets one in, and one without # is none" {
	start_sim --chat 127.0.0.1:0
	chat=$(sed -n 's/.*chat=\([^ ]*\).*/\1/p' "$log")
	exec 5<>"/dev/tcp/${chat%:*}/${chat##*:}"
	printf 'NICK ann\r\nJOIN #a,#b\r\nJOIN a\r\nQUIT\r\n' >&5
	timeout 20 cat <&5 | tr -d '\r' >"$BATS_TEST_TMPDIR/said"
	exec 5>&-
	grep -v PRIVMSG "$BATS_TEST_TMPDIR/said" | diff - <(
		echo ':sim 001 ann :Welcome, GLHF!'
		echo ':ann!ann@ann.sim JOIN #a'
		echo ':sim 366 ann #a :End of /NAMES list'
		echo ':sim 405 ann #b :You have joined too many channels'
		echo ':sim 403 ann a :No such channel'
	)
}
