#!/usr/bin/env bats
# weir-gateway's WebSockets that speak cloudevents.json.

load ../helpers

setup() { weir_setup; }
teardown() { weir_teardown; }

ws() { # PATH OPTION...
	local path=$1
	shift
	"$HELPERS/wsclient" -t 30000 -p cloudevents.json "$@" "${url##*:}" "$path"
}

@test "each message is a whole event, and the first says from where they come" {
	start_both
	numbered 1 3
	numbered 4 4 b
	ws "/ws?topic=t.n/a&since=$(epoch):1" -n 3 </dev/null >"$T/out"
	head -n 1 "$T/out" | jq -e --arg p "$(epoch):1" '.specversion == "1.0"
		and .type == "weir.answer" and (.source | test("^weir/gateway/.*/answers$"))
		and .datacontenttype == "application/json"
		and .data == {"subscribed":["t.n/a"],"position":$p,"recovered":true}'
	tail -n +2 "$T/out" >"$T/events"
	[ "$(jq .data.n "$T/events" | paste -sd ' ')" = "2 3" ]
	# the same as over HTTP
	curl -s "$url/api/v1/events?topic=t.n/a&since=$(epoch):1" | jq -c '.events[]' >"$T/want"
	jq -c . "$T/events" | cmp - "$T/want"
	jq -es 'all(.specversion == "1.0" and .datacontenttype == "application/json"
		and has("epoch") and has("offset") and has("recordedtime"))' "$T/events"
}

@test "last, filter, and what comes live" {
	start_both
	numbered 1 3
	numbered 4 4 b
	ws "/ws?topic=t.n/&last=1&filter=n%20%3E%203" -n 3 </dev/null >"$T/out" 3>&- &
	client=$!
	wait_for counts subscribed 1
	numbered 2 5
	wait "$client"
	head -n 1 "$T/out" | jq -e '.data.filters == {"t.n/":"n > 3"}'
	[ "$(tail -n +2 "$T/out" | jq .data.n | paste -sd ' ')" = "4 4" ]
}

@test "what a client sends is published, and answered when it is durable" {
	start_both
	cat >"$T/say" <<-'END'
		{"specversion":"1.0","id":"one","source":"urn:test","type":"t.made","subject":"x","data":{"n":1}}
		{"specversion":"1.0","id":"two","source":"urn:test","type":"nonsense","data":{}}
		{"specversion"
		{"subscribe":["t.n/"]}
	END
	ws /ws -n 4 <"$T/say" >"$T/out"
	jq -es 'all(.specversion == "1.0" and .type == "weir.answer")' "$T/out"
	[ "$(jq -s 'map(.id) | unique | length' "$T/out")" = 4 ]
	jq -es --arg e "$(epoch)" '.[].data | select(.published == "one") | .position | startswith($e)' "$T/out"
	[ "$(jq -rs '[.[].data.error.code // empty] | sort | join(" ")' "$T/out")" = "bad-event bad-event bad-json" ]
	curl -s "$url/api/v1/events?topic=t.made/" |
		jq -e '.events | length == 1 and .[0].originid == "one" and .[0].data.n == 1'
}

@test "the subprotocol is the first that is known, and parameters are checked" {
	start_both
	handshake() { # PROTOCOLS PATH
		curl -sS -i --max-time 2 -H 'Connection: Upgrade' -H 'Upgrade: websocket' \
			-H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' \
			-H "Sec-WebSocket-Protocol: $1" "$url$2" 2>/dev/null | tr -d '\r'
	}
	chosen() { handshake "$@" | sed -n 's/^Sec-WebSocket-Protocol: //Ip'; }
	[ "$(chosen cloudevents.json /ws)" = cloudevents.json ]
	[ "$(chosen 'weir.v1, cloudevents.json' /ws)" = weir.v1 ]
	[ "$(chosen 'other, cloudevents.json, weir.v1' /ws)" = cloudevents.json ]
	handshake cloudevents.xml /ws | grep -q ' 400 '
	handshake weir.v1 '/ws?topic=t.n/' | grep -q ' 400 '
	for bad in 'topic=a%20b' since=1 'filter=a%20=%20b' last=2 more=1; do
		handshake cloudevents.json "/ws?$bad" >"$T/answer"
		grep -q ' 400 ' "$T/answer"
		grep -q '"detail":"' "$T/answer"
	done
}

post() { # CONTENT-TYPE OPTION...: of standard input; prints status and answer
	curl -sS -o "$T/answer" -w '%{http_code} ' -H "Content-Type: $1" \
		--data-binary @- "${@:2}" "$url/api/v1/events"
	jq -r '.detail // (.positions | length)' "$T/answer"
}
ce() { # ID [MEMBER...]
	local id=$1
	shift
	jq -nc --arg id "$id" '{specversion:"1.0",id:$id,source:"urn:test",type:"t.made",
		subject:"x",data:{n:1}}'" | $*"
}
ONE=application/cloudevents+json
BATCH=application/cloudevents-batch+json

@test "over HTTP: whole events, one by one and in batches" {
	start_both
	[ "$(ce a . | post $ONE)" = '201 1' ]
	[ "$(ce b . | post "$ONE; charset=utf-8")" = '201 1' ]
	[ "$( (ce c .; ce d '.datacontenttype = "application/json" | .traceid = "7"') | jq -s . |
		post "Application/CloudEvents-Batch+JSON")" = '201 2' ]
	# as with JSON of our own, a repeat is none
	[ "$(ce a . | post $ONE)" = '201 1' ]
	curl -s "$url/api/v1/events?topic=t.made/" >"$T/out"
	[ "$(jq -r '[.events[].originid] | join(" ")' "$T/out")" = 'a b c d' ]
	jq -e '.events | all(.originsource == "urn:test" and .data == {n:1}) and .[3].traceid == "7"' "$T/out"
}

@test "over HTTP: what is no whole event is refused, and why, and nothing of it is recorded" {
	start_both
	while IFS='~' read -r type what want; do
		run post "${type// /}" <<<"$(eval "$what")"
		[[ $output == "$want"* ]] || {
			echo "$type $what: $output"
			return 1
		}
	done <<-'END'
		application/cloudevents+json~ce a 'del(.id)'~400 id: missing; CloudEvents require it
		application/cloudevents+json~ce a 'del(.source)'~400 source: missing; CloudEvents require it
		application/cloudevents+json~ce a 'del(.type)'~400 type: missing; CloudEvents require it
		application/cloudevents+json~ce a 'del(.specversion)'~400 specversion: missing; CloudEvents require it
		application/cloudevents+json~ce a '.specversion = "0.3"'~400 specversion: must be "1.0"
		application/cloudevents+json~ce a '.datacontenttype = "text/plain"'~400 datacontenttype: must be "application/json"
		application/cloudevents+json~ce a 'del(.data) | .data_base64 = "aGk="'~400 data_base64: not taken
		application/cloudevents+json~ce a '.Upper = 1'~400 Upper: unknown field
		application/cloudevents+json~ce a '[.]'~400 application/cloudevents+json is one event; an array is application/cloudevents-batch+json
		application/cloudevents+json~ce a '7'~400
		application/cloudevents+json~echo '{"specversion"'~400
		application/cloudevents-batch+json~ce a .~400 application/cloudevents-batch+json is an array of events
		application/cloudevents-batch+json~echo '[]'~400 from 1 to 1000 events in one request
		application/cloudevents-batch+json~ce a '[., del(.id)]'~400 event 2: id: missing
		application/cloudevents-batch+json~ce a '[., 7]'~400 event 2
		application/cloudevents+json;charset=latin1~ce a .~415 a body must be application/json, application/cloudevents+json
		application/cloudevents+xml~ce a .~415 a body must be application/json, application/cloudevents+json
		text/plain~ce a .~415 a body must be application/json, application/cloudevents+json
	END
	[ "$(ce a '.data' | post application/json -H 'ce-type: t.made' -H 'ce-id: a' \
		-H 'ce-source: urn:test' -H 'ce-specversion: 1.0')" = \
		'415 the binary mode of CloudEvents is not taken; send whole events, as application/cloudevents+json' ]
	# elsewhere it is no more than it was
	[ "$(ce a . | curl -s -o "$T/answer" -w '%{http_code}' -X PUT -H "Content-Type: $ONE" \
		--data-binary @- "$url/api/v1/watches/x")" = 415 ]
	curl -s "$url/api/v1/events?topic=t.made/" | jq -e '.events == []'
}
