#!/usr/bin/env bats
# What weir-gateway says of itself and of the others: metrics, status,
# connections, presence, and the document of its API.

load ../helpers

setup() {
	weir_setup
	WS=$HELPERS/wsclient
	PROMTOOL=$(command -v promtool || echo build/deps/promtool)
}

teardown() { weir_teardown; }

says() { get "$url$2" | grep -qF -- "$1"; }

# client NAME TRANSPORT PATTERN: in the background, until teardown.
client() {
	if [ "$2" = sse ]; then
		curl -sN "$url/api/v1/events/stream?topic=$3" >"$T/$1.out" 2>&1 3>&- &
	elif [ "$2" = poll ]; then
		curl -s "$url/api/v1/events?wait=60&topic=$3" >"$T/$1.out" 2>&1 3>&- &
	else
		echo "{\"subscribe\":[\"$3\"]}" |
			"$WS" -t 60000 "$port" >"$T/$1.out" 2>&1 3>&- &
	fi
	daemons+=($!)
}

@test "metrics are what promtool wants, with histograms and lag by class" {
	start_both
	client ws websocket test.
	client sse sse test.
	client poll poll test.other
	wait_for says 'transport="poll",class="live"} 1' /metrics
	wait_for says 'transport="sse",class="live"} 1' /metrics
	wait_for says 'transport="websocket",class="live"} 1' /metrics
	numbers 1 5 | pub --type test.n
	wait_for says '"n":5' "/api/v1/events?topic=test.n"
	wait_for grep -q '"n":5' "$T/ws.out"
	wait_for says 'weir_store_commit_seconds_count' /metrics
	get "$url/metrics" >"$T/metrics"
	# Each event once, however many clients it goes to.
	[ "$(sed -n 's/^weir_gateway_delivery_seconds_count.* //p' "$T/metrics")" = 5 ]
	[ "$(grep -c '^weir_gateway_delivery_seconds_bucket' "$T/metrics")" = 18 ]
	grep -q '^weir_gateway_delivery_seconds_bucket{id="[^"]*",le="+Inf"} 5$' "$T/metrics"
	grep -q '^weir_gateway_client_lag_events{id="[^"]*",transport="websocket",class="live"} 0$' "$T/metrics"
	# All that there is, is described.
	[ "$(grep -c '^# TYPE' "$T/metrics")" = "$(grep -c '^# HELP' "$T/metrics")" ]
	run ! grep 'Not described' "$T/metrics"
	[ "$(sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' "$T/metrics" | sort | uniq -d)" = "" ]
	if ! [ -x "$PROMTOOL" ]; then
		skip "promtool is not there (scripts/deps check)"
	fi
	"$PROMTOOL" check metrics <"$T/metrics" >&2
}

@test "what any process says of itself is a metric, and cannot break the others" {
	start_both
	wait_for says 'weir_up{tool="store"' /metrics
	get "$url/metrics" >"$T/metrics"
	for id in $(sed -n 's/^weir_up{.*id="\([^"]*\)"} 1$/\1/p' "$T/metrics"); do
		grep -q "^weir_[a-z_]*{id=\"$id\"" "$T/metrics"
	done
	grep -q '^weir_up{tool="gateway"' "$T/metrics"
}

# ---- connections ----

connections() { get "$url/api/v1/connections$1"; }
delete() { get -o /dev/null -w '%{http_code}' -X DELETE "$url/api/v1/connections/$1"; }
there_are() { [ "$(connections '' | jq .total)" = "$1" ]; }

@test "connections are listed with where they stand, in pages" {
	start_both
	[ "$(connections '' | jq -c .)" = '{"total":0,"connections":[]}' ]
	numbers 1 3 | pub --type test.n
	wait_for says '"n":3' "/api/v1/events?topic=test.n"
	client ws websocket test.
	wait_for there_are 1
	client sse sse test.n
	wait_for there_are 2
	wait_for says '"patterns":["test."]' /api/v1/connections
	connections '' >"$T/list"
	jq -e '.connections | length == 2 and
		.[0].transport == "websocket" and .[1].transport == "sse" and
		all(.user == null and .role == "admin" and .address == "127.0.0.1"
		and .lag == 0 and .subscriptions == 1 and .choked == false
		and .sent_bytes > 0)' "$T/list"
	[ "$(jq -r '.connections[0].position' "$T/list")" = "$(get "$url/api/v1/status" | jq -r .position)" ]
	connections '?limit=1' >"$T/page"
	jq -e '.connections | length == 1' "$T/page"
	first=$(jq -r .after "$T/page")
	[ "$first" = "$(jq -r '.connections[0].id' "$T/list")" ]
	connections "?after=$first" >"$T/page"
	jq -e '(.connections | length == 1) and (has("after") | not)' "$T/page"
	[ "$(jq -r '.connections[0].id' "$T/page")" = "$(jq -r '.connections[1].id' "$T/list")" ]
	for bad in limit=0 limit=1001 after=1 after=zz-1 x=1; do
		[ "$(connections "?$bad" | jq .status)" = 400 ]
	done
}

@test "a connection is ended by its id, and told so" {
	start_both
	client ws websocket test.
	ws=${daemons[-1]}
	wait_for there_are 1
	client sse sse test.
	sse=${daemons[-1]}
	wait_for there_are 2
	ids=$(connections '' | jq -r '.connections[].id')
	[ "$(delete "${ids%%$'\n'*}x")" = 404 ]
	[ "$(delete 1)" = 404 ]
	there_are 2
	for id in $ids; do
		[ "$(delete "$id")" = 204 ]
	done
	run wait "$ws"
	[ "$status" -eq 3 ]
	grep -q 4009 "$T/ws.out"
	wait "$sse" || true
	wait_for there_are 0
	[ "$(delete "${ids%%$'\n'*}")" = 404 ]
	[ "$(get "$url/metrics" | sed -n 's/^weir_gateway_closed_by_admin_total.* //p')" = 2 ]
	run get -i -X POST "$url/api/v1/connections"
	[[ $output == *"405 "*"Allow: GET, HEAD"* ]]
	run get -i "$url/api/v1/connections/1"
	[[ $output == *"405 "*"Allow: DELETE"* ]]
}

@test "connections are for administrators" {
	echo 0123456789abcdef0123 >"$T/token"
	start_store
	start_gateway --token-file "$T/token"
	[ "$(connections '' | jq .status)" = 401 ]
	[ "$(delete 1)" = 401 ]
	[ "$(get -u x:0123456789abcdef0123 "$url/api/v1/connections" | jq .total)" = 0 ]
}

@test "status tells connections, users, topics and counters" {
	start_both
	numbers 1 3 | pub --type test.n
	wait_for says '"topics":1' /api/v1/status
	client ws websocket test.
	wait_for says '"sockets":1' /api/v1/status
	get "$url/api/v1/status" | jq -e '.events.topics == 1 and
		.clients.streams == 0 and .clients.users == 0 and
		.counters.connections_total > 0 and
		.counters.delivery_seconds.n != null'
}

# ---- presence ----

present() { get "${2:-$url}/api/v1/presence?topic=$1"; }
present_as() { [ "$(present "$1" "${3:-$url}" | jq -c '[.count,.users,.anonymous]')" = "$2" ]; }

# Two gateways with API keys; sets $url and $other, and the key of the first
# user for both.
start_two() {
	(
		umask 077
		for user in ann bob; do
			"$BIN/weir" key "$user" read=venue. 2>"$T/$user.key" >>"$T/keys"
		done
	)
	start_store
	start_daemon gateway --dir "$DIR" --port 0 --keys-file "$T/keys"
	other=$(sed -n 's/.*url=\(.*\)\/ dir.*/\1/p' "$T/gateway.err")
	start_gateway --keys-file "$T/keys"
	wait_for says '"ready":true' /readyz
	url=$other wait_for says '"ready":true' /readyz
}

# user NAME URL JSON: a WebSocket that says JSON, until teardown.
user() {
	echo "$3" | "$WS" -t 60000 -H "Authorization: Bearer $(<"$T/$1.key")" \
		"${2##*:}" >>"$T/$1.out" 2>&1 3>&- &
	daemons+=($!)
}
as() { # USER: what get() sends
	eval "get() { curl -sS --max-time 20 -H 'Authorization: Bearer $(<"$T/$1.key")' \"\$@\"; }"
}

@test "presence: who has subscribed to a topic, over all gateways" {
	start_two
	as ann
	present_as venue.update/7 '[0,[],0]'
	user ann "$url" '{"subscribe":["venue.update/7","venue."]}'
	ann=${daemons[-1]}
	user ann "$other" '{"subscribe":["venue.update/7"]}'
	user bob "$other" '{"subscribe":["venue.update/7"]}'
	for at in "$url" "$other"; do
		wait_for present_as venue.update/7 '[3,["ann","bob"],0]' "$at"
		wait_for present_as venue. '[1,["ann"],0]' "$at"
		present_as venue.update/8 '[0,[],0]' "$at"
	done
	kill "$ann"
	wait_for present_as venue. '[0,[],0]' "$other"
	wait_for present_as venue.update/7 '[2,["ann","bob"],0]'
	# Not of what may not be read, and not of nothing.
	[ "$(present price.update/ | jq .status)" = 403 ]
	[ "$(get "$url/api/v1/presence" | jq .status)" = 400 ]
	[ "$(present '%20' | jq .status)" = 400 ]
}

@test "presence: whoever asks is told who joins and who leaves" {
	start_two
	user bob "$url" '{"subscribe":["venue.update/7"],"presence":true}'
	wait_for grep -qF '{"presence":{"topic":"venue.update/7","count":1,"all":true,"joined":["bob"],"left":[]}}' "$T/bob.out"
	user ann "$other" '{"subscribe":["venue.update/7"]}'
	ann=${daemons[-1]}
	wait_for grep -qF '{"presence":{"topic":"venue.update/7","count":2,"joined":["ann"],"left":[]}}' "$T/bob.out"
	kill "$ann"
	wait_for grep -qF '{"presence":{"topic":"venue.update/7","count":1,"joined":[],"left":["ann"]}}' "$T/bob.out"
	[ "$(grep -c presence "$T/bob.out")" = 3 ]
	run ! grep -q presence "$T/ann.out"
}

@test "presence: anonymous clients and streams count, polls do not" {
	start_both
	client ws websocket test.n
	client sse sse test.n
	client poll poll test.n
	wait_for says 'transport="poll",class="live"} 1' /metrics
	wait_for present_as test.n '[2,[],2]'
	[ "$("$WS" -n 1 "$port" <<<'{"unsubscribe":["a"],"presence":true}' | jq -r .error.code)" = bad-message ]
	[ "$("$WS" -n 1 "$port" <<<'{"subscribe":["t.a"],"presence":1}' | jq -r .error.code)" = bad-message ]
}

@test "presence: who authenticates later is there by that name, and by no other" {
	start_two
	stop_daemon "$gateway"
	start_gateway --keys-file "$T/keys" --anonymous venue.
	wait_for says '"ready":true' /readyz
	mkfifo "$T/in"
	"$WS" -t 60000 "${url##*:}" <"$T/in" >"$T/late.out" 2>&1 3>&- &
	daemons+=($!)
	exec 8>"$T/in"
	echo '{"subscribe":["venue.update/7"]}' >&8
	wait_for present_as venue.update/7 '[1,[],1]'
	echo "{\"auth\":\"$(<"$T/ann.key")\"}" >&8
	as ann
	for at in "$url" "$other"; do
		wait_for present_as venue.update/7 '[1,["ann"],0]' "$at"
	done
	echo "{\"auth\":\"$(<"$T/bob.key")\"}" >&8
	wait_for grep -q another-user "$T/late.out"
	present_as venue.update/7 '[1,["ann"],0]'
	exec 8>&-
	kill "${daemons[-1]}"
	wait_for present_as venue.update/7 '[0,[],0]' "$other"
}

nobody_else() { # WHERE: as present_as, for as long as a gateway may be heard of
	local end=$((SECONDS + 90))
	until present_as venue.update/7 '[1,["ann"],0]' "$1"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.2
	done
}

@test "presence: the users of a gateway that is killed are forgotten" {
	start_two
	as ann
	user ann "$other" '{"subscribe":["venue.update/7"]}'
	user bob "$url" '{"subscribe":["venue.update/7"]}'
	wait_for present_as venue.update/7 '[2,["ann","bob"],0]' "$other"
	kill -KILL "$gateway"
	nobody_else "$other"
	[ "$(get "$other/api/v1/presence?topic=venue.update/7" | jq .count)" = 1 ]
}
