#!/usr/bin/env bats
# weir-notifier and Gotify, as far as its documentation says it.

bats_require_minimum_version 1.5.0
load receiver.bash

setup() {
	receiver_setup
	receiver gotify
	token=$(secret token As3cretOfGotify)
	start store ': ready '
}

teardown() {
	keeps_secret s3cretOfGotify
	receiver_teardown
}

gotify() {
	channel g type=gotify base-url="$url" parallel=1 "$@" >"$conf"
	start_notifier
}

@test "others' words are words" {
	gotify token-file="$token"
	tell_hostile
	until_true deliveries_are "$(yes sent | head -n 11 | xargs)"
	shown_is gotify .shown '{line}\n{m}'
	[ "$(events delivery. '.[10].data.message_id')" -eq 11 ]
}

@test "what matters more, and where to look" {
	gotify token-file="$token"
	tell ana one '"priority":"urgent","data":{"link":"http://a.example/"}'
	until_true deliveries_are sent
	[ "$(got gotify '.[0].json | [.priority,
		.extras["client::notification"].click.url] |
		map(tostring) | join(" ")')" = '10 http://a.example/' ]
}

@test "its errors" {
	gotify token-file="$(secret no As3cretOfGotify2)"
	tell ana one
	until_true failures_are 'auth: you need to provide a valid access token or user credentials to access this api'
	script gotify '{"status":500,"times":1}'
	tell ana two
	until_true deliveries_are 'failed failed'
	[ "$(got gotify 'map(.status) | join(" ")')" = '401 500 401' ]
}
