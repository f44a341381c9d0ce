#!/usr/bin/env bats
# weir-notifier and mail servers: Exim, and one that does as it is told.

bats_require_minimum_version 1.5.0
load receiver.bash

setup() {
	receiver_setup
	start store ': ready '
}

teardown() {
	keeps_secret s3cretOfMail
	receiver_teardown
}

# server KIND [OPTION...]: start one; $at is its address.
server() {
	box=$D/box
	mkdir "$box"
	chmod 755 "$D"
	python3 "$ROOT/tests/helpers/mailserver.py" "$1" "$box" "${@:2}" \
		>"$T/server" 2>"$T/server.log" 3>&- &
	pids="$pids $!"
	until_true grep -q '^ready ' "$T/server"
	at=$(sed -n 's/^ready //p' "$T/server")
}

# script JSON: what the other server does from now on.
script() {
	echo "$1" >"$box/script.new"
	mv "$box/script.new" "$box/script"
}

mails() {
	python3 "$ROOT/tests/helpers/mailserver.py" read "$box" | jq -r "$1"
}

# Exim says that it has a mail before the mail is in the box.
mails_are() {
	[ "$(find "$box/mail/new" -type f ! -name '*.part' | wc -l)" -eq "$1" ]
}

# email [KEY=VALUE...]
email() {
	channel m type=email "url=${scheme:-smtp}://$at" \
		'from=Wächter <weir@example.net>' 'to=ana@example.org' \
		rate=0 "$@" >"$conf"
}

seen() {
	cut -d: -f1 "$box/seen" | grep -v '^EHLO\|^QUIT' | xargs
}

@test "a mail as a server takes it and a reader reads it" {
	server exim
	email
	start_notifier
	tell ana 'Grüße aus Köln: 3 < 4' '"data":{"link":"http://a.example/?b&c"},"priority":"high"'
	until_true deliveries_are sent
	until_true mails_are 1
	[ "$(mails '.[0].names | join(" ")')" = 'Return-path Envelope-to Received Date From To Subject Message-ID Auto-Submitted Importance MIME-Version Content-Type' ]
	[ "$(mails '.[0].headers | [."Return-path", ."Envelope-to", .From, .To, ."Auto-Submitted", .Importance] | join("|")')" = \
		'<weir@example.net>|ana@example.org|Wächter <weir@example.net>|ana@example.org|auto-generated|high' ]
	[ "$(mails '.[0].subject')" = 'Grüße aus Köln: 3 < 4' ]
	[ "$(mails '.[0].tree | tojson')" = '{"multipart/alternative":["text/plain","text/html"]}' ]
	[ "$(mails '.[0].text')" = 'm

http://a.example/?b&c' ]
	[ "$(mails '.[0].html')" = "$(mails '.[0].text')" ]
	[ "$(mails '.[0] | [.charset, .links[], .ascii] | join(" ")')" = \
		'utf-8 http://a.example/?b&c true' ]
	id=$(events delivery. '.[0].data.id')
	[ "$(mails '.[0].headers."Message-ID"')" = "<$id@example.net>" ]
	[ "$(events delivery. '.[0].data.message_id')" = "$id@example.net" ]
	events delivery. '.[0].data.receiver' | grep '^OK id='
}

@test "others' words are words, and no headers" {
	server exim
	email parallel=1
	start_notifier
	tell_hostile
	until_true deliveries_are "$(yes sent | head -n 11 | xargs)"
	until_true mails_are 11
	for shown in '.subject {line}' '.text {m}' '.html {m}'; do
		mails "map(${shown% *})" |
			python3 "$ROOT/tests/helpers/hostile.py" check \
				"${shown#* }"
	done
	[ "$(mails 'map(.names[7:] | join(" ")) | unique | join("|")')" = \
		'Message-ID Auto-Submitted MIME-Version Content-Type' ]
	[ "$(mails 'map(.tags) | add | unique | join(" ")')" = \
		'a body br h3 head html meta p title' ]
	[ "$(mails 'map(.links) | add | join(" ")')" = \
		'http://evil.example/ http://evil.example/' ]
	[ "$(mails 'map(.longest) | max')" -le 76 ]
}

@test "an item with prices comes with its chart" {
	server exim
	email
	start_notifier
	printf '{"item":{"id":"bike"},"price":"%s","currency":"EUR","source":"a"}\n' 100 90 |
		"$BIN/weir-pub" -t price.update -s bike 2>>"$T/pub.log"
	tell ana one '"data":{"item":{"id":"bike"}}'
	until_true deliveries_are sent
	tell ana two '"data":{"item":{"id":"unknown"}}'
	until_true deliveries_are 'sent sent'
	until_true mails_are 2
	[ "$(mails '.[0].tree | tojson')" = \
		'{"multipart/alternative":["text/plain",{"multipart/related":["text/html","image/png"]}]}' ]
	[ "$(mails '.[0].png')" = true ]
	[ "$(mails '.[0] | "<" + (.images[0] | ltrimstr("cid:")) + ">" == .png_id')" = true ]
	[ "$(mails '.[1] | [.png, .images[]] | join(" ")')" = false ]
	email no-chart=yes
	kill -HUP "$notifier"
	until_true grep -q reloaded "$T/notifier.log"
	tell ana three '"data":{"item":{"id":"bike"}}'
	until_true mails_are 3
	[ "$(mails '.[2].png')" = false ]
}

@test "what is told of one alert is one thread" {
	server exim
	email
	start_notifier
	tell ana one '"alert":"a1","id":"n1"'
	until_true deliveries_are sent
	tell ana two '"alert":"a1","id":"n2","update":"n1"'
	until_true deliveries_are 'sent sent'
	until_true mails_are 2
	[ "$(mails '.[1].headers."In-Reply-To" == .[0].headers."Message-ID"')" = true ]
	[ "$(mails '.[0].headers | has("In-Reply-To")')" = false ]
	[ "$(mails '.[0].headers.References as $root | .[1].headers |
		.References == $root + " " + ."In-Reply-To"')" = true ]
	mails '.[0].headers.References' | grep -x '<alert\..*@example.net>'
}

certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$T/$1.key" -out "$T/$1.pem" -days 2 -subj "/CN=$1" \
		-addext 'subjectAltName = DNS:localhost,IP:127.0.0.1' 2>/dev/null
	chmod 644 "$T/$1.key"
}

@test "STARTTLS and a password, by an authority of one's own" {
	certificate ours
	certificate other
	chmod 755 "$T" "$BATS_RUN_TMPDIR" "$(dirname "$T")"
	cp "$T/ours.pem" "$T/ours.key" "$D"
	chmod 755 "$D"
	server exim cert="$D/ours.pem" key="$D/ours.key" auth=weir:s3cretOfMail
	password=$(secret word s3cretOfMail)
	email tls=required ca-file="$T/ours.pem" login=weir \
		password-file="$password"
	run "$BIN/weir-notifier" --test m
	echo "$output"
	[[ "$output" = 'm sent (250): OK id='* ]]
	until_true mails_are 1
	mails '.[0].headers.Received' | grep 'esmtpsa'
	# Neither a certificate of others, nor another word, nor none.
	email tls=required ca-file="$T/other.pem" login=weir \
		password-file="$password"
	run "$BIN/weir-notifier" --test m
	[ "$status" -eq 1 ]
	[[ "$output" = 'm failed: tls: '* ]]
	email tls=required login=weir password-file="$password"
	run "$BIN/weir-notifier" --test m
	[[ "$output" = 'm failed: tls: '* ]]
	email tls=required ca-file="$T/ours.pem" login=weir \
		password-file="$(secret no other)"
	run "$BIN/weir-notifier" --test m
	[ "$output" = 'm failed: auth (535): Incorrect authentication data' ]
	email tls=required ca-file="$T/ours.pem"
	run "$BIN/weir-notifier" --test m
	echo "$output"
	[[ "$output" = 'm failed: rejected (550): '* ]]
	mails_are 1
}

@test "TLS from the beginning" {
	certificate ours
	cp "$T/ours.pem" "$T/ours.key" "$D"
	server exim cert="$D/ours.pem" key="$D/ours.key" tls=at-once
	scheme=smtps email ca-file="$T/ours.pem"
	run "$BIN/weir-notifier" --test m
	[[ "$output" = 'm sent (250): OK id='* ]]
	until_true mails_are 1
	mails '.[0].headers.Received' | grep 'esmtps '
}

@test "no TLS where it has to be" {
	server script
	email tls=required
	run "$BIN/weir-notifier" --test m
	[[ "$output" = 'm failed: tls: '* ]]
	[ "$(seen)" = '' ]
	email tls=try
	run "$BIN/weir-notifier" --test m
	[[ "$output" = 'm sent (250): 2.0.0 Ok: queued as 4711: message '*@example.net ]]
}

@test "replies, and what follows from them" {
	server script
	email
	while IFS='|' read -r step reply want; do
		script "{\"$step\":\"$reply\"}"
		run "$BIN/weir-notifier" --test m
		[ "${output%: message *@example.net}" = "m $want" ] || {
			echo "$step $reply: $output"
			false
		}
	done <<-END
		GREETING|554 no|failed: rejected (554): no
		GREETING|421 4.3.2 later|failed: server-error (421): 4.3.2 later
		EHLO|421 4.7.0 too many|failed: rate-limit (421): 4.7.0 too many
		MAIL|530 5.7.0 who are you|failed: auth (530): 5.7.0 who are you
		MAIL|452 4.3.1 full|failed: server-error (452): 4.3.1 full
		RCPT|450-4.7.1 Grey\r\n450 4.7.1 for 5 min|failed: rate-limit (450): 4.7.1 Grey 4.7.1 for 5 min
		RCPT|550 5.1.1 nobody|failed: rejected (550): 5.1.1 nobody
		DATA|554 5.5.1 none|failed: rejected (554): 5.5.1 none
		MAIL-END|451 4.3.0 disk|failed: server-error (451): 4.3.0 disk
		MAIL-END|550 5.7.1 spam|failed: rejected (550): 5.7.1 spam
		MAIL-END|250 2.0.0 Ok x\u00e4|sent (250): 2.0.0 Ok xä
	END
	mails_are 1
}

@test "a connection that ends: before the mail it is not there, after it nobody knows" {
	server script
	email timeout=5s
	for step in GREETING EHLO MAIL RCPT DATA; do
		script "{\"$step\":\"close\"}"
		run "$BIN/weir-notifier" --test m
		[[ "$output" = 'm failed: network: '* ]]
	done
	script '{"MAIL-END":"close"}'
	run "$BIN/weir-notifier" --test m
	[[ "$output" = 'm unknown: network: '* ]]
	email timeout=500ms
	script '{"MAIL-END":"hang"}'
	run "$BIN/weir-notifier" --test m
	[[ "$output" = 'm unknown: timeout: '* ]]
	script '{"RCPT":"hang"}'
	run "$BIN/weir-notifier" --test m
	[[ "$output" = 'm failed: timeout: '* ]]
}

@test "tried again it is the same mail, by its id" {
	server script
	email
	script '{"MAIL-END":"close","times":1}'
	start_notifier
	tell ana one
	until_true deliveries_are 'unknown sent'
	script '{"RCPT":"451 4.3.0 later","times":1}'
	tell ana two
	until_true deliveries_are 'unknown sent sent'
	until_true mails_are 2
	[ "$(seen)" = 'MAIL FROM RCPT TO DATA MAIL-END MAIL FROM RCPT TO DATA MAIL-END MAIL FROM RCPT TO MAIL FROM RCPT TO DATA MAIL-END' ]
	[ "$(events delivery. 'map("<" + .data.id + "@example.net>") | unique | join(" ")')" = \
		"$(mails 'map(.headers."Message-ID") | unique | join(" ")')" ]
}

@test "a server that does not say good bye holds up nothing" {
	server script
	email parallel=1
	script '{"QUIT":"hang"}'
	start_notifier
	for i in 1 2 3; do
		tell ana "$i"
	done
	until_true deliveries_are 'sent sent sent'
	script '{"QUIT":"hang","RCPT":"550 5.1.1 nobody"}'
	tell ana 4
	tell ana 5
	until_true deliveries_are 'sent sent sent failed failed'
	grep -q '^QUIT' "$box/seen"
	stop_notifier
}

@test "what is wrong in the file is told with its line" {
	at=127.0.0.1:25
	while IFS='|' read -r keys want; do
		printf '[channel m]\n%b\n' "$keys" >"$conf"
		run "$BIN/weir-notifier" --check-config
		[ "$status" -eq 78 ]
		[[ "$output" = *"weir.conf:$want"* ]] || {
			echo "$keys: $output"
			false
		}
	done <<-'END'
		url=smtp://h\nto=a@b|2: channel m: from is needed
		url=smtp://h/x\nfrom=a@b\nto=a@b|2: channel m: url: 'h/x' is no host
		url=smtp://h:0\nfrom=a@b\nto=a@b|2: channel m: url: '0' is no port
		type=email\nurl=http://h\nfrom=a@b\nto=a@b|3: channel m: url: smtp://HOST:PORT or smtps://HOST:PORT expected
		url=smtp://h\nfrom=a\nto=a@b|3: channel m: from: NAME@DOMAIN or WORDS <NAME@DOMAIN> expected
		url=smtp://h\nfrom=a@b\nto=a@b, c@d|4: channel m: to: NAME@DOMAIN or WORDS <NAME@DOMAIN> expected
		url=smtps://h\nfrom=a@b\nto=a@b\ntls=no|5: channel m: tls: smtps has it always
		url=smtp://h\nfrom=a@b\nto=a@b\ntls=yes|5: channel m: tls: required, try or no expected
		url=smtp://h\nfrom=a@b\nto=a@b\nca-file=/none|5: channel m: ca-file: cannot read '/none'
		url=smtp://h\nfrom=a@b\nto=a@b\nlogin=x|2: channel m: password-file is needed
	END
	email tls=required
	run "$BIN/weir-notifier" --check-config
	[ "$status" -eq 0 ]
}
