#!/usr/bin/env bats
# From a rule to a mail, and by the link in it to a silence.

bats_require_minimum_version 1.5.0
load receiver.bash

setup() {
	receiver_setup
	key=$(secret key s3cretOfLinks0123456789abcdefghijk)
	start store ': ready '
	start gateway ': ready ' --port 0 --unsubscribe-key "$key"
	gateway=$(sed -n 's|.* url=\(.*\)/ dir=.*|\1|p' "$T/gateway.log")
}

teardown() {
	keeps_secret s3cretOfLinks
	receiver_teardown
}

# The silences that there are, as a line.
silences() {
	curl -sS "$gateway/api/v1/silences" | jq -c '[.silences[] | del(.id)]'
}

code() {
	curl -sS -o "$T/answer" -w '%{http_code}' "$@"
}

@test "the link in a mail ends a rule's notifications for its user, and can be undone" {
	box=$D/box
	mkdir "$box"
	python3 "$ROOT/tests/helpers/mailserver.py" script "$box" \
		>"$T/server" 3>&- &
	pids="$pids $!"
	until_true grep -q '^ready ' "$T/server"
	{
		printf '[notifier]\nunsubscribe-url = %s\nunsubscribe-key = %s\n' \
			"$gateway/" "$key"
		channel m "url=smtp://$(sed 's/^ready //' "$T/server")" \
			from=weir@example.net to=ana@example.org
	} >"$conf"
	start_notifier
	start alerter ': ready '
	"$BIN/weir" rule add deal on=price.update/ target=80 user=ana
	price() {
		printf '{"item":{"id":"lamp"},"price":"%s","currency":"EUR","source":"s"}\n' \
			"$1" | "$BIN/weir-pub" -t price.update -s lamp
	}
	price 70
	until_true deliveries_are sent
	python3 "$ROOT/tests/helpers/mailserver.py" read "$box" >"$T/mails"
	[ "$(jq -r '.[0].headers."List-Unsubscribe-Post"' "$T/mails")" = \
		'List-Unsubscribe=One-Click' ]
	link=$(jq -r '.[0].headers."List-Unsubscribe"' "$T/mails" |
		sed 's/^ *<\(.*\)>$/\1/')
	# Who only looks changes nothing.
	[ "$(code "$link")" = 200 ]
	grep -q '<form method="post">' "$T/answer"
	[ "$(silences)" = '[]' ]
	# As a mail reader does it (RFC 8058), twice.
	for _ in 1 2; do
		[ "$(code -d List-Unsubscribe=One-Click "$link")" = 200 ]
	done
	[ "$(silences)" = '[{"if":"rule == \"deal\"","user":"ana","note":"unsubscribed by a link"}]' ]
	price 90
	price 60
	until_true events_are alert. 'map(.type) | last' alert.suppressed
	id=$("$BIN/weir" silence list | grep -o 'unsub\.[0-9a-f]*' | head -n 1)
	"$BIN/weir" silence rm "$id"
	[ "$(silences)" = '[]' ]
	# What was silenced is told now.
	until_true deliveries_are 'sent sent'
}

@test "a link that was not written by us does nothing" {
	word=ana~deal~$(printf 'unsubscribe ana deal' |
		openssl dgst -sha256 -hmac s3cretOfLinks0123456789abcdefghijk |
		sed 's/.*= //')
	for bad in '' x "${word}0" "bob${word#ana}" "${word%?}" \
		"${word/deal/other}"; do
		[ "$(code "$gateway/unsubscribe/$bad")" = 404 ]
		[ "$(code -d a=b "$gateway/unsubscribe/$bad")" = 404 ]
	done
	[ "$(code -X DELETE "$gateway/unsubscribe/$word")" = 405 ]
	# A page elsewhere presses no button of ours.
	[ "$(code -d a=b -H 'Origin: http://evil.example' \
		"$gateway/unsubscribe/$word")" = 403 ]
	[ "$(silences)" = '[]' ]
	[ "$(code -d a=b -H "Origin: $gateway" "$gateway/unsubscribe/$word")" = 200 ]
	[ "$(silences | jq length)" = 1 ]
}

@test "where tokens are needed a link needs none, and counts as any request does" {
	token=$(secret token s3cretOfLinksToo)
	start gateway ': ready ' --port 0 --unsubscribe-key "$key" \
		--token-file "$token" --requests-per-s 5
	gateway=$(sed -n 's|.* url=\(.*\)/ dir=.*|\1|p' "$T/gateway.log")
	word=ana~deal~$(printf 'unsubscribe ana deal' |
		openssl dgst -sha256 -hmac s3cretOfLinks0123456789abcdefghijk |
		sed 's/.*= //')
	[ "$(code "$gateway/api/v1/silences")" = 401 ]
	[ "$(code -d a=b "$gateway/unsubscribe/$word")" = 200 ]
	limited=0
	for i in $(seq 60); do
		case $(code "$gateway/unsubscribe/x$i") in
		429) limited=1 && break ;;
		esac
	done
	[ "$limited" = 1 ]
}

@test "what is wrong is told" {
	short=$(secret short abc)
	run "$BIN/weir-gateway" --check-config --unsubscribe-key "$short"
	[ "$status" -eq 78 ]
	[[ $output = *"unsubscribe-key: $short: shorter than 32 bytes"* ]]
	run "$BIN/weir-notifier" --check-config --unsubscribe-key "$key"
	[ "$status" -eq 78 ]
	run "$BIN/weir-notifier" --check-config --unsubscribe-key "$key" \
		--unsubscribe-url ftp://a.example/
	[ "$status" -eq 78 ]
	run "$BIN/weir-notifier" --check-config --unsubscribe-key "$key" \
		--unsubscribe-url https://a.example/
	[ "$status" -eq 0 ]
}
