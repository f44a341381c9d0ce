#!/usr/bin/env bats
# weir-notifier and Telegram's Bot API, as far as its documentation says it.

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

telegram() {
	channel t type=telegram base-url="$url" chat=4711 token-file="$token" \
		"$@" >"$conf"
}

@test "what is sent is as the documentation wants it, whatever is in it" {
	telegram
	start_notifier
	tell ana '<b>a</i> & \"c\" &amp;'
	tell ana "$(printf '%0500d' 0 | tr 0 '<')"
	until_true deliveries_are 'sent sent'
	[ "$(got telegram 'map(.status) | unique | join(",")')" = 200 ]
	[ "$(events delivery. 'map(.data.message_id) | join(" ")')" = '1 2' ]
}

@test "a template of one's own" {
	telegram 'text = <i>{{title}}</i>{{#data.url}} <a href="{{data.url}}">open</a>{{/data.url}}'
	start_notifier
	tell ana one '"data":{"url":"http://a/?b=\"&c"}'
	tell ana two
	until_true deliveries_are 'sent sent'
	[ "$(got telegram 'map(.json.text) | join("|")')" = \
'<i>one</i> <a href="http://a/?b=&quot;&amp;c">open</a>|<i>two</i>' ]
}

@test "a text that is too long goes on, each part with its own key" {
	telegram long=split rate=0 'text = {{message}}' parallel=1
	start_notifier
	long=$(printf '%04000d' 0 | tr 0 '<')
	printf '{"type":"custom","title":"t","message":"%s"}\n' "$long" |
		"$BIN/weir-pub" -t user.notification -s ana
	until_true deliveries_are sent
	[ "$(got telegram length)" -eq 4 ]
	[ "$(got telegram 'map(.json.text | gsub("&lt;"; "<")) | add')" = \
		"$long" ]
	[ "$(got telegram 'map(.headers["idempotency-key"]) | unique |
		length')" -eq 4 ]
	[ "$(events delivery. '.[0].data.message_id')" -eq 1 ]
}

@test "killed between two parts, what was sent is not sent again" {
	telegram long=split rate=0 'text = {{message}}'
	start_notifier
	script telegram '{"after":2,"delay_ms":600000,"times":1}'
	long=$(printf '%04000d' 0 | tr 0 '<')
	printf '{"type":"custom","title":"t","message":"%s"}\n' "$long" |
		"$BIN/weir-pub" -t user.notification -s ana
	until_true eval '[ "$(got telegram length)" -eq 3 ]'
	kill_notifier
	start_notifier
	until_true deliveries_are 'unknown sent'
	# The third was under way, and nobody knows.
	[ "$(got telegram 'map(.headers["idempotency-key"] |
		capture("(-(?<n>.*))?$").n // "1") | unique | join("")')" = 1234 ]
	[ "$(got telegram length)" -eq 5 ]
}

@test "a token that is not known, a chat that is none" {
	telegram
	start_notifier
	script telegram '{"status":401,"times":1,"body":"{\"ok\":false,\"error_code\":401,\"description\":\"Unauthorized\"}"}'
	tell ana one
	until_true deliveries_are failed
	script telegram '{"status":400,"times":1,"body":"{\"ok\":false,\"error_code\":400,\"description\":\"Bad Request: chat not found\"}"}'
	tell ana two
	until_true deliveries_are 'failed failed'
	[ "$(events delivery. 'map(.data.reason + ": " + .data.receiver) |
		join(", ")')" = \
		'auth: Unauthorized, rejected: Bad Request: chat not found' ]
}

@test "buttons under an alert, until it is over" {
	telegram buttons=yes rate=0 parallel=1
	start_notifier
	alert='"alert":"00ff00ff00ff00ff","data":{"link":"http://a.example/?b"}'
	tell ana one "\"id\":\"n1\",$alert"
	until_true deliveries_are sent
	tell ana two "\"id\":\"n2\",\"update\":\"n1\",$alert"
	until_true deliveries_are 'sent sent'
	tell ana over "\"id\":\"n3\",\"update\":\"n2\",\"resolved\":true,$alert"
	until_true deliveries_are 'sent sent sent'
	keyboard=$(got telegram '.[0].json.reply_markup.inline_keyboard |
		map(map(.text + " " + (.callback_data // .url)) | join(", ")) |
		join("; ")')
	[ "$keyboard" = 'Acknowledge ack:00ff00ff00ff00ff, Silence for a day day:00ff00ff00ff00ff; Open http://a.example/?b' ]
	[ "$(got telegram '(.[0].json.reply_markup == .[1].json.reply_markup)
		and .[2].json.reply_markup == {inline_keyboard: []}')" = true ]
	[ "$(got telegram 'map(.path | split("/")[2]) | join(" ")')" = \
		'sendMessage editMessageText editMessageText' ]
}
