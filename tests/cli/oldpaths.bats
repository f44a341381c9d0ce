#!/usr/bin/env bats
# HTTP paths of old clients at the gateway.

load ../helpers

setup() { weir_setup; }
teardown() { weir_teardown; }

post() { # PATH BODY
	get -H 'Content-Type: application/json' -d "$2" "$url$1"
}

@test "updates of venues, their vibe checks and promotions, since a time or position" {
	start_both
	for n in 1 2 3; do
		echo '{"type":"venue.update","subject":"7","data":{"id":"7","n":'$n'}}' | pub
	done
	echo '{"type":"venue.update","subject":"8","data":{"n":4}}' | pub
	echo '{"type":"vibe.check","subject":"7","data":{"n":5}}' | pub
	echo '{"type":"promotion.update","subject":"7","data":{"n":6}}' | pub
	n_of() { get "$url$1" | jq -c "[.$2[].n]"; }
	[ "$(n_of /api/venues/updates updates)" = '[1,2,3,4]' ]
	[ "$(n_of /api/venues/7/updates updates)" = '[1,2,3]' ]
	[ "$(n_of /api/venues/8/updates updates)" = '[4]' ]
	[ "$(n_of /api/venues/9/updates updates)" = '[]' ]
	[ "$(n_of /api/venues/7/vibe-checks vibeChecks)" = '[5]' ]
	[ "$(n_of /api/venues/7/promotions promotions)" = '[6]' ]
	[ "$(get "$url/api/venues/7/vibe-checks" | jq -r '.vibeChecks[0].venueId')" = 7 ]
	# the newest, oldest first; what comes after; parameters of others are none of ours
	[ "$(n_of '/api/venues/7/updates?limit=2&_=17' updates)" = '[2,3]' ]
	first=$(log venue.update/7 | head -n 1)
	position=$(jq -r '"\(.epoch):\(.offset)"' <<<"$first")
	time=$(jq -r .recordedtime <<<"$first")
	[ "$(n_of "/api/venues/7/updates?since=$position" updates)" = '[2,3]' ]
	[ "$(n_of "/api/venues/7/updates?since=$position&limit=1" updates)" = '[2]' ]
	[ "$(n_of "/api/venues/7/updates?since=$time" updates)" = '[2,3]' ]
	[ "$(n_of '/api/venues/7/updates?since=1h' updates)" = '[1,2,3]' ]
	[ "$(n_of '/api/venues/7/updates?since=1000' updates)" = '[1,2,3]' ]
	[ "$(n_of '/api/venues/7/updates?since=4000000000000' updates)" = '[]' ]
	[ "$(status "$url/api/venues/7/updates?since=yesterday")" = 400 ]
	[ "$(status "$url/api/venues/a%20b/updates")" = 400 ]
}

@test "polling with what the last answer said gives each update once" {
	start_both
	since=1000
	for n in 1 2 3 4 5; do
		echo '{"type":"venue.update","subject":"7","data":{"n":'$n'}}' | pub
		answer=$(get "$url/api/venues/updates?since=$since")
		[ "$(jq -c '[.updates[].n]' <<<"$answer")" = "[$n]" ]
		since=$(jq -r .timestamp <<<"$answer")
		[ "$(get "$url/api/venues/updates?since=$since" | jq -c '[.updates[].n]')" = '[]' ]
		# its own time is as good
		since=$(jq -r '.updates[-1].updatedAt' <<<"$answer")
		[ "$(get "$url/api/venues/updates?since=$since" | jq -c '[.updates[].n]')" = '[]' ]
	done
	# nothing is passed over where an answer is full
	since=1000 got=
	for _ in 1 2 3 4 5; do
		answer=$(get "$url/api/venues/updates?since=$since&limit=1")
		got="$got$(jq -r '.updates[].n' <<<"$answer")"
		[ "$(jq -r .more <<<"$answer")" = true ]
		since=$(jq -r .timestamp <<<"$answer")
	done
	[ "$got" = 12345 ]
}

@test "notifications are read by their user" {
	start_both
	post /api/websocket '{"action":"notify","userId":"ann","data":{"title":"Hi","message":"there"}}' >/dev/null
	post /api/websocket '{"action":"notify","userId":"bob","data":{"title":"Ho"}}' >/dev/null
	[ "$(get "$url/api/notifications?userId=ann" | jq -c '[.notifications[] | [.type, .title, .message]]')" = '[["custom","Hi","there"]]' ]
	[ "$(get "$url/api/notifications?userId=bob" | jq -c '[.notifications[] | [.title, .message]]')" = '[["Ho","Ho"]]' ]
	[ "$(status "$url/api/notifications")" = 400 ]
	[[ $(get "$url/api/notifications" | jq -r .detail) == *" as userId" ]]
	[ "$(status "$url/api/notifications?userId=a/b")" = 400 ]
}

@test "a broadcast is an event, and what cannot be one is refused" {
	start_both
	run -0 post /api/websocket '{"action":"broadcast","channel":"venue:7","data":{"id":"7","status":"open"}}'
	[ "$(jq -c '.success' <<<"$output")" = true ]
	[[ $(jq -r .position <<<"$output") == ????????:1 ]]
	post /api/websocket '{"action":"broadcast","channel":"venue_updates","data":{"id":"8"}}' >/dev/null
	post /api/websocket '{"action":"broadcast","channel":"system_message","data":{"message":"m"}}' >/dev/null
	[ "$(log | jq -r '[.type, .subject, .data.id, .data.message] | map(. // "-") | join(" ")')" = $'venue.update 7 7 -\nvenue.update 8 8 -\nsystem.message - - m' ]
	for body in '{"action":"broadcast","channel":"lobby","data":{}}' '{"action":"broadcast","data":{}}' \
		'{"action":"stop"}' '{}' '[]' '{' '{"action":"broadcast","channel":"system_message","data":{"message":7}}' \
		'{"action":"notify","userId":"a b","data":{}}'; do
		run -0 get -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d "$body" "$url/api/websocket"
		[ "$output" = 400 ]
	done
	[ "$(status -d '{}' "$url/api/websocket")" = 415 ]
	[ "$(status -H 'Origin: http://evil.example' -H 'Content-Type: application/json' -d '{}' "$url/api/websocket")" = 403 ]
}

@test "status, health, and methods that are not there" {
	start_both
	[ "$(get "$url/api/health")" = "$(get "$url/health")" ]
	get "$url/api/websocket" >"$T/status"
	[ "$(jq -c '[.status, .socketio, .channels]' "$T/status")" = '["ok",0,[]]' ]
	[ "$(jq '.connections >= 1 and .counters.connections >= 1' "$T/status")" = true ]
	run -0 get -D - -o /dev/null -X POST "$url/api/venues/updates"
	[[ $output == *' 405 '*'Allow: GET, HEAD'* ]]
	[ "$(status -X PUT "$url/api/health")" = 405 ]
	[ "$(status "$url/api/venues/updates/more")" = 404 ]
	[ "$(status -I "$url/api/venues/updates")" = 200 ]
}

@test "with a token, old paths need it as all others do" {
	echo 0123456789abcdef >"$T/token"
	start_both --token-file "$T/token"
	for path in /api/venues/updates /api/websocket '/api/notifications?userId=a'; do
		[ "$(status "$url$path")" = 401 ]
		[ "$(status -H 'Authorization: Bearer 0123456789abcdef' "$url$path")" = 200 ]
	done
	[ "$(status "$url/api/health")" = 200 ]
	run -0 get -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' \
		-d '{"action":"broadcast","channel":"venue:7","data":{}}' "$url/api/websocket"
	[ "$output" = 401 ]
}

@test "a path of one's own publishes what it is told" {
	cat >"$T/compat.json" <<-'END'
		{"publish": [{"event": "monitor:{id}", "topic": "monitor.start/{match}", "data": {"at": "$now", "url": "$data"}}],
		 "paths": [{"path": "/api/start-monitoring", "publish": {"event": "monitor:{data.id}", "data": "$data.url"}}]}
	END
	start_both --compat "$T/compat.json"
	[ "$(post /api/start-monitoring '{"id":"s1","url":"u"}' | jq .success)" = true ]
	[ "$(log | jq -r '"\(.type)/\(.subject) \(.data.url)"')" = 'monitor.start/s1 u' ]
	[ "$(status "$url/api/start-monitoring")" = 405 ]
	[ "$(status "$url/api/venues/updates")" = 404 ]
}

@test "what is too large for an event is refused, and holds up nobody" {
	start_both
	{
		printf '{"action":"broadcast","channel":"venue:7","data":{"n":"'
		head -c 300000 /dev/zero | tr '\0' x
		printf '"}}'
	} >"$T/large"
	post /api/websocket "@$T/large" | jq -e '.status == 400 and (.detail | test("data: more than"))'
	post /api/websocket '{"action":"broadcast","channel":"venue:7","data":{"n":1}}' | jq -e .success
	[ "$(get "$url/api/venues/7/updates" | jq -c '[.updates[].n]')" = '[1]' ]
}

@test "what becomes too large on its way is refused by every door, and holds up nobody" {
	start_both
	more=$(head -c 3900 /dev/zero | tr '\0' x)
	shop=$(printf '\\"%.0s' $(seq 100)) # each of them is two bytes more in it
	event() { printf '{"type":"t.n","source":"%s","id":"%s","data":1,"more":"%s"}' "$shop" "$1" "$more"; }
	event 1 >"$T/event"
	WS=$HELPERS/wsclient
	printf '{"publish":%s,"id":7}\n{"ping":1}\n' "$(event 2)" >"$T/in"
	printf '{"id":"a","url":"http://localhost/","select":"%s"}' "$(head -c 300000 /dev/zero | tr '\0' x)" >"$T/watch"
	# As it comes it is an event; its source and id become attributes, too.
	post /api/v1/events "@$T/event" | jq -e '.status == 400 and (.detail | test("further attributes: more than"))'
	"$WS" -n 2 "$port" <"$T/in" | jq -se '(map(.error // empty) | .[0].code == "bad-event" and .[0].id == 7) and any(.pong)'
	get -X PUT -H 'Content-Type: application/json' -d "@$T/watch" "$url/api/v1/watches/a" | jq -e .status==400
	get "$url/metrics" | tee "$T/metrics" | grep -E "^weir_gateway_refused_total\{.*kind=\"event\".* [2-9]$" || { grep refused_total "$T/metrics"; false; }
	run -0 get -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d '{"type":"t.n","data":2}' "$url/api/v1/events"
	[ "$output" = 201 ]
	[ "$(log t. | jq .data)" = 2 ]
}
