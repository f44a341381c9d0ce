#!/usr/bin/env bats
# weir-notifier and Discord, as far as its documentation says it.

bats_require_minimum_version 1.5.0
load receiver.bash

setup() {
	receiver_setup
	receiver discord
	hook=$(secret hook "$url/api/webhooks/1/s3cretOfDiscord")
	start store ': ready '
}

teardown() {
	keeps_secret s3cretOfDiscord
	receiver_teardown
}

discord() {
	channel d type=discord url-file="$hook" rate=0 parallel=1 >"$conf"
	start_notifier
}

@test "others' words are words and mention nobody" {
	discord
	tell_hostile
	until_true deliveries_are "$(yes sent | head -n 11 | xargs)"
	shown_is discord .shown '{t}\n{m}'
	[ "$(got discord 'map(.json.allowed_mentions.parse) | unique')" = '[
  []
]' ]
}

@test "what changes is changed there; where it is gone it is told anew" {
	discord
	tell ana one '"id":"n1","data":{"link":"http://a.example/x_y"}'
	until_true deliveries_are sent
	[ "$(got discord '.[0].shown')" = 'one
m
http://a.example/x_y' ]
	tell ana two '"id":"n2","update":"n1"'
	until_true deliveries_are 'sent sent'
	script discord '{"status":404,"times":1,"body":"{\"message\":\"Unknown Message\",\"code\":10008}"}'
	tell ana three '"id":"n3","update":"n2"'
	until_true deliveries_are 'sent sent sent'
	[ "$(got discord 'map(.method) | join(" ")')" = 'POST PATCH PATCH POST' ]
	[ "$(got discord '.[1].path')" = \
		/api/webhooks/1/s3cretOfDiscord/messages/1088000 ]
	[ "$(events delivery. 'map(.data.message_id) | join(" ")')" = \
		'1088000 1088000 1088001' ]
}

@test "its errors, and the time that it asks for" {
	discord
	script discord '{"status":401,"times":1,"body":"{\"message\":\"Invalid Webhook Token\",\"code\":50027}"}'
	tell ana one
	until_true failures_are 'auth: Invalid Webhook Token'
	script discord '{"status":429,"times":1,"headers":{"Retry-After":"1"},"body":"{\"message\":\"You are being rate limited.\",\"retry_after\":0.3,\"global\":false}"}'
	tell ana two
	until_true deliveries_are 'failed sent'
	# The last one for now: the next waits, without being refused first.
	script discord '{"status":200,"times":1,"headers":{"X-RateLimit-Remaining":"0","X-RateLimit-Reset-After":"1.25"},"body":"{\"id\":\"5\"}"}'
	tell ana three
	tell ana four
	until_true deliveries_are 'failed sent sent sent'
	[ "$(got discord 'length')" -eq 5 ]
	[ "$(got discord '.[4].at_ms - .[3].at_ms')" -ge 1250 ]
}
