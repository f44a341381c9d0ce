#!/usr/bin/env bats
# weir-notifier and ntfy, as far as its documentation says it.

bats_require_minimum_version 1.5.0
load receiver.bash

setup() {
	receiver_setup
	receiver ntfy
	token=$(secret token tk_s3cretOfNtfy)
	start store ': ready '
}

teardown() {
	keeps_secret s3cretOfNtfy
	receiver_teardown
}

ntfy() {
	channel n url="ntfy://${url#http://}/alerts" rate=0 parallel=1 "$@" \
		>"$conf"
	start_notifier
}

@test "others' words are words" {
	ntfy
	tell_hostile
	until_true deliveries_are "$(yes sent | head -n 11 | xargs)"
	shown_is ntfy .shown '{line}\n{m}'
}

@test "a topic that is guarded, and a change" {
	channel n type=ntfy base-url="$url" topic=guarded token-file="$token" \
		tags=warning >"$conf"
	start_notifier
	tell ana one '"id":"n1","priority":"high","data":{"link":"http://a.example/"}'
	until_true deliveries_are sent
	tell ana two '"id":"n2","update":"n1"'
	until_true deliveries_are 'sent sent'
	tell ana three '"id":"n3","update":"n2"'
	until_true deliveries_are 'sent sent sent'
	[ "$(got ntfy 'map(.json | [.topic, .priority, .click, .tags[0],
		.sequence_id] | map(tostring) | join(" ")) | join("\n")')" = \
'guarded 4 http://a.example/ warning null
guarded 3 null warning sPs71M8A1
guarded 3 null warning sPs71M8A1' ]
	[ "$(events delivery. 'map(.data.message_id) | unique | join(" ")')" = \
		sPs71M8A1 ]
}

@test "its errors" {
	ntfy token-file="$(secret no tk_s3cretOfNtfy2)"
	tell ana one
	until_true failures_are 'auth: unauthorized'
	script ntfy '{"status":429,"times":1,"body":"{\"code\":42901,\"http\":429,\"error\":\"limit reached: too many requests, please be nice\"}"}'
	tell ana two
	until_true failures_are 'auth: unauthorized; auth: unauthorized'
	script ntfy '{"status":413,"times":1,"body":"{\"code\":41303,\"http\":413,\"error\":\"JSON body too large\"}"}'
	tell ana three
	until_true failures_are 'auth: unauthorized; auth: unauthorized; rejected: JSON body too large'
	[ "$(got ntfy 'map(.status) | join(" ")')" = '401 429 401 413' ]
}
