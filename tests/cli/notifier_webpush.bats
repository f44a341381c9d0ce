#!/usr/bin/env bats
# weir-notifier and Web Push: what a push service checks, and what the browser
# behind it reads.

bats_require_minimum_version 1.5.0
load receiver.bash

# The browser of tests/helpers/receivers/webpush.py.
p256dh=BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4
auth=BTBZMqHH6r4Tts7J_aSIgg

setup() {
	receiver_setup
	receiver webpush
	key=$("$BIN/weir-notifier" --vapid-key "$T/vapid.pem")
	start store ': ready '
}

teardown() {
	keeps_secret s3cretOfTheBrowser "$auth" "$p256dh" \
		"$(sed -n 2p "$T/vapid.pem")"
	receiver_teardown
}

# subscription PATH: one in a file; prints the file's path.
subscription() {
	secret subscription "$(jq -n --arg endpoint "$url$1" \
		--arg p256dh "$p256dh" --arg auth "$auth" \
		'{$endpoint, expirationTime: null, keys: {$p256dh, $auth}}')"
}

# browser PATH [KEY=VALUE...]: a channel.
browser() {
	local path=$1
	shift
	channel ana type=webpush vapid-file="$T/vapid.pem" parallel=1 \
		subscription-file="$(subscription "$path")" \
		subject=mailto:weir@example.net "$@"
}

@test "others' words are words, and their length is not shown" {
	browser /push/s3cretOfTheBrowser >"$conf"
	start_notifier
	tell_hostile
	until_true deliveries_are "$(yes sent | head -n 11 | xargs)"
	shown_is webpush '.shown | fromjson | .body' '{m}'
	[ "$(got webpush 'map(.headers["content-length"] | tonumber - 103) |
		unique | map(tostring) | join(" ")')" = '1024 3072' ]
}

@test "what a browser is told, and what replaces it" {
	browser /push/s3cretOfTheBrowser ttl=1h >"$conf"
	start_notifier
	tell ana one '"id":"n1","alert":"a1","priority":"high","data":{"link":"http://a.example/?b=c"}'
	tell ana two '"id":"n2","update":"n1"'
	tell ana three '"id":"n3","update":"n2","priority":"low"'
	tell ana other
	until_true deliveries_are 'sent sent sent sent'
	[ "$(got webpush '[.[0, 1, 2].shown | fromjson | [.title, .body, .tag,
		.alert, .url] | map(tostring) | join(" ")] | join("\n")')" = \
'one m a1 a1 http://a.example/?b=c
two m a1 null null
three m a1 null null' ]
	[ "$(got webpush 'map(.headers.topic) | (.[0] == .[1]), (.[0] == .[2]),
		(.[0] == .[3])' | xargs)" = 'true true false' ]
	[ "$(got webpush 'map(.headers | .urgency + " " + .ttl) |
		join(", ")')" = 'high 3600, normal 3600, low 3600, normal 3600' ]
	[ "$(events delivery. '.[0].data.message_id')" = a1 ]
	# One token, of the key that was printed; each message has its own.
	[ "$(got webpush 'map(.headers.authorization) | unique |
		map(sub("^.*, k="; "")) | join(" ")')" = "$key" ]
	[ "$(got webpush 'map(.body[0:16]) | unique | length')" -eq 4 ]
}

@test "a text that is split is several messages" {
	browser /push/s3cretOfTheBrowser long=split >"$conf"
	start_notifier
	printf '{"type":"custom","title":"t","alert":"a","message":"%s"}\n' \
		"$(yes word | head -n 600 | tr '\n' ' ')" |
		"$BIN/weir-pub" -t user.notification -s ana 2>>"$T/pub.log"
	until_true deliveries_are sent
	[ "$(got webpush 'map(.shown | fromjson | .tag) | join(" ")')" = \
		'a a-2' ]
	[ "$(got webpush '[.[].shown | fromjson | .body | scan("word")] |
		length')" -eq 600 ]
}

is_down() {
	events_are channel. 'map(.type + " " + .data.reason) | join("; ")' "$1"
}

@test "a subscription that is gone is not asked again" {
	browser /gone/s3cretOfTheBrowser >"$conf"
	start_notifier
	tell ana one
	until_true failures_are 'gone: Subscription has expired'
	tell ana two
	tell ana three
	until_true failures_are 'gone: Subscription has expired; gone: ; gone: '
	[ "$(got webpush 'map(.path) | join(" ")')" = /gone/s3cretOfTheBrowser ]
	is_down 'channel.down gone'
	# Nor after a restart without anything to tell.
	stop_notifier
	start_notifier
	[ "$(got webpush length)" -eq 1 ]
	# The page has subscribed anew.
	browser /push/s3cretOfTheBrowser2 >"$conf"
	kill -HUP "$notifier"
	until_true grep -q reloaded "$T/notifier.log"
	tell ana four
	until_true is_down 'channel.down gone; channel.up gone'
	[ "$(got webpush 'map(.status) | join(" ")')" = '410 201' ]
}

@test "what was begun for an old subscription says nothing of the new one" {
	browser /push/s3cretOfTheBrowser >"$conf"
	start_notifier
	script webpush '{"status":410,"times":1,"delay_ms":1500}'
	tell ana one
	until_true got_is webpush length 1
	browser /push/s3cretOfTheBrowser2 >"$conf"
	kill -HUP "$notifier"
	until_true grep -q reloaded "$T/notifier.log"
	tell ana two
	until_true deliveries_are 'failed sent'
	is_down ''
}

@test "what waits for a browser that is gone goes over another channel" {
	browser /none/s3cretOfTheBrowser user=ana >"$conf"
	receiver webhook
	channel hook type=webhook url="$url" user=ana standby=yes >>"$conf"
	start_notifier
	tell ana one
	tell ana two
	until_true events_are delivery. \
		'map(.type[9:]) | sort | join(" ")' 'failed failed sent sent'
	[ "$(events delivery.failed/ 'map(.data | .reason + " " + .fallover) |
		join("; ")')" = 'gone hook; gone hook' ]
	[ "$(got webhook 'map(.json.title) | join(" ")')" = 'one two' ]
}

@test "its other errors" {
	browser /push/s3cretOfTheBrowser >"$conf"
	start_notifier
	script webpush '{"status":413,"times":1,"body":"Payload too large"}'
	tell ana one
	until_true failures_are 'rejected: Payload too large'
	script webpush '{"status":429,"times":1,"headers":{"Retry-After":"2"}}'
	tell ana two
	until_true deliveries_are 'failed sent'
	[ "$(got webpush '.[2].at_ms - .[1].at_ms >= 2000')" = true ]
	script webpush '{"status":400,"times":1,"body":"no /push/s3cretOfTheBrowser here"}'
	tell ana three
	until_true failures_are 'rejected: Payload too large; rejected: no *** here'
	# The page has subscribed with another key than this.
	cp "$T/vapid.pem" "$T/old.pem"
	rm "$T/vapid.pem"
	"$BIN/weir-notifier" --vapid-key "$T/vapid.pem"
	kill -HUP "$notifier"
	until_true grep -q reloaded "$T/notifier.log"
	tell ana four
	until_true failures_are 'rejected: Payload too large; rejected: no *** here; auth: VapidPkHashMismatch'
	is_down 'channel.down auth'
	[ "$(got webpush 'map(.status) | join(" ")')" = '413 429 201 400 403' ]
}

# public FILE: the public half, as openssl knows it.
public() {
	openssl pkey -in "$1" -pubout -outform DER | tail -c 65 | base64 -w0 |
		tr +/ -_ | tr -d =
}

@test "keys: made once, and by others" {
	[ "$(stat -c %a "$T/vapid.pem")" = 600 ]
	[ "$key" = "$(public "$T/vapid.pem")" ]
	[ "$("$BIN/weir-notifier" --vapid-key "$T/vapid.pem")" = "$key" ]
	umask 077
	openssl ecparam -name prime256v1 -genkey -noout -out "$T/sec1.pem"
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
		-out "$T/pkcs8.pem" 2>/dev/null
	for k in sec1 pkcs8; do
		[ "$("$BIN/weir-notifier" --vapid-key "$T/$k.pem")" = \
			"$(public "$T/$k.pem")" ]
	done
	openssl ecparam -name secp384r1 -genkey -noout -out "$T/p384.pem"
	run -78 "$BIN/weir-notifier" --vapid-key "$T/p384.pem"
	[[ $output == *"$T/p384.pem: no private key of P-256 in PEM"* ]]
	chmod 644 "$T/sec1.pem"
	run -78 "$BIN/weir-notifier" --vapid-key "$T/sec1.pem"
	run -73 "$BIN/weir-notifier" --vapid-key "$T/no/such/directory.pem"
}
