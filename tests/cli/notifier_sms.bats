#!/usr/bin/env bats
# weir-notifier and Twilio's Messages, as far as their documentation says it.

bats_require_minimum_version 1.5.0
load receiver.bash

setup() {
	receiver_setup
	receiver sms
	token=$(secret token s3cretOfSms)
	start store ': ready '
}

teardown() {
	keeps_secret s3cretOfSms QUMxOnMzY3JldE9mU21z
	receiver_teardown
}

sms() {
	channel s type=sms base-url="$url" account=AC1 from=+15005550006 \
		token-file="$token" rate=0 parallel=1 "$@" >"$conf"
	start_notifier
}

@test "others' words are words, and three messages long at most" {
	sms to=+491701234567
	tell_hostile
	until_true deliveries_are "$(yes sent | head -n 11 | xargs)"
	shown_is sms '(.shown | gsub("\t"; " "))' '{nl}\n{m}'
	[ "$(got sms 'map(.shown | length) | max')" -le 459 ]
	[ "$(events delivery. '.[0].data.message_id | length')" -eq 34 ]
}

@test "a key and a service instead of token and number" {
	channel s type=sms base-url="$url" account=AC1 key=SK1 service=MG1 \
		token-file="$token" to=+491701234567 >"$conf"
	run "$BIN/weir-notifier" --test s
	[ "$status" -eq 0 ]
	[[ $output == 's sent (201): message SM0'* ]]
}

@test "who has said STOP, a phone that is off, and others" {
	sms to=+49170021610
	tell ana one
	until_true failures_are 'unsubscribed: 21610: Attempt to send to unsubscribed recipient'
	[ "$(got sms length)" -eq 1 ]
	script sms '{"status":201,"times":1,"body":"{\"sid\":\"SM1\",\"status\":\"failed\",\"error_code\":30003,\"error_message\":\"Unreachable destination handset\"}"}'
	tell ana two
	# It is tried again, and refused.
	until_true deliveries_are 'failed failed'
	[ "$(got sms length)" -eq 3 ]
	script sms '{"status":401,"times":1,"body":"{\"code\":20003,\"message\":\"Authenticate\",\"status\":401}"}'
	tell ana three
	until_true deliveries_are 'failed failed failed'
	[ "$(events delivery. '.[2].data | .reason + " " + .receiver')" = \
		'auth 20003: Authenticate' ]
}
