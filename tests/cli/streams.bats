#!/usr/bin/env bats
# weir-gateway's Server-Sent Events: what a stream says, and where it goes on.

load ../helpers

setup() {
	weir_setup
	curls=()
}

teardown() {
	for p in "${curls[@]}"; do
		kill "$p" 2>/dev/null && wait "$p" || true
	done
	weir_teardown
}

stream=/api/v1/events/stream

# listen NAME QUERY [CURL OPTION...]: what comes goes to $T/NAME; $curl.
listen() {
	local name=$1 query=$2
	shift 2
	curl -sSN --max-time 90 "$@" "$url$stream$query" >"$T/$name" 2>&1 3>&- &
	curl=$!
	curls+=("$curl")
	wait_for grep -q '^data: {"subscribed"' "$T/$name"
}

# What is there by now and goes on for ever: its first second.
peek() { curl -sS --max-time 1 "$@" 2>/dev/null || true; }
status() { curl -sS --max-time 2 -o /dev/null -w '%{http_code}' "$@" 2>/dev/null || true; }
# The events of a stream, as JSON lines.
events() { sed -n 's/^data: {"id"/{"id"/p' "$1"; }
has_newest() { events "$1" | tail -n 1 | grep -q "\"n\":$2[,}]"; }
has_events() { [ "$(events "$1" | wc -l)" -ge "$2" ]; }
position() { curl -s "$url/api/v1/status" | jq -r .position; }

@test "says its position first, then each event once, in order, with its position" {
	start_both
	numbered 1 3
	listen out "?topic=t.n/" -i
	numbered 4 6
	wait_for has_events "$T/out" 3
	tr -d '\r' <"$T/out" >"$T/text"
	for header in 'Content-Type: text/event-stream' 'Cache-Control: no-store' \
		'X-Accel-Buffering: no' 'X-Content-Type-Options: nosniff'; do
		grep -qx "$header" "$T/text"
	done
	! grep -qi '^Content-Length\|^Access-Control' "$T/text"
	epoch=$(position | cut -d: -f1)
	sed '1,/^$/d' "$T/text" | sed -n '1,5p' | sed 's/^retry: [1-3][0-9][0-9][0-9]$/retry/' >"$T/first"
	diff "$T/first" - <<-END
		retry
		event: subscribed
		id: $epoch:3
		data: {"subscribed":["t.n/"],"position":"$epoch:3","recovered":true}

	END
	[ "$(grep '^id: ' "$T/text" | tail -n +2)" = "$(printf "id: $epoch:%d\n" 4 5 6)" ]
	[ "$(events "$T/text" | jq .data.n)" = "$(seq 4 6)" ]
	# the same JSON as a WebSocket's
	echo '{"subscribe":["t.n/"],"since":"'"$epoch:3"'"}' |
		"$HELPERS/wsclient" -n 4 "${url##*:}" | tail -n +2 >"$T/ws"
	events "$T/text" | cmp - "$T/ws"
}

@test "goes on after Last-Event-ID, after since, and from the last of each topic" {
	start_both
	numbered 1 4 a
	numbered 5 6 b
	epoch=$(position | cut -d: -f1)
	n_of() { peek "$@" | events /dev/stdin | jq .data.n | tr '\n' ' '; }
	[ "$(n_of -H "Last-Event-ID: $epoch:2" "$url$stream")" = "3 4 5 6 " ]
	[ "$(n_of "$url$stream?since=$epoch:4")" = "5 6 " ]
	# a browser that comes back sends both
	[ "$(n_of -H "Last-Event-ID: $epoch:5" "$url$stream?since=$epoch:1")" = "6 " ]
	[ "$(n_of "$url$stream?since=1h&topic=t.n/a")" = "1 2 3 4 " ]
	[ "$(n_of "$url$stream?since=$epoch:0&topic=t.n/b&topic=x.y")" = "5 6 " ]
	[ "$(n_of "$url$stream?topic=t.&last=1")" = "4 6 " ]
	[ "$(n_of "$url$stream?topic=t.&last=true&since=$epoch:5")" = "6 " ]
	[ "$(n_of "$url$stream?topic=t.n/&last=false")" = "" ]
	# the first block's id is where to go on; not before "last" is complete
	peek "$url$stream?topic=t." >"$T/plain"
	grep -qx "id: $epoch:6" "$T/plain"
	peek "$url$stream?topic=t.n/a&last=1" >"$T/last"
	[ "$(grep -c '^id: ' "$T/last")" = 1 ]
	grep -qx "id: $epoch:4" "$T/last"
	# a position of another journal cannot be recovered, and says so
	peek -H 'Last-Event-ID: 00000001:1' "$url$stream" >"$T/other"
	grep -q '^data: {"subscribed":.*"recovered":false}$' "$T/other"
}

@test "each line of an event's JSON is a data line" {
	start_both
	printf '{"type":"t.n","data":{"n":\n1,\r"m":\r\n2}}' |
		curl -sf -H 'Content-Type: application/json' --data-binary @- "$url/api/v1/events"
	peek "$url$stream?topic=t.n&last=1" >"$T/out"
	[ "$(sed -n 's/^data: //p' "$T/out" | tail -n +2 | jq -c .data)" = '{"n":1,"m":2}' ]
	! grep -qv '^$\|^[a-z]*: ' "$T/out"
}

@test "refusals are problem documents, before a stream begins" {
	start_both
	[ "$(status "$url$stream?since=yesterday")" = 400 ]
	[ "$(status "$url$stream?last=perhaps")" = 400 ]
	[ "$(status "$url$stream?bogus=1")" = 400 ]
	[ "$(status "$url$stream?topic=\$stats")" = 400 ]
	[ "$(status -H 'Last-Event-ID: 7' "$url$stream")" = 400 ]
	query=$(seq 64 | sed 's/.*/topic=t.n\/&/' | paste -sd '&')
	[ "$(status "$url$stream?$query")" = 200 ]
	[ "$(status -H 'Accept: application/json' "$url$stream")" = 406 ]
	for method in POST PUT DELETE OPTIONS; do
		[ "$(status -X $method "$url$stream")" = 405 ]
	done
	[[ $(curl -s -X POST -D - "$url$stream") == *"Allow: GET, HEAD"* ]]
	[ "$(curl -s "$url$stream?since=x" | jq -r .status)" = 400 ]
	[ "$(status "$url$stream/more")" = 404 ]
	# there is nothing that could be unchanged
	[ "$(status -H 'If-None-Match: *' "$url$stream")" = 200 ]
	run curl -sI --max-time 5 "$url$stream"
	[ "$status" -eq 0 ]
	[[ $output == *200*text/event-stream* ]]
	[[ $output != *retry* ]]
	wait_for counts streams 0
}

@test "Host, Origin and token are judged as for every GET" {
	printf %s 0123456789abcdef0123 >"$T/token"
	start_both --token-file "$T/token"
	auth='Authorization: Bearer 0123456789abcdef0123'
	[ "$(status "$url$stream")" = 401 ]
	[ "$(status -H "$auth" -H 'Host: evil.example' "$url$stream")" = 403 ]
	[ "$(status -H "$auth" "$url$stream")" = 200 ]
	# a page elsewhere is not told that it may read it
	out=$(peek -i -H "$auth" -H 'Origin: http://evil.example' "$url$stream")
	[[ $out == *" 200 "* && $out != *Access-Control* ]]
}

@test "without a journal there is no stream yet" {
	start_daemon gateway --dir "$DIR" --port 0
	url=$(sed -n 's/.*url=\(.*\)\/ dir.*/\1/p' "$T/gateway.err")
	[ "$(status "$url$stream")" = 503 ]
}

# One more connection, once those before it are really gone.
hold() {
	exec {held}<>"/dev/tcp/127.0.0.1/${url##*:}"
	printf 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n' >&"$held"
	read -r line <&"$held"
	[[ $line == *200* ]] || { exec {held}>&-; return 1; }
}

@test "streams count as connections, and one that has ended is gone at once" {
	start_both --max-clients 4
	listen one ""
	listen two ""
	listen three ""
	wait_for counts streams 3
	[ "$(counter websockets)" = 0 ]
	[ "$(counter connections)" = 4 ]
	# the fourth connection is taken, a fifth is turned away
	wait_for hold
	[ "$(status "$url$stream")" = 503 ]
	exec {held}>&-
	kill "$curl"
	wait_for counts streams 2
	[ "$(counter subscribed)" = 2 ]
}

@test "what its client says ends a stream; one that comes along is not heard" {
	start_both
	printf 'GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n' "$stream" /healthz >"$T/two"
	exec {held}<>"/dev/tcp/127.0.0.1/${url##*:}"
	cat "$T/two" >&"$held" # with one write
	wait_for counts streams 1
	before=$(awk '{print $14 + $15}' "/proc/$gateway/stat")
	listen other "?topic=t.n/"
	numbered 1 100
	wait_for has_events "$T/other" 100
	after=$(awk '{print $14 + $15}' "/proc/$gateway/stat")
	[ $((after - before)) -lt 100 ]
	cat <&"$held" >"$T/held" 2>&1 3>&- &
	reader=$!
	wait_for has_events "$T/held" 100
	[ "$(grep -c '^HTTP/1.1' "$T/held")" = 1 ]
	[ "$(counter streams)" = 2 ]
	printf 'x' >&"$held"
	wait_for counts streams 1
	wait "$reader" || true
	exec {held}>&-
}

@test "quiet streams are kept alive, and take their position along" {
	start_both
	listen quiet "?topic=t.n/none"
	numbered 1 5
	here=$(position)
	wait_for grep -qx "id: $here" "$T/quiet"
	# a block of its own that is no event
	[ "$(grep -x -A1 "id: $here" "$T/quiet" | tail -n 1)" = "" ]
	[ "$(events "$T/quiet" | wc -l)" = 0 ]
	# nothing has moved since: a comment
	wait_for grep -qx ":" "$T/quiet"
	# nothing is missed from there
	numbered 6 6 none
	[ "$(peek -H "Last-Event-ID: $here" "$url$stream?topic=t.n/none" | events /dev/stdin | jq .data.n)" = 6 ]
}

@test "a slow stream costs no memory, loses nothing, and others do not wait" {
	start_both
	pad=$(head -c 2000 /dev/zero | tr '\0' x)
	padded() { seq "$1" "$2" | sed "s/.*/{\"type\":\"t.n\",\"data\":{\"n\":&,\"pad\":\"$pad\"}}/" | pub; }
	mkfifo "$T/pipe"
	curl -sSN --max-time 90 "$url$stream?topic=t.n" >"$T/pipe" 3>&- &
	curls+=("$!")
	exec {slow}<"$T/pipe"
	wait_for counts subscribed 1
	padded 1 3000
	listen quick "?topic=t.&last=1"
	before=$(awk '/RssAnon/ {print $2}' "/proc/$gateway/status")
	padded 3001 9000
	# The newest that the gateway knew of is the first.
	wait_for has_newest "$T/quick" 9000
	first=$(events "$T/quick" | head -n 1 | jq .data.n)
	[ "$first" -le 3000 ]
	after=$(awk '/RssAnon/ {print $2}' "/proc/$gateway/status")
	wait_for counts choked 1
	head -n 27004 <&"$slow" >"$T/slow" # a first block, and three lines for each
	exec {slow}<&-
	[ "$(events "$T/slow" | jq .data.n | md5sum)" = "$(seq 1 9000 | md5sum)" ]
	[ "$(events "$T/quick" | jq .data.n | md5sum)" = "$(seq "$first" 9000 | md5sum)" ]
	# With a sanitizer it is slower, and gives no memory back.
	[ -z "${ASAN_OPTIONS:-}" ] || return 0
	[ $((after - before)) -lt 6000 ]
	[ "$(counter from_journal_total)" -gt 1000 ]
}

@test "a stream that was choked still ends with its client" {
	start_both
	pad=$(head -c 9000 /dev/zero | tr '\0' x)
	mkfifo "$T/pipe"
	curl -sSN --max-time 90 "$url$stream?topic=t.n" >"$T/pipe" 3>&- &
	curls+=("$!")
	exec {slow}<"$T/pipe"
	wait_for counts subscribed 1
	seq 1500 | sed "s/.*/{\"type\":\"t.n\",\"data\":{\"n\":&,\"pad\":\"$pad\"}}/" | pub
	wait_for counts choked 1
	kill -KILL "${curls[-1]}"
	exec {slow}<&-
	wait_for counts streams 0
	wait_for counts choked 0
}

@test "ends with 0 on TERM, with streams open" {
	start_both
	listen one ""
	listen two "?topic=t.n/"
	stop_daemon "$gateway"
	wait "$curl"
}

@test "a WebSocket takes a time or an age, too, and says where that is" {
	start_both
	numbers 1 5 | pub -t test.n
	pub -t test.n <<<'{"n":6}' # recorded later than the others
	last=$(curl -s "$url/api/v1/events?topic=test.n" | jq -r '.events[5].recordedtime')
	for since in 1h:1 "$last:6"; do
		echo '{"subscribe":["test.n"],"since":"'"${since%:*}"'"}' |
			"$HELPERS/wsclient" -t 30000 -n 2 "$port" >"$T/out"
		[ "$(jq -cs '[.[0].recovered, .[1].data.n]' "$T/out")" = "[true,${since##*:}]" ]
	done
	run --separate-stderr "$HELPERS/wsclient" -t 30000 -n 2 "$port" <<-'END'
		{"subscribe":["test.n"],"since":"soon"}
		{"subscribe":["test.n"],"since":"90"}
	END
	[ "$status" -eq 0 ]
	[ "$(grep -c bad-position <<<"$output")" = 2 ]
}
