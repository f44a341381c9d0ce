#!/usr/bin/env bats
# What holds for every kind of channel of weir-notifier that is sent by HTTP.

bats_require_minimum_version 1.5.0
load receiver.bash

setup() {
	receiver_setup
	"$BIN/weir-notifier" --vapid-key "$T/vapid.pem"
}

teardown() {
	receiver_teardown
}

# all_kinds BASE: a channel of each kind, all to the same server.
all_kinds() {
	local hook bot
	hook=$(secret hook "$1/services/T1/B1/s3cretOfTheHook1234")
	bot=$(secret bot 12:s3cretOfTheBot12345)
	channel webhook type=webhook url-file="$hook"
	channel discord type=discord url-file="$hook"
	channel slack type=slack url-file="$hook"
	channel slackbot type=slack token-file="$bot" channel=C1 base-url="$1"
	channel telegram type=telegram token-file="$bot" chat=1 base-url="$1"
	channel ntfy type=ntfy topic=a token-file="$bot" base-url="$1"
	channel gotify type=gotify token-file="$bot" base-url="$1"
	channel sms type=sms token-file="$bot" account=AC1 from=a to=+491 \
		base-url="$1"
	channel webpush type=webpush vapid-file="$T/vapid.pem" \
		subject=mailto:weir@example.net \
		subscription-file="$(subscription "$(cat "$hook")")"
}

# subscription ENDPOINT: a browser's, in a file; prints its path.
subscription() {
	secret browser "{\"endpoint\":\"$1\",\"keys\":{\"auth\":\"BTBZMqHH6r4Tts7J_aSIgg\",\"p256dh\":\"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4\"}}"
}

names='webhook discord slack slackbot telegram ntfy gotify sms webpush'

# try NAME: the outcome of a test message is in $output, without a secret.
try() {
	run "$BIN/weir-notifier" --test "$1" -v
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output != *s3cret* ]]
	[[ $output != *"$(printf AC1:12:s3cretOfTheBot12345 | base64)"* ]]
}

@test "a receiver that says our secrets back" {
	receiver webhook
	all_kinds "$url" >"$conf"
	for code in 400 401 404 500; do
		script webhook "{\"status\":$code,\"body\":\"Cannot POST /services/T1/B1/s3cretOfTheHook1234\"}"
		for name in webhook discord slack webpush; do
			try "$name"
			[[ $output == *"($code): Cannot POST ***"* ]]
		done
		script webhook "{\"status\":$code,\"body\":\"no 12:s3cretOfTheBot12345 here\"}"
		for name in slackbot telegram ntfy gotify sms; do
			try "$name"
			[[ $output == *"($code): no *** here"* ]]
		done
	done
	script webhook '{"status":404,"body":"{\"ok\":false,\"description\":\"no bot 12:s3cretOfTheBot12345\"}"}'
	try telegram
	[[ $output == *'(404): no bot ***'* ]]
}

@test "a receiver that is none of its kind has nothing delivered" {
	receiver webhook
	all_kinds "$url" >"$conf"
	for body in '<html>Sign in to this network' '{\"success\":true}' '[]' ''; do
		script webhook "{\"status\":200,\"body\":\"$body\"}"
		for name in ${names#webhook}; do
			try "$name"
			[[ $output == "$name failed: rejected"* ]]
		done
	done
}

@test "nobody listens" {
	receiver webhook
	kill -KILL "${pids##* }"
	wait "${pids##* }" || true
	all_kinds "$url" >"$conf"
	for name in $names; do
		try "$name"
		[[ $output == *"$name failed: network"* ]]
	done
}

@test "every channel that the manual shows is one" {
	mkdir "$T/creds"
	for name in mail slack telegram twilio; do
		echo 12:abc >"$T/creds/$name"
	done
	(umask 077 && echo https://hook.example/ >"$T/discord.url" &&
		echo 12:abc >"$T/telegram.token" && echo a >"$T/gotify.token" &&
		echo 0123456789abcdef >"$T/inventory.secret")
	mv "$(subscription https://push.example/a)" "$T/ana-browser.json"
	export CREDENTIALS_DIRECTORY=$T/creds
	n=0
	while read -r -d % block; do
		[[ $block == '[channel '* ]] || continue
		sed "s|/etc/weir/|$T/|; s|/usr/local/bin/mail-it|/bin/true|" \
			<<<"$block" >"$conf"
		run "$BIN/weir-notifier" --check-config
		[ "$status" -eq 0 ] || { echo "$block"; echo "$output"; false; }
		n=$((n + 1))
	done < <(awk '/^\.Bd/ { on = 1; next } /^\.Ed/ { on = 0; print "%" } on' \
		"$ROOT/man/weir-notifier.1")
	[ "$n" -ge 8 ]
}
