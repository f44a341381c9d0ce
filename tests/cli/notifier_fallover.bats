#!/usr/bin/env bats
# weir-notifier where a way to reach people does not work, and where a message
# that was sent is changed.

bats_require_minimum_version 1.5.0
load receiver.bash

setup() {
	receiver_setup
	receiver telegram
	token=$(secret token 12:s3cret)
	start store ': ready '
}

teardown() {
	receiver_teardown
}

# A channel that writes the titles that it is given to $T/NAME.
writer() {
	local name=$1
	shift
	cat >"$T/$name.sh" <<-EOF
		#!/bin/sh
		jq -r .data.title >>"$T/$name"
	EOF
	chmod +x "$T/$name.sh"
	channel "$name" type=command command="$T/$name.sh" "$@"
}

wrote() {
	[ -f "$T/$1" ] && [ "$(sort "$T/$1" | tr '\n' ' ')" = "$2 " ]
}

telegram() {
	channel "$1" type=telegram base-url="$(receiver_url telegram)" chat=1 \
		token-file="$token" rate=0 "${@:2}"
}

# "delivery.failed a auth to b", "delivery.sent b for a".
told='def has(w; x): if x then " " + w + x else "" end;
	map(.type + " " + .data.channel + has(""; .data.reason) +
	has("to "; .data.fallover) + has("for "; .data.instead)) | join(",")'

unauthorized='{"status":401,"body":"{\"ok\":false,\"error_code\":401,\"description\":\"Unauthorized\"}"}'

@test "a dead channel is told of, falls over to the next, and is back" {
	{
		telegram phone user=ana
		writer shell user=ana standby=yes
		writer other user=bob
	} >"$conf"
	script telegram "$unauthorized"
	start_notifier
	tell ana one
	until_true wrote shell one
	until_true deliveries_are 'failed sent'
	[ "$(events delivery. "$told")" = 'delivery.failed phone auth to shell,delivery.sent shell for phone' ]
	[ "$(events channel. 'map([.type, .data.channel, .data.reason,
		.data.receiver, .data.user] | join(" ")) | join(",")')" = \
		'channel.down phone auth Unauthorized ana' ]
	# It is left alone for a while, and nothing waits for it.
	tell ana two
	until_true wrote shell 'one two'
	script telegram '{}'
	# A new configuration, or time, and it is tried again.
	kill -HUP "$notifier"
	until_true grep -q reloaded "$T/notifier.log"
	tell ana three
	until_true events_are channel. 'map(.type) | join(" ")' \
		'channel.down channel.up'
	until_true got_is telegram 'map(select(.status == 200)) | length' 1
	wrote shell 'one two'
	[ ! -e "$T/other" ]
}

@test "a dead channel is told of once, whatever ends in between" {
	{
		telegram phone user=ana
		writer shell user=ana standby=yes
	} >"$conf"
	script telegram "$unauthorized"
	start_notifier
	tell ana one
	until_true deliveries_are 'failed sent'
	kill_notifier
	start_notifier
	tell ana two
	until_true deliveries_are 'failed sent failed sent'
	stop_notifier
	# Nor does it matter that its ledger is gone.
	rm -r "$D/ledger/notifier"
	start_notifier
	tell ana three
	until_true deliveries_are 'failed sent failed sent failed sent'
	[ "$(events channel. length)" -eq 1 ]
	wrote shell 'one three two'
	script telegram '{}'
	kill -HUP "$notifier"
	until_true grep -q reloaded "$T/notifier.log"
	tell ana four
	until_true events_are channel. 'map(.type) | join(" ")' \
		'channel.down channel.up'
}

@test "nothing goes twice over one channel, and in no circle" {
	{
		telegram a fallover=b
		telegram b fallover=a
		telegram c fallover=-
	} >"$conf"
	script telegram "$unauthorized"
	start_notifier
	# Each is meant for it anyway: there is no other.
	tell ana all
	until_true events_are delivery. \
		'map(select(.data.fallover | not)) | length' 3
	# One is named: the other stands in, once.
	kill -HUP "$notifier"
	until_true grep -q reloaded "$T/notifier.log"
	tell ana one '"notify":["a"]'
	until_true events_are delivery. length 5
	[ "$(events delivery. "${told/map(/.[3:] | map(}")" = 'delivery.failed a auth to b,delivery.failed b auth for a' ]
	tell ana two '"notify":["c"]'
	until_true events_are delivery. length 6
	[ "$(events delivery. "${told/map(/.[5:] | map(}")" = 'delivery.failed c auth' ]
}

@test "what is down for long lets go of what waits" {
	{
		channel hook url=http://127.0.0.1:1/ down-after=0s user=ana
		writer shell user=ana standby=yes
	} >"$conf"
	start_notifier
	for i in 1 2 3 4 5 6; do
		tell ana "$i"
	done
	until_true wrote shell '1 2 3 4 5 6'
	until_true events_are delivery. \
		'map(select(.type == "delivery.sent").data.instead) | unique[]' hook
	[ "$(events channel. 'map(.data.reason) | join(" ")')" = network ]
}

@test "the journal knows of a fallover without the ledger" {
	{
		telegram phone user=ana
		channel slow type=command command='sleep 600' user=ana \
			standby=yes policy=hold
	} >"$conf"
	script telegram "$unauthorized"
	start_notifier
	tell ana one
	until_true deliveries_are failed
	until_true grep -q 'fallover=slow' "$T/notifier.log"
	kill_notifier
	rm -r "$D/ledger/notifier"
	script telegram '{}'
	start_notifier
	# Not over the phone again; and of the other one nobody knows.
	until_true deliveries_are 'failed unknown'
	[ "$(events delivery. '.[1].data | .channel + " " + .reason')" = \
		'slow no-ledger' ]
	[ "$(got telegram length)" -eq 1 ]
}

@test "wrong fallovers are refused" {
	for bad in fallover=gone fallover=a fallover=b; do
		{
			telegram a "$bad"
			telegram b user=ana
		} >"$conf"
		run -78 "$BIN/weir-notifier" --check-config
		[[ $output == *"$conf:7: channel a: fallover: "* ]]
	done
}

@test "what changes updates the message that was sent" {
	telegram t >"$conf"
	start_notifier
	tell ana one '"id":"n1"'
	tell ana two '"id":"n2","update":"n1"'
	until_true deliveries_are 'sent sent'
	tell ana two '"id":"n3","update":"n1"'
	until_true deliveries_are 'sent sent sent'
	tell ana over '"id":"n4","update":"n2","resolved":true'
	until_true deliveries_are 'sent sent sent sent'
	[ "$(got telegram 'map((.path | split("/")[-1]) + " " +
		(.json.message_id // "" | tostring)) | join(",")')" = \
'sendMessage ,editMessageText 1,editMessageText 1,editMessageText 1' ]
	# One that is as wanted already is no failure.
	[ "$(got telegram 'map(.status) | join(" ")')" = '200 200 400 200' ]
	[ "$(events delivery. 'map(.data.message_id) | join(" ")')" = '1 1 1 1' ]
	# Of what nobody knows, and of what is gone: a new message.
	tell ana new '"id":"n5","update":"never"'
	until_true got_is telegram '.[-1].path | split("/")[-1]' sendMessage
	receiver telegram again
	telegram t | sed "s#^base-url.*#base-url=$url#" >"$conf"
	kill -HUP "$notifier"
	until_true grep -q reloaded "$T/notifier.log"
	tell ana last '"id":"n6","update":"n4"'
	until_true got_is again 'map(.path | split("/")[-1]) | join(" ")' \
		'editMessageText sendMessage'
	until_true deliveries_are 'sent sent sent sent sent sent'
}

@test "a change that comes at once waits for its message; a new ledger knows it" {
	telegram t parallel=8 >"$conf"
	start_notifier
	script telegram '{"delay_ms":300,"times":1}'
	printf '{"type":"custom","title":"%s","message":"m","id":"%s"%s}\n' \
		one n1 '' two n2 ',"update":"n1"' three n3 ',"update":"n1"' |
		"$BIN/weir-pub" -t user.notification -s ana
	until_true deliveries_are 'sent sent sent'
	[ "$(got telegram 'map(.json.message_id // 0) | join(" ")')" = '0 1 1' ]
	[ "$(got telegram '.[-1].json.text')" = $'<b>three</b>\nm' ]
	stop_notifier
	rm -r "$D/ledger/notifier"
	start_notifier
	tell ana four '"update":"n3"'
	until_true got_is telegram '.[-1].json.message_id' 1
	[ "$(got telegram length)" -eq 4 ]
}

@test "what is urgent goes first, also from deep in a queue and after a restart" {
	channel hook url=http://127.0.0.1:1/ parallel=1 down-after=1d >"$conf"
	start_notifier
	for i in $(seq 300); do
		printf '{"type":"custom","title":"%d","message":"m"}\n' "$i"
	done | "$BIN/weir-pub" -t user.notification -s ana
	until_true grep -q 'retry channel=hook' "$T/notifier.log"
	tell ana now '"priority":"urgent"'
	kill_notifier
	writer hook parallel=1 >"$conf"
	start_notifier
	until_true grep -q now "$T/hook"
	# One may have been under way.
	[ "$(grep -n now "$T/hook" | cut -d: -f1)" -le 2 ]
}
