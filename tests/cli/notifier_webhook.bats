#!/usr/bin/env bats
# weir-notifier's webhooks: what is signed, and how a receiver can tell.

bats_require_minimum_version 1.5.0
load receiver.bash

setup() {
	receiver_setup
	receiver webhook
	secret=$(secret secret s3cretOf16BytesOrMore)
	start store ': ready '
}

teardown() {
	keeps_secret s3cretOf16BytesOrMore
	receiver_teardown
}

# What the manual says that a receiver may ask.
manual_code() {
	awk '/notifier_webhook.bats runs it/ { found = 1; next }
		found && /^\.Bd/ { on = 1; next }
		on && /^\.Ed/ { exit }
		on' "$ROOT/man/weir-notifier.1"
}

# verify PYTHON: with header, body and is_from_weir() of each request.
verify() {
	manual_code >"$T/verify.py"
	grep -q 'def is_from_weir' "$T/verify.py"
	cat >>"$T/verify.py" <<-'END'
		import json, sys
		secret = b"s3cretOf16BytesOrMore"
		for r in json.load(sys.stdin):
		    header = r["headers"]["x-weir-signature"]
		    body = r["body"].encode()
		    t = int(header.split(",")[0][2:])
		    assert is_from_weir(secret, header, body)
		    assert is_from_weir(secret, header, body, t + 300)
		    assert not is_from_weir(secret, header, body, t + 301)
		    assert not is_from_weir(secret, header, body + b" ")
		    assert not is_from_weir(b"another secret's bytes", header, body)
		    assert not is_from_weir(secret, header.replace(f"t={t}", f"t={t + 1}"), body)
	END
	got webhook . | python3 "$T/verify.py"
}

@test "each attempt is signed, whatever is in it" {
	channel w url="$url" secret-file="$secret" parallel=1 >"$conf"
	start_notifier
	script webhook '{"status":503,"times":1}'
	tell_hostile
	until_true deliveries_are "$(yes sent | head -n 11 | xargs)"
	[ "$(got webhook length)" -eq 12 ]
	verify
}

@test "a body of one's own is signed as it is" {
	channel w url="$url" secret-file="$secret" \
		'body = title={{title}}&text={{message}}' \
		content-type=application/x-www-form-urlencoded parallel=1 >"$conf"
	start_notifier
	tell ana 'a & b = c'
	until_true deliveries_are sent
	[ "$(got webhook '.[0].body')" = 'title=a%20%26%20b%20%3D%20c&text=m' ]
	[ "$(got webhook '.[0].headers["content-type"]')" = \
		application/x-www-form-urlencoded ]
	verify
}

@test "a body that others' words cannot break" {
	channel w url="$url" 'body = {"text":"{{title}}\\n{{message}}"}' \
		parallel=1 >"$conf"
	start_notifier
	tell_hostile
	until_true deliveries_are "$(yes sent | head -n 11 | xargs)"
	[ "$(got webhook 'map(.json.text | type) | unique | join(" ")')" = string ]
	[ "$(got webhook '.[0].json.text')" = \
"<script>alert(1)</script>
a & b < c > d \"e\" 'f' &lt; &amp;" ]
}

@test "a notification cannot say whose and which it is in other words" {
	channel w url="$url" >"$conf"
	start_notifier
	tell ana a '"\u0069d":"x","\u0075ser":"root"'
	until_true deliveries_are sent
	[ "$(got webhook '.[0].json.user')" = ana ]
	[ "$(got webhook '.[0].json.id | length')" -eq 32 ]
}
