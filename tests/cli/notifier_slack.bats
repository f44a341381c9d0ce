#!/usr/bin/env bats
# weir-notifier and Slack, as far as its documentation says it.

bats_require_minimum_version 1.5.0
load receiver.bash

setup() {
	receiver_setup
	receiver slack
	hook=$(secret hook "$url/services/T1/B1/s3cretOfSlack")
	token=$(secret token xoxb-s3cretOfSlack)
	start store ': ready '
}

teardown() {
	keeps_secret s3cretOfSlack
	receiver_teardown
}

bot() {
	channel s type=slack base-url="$url/api" channel=#alerts \
		token-file="$token" rate=0 "$@" >"$conf"
}

@test "an incoming webhook" {
	channel s type=slack url-file="$hook" >"$conf"
	run "$BIN/weir-notifier" --test s
	[ "$status" -eq 0 ]
	[ "$output" = 's sent (200)' ]
	[ "$(got slack '.[0].shown')" = '*Test*
This is a test of weir.' ]
}

@test "a bot, and what its message is known by" {
	bot
	start_notifier
	tell ana one '"data":{"link":"http://a.example/?b&c"}'
	until_true deliveries_are sent
	[ "$(got slack '.[0].shown')" = '*one*
m
http://a.example/?b&c' ]
	[ "$(events delivery. '.[0].data.message_id')" = C0001/1503435956.000000 ]
}

@test "others' words are words" {
	bot parallel=1
	start_notifier
	tell_hostile
	until_true deliveries_are "$(yes sent | head -n 11 | xargs)"
	shown_is slack .shown '*{t}*\n{m}'
}

@test "what changes is changed there; where it is gone it is told anew" {
	bot parallel=1
	start_notifier
	tell ana one '"id":"n1"'
	until_true deliveries_are sent
	script slack '{"status":429,"times":1,"headers":{"Retry-After":"1"},"body":"{\"ok\":false,\"error\":\"ratelimited\"}"}'
	tell ana two '"id":"n2","update":"n1"'
	until_true deliveries_are 'sent sent'
	script slack '{"status":200,"times":1,"body":"{\"ok\":false,\"error\":\"message_not_found\"}"}'
	tell ana three '"id":"n3","update":"n2"'
	until_true deliveries_are 'sent sent sent'
	[ "$(got slack 'map(.path | ltrimstr("/api/chat.")) | join(" ")')" = \
		'postMessage update update update postMessage' ]
	[ "$(got slack '.[1].json | .channel + " " + .ts')" = \
		'C0001 1503435956.000000' ]
	[ "$(events delivery. 'map(.data.message_id) | join(" ")')" = \
		'C0001/1503435956.000000 C0001/1503435956.000000 C0001/1503435956.000001' ]
}

@test "its errors, with a status and with 200" {
	bot
	start_notifier
	script slack '{"status":200,"times":1,"body":"{\"ok\":false,\"error\":\"token_revoked\"}"}'
	tell ana one
	until_true deliveries_are failed
	script slack '{"status":200,"times":1,"body":"{\"ok\":false,\"error\":\"is_archived\"}"}'
	tell ana two
	until_true deliveries_are 'failed failed'
	script slack '{"status":200,"times":1,"body":"<html>Sign in</html>"}'
	tell ana three
	until_true failures_are 'auth: token_revoked; rejected: is_archived; rejected: this is no answer of such a service'
	# These pass: each is tried again.
	script slack '{"status":429,"times":1,"headers":{"Retry-After":"1"},"body":"{\"ok\":false,\"error\":\"ratelimited\"}"}'
	tell ana four
	until_true deliveries_are 'failed failed failed sent'
	script slack '{"status":200,"times":1,"body":"{\"ok\":false,\"error\":\"internal_error\"}"}'
	tell ana five
	until_true deliveries_are 'failed failed failed sent sent'
	[ "$(got slack length)" -eq 7 ]
}

@test "a webhook that is not known" {
	channel s type=slack rate=0 \
		url-file="$(secret no "$url/services/T1/B1/other")" >"$conf"
	start_notifier
	tell ana one
	until_true failures_are 'auth: invalid_token'
}
