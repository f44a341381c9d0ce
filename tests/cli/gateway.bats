#!/usr/bin/env bats
# weir-gateway as a process, with a store and events: HTTP, WebSocket, manners.

bats_require_minimum_version 1.5.0

setup() {
	BIN=${BIN:-build/bin}
	WS=${HELPERS:-build/tests/helpers}/wsclient
	T=$BATS_TEST_TMPDIR
	dir=$T/d
	mkdir -p "$dir"
	pids=
}

teardown() {
	for p in $pids; do
		kill "$p" 2>/dev/null && wait "$p" || true
	done
	if [ -d "$T/small" ] && mountpoint -q "$T/small"; then
		umount "$T/small"
	fi
}

# Start a tool, wait for its ready line in $T/NAME.log; sets $pid.
start() { # NAME TOOL OPTION...
	name=$1 tool=$2
	shift 2
	: >"$T/$name.log" # or the line of the one before may be found
	"$BIN/weir-$tool" --dir "$dir" "$@" >/dev/null 2>>"$T/$name.log" 3>&- &
	pid=$!
	pids="$pid $pids"
	for _ in $(seq 400); do
		grep -q ': ready ' "$T/$name.log" && return 0
		kill -0 "$pid" || return 1
		sleep 0.05
	done
	return 1
}

# A store and a gateway; sets $url and $port.
start_both() {
	start store store
	start_gateway "$@"
	wait_until '"ready":true' /readyz
}

start_gateway() {
	start gateway gateway --port 0 "$@"
	gateway=$pid
	url=$(sed -n 's/.*url=\(.*\)\/ dir.*/\1/p' "$T/gateway.log")
	port=${url##*:}
}

stop() { # PID
	kill -TERM "$1"
	wait "$1"
}

wait_until() { # TEXT PATH
	for _ in $(seq 200); do
		! curl -s --max-time 5 "$url$2" | grep -qF "$1" || return 0
		sleep 0.05
	done
	return 1
}

get() { curl -sS --max-time 20 "$@"; }
status() { get -o /dev/null -w '%{http_code}' "$@"; }
json() { # METHOD PATH [BODY]
	get -X "$1" -H 'Content-Type: application/json' ${3:+-d "$3"} "$url$2"
}
pub() { # lines of "TYPE SUBJECT JSON"
	while read -r type subject data; do
		printf '{"type":"%s","subject":"%s","data":%s}\n' \
			"$type" "$subject" "$data"
	done | "$BIN/weir-pub" --dir "$dir"
}
numbered() { # FROM TO
	seq "$1" "$2" | sed 's/.*/t.n a {"n":&}/' | pub
}
epoch() { get "$url/api/v1/status" | jq -r .position | cut -d: -f1; }

# ---- manners ----

@test "help and version are answered on stdout" {
	run --separate-stderr "$BIN/weir-gateway" --help
	[ "$status" -eq 0 ]
	[[ $output == *--token-file* ]]
	[ -z "$stderr" ]
	run --separate-stderr "$BIN/weir-gateway" --version
	[ "$status" -eq 0 ]
	[ -n "$output" ]
}

@test "bad options are usage errors that name the option" {
	for bad in --port=65536 --port=x --max-clients=0 --no-such operand; do
		run "$BIN/weir-gateway" --dir "$dir" "$bad"
		[ "$status" -eq 64 ]
		name=${bad%%=*}
		[[ $output == *"${name#--}"* ]]
	done
}

@test "listens elsewhere than on loopback only with a token" {
	for address in 0.0.0.0 :: 192.0.2.1; do
		run "$BIN/weir-gateway" --dir "$dir" --listen "$address"
		[ "$status" -eq 78 ]
		[[ $output == *"$address"*token-file* ]]
	done
	run "$BIN/weir-gateway" --dir "$dir" --listen nonsense --token-file "$T/none"
	[ "$status" -eq 78 ]
	echo short >"$T/short"
	run "$BIN/weir-gateway" --dir "$dir" --token-file "$T/short"
	[ "$status" -eq 78 ]
	[[ $output == *token-file* ]]
	run -78 "$BIN/weir-gateway" --dir "$dir" --check-config --listen localhost
	[[ $output == *"listen: localhost: not an IP address" ]]
	for name in http://weir.example weir.example:80 2001:db8::1; do
		run -78 "$BIN/weir-gateway" --dir "$dir" --check-config --host "$name"
		[[ $output == *"host: '$name' is neither like "* ]]
	done
	"$BIN/weir-gateway" --dir "$dir" --check-config --host weir.example --host '[2001:db8::1]'
}

@test "ends with 0 on TERM, also with clients and waiting requests" {
	start_both
	echo '{"subscribe":[""]}' | "$WS" -t 60000 "$port" >"$T/out" 2>&1 3>&- &
	ws=$!
	get "$url/api/v1/events?topic=t.no&wait=30" >/dev/null 2>&1 3>&- &
	wait_until '"subscribed":2' /api/v1/status
	stop "$gateway"
	run wait "$ws"
	[ "$status" -eq 3 ]
}

@test "ends with 0 where its own report is due as it ends" {
	start store store
	LD_PRELOAD=$HELPERS/long_end.so \
		ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0 \
		start_gateway
	wait_until '"ready":true' /readyz
	stop "$gateway"
}

@test "waits for store and journal, and says what is missing" {
	start_gateway --expect analyzer
	run get "$url/readyz"
	[ "$(status "$url/readyz")" = 503 ]
	[ "$(jq -r '.not_ready[].name' <<<"$output" | tr '\n' ' ')" = "store journal analyzer " ]
	[ "$(status "$url/healthz")" = 200 ]
	[ "$(status "$url/health")" = 200 ]
	[ "$(status "$url/api/v1/events")" = 503 ]
	run "$WS" -n 1 "$port" <<<'{"subscribe":[""]}'
	[ "$(jq -r .error.code <<<"$output")" = unavailable ]
	start store store
	wait_until '"not_ready":[{"name":"analyzer"' /readyz
	run "$WS" -n 1 "$port" <<<'{"subscribe":[""]}'
	[ "$(jq -c .subscribed <<<"$output")" = '[""]' ]
}

@test "a full disk is a reason not to be ready, and ends by itself" {
	dir=$T/small
	mkdir "$dir"
	mount -t tmpfs -o size=4m tmpfs "$dir" 2>/dev/null ||
		skip "mounting a small disk is not permitted"
	start_both
	cat /dev/zero >"$dir/fill" 2>/dev/null || true
	numbered 1 2000 &
	publisher=$!
	wait_until '"name":"store","why":"disk full"' /readyz
	rm "$dir/fill"
	wait "$publisher"
	wait_until '"ready":true' /readyz
}

@test "several gateways share one port" {
	start_both
	[ "$(grep -c "another process listens" "$T/gateway.log")" = 0 ]
	start second gateway --port "$port"
	grep "another process listens there" "$T/second.log"
	for _ in 1 2 3 4 5 6 7 8; do
		[ "$(status "$url/healthz")" = 200 ]
	done
}

@test "a pattern that no topic can match is refused, and how it is meant" {
	start_both
	while IFS='|' read -r pattern want; do
		for path in events events/stream; do
			[ "$(status "$url/api/v1/$path?topic=$pattern")" = 400 ]
			[[ $(get "$url/api/v1/$path?topic=$pattern" | jq -r .detail) == "$want"* ]]
		done
		run "$WS" -n 1 "$port" <<<"{\"subscribe\":[\"t.n/\",\"$pattern\"]}"
		jq -e --arg w "$want" '.error | .code == "bad-pattern" and
			(.message | startswith($w))' <<<"$output"
	done <<-'END'
		price|no topic is 'price'; those of all types that begin so are 'price.'
		price/|no topic matches 'price/': its type is not of the form noun.verb
		price/lamp|no topic matches 'price/lamp': its type is not of the form noun.verb
	END
	# to unsubscribe is no mistake
	run "$WS" -n 1 "$port" <<<'{"unsubscribe":["price"]}'
	jq -e '.subscribed == []' <<<"$output"
}

@test "what is not there, not so and not of that kind is counted" {
	start_both
	counted() { get "$url/metrics" | sed -n "s/^weir_gateway_refused_total{.*kind=\"$1\"} //p"; }
	for kind in not-found method media-type; do
		[ "$(counted $kind)" = 0 ]
	done
	[ "$(status "$url/nothing")" = 404 ]
	[ "$(status "$url/api/v1/nothing")" = 404 ]
	[ "$(status -X DELETE "$url/api/v1/events")" = 405 ]
	[ "$(status -H 'Content-Type: text/plain' -d x "$url/api/v1/events")" = 415 ]
	[ "$(counted not-found) $(counted method) $(counted media-type)" = '2 1 1' ]
}

@test "more connections than allowed are turned away and counted" {
	start_both --max-clients 3
	for i in 1 2 3; do
		echo '{"subscribe":["t.x"]}' | "$WS" -t 20000 "$port" >"$T/$i" 2>&1 3>&- &
		pids="$! $pids"
	done
	for _ in $(seq 100); do
		[ "$(cat "$T/1" "$T/2" "$T/3" | wc -l)" -lt 3 ] || break
		sleep 0.05
	done
	run "$WS" -n 1 "$port" </dev/null
	[ "$status" -eq 2 ]
	[[ $output == *503* ]]
	kill "${pids%% *}" # makes room to ask
	wait_until weir_gateway_connections_refused_total /metrics
	[ "$(get "$url/metrics" | sed -n 's/^weir_gateway_connections_refused_total{.* //p')" -ge 1 ]
}

# ---- who may ask ----

@test "Host must be a name of the gateway, on every request" {
	start_both --host weir.example
	[ "$(status -H 'Host: evil.example' "$url/healthz")" = 403 ]
	[ "$(status -H 'Host: evil.example' "$url/")" = 403 ]
	[ "$(status -H 'Host:' "$url/healthz")" = 403 ]
	[ "$(status -H 'Host: weir.example' "$url/healthz")" = 200 ]
	[ "$(status -H "Host: localhost:$port" "$url/healthz")" = 200 ]
	run "$WS" -n 1 -H 'Host: evil.example' "$port" </dev/null
	[ "$status" -eq 2 ]
	[[ $output == *403* ]]
}

@test "writes and WebSockets from other origins are refused" {
	start_both
	for origin in http://evil.example null "http://127.0.0.1:1"; do
		[ "$(status -H "Origin: $origin" -H 'Content-Type: application/json' \
			-d '{"type":"t.x"}' "$url/api/v1/events")" = 403 ]
		[ "$(status -H "Origin: $origin" -X DELETE "$url/api/v1/watches/a")" = 403 ]
		run "$WS" -n 1 -H "Origin: $origin" "$port" </dev/null
		[ "$status" -eq 2 ]
		[[ $output == *403* ]]
	done
	[ "$(status -H "Origin: $url" -H 'Content-Type: application/json' \
		-d '{"type":"t.x"}' "$url/api/v1/events")" = 201 ]
	run "$WS" -n 1 -H "Origin: $url" "$port" <<<'{"ping":1}'
	[ "$status" -eq 0 ]
	# reading is what a page elsewhere could not see anyway
	[ "$(status -H 'Origin: http://evil.example' "$url/healthz")" = 200 ]
}

@test "with a token, everything but health needs it" {
	echo 0123456789abcdef0123 >"$T/token"
	start store store
	start_gateway --token-file "$T/token"
	for path in / /metrics /api/v1/events /api/v1/status /nothing; do
		[ "$(status "$url$path")" = 401 ]
		[ "$(status -H 'Authorization: Bearer 0123456789abcdef0124' "$url$path")" = 401 ]
	done
	[ "$(status "$url/healthz")" = 200 ]
	[ "$(status "$url/readyz")" != 401 ]
	[ "$(status -H 'Authorization: Bearer 0123456789abcdef0123' "$url/")" = 200 ]
	[ "$(status -u me:0123456789abcdef0123 "$url/metrics")" = 200 ]
	# a page cannot send headers there: the first message may have the token
	run "$WS" -n 1 "$port" <<<'{"subscribe":["t."]}'
	echo "$output"
	[[ $output == *'authenticate first'* ]]
	run "$WS" -n 1 -H 'Authorization: Bearer 0123456789abcdef0124' "$port" </dev/null
	[ "$status" -eq 2 ]
	[[ $output == *401* ]]
	run "$WS" -n 1 -H 'Authorization: Bearer 0123456789abcdef0123' "$port" <<<'{"ping":1}'
	[ "$status" -eq 0 ]
}

@test "SIGHUP: names, tools and the token are read again" {
	hup() { # LINE: the log says it once more
		n=$(grep -c "$1" "$T/gateway.log" || true)
		kill -HUP "$gateway"
		for _ in $(seq 200); do
			[ "$(grep -c "$1" "$T/gateway.log")" -le "$n" ] || return 0
			sleep 0.05
		done
		return 1
	}
	echo 0123456789abcdef0123 >"$T/token"
	: >"$T/conf"
	start store store
	start_gateway --config "$T/conf"
	wait_until '"ready":true' /readyz
	[ "$(status "$url/api/v1/status")" = 200 ]
	[ "$(status -H 'Host: weir.example' "$url/healthz")" = 403 ]
	printf '[gateway]\ntoken-file = %s\nhost = weir.example\nexpect = worker\nlisten = 0.0.0.0\nport = 1\n' \
		"$T/token" >"$T/conf"
	hup ': info: reloaded'
	[ "$(status "$url/api/v1/status")" = 401 ]
	[ "$(status -H 'Authorization: Bearer 0123456789abcdef0123' "$url/api/v1/status")" = 200 ]
	[ "$(status -H 'Host: weir.example' "$url/healthz")" = 200 ]
	wait_until '"name":"worker"' /readyz
	for bad in 'token-file = /nothing' 'port = many' 'oops'; do
		printf '[gateway]\n%s\n' "$bad" >"$T/conf"
		hup ': error: not reloaded: '
		[ "$(status "$url/api/v1/status")" = 401 ]
		[ "$(status -u me:0123456789abcdef0123 "$url/api/v1/status")" = 200 ]
	done
	echo abcdef0123456789abcd >"$T/token"
	printf '[gateway]\ntoken-file = %s\n' "$T/token" >"$T/conf"
	hup ': info: reloaded'
	[ "$(status -u me:0123456789abcdef0123 "$url/api/v1/status")" = 401 ]
	[ "$(status -u me:abcdef0123456789abcd "$url/api/v1/status")" = 200 ]
	[ "$(status -H 'Host: weir.example' "$url/healthz")" = 403 ]
	stop "$gateway"
}

@test "a setting is judged before it is taken" {
	start_both
	refuses() { # METHOD PATH BODY WORDS
		[ "$(json "$1" "$2" "$3" | jq -r .status)" = 400 ]
		[[ $(json "$1" "$2" "$3" | jq -r .detail) == *"$4"* ]]
	}
	u='"url":"https://shop.example/lamp"'
	w=/api/v1/watches/w
	refuses PUT $w "{$u,\"cron\":\"0 24 * * *\"}" "cron: hour: '24' is not understood (0 to 23)"
	refuses PUT $w "{$u,\"tz\":\"Nowhere\"}" "tz: 'Nowhere' is no time zone"
	refuses PUT $w "{$u,\"every\":\"1ms\"}" "every: not a duration"
	refuses PUT $w "{$u,\"targte\":\"1\"}" "targte: unknown member; known are id, url"
	refuses PUT $w "{$u,\"headers\":{\"\\u0061uthorization\":\"x\"}}" "headers: authorization: must not"
	refuses PUT $w "{\"url\":\"https://shop.example/$(printf '%2100s' | tr ' ' x)\"}" "longer than 2048 characters"
	refuses PUT /api/v1/rules/target '{"on":"price.update/","stock":"InStock"}' "id: 'target' is taken"
	refuses PUT /api/v1/rules/r '{"on":"price.update/","drop":{"amount":-1}}' "drop.amount: not above 0"
	refuses PUT /api/v1/searches/s '{"keywords":"?"}' "keywords: no word in them"
	refuses POST /api/v1/events '{"type":"t.n","data":"\ud800"}' "half of a surrogate pair at byte"
	refuses POST /api/v1/events "{\"type\":\"watch.set\",\"subject\":\"w\",\"data\":{$u,\"cron\":\"x\"}}" "cron: minute: 'x' is not understood"
	# one that is too large for an event would hold up those behind it
	jq -n '{url: "https://shop.example/lamp", headers: [range(80) | {"x-\(.)": ("x" * 4000)}] | add}' >"$T/large"
	refuses PUT $w "@$T/large" "more than 262144 bytes"
	[ "$(json PUT $w "{$u,\"cron\":\"0 9 * * mon-fri\",\"tz\":\"Europe/Paris\"}" | jq -r .id)" = w ]
}

@test "status says of each watch how its last fetch ended, what is bad first" {
	start_both
	for id in a b c d; do
		jq -nc --arg id $id '{type: "watch.set", subject: $id, data: {id: $id, url: "mock:x"}}'
	done | "$BIN/weir-pub" --dir "$dir"
	end() { # WATCH OUTCOME MORE
		jq -nc --arg id "$1" --arg outcome "$2" \
			'{type: "observation.change", subject: $id, time: "2026-01-01T00:00:00Z",
			data: ({watch: $id, outcome: $outcome} + '"$3"')}'
	}
	{
		end a changed '{}'
		end b changed '{}'
		end b blocked '{reason: "\"403\"", next: "2999-01-01T00:05:00Z"}'
		end c refused '{reason: "cron", next: "2026-01-01T00:05:00Z"}'
		end gone refused '{}'
	} | "$BIN/weir-pub" --dir "$dir"
	wait_until '"refused":1' /api/v1/status
	get "$url/api/v1/status" | jq -e '.watches == {
		total: 4, outcomes: {changed: 1, blocked: 1, refused: 1, none: 1},
		list: [
		{id: "b", outcome: "blocked", since: "2026-01-01T00:00:00.000000Z",
			reason: "\"403\"", next: "2999-01-01T00:05:00Z"},
		{id: "c", outcome: "refused", since: "2026-01-01T00:00:00.000000Z", reason: "cron"},
		{id: "a", outcome: "changed", since: "2026-01-01T00:00:00.000000Z"}]}'
}

# ---- HTTP ----

@test "what comes in several lines is one in the journal" {
	start_both
	pretty=$(printf '{\n "type": "t.n",\r\n "other":\n 7,\n "data": {\n "a":\n [1,\r\n2]}\n}')
	json POST /api/v1/events "[$pretty,$pretty]"
	json PUT /api/v1/watches/w "$(printf '{"url":"http://a.example/",\n"kind":"html",\n"extract":{\n"fields":{\n"title":{"css":"h1"}}}}')"
	[ "$("$BIN/weir-log" --dir "$T/d" | wc -l)" -eq 3 ]
	[ "$("$BIN/weir-log" --dir "$T/d" t.n | jq -c '[.data.a, .other]' | sort -u)" = '[[1,2],7]' ]
}

@test "refusals are problem documents with the right status" {
	start_both
	j='Content-Type: application/json'
	[ "$(status "$url/nothing")" = 404 ]
	[ "$(status "$url/api/v1/nothing")" = 404 ]
	[ "$(status "$url/api/v1/watches/..%2f..")" = 404 ]
	[ "$(status -d '{}' "$url/api/v1/events")" = 415 ]
	[ "$(status -H "$j" -d '{' "$url/api/v1/events")" = 400 ]
	[ "$(status -H "$j" -d '[]' "$url/api/v1/events")" = 400 ]
	[ "$(status -H "$j" -d '{"type":"t x"}' "$url/api/v1/events")" = 400 ]
	[ "$(status -H "$j" -d '{"type":"t.x","type":"t.y"}' "$url/api/v1/events")" = 400 ]
	[ "$(status -H "$j" -d '{"type":"price.update","subject":"a","data":{"price":1.5}}' "$url/api/v1/events")" = 400 ]
	[ "$(status -H "$j" -H 'Transfer-Encoding: chunked' -d '{}' "$url/api/v1/events")" = 411 ]
	[ "$(head -c 5000000 /dev/zero | status -H "$j" --data-binary @- "$url/api/v1/events")" = 413 ]
	[ "$(status -X DELETE "$url/healthz")" = 405 ]
	[ "$(status -X PATCH "$url/api/v1/events")" = 405 ]
	[ "$(status "$url/api/v1/events?bogus=1")" = 400 ]
	[ "$(status "$url/api/v1/events?limit=0")" = 400 ]
	[ "$(status "$url/api/v1/events?since=yesterday")" = 400 ]
	[ "$(status "$url/healthz?x=1")" = 400 ]
	[ "$(status "$url/ws")" = 426 ]
	get "$url/ws" | grep -qF 'a proxy has to hand on Upgrade'
	[ "$(status -X POST "$url/api/nothing")" = 404 ]
	[ "$(status -X DELETE "$url/client/nothing.js")" = 404 ]
	[ "$(status -X POST "$url/client/weir.js")" = 405 ]
	run get -i -X POST "$url/metrics"
	[[ $output == *'Allow: GET, HEAD'* ]]
	[[ $output == *'application/problem+json'* ]]
	for case in 'PATCH watches/sony GET, HEAD, PUT, DELETE' \
		'POST watches/sony GET, HEAD, PUT, DELETE' \
		'PATCH watches GET, HEAD' 'GET watches/sony/poll POST' \
		'PATCH events GET, HEAD, POST' 'PUT topics GET, HEAD'; do
		read -r method path allow <<<"$case"
		run get -i -X "$method" "$url/api/v1/$path"
		[[ $output == *"405 "*"Allow: $allow"$'\r'* ]]
	done
	run get -i -H "$j" -H 'Content-Length: 5000000' -X POST "$url/api/v1/events"
	[[ $output == *'"type":"about:blank","title":"Content Too Large"'* ]]
	run get "$url/api/v1/history?topic=a%20b"
	[ "$(jq -r '[.status, .title, (.detail | length > 0)] | join(" ")' <<<"$output")" = '400 Bad Request true' ]
}

@test "a refused request ends its connection, whatever follows it" {
	start_both
	{
		printf 'POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n' "$port"
		printf 'Content-Type: application/json\r\nContent-Length: 2\r\n'
		printf 'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET'
	} >"$T/request"
	exec 5<>"/dev/tcp/127.0.0.1/$port"
	cat "$T/request" >&5 # all of it in one packet
	run timeout 20 cat <&5
	[ "$status" -eq 0 ]
	[[ $output == 'HTTP/1.1 411 '* ]]
}

@test "HEAD answers without a body, and connections are kept" {
	start_both
	run get -I "$url/"
	[[ $output == *'200 OK'* ]]
	[[ $output == *Content-Length* ]]
	run get -v -o /dev/null -o /dev/null -o /dev/null "$url/healthz" "$url/nothing" "$url/api/v1/status"
	[ "$(grep -c 'Re-using existing connection' <<<"$output")" -eq 2 ]
}

@test "who wants the connection to end is told that it does" {
	start_gateway
	run -0 get -i -H 'Connection: close' "$url/healthz"
	[[ $output == *$'\r\nConnection: close\r\n'* ]]
	run -0 get -i -H 'Connection: x, Close' "$url/healthz"
	[[ $output == *$'\r\nConnection: close\r\n'* ]]
	run -0 get -i --http1.0 "$url/healthz"
	[[ $output == *$'\r\nConnection: close\r\n'* ]]
	run -0 get -i "$url/healthz"
	[[ $output != *Connection:* ]]
}

@test "requests sent at once are answered in turn, and waiting costs no CPU" {
	start_both
	exec 9<>"/dev/tcp/127.0.0.1/$port"
	for path in /healthz '/api/v1/events?topic=t.no&wait=2' /health; do
		printf 'GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n' "$path"
	done >&9
	before=$(awk '{print $14 + $15}' "/proc/$gateway/stat")
	timeout 10 sh -c 'n=0; while read -r l; do case $l in *"HTTP/1.1 200"*) n=$((n + 1)) ;; esac; [ $n -lt 3 ] || exit 0; done' <&9
	exec 9>&-
	after=$(awk '{print $14 + $15}' "/proc/$gateway/stat")
	[ $((after - before)) -lt 50 ] # hundredths of a second, of the two it took
}

@test "requests with bodies sent at once: each its answer, or an end after a right one" {
	start_both
	run timeout 120 tests/helpers/pipelined.py "$port" "$gateway"
	echo "$output"
	[ "$status" -eq 0 ]
	stop "$gateway"
}

# A blob that is as large as one may be; sets $blob to its path.
large_blob() {
	head -c $((8 << 20)) /dev/urandom >"$T/blob"
	id=$(sha256sum <"$T/blob" | cut -d' ' -f1)
	mkdir -p "$dir/blobs/${id:0:2}"
	cp "$T/blob" "$dir/blobs/${id:0:2}/$id"
	blob=/api/v1/blobs/$id
}

@test "slow readers get all of it; who stands still is given up" {
	start_both
	large_blob
	run timeout 120 tests/helpers/slowly.py "$port" "$blob" $((8 << 20))
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(get "$url/metrics" | sed -n 's/^weir_gateway_timeouts_total.* //p')" -eq 2 ]
	[ "$(get "$url/metrics" | sed -n 's/^weir_gateway_held_bytes.* //p')" -eq 0 ]
}

@test "answers that nobody reads are bounded, and do not stop the others" {
	start_both
	large_blob
	ask=$(printf 'GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n.' "$blob")
	for i in $(seq 12); do
		exec {fd}<>"/dev/tcp/127.0.0.1/$port"
		fds="${fds-} $fd"
		printf %s "${ask%.}" >&"$fd"
	done
	run get -i "$url$blob"
	[[ $output == 'HTTP/1.1 503 '*'Retry-After: '* ]]
	[ "$(status "$url/healthz")" = 200 ]
	[ "$(status "$url/api/v1/status")" = 200 ]
	[ "$(get "$url/metrics" | sed -n 's/^weir_gateway_overloads_total.* //p')" -eq 6 ]
	held=$(get "$url/metrics" | sed -n 's/^weir_gateway_held_bytes.* //p')
	[ "$held" -gt 50000000 ]
	[ "$held" -lt 70000000 ]
	for fd in $fds; do
		exec {fd}>&-
	done
	wait_until 'weir_gateway_connections{id="'"$(get "$url/metrics" |
		sed -n 's/^weir_gateway_connections{id="\(.*\)"}.*/\1/p')"'"} 1' /metrics
	get "$url$blob" | cmp - "$T/blob"
	# bodies, too, of which the last byte does not come
	for i in $(seq 20); do
		exec {fd}<>"/dev/tcp/127.0.0.1/$port"
		{
			printf 'POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\n'
			printf 'Content-Type: application/json\r\nContent-Length: 4194304\r\n\r\n'
			head -c 4194303 /dev/zero
		} >&"$fd" 2>/dev/null || true
	done
	[ "$(get "$url/metrics" | sed -n 's/^weir_gateway_overloads_total.* //p')" -gt 6 ]
	[ "$(get "$url/metrics" | sed -n 's/^weir_gateway_held_bytes.* //p')" -lt 70000000 ]
}

@test "the page is served with ETag, gzip and a strict policy" {
	start_both
	run get -i "$url/"
	[[ $output == *"Content-Security-Policy: default-src 'none'; script-src 'self'"* ]]
	[[ $output == *'nosniff'* ]]
	for file in app.js client/weir.js; do
		etag=$(get -I "$url/$file" | sed -n 's/^ETag: \(.*\)\r/\1/p')
		[ "$(status -H "If-None-Match: $etag" "$url/$file")" = 304 ]
		[ "$(status -H 'If-None-Match: "other"' "$url/$file")" = 200 ]
	done
	get --compressed "$url/app.js" >"$T/a"
	get "$url/app.js" >"$T/b"
	cmp "$T/a" "$T/b"
	run get -I -H 'Accept-Encoding: gzip' "$url/app.js"
	[[ $output == *'Content-Encoding: gzip'* ]]
	run get -I -H 'Accept-Encoding: gzip;q=0' "$url/app.js"
	[[ $output != *'Content-Encoding: gzip'* ]]
}

@test "posted events are durable when answered, in the order given" {
	start_both
	run json POST /api/v1/events '[{"type":"t.x","data":1},{"type":"t.y","subject":"a"}]'
	[ "$(jq -c '.positions | map(split(":")[1])' <<<"$output")" = '["1","2"]' ]
	run get "$url/api/v1/events"
	[ "$(jq -c '.events | map([.type, .subject, .data])' <<<"$output")" = '[["t.x",null,1],["t.y","a",null]]' ]
	[ "$(jq -r '.events[0].specversion' <<<"$output")" = 1.0 ]
	run get -i -H 'Content-Type: application/json' -d '{"type":"t.x"}' "$url/api/v1/events"
	[[ $output == *'201 Created'* ]]
	# those of one request that say no time have the same
	json POST /api/v1/events "$(jq -nc '[range(200) | {type: "t.z"}]')" >/dev/null
	run get "$url/api/v1/events?topic=t.z&limit=200"
	[ "$(jq -c '.events | [length, (map(.time) | unique | length)]' <<<"$output")" = '[200,1]' ]
}

@test "a repeat of the same pair is answered with the old position" {
	start_both
	event='{"type":"t.x","source":"me","id":"7","data":1}'
	first=$(json POST /api/v1/events "$event")
	json POST /api/v1/events '{"type":"t.y"}'
	[ "$(json POST /api/v1/events "$event")" = "$first" ]
	run json POST /api/v1/events "[{\"type\":\"t.z\"},$event]"
	[ "$(jq -r '.positions[1]' <<<"$output")" = "$(jq -r '.positions[0]' <<<"$first")" ]
	run get "$url/api/v1/events?topic=t.x"
	[ "$(jq -c '.events | map([.originsource, .originid])' <<<"$output")" = '[["me","7"]]' ]
}

@test "events are read by topic, position and limit, forwards and back" {
	start_both
	numbered 1 30
	echo 'u.n b {"n":0}' | pub
	run get "$url/api/v1/events?topic=t.&limit=10"
	[ "$(jq -c '[.events[].data.n]' <<<"$output")" = '[1,2,3,4,5,6,7,8,9,10]' ]
	next=$(jq -r .next <<<"$output")
	run get "$url/api/v1/events?topic=t.n/a&topic=u.n/b&since=$next&limit=1000"
	[ "$(jq -c '[.events[].data.n] | [.[0], .[-2], .[-1], length]' <<<"$output")" = '[11,30,0,21]' ]
	[ "$(jq -r .recovered <<<"$output")" = true ]
	next=$(jq -r .next <<<"$output")
	run get "$url/api/v1/events?since=$next"
	[ "$(jq -c '[.events, .next]' <<<"$output")" = "[[],\"$next\"]" ]
	run get "$url/api/v1/events?reverse=true&limit=3&topic=t."
	[ "$(jq -c '[.events[].data.n]' <<<"$output")" = '[30,29,28]' ]
	run get "$url/api/v1/events?since=1h&limit=1"
	[ "$(jq -c '[.events[].data.n]' <<<"$output")" = '[1]' ]
	run get "$url/api/v1/events?since=2100-01-01T00:00:00Z"
	[ "$(jq -c .events <<<"$output")" = '[]' ]
	run get "$url/api/v1/events?since=00000001:5"
	[ "$(jq -r .recovered <<<"$output")" = false ]
}

@test "the newest event of each topic is read page by page" {
	start_both
	numbered 1 3
	for s in b c d; do
		printf 't.n %s {"n":%d}\n' $s 4 $s 5 | pub
	done
	run get "$url/api/v1/events?topic=t.n/&topic=t.n/b&last=true&limit=3"
	[ "$(jq -c '[.events[] | [.subject, .data.n]]' <<<"$output")" = '[["a",3],["b",5],["c",5]]' ]
	next=$(jq -r .next <<<"$output")
	[ "$next" = "$(jq -r '.events[-1] | "\(.epoch):\(.offset)"' <<<"$output")" ]
	echo 'u.n a {"n":0}' | pub
	run get "$url/api/v1/events?topic=t.n/&last=true&limit=3&since=$next"
	[ "$(jq -c '[.events[] | [.subject, .data.n]]' <<<"$output")" = '[["d",5]]' ]
	next=$(jq -r .next <<<"$output")
	run get "$url/api/v1/events?topic=t.n/&last=true&since=$next"
	[ "$(jq -c '[.events, .next]' <<<"$output")" = "[[],\"$next\"]" ]
	[ "${next#*:}" = 10 ]
	run get "$url/api/v1/events?last=true&since=1h"
	[ "$(jq -c '[.events[].data.n]' <<<"$output")" = '[3,5,5,5,0]' ]
	[ "$(status "$url/api/v1/events?last=true&reverse=true")" = 400 ]
	[ "$(status "$url/api/v1/events?last=2")" = 400 ]
}

@test "a long poll is answered by the first event that matches" {
	start_both
	numbered 1 3
	get "$url/api/v1/events?topic=u.&wait=20&since=$(epoch):3" >"$T/out" 3>&- &
	poll=$!
	wait_until '"subscribed":1' /api/v1/status
	numbered 4 5
	echo 'u.n b {"n":6}' | pub
	wait "$poll"
	[ "$(jq -c '[.events[].data.n]' "$T/out")" = '[6]' ]
	[ "$(jq -r .next "$T/out")" = "$(epoch):6" ]
	# and by the end of its time
	run get -w ' %{time_total}' "$url/api/v1/events?topic=u.&wait=1&since=$(epoch):6"
	[[ $output == *'"events":[]'* ]]
}

@test "a long poll that waits costs little memory" {
	start_both
	heap() { get "$url/metrics" | sed -n 's/^weir_gateway_heap_bytes.* //p'; }
	before=$(heap)
	ask='GET /api/v1/events?topic=u.&wait=50&since=0s HTTP/1.1'
	for i in $(seq 300); do
		exec {fd}<>"/dev/tcp/127.0.0.1/$port"
		printf '%s\r\nHost: localhost\r\n\r\n' "$ask" >&"$fd"
		fds="${fds-} $fd"
	done
	wait_until '"subscribed":300' /api/v1/status
	after=$(heap)
	[ $((after - before)) -lt $((300 * 4096)) ]
	# and each gets its answer, and may ask again
	numbered 1 1
	echo 'u.n b {"n":2}' | pub
	for fd in $fds; do
		read -r line <&"$fd"
		[[ $line == 'HTTP/1.1 200 '* ]]
		printf 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&"$fd"
	done
	for fd in $fds; do
		[ "$(grep -c '^HTTP/1.1 200' <&"$fd")" = 1 ]
		exec {fd}>&-
	done
}

@test "observations: documents and items become events, large ones by blob" {
	start_both
	echo '{"id":"w","url":"https://x.example/"}' | "$BIN/weir-pub" --dir "$dir" --type watch.set
	push() { # QUERY CURL-OPTION...
		curl -sS --max-time 20 -o "$T/out" -w '%{http_code}' "$url/api/v1/observations/$1" "${@:2}"
	}
	last() { "$BIN/weir-log" --dir "$dir" -r -n 1 observation.push/; }
	html='Content-Type: text/html; charset=iso-8859-1'
	[ "$(push 'w?url=https://x.example/p&status=404&captured=2026-11-20T21:00:00Z' -H "$html" -d '<p>5 EUR')" = 202 ]
	[ "$(jq -r .position "$T/out")" = "$(last | jq -r '.epoch + ":" + .offset')" ]
	last | jq -e '.subject == "w" and .data == {watch: "w",
		url: "https://x.example/p", status: 404, body: "<p>5 EUR",
		content_type: "text/html; charset=iso-8859-1",
		captured: "2026-11-20T21:00:00Z"}'
	# What is large, or no text, is a blob.
	head -c 70000 /dev/zero | tr '\0' a >"$T/large"
	printf 'caf\351' >"$T/latin"
	printf 'a\0b' >"$T/bytes"
	for file in large latin bytes; do
		[ "$(push w -H "$html" --data-binary "@$T/$file")" = 202 ]
		last | jq -e '.data | has("body") | not'
		"$BIN/weir-log" --dir "$dir" --blob "$(last | jq -r .data.blob)" | cmp - "$T/$file"
	done
	json='Content-Type: application/json'
	[ "$(push w -H "$json" -d '{"items":[{"title":"Pen","price":"5"}],"captured":"2026-11-20T21:00:00Z"}')" = 202 ]
	last | jq -e '.data == {watch: "w", items: [{title: "Pen", price: "5"}],
		captured: "2026-11-20T21:00:00Z"}'
	[ "$(push w -H "$json" -d "{\"body\":\"$(cat "$T/large")\",\"content_type\":\"text/html\"}")" = 202 ]
	last | jq -e '.data.content_type == "text/html" and (.data.blob|length) == 64'
	[ "$(push 'w?raw=1' -H "$json" -d '{"price":5}')" = 202 ]
	last | jq -e '.data.body == "{\"price\":5}" and .data.content_type == "application/json"'
}

@test "observations: what cannot be is refused in a line, and nothing is written" {
	start_both
	echo '{"id":"w","url":"https://x.example/"}' | "$BIN/weir-pub" --dir "$dir" --type watch.set
	refused() { # STATUS TEXT PATH CURL-OPTION...
		[ "$(curl -sS --max-time 20 -o "$T/out" -w '%{http_code}' "$url/api/v1/observations/$3" "${@:4}")" = "$1" ] &&
			grep -q "$2" "$T/out" || { cat "$T/out" && return 1; }
	}
	json='Content-Type: application/json'
	refused 404 'none is not one of the watches' none -d x
	refused 404 'nothing here' 'a%20b' -d x
	refused 404 'nothing here' '' -d x
	refused 405 Method w
	refused 400 'a body is missing' w -X POST
	refused 400 'no such parameter' 'w?user=x' -H 'Content-Type: text/html' -d x
	refused 400 'url' 'w?url=ftp://x/' -H 'Content-Type: text/html' -d x
	refused 400 'captured' 'w?captured=now' -H 'Content-Type: text/html' -d x
	refused 400 'status' 'w?status=ok' -H 'Content-Type: text/html' -d x
	refused 400 'status' 'w?status=99' -H 'Content-Type: text/html' -d x
	refused 400 'raw=1' w -H "$json" -d '{"price":5}'
	refused 400 'raw=1' 'w?url=https://x/' -H "$json" -d '{"body":"x"}'
	refused 400 JSON w -H "$json" -d '{"body":'
	refused 400 'not an array' w -H "$json" -d '{"items":{}}'
	refused 400 'objects' w -H "$json" -d '{"items":[1]}'
	refused 400 'subject\|data names' w -H "$json" -d '{"watch":"v","body":"x"}'
	head -c 4200000 /dev/zero >"$T/huge"
	refused 413 '4 MiB' w -H 'Content-Type: text/html' --data-binary "@$T/huge"
	[ "$("$BIN/weir-log" --dir "$dir" observation.push/ | wc -l)" -eq 0 ]
	[ ! -e "$dir/blobs" ]
	stop "$gateway"
	echo 0123456789abcdef0123456789abcdef >"$T/token"
	chmod 600 "$T/token"
	start_gateway --token-file "$T/token" --anonymous watch.set/
	refused 401 'role viewer' w -d x
}

@test "blobs: as they are, for ever, and without power over anybody" {
	# "abc", as it is, and "" as text
	abc=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
	mkdir -p "$dir/blobs/ba"
	printf abc >"$dir/blobs/ba/$abc"
	mkdir -p "$dir/blobs/e3"
	empty=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
	printf '\x28\xb5\x2f\xfd\x20\x00\x01\x00\x00' >"$dir/blobs/e3/$empty.zst"
	start_both
	blob=$url/api/v1/blobs/$abc
	run get -D "$T/head" "$blob"
	[ "$output" = abc ]
	tr -d '\r' <"$T/head" >"$T/h"
	grep -qx 'Content-Type: application/octet-stream' "$T/h"
	grep -qx 'X-Content-Type-Options: nosniff' "$T/h"
	grep -q '^Cache-Control: .*immutable' "$T/h"
	grep -q '^Content-Security-Policy: sandbox' "$T/h"
	[ "$(status -H "If-None-Match: \"$abc\"" "$blob")" = 304 ]
	[ "$(status -H "If-None-Match: \"$abc\"" "$url/api/v1/blobs/${abc/7/8}")" = 404 ]
	get -I "$blob" | tr -d '\r' | grep -qx 'Content-Length: 3'
	[ "$(status -X DELETE "$blob")" = 405 ]
	# text comes as text
	run get -w '%{http_code} %{content_type}' "$url/api/v1/blobs/$empty"
	[ "$output" = '200 text/plain; charset=utf-8' ]
	run get -I "$url/api/v1/blobs/$empty"
	[[ $output == *'Content-Type: text/plain'*'Content-Length: 0'* ]]
	# none of these is one
	for id in "${abc%d}" "${abc}0" "${abc^^}" "${abc/7/8}" '' ../../weir.conf \
		%2e%2e%2f%2e%2e%2fweir.conf "ba/$abc"; do
		[ "$(status --path-as-is "$url/api/v1/blobs/$id")" = 404 ]
	done
	run get "$url/api/v1/blobs/${abc/7/8}"
	[ "$(jq -r .title <<<"$output")" = 'Not Found' ]
	# what is damaged is not served
	printf abd >"$dir/blobs/ba/$abc"
	run get "$blob"
	[ "$(jq .status <<<"$output")" -eq 500 ]
	# nor read for a client that has it, or does not want it
	[ "$(status -H "If-None-Match: \"$abc\"" "$blob")" = 304 ]
	[ "$(status -I "$blob")" = 200 ]
	get "$url/metrics" | grep -q '^weir_gateway_blobs_total.*found'
	wait_until 'weir_store_blobs{' /metrics
	get "$url/metrics" | grep -q '^weir_store_blobs{.*} 2$'
}

@test "the file's size and that of the events in it have their own names" {
	start store store --retain-every 100ms
	start_gateway
	wait_until '"ready":true' /readyz
	numbered 1 100
	for _ in $(seq 300); do
		get "$url/metrics" >"$T/metrics"
		! grep -q '^weir_store_record_bytes{.*} [1-9]' "$T/metrics" || break
		sleep 0.05
	done
	grep '^weir_store_record_bytes{.*} [1-9]' "$T/metrics"
	grep '^weir_store_file_bytes{.*} [1-9]' "$T/metrics"
	run ! grep journal_bytes "$T/metrics"
	[ "$(get "$url/api/v1/status" | jq '.events.file_bytes > 10000')" = true ]
}

@test "topics and history" {
	start_both
	for p in 10.00 12.50 9.00; do
		echo "price.update w {\"watch\":\"w\",\"item\":{\"id\":\"w\"},\"price\":\"$p\",\"currency\":\"USD\",\"source\":\"s\"}"
	done | pub
	numbered 1 3
	run get "$url/api/v1/topics"
	[ "$(jq -c '.topics | map([.topic, .count])' <<<"$output")" = '[["price.update/w",3],["t.n/a",3]]' ]
	run get "$url/api/v1/topics?prefix=pri"
	[ "$(jq '.topics | length' <<<"$output")" -eq 1 ]
	run get "$url/api/v1/topics?limit=1"
	run get "$url/api/v1/topics?limit=1&after=$(jq -r '.after' <<<"$output")"
	[ "$(jq -r '.topics[0].topic' <<<"$output")" = t.n/a ]
	run get "$url/api/v1/history?topic=price.update/w&since=1h"
	[ "$(jq -c '[.points[].value]' <<<"$output")" = '["10.00","12.50","9.00"]' ]
	run get "$url/api/v1/history?topic=price.update/w&limit=1&until=$(epoch):2"
	[ "$(jq -c '[.points[].value]' <<<"$output")" = '["12.50"]' ]
	run get "$url/api/v1/history?topic=price.update/w&bucket=7d"
	[ "$(jq -c '[.buckets[] | .first, .min, .max, .last, .count]' <<<"$output")" = '["10.00","9.00","12.50","9.00",3]' ]
	run get "$url/api/v1/history?topic=t.n/a&field=n"
	[ "$(jq -c '[.points[].value]' <<<"$output")" = '["1","2","3"]' ]
	[ "$(jq -c '[.complete, .recovered]' <<<"$output")" = '[true,true]' ]
	run get "$url/api/v1/history?topic=t.n/a&field=n&limit=2"
	[ "$(jq -c '[.complete, .recovered]' <<<"$output")" = '[false,true]' ]
	run get "$url/api/v1/history?topic=t.n/a&field=n&since=deadbeef:3"
	[ "$(jq -c '[.complete, .recovered]' <<<"$output")" = '[false,false]' ]
	echo 't.m b {"all":{"min":"7.5","deep":{"n":1}},"n":2}' | pub
	wait_until '"t.m/b"' /api/v1/topics
	run get "$url/api/v1/history?topic=t.m/b&field=all.min"
	[ "$(jq -c '[.points[].value]' <<<"$output")" = '["7.5"]' ]
	run get "$url/api/v1/history?topic=t.m/b&field=all.deep.n"
	[ "$(jq -c '[.points[].value]' <<<"$output")" = '["1"]' ]
	run get "$url/api/v1/history?topic=t.m/b&field=n.min"
	[ "$(jq -c '[.points[].value]' <<<"$output")" = '[]' ]
	[ "$(status "$url/api/v1/history?topic=t.m/b&field=all..n")" = 400 ]
}

@test "watches, rules and searches are set, read, polled and deleted" {
	start_both
	[ "$(status "$url/api/v1/watches/w")" = 404 ]
	run json PUT /api/v1/watches/w '{"url":"https://shop.example/w","item":{"id":"i","target":"80"}}'
	[ "$(jq -c '[.id, .kind, .source, .item.target]' <<<"$output")" = '["w","product","shop.example","80"]' ]
	[ "$(json GET /api/v1/watches/w)" = "$output" ]
	[ "$(json GET /api/v1/watches | jq '.watches | length')" -eq 1 ]
	run json PUT /api/v1/watches/w '{"url":"https://shop.example/w","colour":"red"}'
	[[ $output == *colour* ]]
	run json PUT /api/v1/watches/w '{"id":"other","url":"https://shop.example/w"}'
	[ "$(jq .status <<<"$output")" -eq 400 ]
	[ "$(status -X POST "$url/api/v1/watches/w/poll")" = 202 ]
	[ "$(status -X POST "$url/api/v1/watches/x/poll")" = 404 ]
	[ "$(status -X POST "$url/api/v1/watches/w")" = 405 ]
	[ "$(status -X DELETE "$url/api/v1/watches/w")" = 204 ]
	[ "$(status -X DELETE "$url/api/v1/watches/w")" = 404 ]
	[ "$(json GET /api/v1/watches)" = '{"watches":[]}' ]
	run json PUT /api/v1/rules/r '{"on":"price.update/","target":"80"}'
	[ "$(jq -r .id <<<"$output")" = r ]
	run json PUT /api/v1/searches/s '{"user":"me","keywords":"oak desk"}'
	[ "$(jq -r .id <<<"$output")" = s ]
	run json PUT /api/v1/users/u '{"zone":"Europe/Berlin","quiet":["22:00-07:00"],"escalate":[{"after":"10m"}]}'
	[ "$output" = '{"id":"u","zone":"Europe/Berlin","quiet":["22:00-07:00"],"escalate":[{"after":"10m"}]}' ]
	run json PUT /api/v1/users/u '{"quiet":["Mon-Sun"]}'
	[[ $output == *"quiet: leaves no time to be told anything"* ]]
	run get "$url/api/v1/events"
	[ "$(jq -c '.events | map([.type, .subject, .data == null])' <<<"$output")" = \
		'[["watch.set","w",false],["watch.poll","w",false],["watch.set","w",true],["rule.set","r",false],["search.set","s",false],["user.set","u",false]]' ]
}

@test "metrics are those of all processes, in Prometheus' format" {
	start_both
	wait_until 'weir_store_' /metrics
	run get "$url/metrics"
	[[ $output == *'# TYPE weir_gateway_requests_total counter'* ]]
	[[ $output == *'weir_up{tool="store"'* ]]
	bad=$(grep -vE '^(# HELP [a-z0-9_]+ .+|# TYPE [a-z0-9_]+ (counter|gauge|histogram)|[a-z0-9_]+\{[^}]*\} -?[0-9.]+)$' <<<"$output" || true)
	[ -z "$bad" ]
}

# ---- WebSocket ----

@test "the reply comes first, then each event once and in order" {
	start_both
	numbered 1 50
	run "$WS" -n 41 "$port" <<<"{\"subscribe\":[\"t.\"],\"since\":\"$(epoch):10\"}"
	[ "$status" -eq 0 ]
	[ "$(head -n 1 <<<"$output" | jq -c '[.subscribed, .position, .recovered]')" = "[[\"t.\"],\"$(epoch):10\",true]" ]
	[ "$(tail -n +2 <<<"$output" | jq -c .data.n | tr '\n' ' ')" = "$(seq -s ' ' 11 50) " ]
	[ "$(tail -n 1 <<<"$output" | jq -c 'keys')" = '["data","id","offset","recordedtime","source","subject","time","type"]' ]
}

@test "live events, last values, ping, and changing one's mind" {
	start_both
	numbered 1 5
	printf '%s\n' 'u.n b {"n":6}' 't.n c {"n":7}' | pub
	{
		echo '{"subscribe":["t."],"last":true}'
		echo '{"ping":{"a":[1]}}'
		echo '{"subscribe":["u.n/b"]}'
		sleep 1
		numbered 8 9 >&2
		echo 'u.n b {"n":10}' | pub >&2
		sleep 1
		echo '{"unsubscribe":["t."]}'
	} | "$WS" -n 9 "$port" >"$T/out"
	[ "$(jq -c '.data.n? // (keys | join(" "))' "$T/out" | tr -d '"' | tr '\n' ';')" = \
		'position recovered subscribed;5;7;pong position;position recovered subscribed;8;9;10;position recovered subscribed;' ] || {
		cat "$T/out"
		false
	}
	[ "$(tail -n 1 "$T/out" | jq -c .subscribed)" = '["u.n/b"]' ]
}

@test "a later subscription with since is sent what its patterns have missed" {
	start_both
	for n in 1 2 3 4; do printf 't.n a {"n":%d}\nu.n b {"n":%d}\n' $n $((10 + n)); done | pub
	at=$(epoch)
	{
		echo '{"subscribe":["t."],"since":"'"$at:4"'"}'
		echo '{"subscribe":["u.","t.n/a"],"since":"'"$at:2"'"}'
		echo '{"ping":1}'
	} | "$WS" -n 8 "$port" >"$T/out"
	[ "$(jq -c 'select(.subscribed).position' "$T/out" | tail -n 1)" = "\"$at:8\"" ]
	[ "$(jq -c 'select(.topic // .type | . == "t.n").data.n' "$T/out" | paste -sd ' ')" = "3 4" ]
	[ "$(jq -c 'select(.type == "u.n").data.n' "$T/out" | paste -sd ' ')" = "12 13 14" ]
}

@test "a bad message gets an error and the connection stays" {
	start_both
	run "$WS" -n 5 "$port" <<'END'
{
{"subscribe":["a b"]}
{"hello":1}
{"subscribe":["t."],"since":"x"}
{"ping":2}
END
	[ "$(jq -rs 'map(.error.code // .pong) | join(" ")' <<<"$output")" = 'bad-json bad-pattern bad-message bad-position 2' ]
	{ printf '{"ping":"'; head -c 70000 /dev/zero | tr '\0' x; printf '"}\n{"ping":3}\n'; } >"$T/in"
	run "$WS" -n 2 "$port" <"$T/in"
	[ "$(jq -rs 'map(.error.code // .pong) | join(" ")' <<<"$output")" = 'too-large 3' ]
	run "$WS" -n 1 -b "$port" <<<'{"ping":1}'
	[ "$(jq -r .error.code <<<"$output")" = not-text ]
}

# What comes back for these bytes, until it is hung up.
raw() { # FORMAT
	exec 9<>"/dev/tcp/127.0.0.1/$port"
	# shellcheck disable=SC2059 # it is a format, for its escapes
	printf "$1" >&9
	timeout 10 cat <&9
	exec 9>&-
}

@test "a request that is broken is answered with a problem, and ends" {
	start_both
	host='Host: localhost\r\n'
	while read -r want request; do
		run raw "$request\r\n$host\r\n"
		echo "$request: $output"
		[[ $output == "HTTP/1.1 $want "*application/problem+json* ]]
		[ "$(tail -n 1 <<<"$output" | jq .status)" = "$want" ]
	done <<'EOT'
400 GET /a%%01b HTTP/1.1
400 GET /a%%7fb HTTP/1.1
400 GET /healthz%%0a HTTP/1.1
400 GET /healthz%%0d HTTP/1.1
400 GET /healthz%%0d%%0aHost:localhost HTTP/1.1
400 GET /healthz?a=%%09 HTTP/1.1
400 GET /healthz?%%1f=b HTTP/1.1
400 GET /healthz?a=b%%0ac HTTP/1.1
400 GET /healthz
400 FOO /healthz HTTP/1.1
400 TRACE /healthz HTTP/1.1
400 CONNECT localhost:80 HTTP/1.1
400 \x16\x03\x01\x02
505 GET /healthz HTTP/9.9
505 GET /health z HTTP/1.1
EOT
	[ "$(get "$url/metrics" | sed -n 's/^weir_gateway_malformed_total.* //p')" -eq 15 ]
	run raw "GET /healthz HTTP/1.0\r\n$host\r\n"
	[[ $output == *'200 OK'* ]]
}

@test "a handshake must be one" {
	start_both
	head='GET /ws HTTP/1.1\r\nHost: localhost\r\nSec-WebSocket-Version: 13\r\n'
	upgrade='Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n'
	key='Sec-WebSocket-Key: '
	for bad in short dGhlIHNhbXBsZSBub25jZQ dGhlIHNhbXBsZSBub25jZQ=! \
		dGhlIHNhbXBsZSBub25j=Q== 'dGhlIHNhbXBsZSBub25jZQ==AAAA' '' \
		'dGhlIHNhbXBsZSBub2!jZQ=='; do
		run raw "$head$upgrade$key$bad\r\n\r\n"
		[[ $output == 'HTTP/1.1 400 '*Sec-WebSocket-Key* ]]
	done
	good=dGhlIHNhbXBsZSBub25jZQ==
	run raw "${head}Upgrade: websocket\r\n$key$good\r\n\r\n"
	[[ $output == 'HTTP/1.1 400 '*Connection* ]]
	# An unmasked close frame: lws takes it.
	run raw "$head$upgrade$key$good\r\n\r\n\x88\x00"
	[[ $output == 'HTTP/1.1 101 '*s3pPLMBiTxaQ9kYGzzhZRbK+xOo=* ]]
}

@test "what is no WebSocket for us is refused with a reason" {
	start_both
	run "$WS" -n 1 -p mqtt "$port" </dev/null
	[[ $output == *400*weir.v1* ]]
	run "$WS" -n 1 "$port" /elsewhere </dev/null
	[[ $output == *404*/ws* ]]
	run "$WS" -n 1 -p '' "$port" <<<'{"ping":1}'
	[ "$status" -eq 0 ]
	[ "$(status -H 'Connection: Upgrade' -H 'Upgrade: h2c' "$url/healthz")" = 400 ]
	[ "$(status -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' "$url/ws")" = 400 ]
}

@test "a slow client costs no memory, loses nothing, and others do not wait" {
	start_both
	pad=$(head -c 2000 /dev/zero | tr '\0' x)
	events() { seq "$1" "$2" | sed "s/.*/t.n a {\"n\":&,\"pad\":\"$pad\"}/" | pub; }
	echo '{"subscribe":[""]}' | "$WS" -n 12001 -t 60000 "$port" >"$T/slow" 3>&- &
	slow=$!
	wait_until '"subscribed":1' /api/v1/status
	kill -STOP "$slow"
	events 1 6000
	echo '{"subscribe":["t."],"last":true}' | "$WS" -n 6002 -t 120000 "$port" >"$T/quick" 3>&- &
	quick=$!
	wait_until '"subscribed":2' /api/v1/status
	before=$(awk '/RssAnon/ {print $2}' "/proc/$gateway/status")
	events 6001 12000
	wait "$quick"
	after=$(awk '/RssAnon/ {print $2}' "/proc/$gateway/status")
	kill -CONT "$slow"
	wait "$slow"
	[ "$(tail -n +2 "$T/slow" | jq .data.n | md5sum)" = "$(seq 1 12000 | md5sum)" ]
	# The newest that the gateway knew of is the first.
	first=$(sed -n 2p "$T/quick" | jq .data.n)
	[ "$first" -le 6000 ]
	[ "$(tail -n +2 "$T/quick" | jq .data.n | md5sum)" = "$(seq "$first" $((first + 6000)) | md5sum)" ]
	# With a sanitizer it is slower, and gives no memory back.
	[ -z "${ASAN_OPTIONS:-}" ] || return 0
	# 12 MB were published meanwhile.
	[ $((after - before)) -lt 6000 ]
	[ "$(get "$url/metrics" | sed -n 's/^weir_gateway_from_journal_total.* //p')" -gt 1000 ]
}

@test "when it says ready, the first client is served" {
	start store store
	store=$pid
	numbered 1 3
	stop "$store"
	for i in 1 2 3 4 5; do
		start_gateway
		run "$WS" -n 1 "$port" <<<'{"subscribe":["t."]}'
		[ "$(jq -c .subscribed <<<"$output")" = '["t."]' ]
		stop "$gateway"
		start_gateway
		[ "$(get "$url/api/v1/events" | jq -c '[.events[].data.n]')" = '[1,2,3]' ]
		stop "$gateway"
	done
}

@test "recovered is judged from the topics that are asked for" {
	printf '[retention t.n]\ncount = 2\n' >"$T/conf"
	start store store --config "$T/conf" --retain-every 100ms
	start_gateway
	wait_until '"ready":true' /readyz
	numbered 1 9
	echo 'u.n b {"n":10}' | pub
	wait_until '"count":2' '/api/v1/topics?prefix=t.'
	for case in ':0 t. false' ':6 t.n/a false' ':7 t. true' ':0 u. true' \
		':0 u.n/b true' ':0 v. true' ':0 u.&topic=t. false'; do
		read -r at topic want <<<"$case"
		run get "$url/api/v1/events?topic=$topic&since=$(epoch)$at"
		[ "$(jq -r .recovered <<<"$output")" = "$want" ]
	done
	[ "$(get "$url/api/v1/events?topic=t.&since=1h" | jq .recovered)" = false ]
	[ "$(get "$url/api/v1/events?topic=u.&since=1h" | jq .recovered)" = true ]
	[ "$(get "$url/api/v1/history?topic=t.n/a&field=n&since=1h" | jq .complete)" = false ]
	[ "$(get "$url/api/v1/history?topic=u.n/b&field=n&since=1h" | jq .complete)" = true ]
	for case in 't. false' 'u. true'; do
		read -r topic want <<<"$case"
		run "$WS" -n 1 "$port" <<<"{\"subscribe\":[\"$topic\"],\"since\":\"$(epoch):0\"}"
		[ "$(jq -r .recovered <<<"$output")" = "$want" ]
	done
}

@test "who has asked for nothing yet is told no place to go on from" {
	start_both
	numbered 1 10
	mkfifo "$T/say"
	"$WS" -t 20000 "$port" <"$T/say" >"$T/heard" 2>"$T/closed" 3>&- &
	exec {fd}>"$T/say"
	echo '{"ping":1}' >&"$fd"
	until grep -q pong "$T/heard"; do :; done
	stop "$gateway"
	wait $! || true
	exec {fd}>&-
	[[ $(cat "$T/closed") =~ ^close\ 1001\ \{\"retry\":[0-9]+\}$ ]]
}

@test "a client that comes back to a new gateway goes on where it was" {
	start_both
	numbered 1 10
	run "$WS" -n 6 "$port" <<<"{\"subscribe\":[\"\"],\"since\":\"$(epoch):0\"}"
	since=$(epoch):$(tail -n 1 <<<"$output" | jq -r .offset)
	stop "$gateway"
	numbered 11 20
	start_gateway
	wait_until '"ready":true' /readyz
	run "$WS" -n 16 "$port" <<<"{\"subscribe\":[\"\"],\"since\":\"$since\"}"
	[ "$(tail -n +2 <<<"$output" | jq .data.n | tr '\n' ' ')" = "$(seq -s ' ' 6 20) " ]
	run "$WS" -n 1 "$port" <<<'{"subscribe":[""],"since":"00000001:5"}'
	[ "$(jq -r .recovered <<<"$output")" = false ]
}
