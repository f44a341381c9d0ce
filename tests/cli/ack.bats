#!/usr/bin/env bats
# Alerts that fire are listed, and somebody takes care of them.

load ../helpers

setup() {
	weir_setup
	export WEIR_DIR=$DIR
}
teardown() { weir_teardown; }

weir() { "$BIN/weir" "$@"; }
price() { # ITEM PRICE [SOURCE]
	pub --type price.update --subject "$1" <<-EOT
		{"item":{"id":"$1"},"price":"$2","currency":"EUR","source":"${3:-shop}"}
	EOT
}
# now COUNT: so many are listed
now() { [ "$(weir alert list | wc -l)" = "$1" ]; }
one() { weir alert list | jq -r "select(.item == \"$1\") | $2"; }
is() { [ "$(one "$1" "$2")" = "$3" ]; }

@test "what fires is listed, taken care of, and ends: by command and by API" {
	start_both
	start_daemon alerter --dir "$DIR"
	weir rule add deal on=price.update/ target=80
	weir rule add page on=page.change/
	price lamp 79
	price lamp 78 store
	price chair 70
	pub --type page.change --subject ferries <<<'{"watch":"ferries","added":["Tickets"]}'
	wait_for now 4
	[ "$(weir alert list | jq -r 'select(.item == "lamp") | .source + " " + .state' | sort)" = 'shop firing
store firing' ]
	run weir alert ack nobody
	[ "$status" -eq 1 ]
	[[ $output == *"alert nobody: none such is firing"* ]]
	run weir alert ack "$(one chair .id)" who=ana
	[ "$status" -eq 65 ] || { echo "$status $output" && false; }
	[[ $output == *"who: unknown member"* ]]
	weir alert ack "$(one chair .id)" user=ana note='on my way'
	wait_for is chair '[.state, .by, .note, .currentPrice] | join("|")' 'acknowledged|ana|on my way|70'
	weir alert unack "$(one chair .id)"
	wait_for is chair '.state + (.by // "")' firing
	weir alert ack "$(one ferries .id)" user=bob
	wait_for is ferries .by bob

	ack() { curl -sS -o "$T/answer" -w '%{http_code}' "$@"; }
	at=$url/api/v1/alerts/$(one chair .id)/ack
	[ "$(ack -X PUT -H 'Content-Type: application/json' -d '{"user":"bob"}' "$at")" = 202 ]
	wait_for is chair .by bob
	[ "$(ack -X DELETE "$at")" = 204 ]
	wait_for is chair .state firing
	[ "$(ack -X PUT "$at")" = 202 ]
	wait_for is chair .state acknowledged
	[ "$(ack "$at")" = 405 ]
	[ "$(ack -X PUT -H 'Content-Type: application/json' -d '{"who":"bob"}' "$at")" = 400 ]
	[ "$(ack -X PUT "$url/api/v1/alerts/x/yz")" = 404 ]
	price chair 90
	price lamp 90 store
	wait_for now 2
	is lamp .source shop
	is lamp '.note // ""' ''
	log alert.acked/chair/deal | jq -se 'map(.data.state) == ["acknowledged", "firing",
		"acknowledged", "firing", "acknowledged"]'
	stop_daemon "$daemon"
}

@test "what weir alert cannot do is wrong usage" {
	for args in '' list\ x ack unack 'unack a b' mute; do
		# shellcheck disable=SC2086 # several words
		run weir alert $args
		[ "$status" -eq 64 ] || { echo "$args: $output" && false; }
	done
}
