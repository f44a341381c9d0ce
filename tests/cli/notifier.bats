#!/usr/bin/env bats
# weir-notifier with a real store, and weir-sim as the receiver of its calls.

bats_require_minimum_version 1.5.0

setup() {
	BIN=${BIN:-build/bin}
	BIN=$(realpath "$BIN")
	T=$BATS_TEST_TMPDIR
	# A socket's path has little room; bats' directories are deep.
	D=$(mktemp -d)
	conf=$T/weir.conf
	pids=
	export WEIR_CONFIG=$conf WEIR_DIR=$D
	: >"$conf"
}

teardown() {
	for p in $pids; do
		kill -KILL "$p" 2>/dev/null || true
	done
	rm -rf "$D"
}

# until_true COMMAND...: poll it; fail after 20 s.
until_true() {
	for _ in $(seq 400); do
		"$@" && return
		sleep 0.05
	done
	echo "never true: $*"
	tail -n 20 "$T"/*.log
	return 1
}

# start NAME READY [OPTION...]: run a tool, wait for a word of its log.
start() {
	tool=$1 ready=$2
	shift 2
	: >"$T/$tool.log"
	"$BIN/weir-$tool" "$@" 2>>"$T/$tool.log" >"$T/$tool.out" 3>&- &
	pid=$!
	pids="$pids $pid"
	until_true grep -q "$ready" "$T/$tool.log"
}

start_sim() {
	start sim ': ready ' --listen 127.0.0.1:0 --tick 0
	url=http://$(sed -n 's/.*ready listen=\([^ ]*\).*/\1/p' "$T/sim.log")
}

start_notifier() {
	start notifier ': ready ' "$@"
	notifier=$pid
}

# Sends TERM; it must end with status 0.
stop_notifier() {
	kill -TERM "$notifier"
	wait "$notifier"
}

kill_notifier() {
	kill -KILL "$notifier"
	wait "$notifier" || true
}

start_all() {
	start_sim
	start store ': ready '
}

# channel NAME KEY=VALUE...
channel() {
	printf '[channel %s]\n' "$1"
	shift
	printf '%s\n' "$@"
}

# tell USER TITLE [MORE]: record a notification; MORE are further members.
tell() {
	printf '{"type":"custom","title":"%s","message":"m"%s}\n' "$2" \
		"${3:+,$3}" |
		"$BIN/weir-pub" -t user.notification -s "$1" 2>>"$T/pub.log"
}

script() {
	curl -sS --fail-with-body -d "$1" "$url/control/hook"
}

# What a receiver got: got NAME JQ
got() {
	curl -sS "$url/control/hook/$1" | jq -r "$2"
}

got_is() {
	[ "$(got "$1" "$2")" = "$3" ]
}

# The delivery events: what jq makes of all of them as an array.
deliveries() {
	"$BIN/weir-log" delivery. 2>>"$T/log.log" | jq -rs "$1"
}

deliveries_are() {
	[ "$(deliveries "$1")" = "$2" ]
}

types='map(.type | ltrimstr("delivery.")) | join(" ")'

# A token as a file that only its owner can read.
token_file() {
	(umask 077 && echo "${1:-123:abc}" >"$T/token")
}

@test "help and version are answered on standard output" {
	run --separate-stderr "$BIN/weir-notifier" --help
	[ "$status" -eq 0 ]
	[[ $output == *--test* ]]
	[ -z "$stderr" ]
	run --separate-stderr "$BIN/weir-notifier" --version
	[ "$status" -eq 0 ]
	[[ $output == weir-notifier* ]]
}

@test "bad options are usage errors" {
	for bad in --no-such extra "--out -" "--test nobody"; do
		# shellcheck disable=SC2086
		run "$BIN/weir-notifier" $bad
		[ "$status" -eq 64 ]
	done
}

# One section; what the error must say.
check_fails() {
	printf '# first line\n[channel x]\n%s\n' "$1" >"$conf"
	run "$BIN/weir-notifier" --check-config
	[ "$status" -eq 78 ] || { echo "status $status: $1"; false; }
	[[ $output == *"$2"* ]] || { echo "$1 gave $output"; false; }
}

@test "a configuration is checked completely, with file and line" {
	token_file
	cp "$T/token" "$T/open"
	chmod 640 "$T/open"
	check_fails 'type = pigeon' "$conf:3: channel x: type"
	check_fails 'url = pigeon://a/' "$conf:3: channel x: type"
	check_fails $'url = http://a/\ntyp = webhook' "$conf:4: channel x: typ: unknown key"
	check_fails $'rate = 1\ntype = pigeon' "$conf:4: channel x: type"
	check_fails $'type = webhook\nrate = 1\nurl = a' "$conf:5: channel x: url"
	check_fails $'type = command\nrate = 1\ncommand = /no/such' "$conf:5: channel x: command"
	check_fails $'type = webhook\nurl = http://a/\ntoken-file = /no/such' \
		"$conf:5: channel x: token-file"
	check_fails $'type = webhook\nurl = http://a/\npolicy = x' "$conf:5: channel x: policy"
	check_fails $'rate = 1\ntype = webhook' "$conf:3: channel x: url or url-file is needed"
	check_fails $'type = webhook\ntimeout = 1' "$conf:4: channel x: timeout"
	check_fails $'type = webhook\nurl = ftp://a/' 'no http or https URL'
	check_fails $'type = webhook\nchat = 1' 'chat: not of type webhook'
	check_fails $'type = webhook\nurl = http://a/\nulr = x' "$conf:5"
	check_fails $'type = webhook\nurl = http://a/\npolicy = x' 'resend'
	check_fails $'type = webhook\nurl = http://a/\nuser = a/b' 'no id'
	check_fails 'type = webhook' 'url or url-file is needed'
	check_fails $'type = telegram\nchat = 1' 'token-file is needed'
	check_fails $'type = telegram\nchat = 1\ntoken-file = /no/such' 'No such'
	check_fails $'type = telegram\nchat = 1\ntoken-file = '"$T/open" 0640
	check_fails $'type = telegram\nchat = 1\ntoken-file = credential:x' \
		CREDENTIALS_DIRECTORY
	CREDENTIALS_DIRECTORY=$T check_fails \
		$'type = telegram\nchat = 1\ntoken-file = credential:../token' 'no name'
	check_fails $'type = command\ncommand = "x' 'without its end'
	check_fails $'type = command\ncommand = /no/such' 'No such'
	tele=$'type = telegram\nchat = 1\ntoken-file = '$T/token
	check_fails "$tele"$'\ntext = a {{titel}}' \
		"$conf:6: channel x: text: column 3: a notification has no 'titel'"
	check_fails "$tele"$'\nrate = 1\ntitle = {{#data.x}}' \
		"$conf:7: channel x: title: column 12: a section without its end"
	check_fails "$tele"$'\nlong = trim' 'long: cut or split expected'
	check_fails "$tele"$'\ntext = '"$(printf '%02500d' 0)" \
		"$conf:6: channel x: text: more than half"
	check_fails $'type = webhook\nurl = http://a/\nbody = {"a":{{title}}}' \
		"$conf:5: channel x: body: filled in, it is no JSON"
	channel x type=telegram chat=1 token-file="$T/token" >"$conf"
	run "$BIN/weir-notifier" --check-config
	[ "$status" -eq 0 ]
	[[ $output == *OK* ]]
	# What systemd gives: in a directory that only the service can enter.
	chmod 440 "$T/token"
	channel x type=telegram chat=1 token-file=credential:token >"$conf"
	CREDENTIALS_DIRECTORY=$T run "$BIN/weir-notifier" --check-config
	[ "$status" -eq 0 ]
}

@test "a notification is delivered once, with what happened and its key" {
	start_all
	channel hook url="$url/hook/a" >"$conf"
	start_notifier
	tell ana hello '"alert":"a1","data":{"n":1},"id":"mine"'
	until_true deliveries_are "$types" sent
	[ "$(got a .total)" -eq 1 ]
	body=$(got a '.requests[0].body')
	[ "$(jq -r '[.title,.user,.channel,.event.id,.data.n]|map(tostring)
		|join(" ")' <<<"$body")" = "hello ana hook 1 1" ]
	key=$(got a '.requests[0].headers | with_entries(.key |=
		ascii_downcase)["idempotency-key"]')
	[ "$(jq -r .id <<<"$body")" = "$key" ]
	[ "$(deliveries '.[0].data | [.id,.channel,.user,.alert,.status] |
		map(tostring) | join(" ")')" = "$key hook ana a1 200" ]
	[ "$(deliveries '.[0].cause')" = \
		"$("$BIN/weir-log" user. | jq -r '.source + " " + .id')" ]
	stop_notifier
	start_notifier
	tell ana again
	until_true deliveries_are "$types" 'sent sent'
	[ "$(got a .total)" -eq 2 ]
	[ "$(got a '.requests[1].body | fromjson.title')" = again ]
}

@test "a user's channels are used, or those that are named" {
	start_all
	{
		channel one type=webhook url="$url/hook/one" user=ana
		channel two type=webhook url="$url/hook/two" user=bob
		channel all type=webhook url="$url/hook/all"
	} >"$conf"
	start_notifier
	tell ana both
	tell ana named '"notify":["one","one"]'
	tell ana other '"notify":["two"]'
	tell ana missing '"notify":["gone"]'
	until_true deliveries_are length 5
	[ "$(deliveries 'map(.type[9:] + " " + .data.channel) | sort |
		join(",")')" = \
		'failed gone,failed two,sent all,sent one,sent one' ]
	[ "$(deliveries 'map(select(.type == "delivery.failed").data.reason) |
		unique[]')" = no-channel ]
	[ "$(got two .total)" -eq 0 ]
}

@test "a notification for a user without a channel is not lost silently" {
	start store ': ready '
	start_notifier
	tell ana hello
	until_true deliveries_are "$types" failed
	[ "$(deliveries '.[0].data | .channel + " " + .reason')" = \
		'- no-channel' ]
}

@test "a server's error is tried again with the same key" {
	start_all
	script '{"name":"a","status":500,"times":2}'
	channel hook type=webhook url="$url/hook/a" >"$conf"
	start_notifier
	tell ana hello
	until_true deliveries_are "$types" sent
	[ "$(got a .total)" -eq 3 ]
	[ "$(deliveries '.[0].data.attempt')" -eq 3 ]
	[ "$(got a '[.requests[].body | fromjson.id] | unique | length')" -eq 1 ]
}

@test "tries and time for trying again come to an end" {
	start_all
	script '{"name":"a","status":503}'
	script '{"name":"b","status":503}'
	{
		channel a type=webhook url="$url/hook/a" retries=1
		channel b type=webhook url="$url/hook/b" retry-life=1ms
	} >"$conf"
	start_notifier
	tell ana hello
	until_true deliveries_are "$types" 'failed failed'
	[ "$(got a .total)" -eq 2 ]
	[ "$(got b .total)" -eq 1 ]
	[ "$(deliveries 'map(.data.reason) | unique[]')" = server-error ]
}

@test "Retry-After is waited for, and holds up the whole channel" {
	start_all
	script '{"name":"a","status":429,"retry_after":3,"times":1}'
	channel hook type=webhook url="$url/hook/a" parallel=1 >"$conf"
	start_notifier
	tell ana hello
	tell ana second
	until_true deliveries_are "$types" 'sent sent'
	[ "$(got a '.requests[1].at_ms - .requests[0].at_ms >= 3000')" = true ]
	[ "$(got a .total)" -eq 3 ]
}

@test "a 4xx is a failure that shows, with a reason, and is not repeated" {
	start_all
	n=0
	for code in 400 401 404 410; do
		script "{\"name\":\"h$code\",\"status\":$code,\"body\":\"no\\n\"}"
		channel "h$code" type=webhook url="$url/hook/h$code" >>"$conf"
	done
	start_notifier
	tell ana hello
	until_true deliveries_are length 4
	[ "$(deliveries 'map(.data | "\(.status) \(.reason) \(.receiver)") |
		sort | join(",")')" = \
'400 rejected no,401 auth no,404 rejected no,410 rejected no' ]
	[ "$(deliveries 'map(.type) | unique[]')" = delivery.failed ]
	grep -q 'failed channel=h401' "$T/notifier.log"
	[ "$(got h400 .total)" -eq 1 ]
}

@test "a channel that hangs or is dead does not hold up another" {
	start_all
	script '{"name":"slow","delay_ms":600000}'
	{
		channel slow type=webhook url="$url/hook/slow"
		channel dead type=webhook url=http://127.0.0.1:1/
		channel good type=webhook url="$url/hook/good"
	} >"$conf"
	start_notifier
	for i in $(seq 20); do
		printf '{"type":"custom","title":"%d","message":"m"}\n' "$i"
	done | "$BIN/weir-pub" -t user.notification -s ana
	until_true got_is good .total 20
	until_true deliveries_are 'map(.data.channel) | unique | join(" ")' good
	# No more than the channel's own number at a time.
	[ "$(got slow .total)" -eq 4 ]
}

@test "a receiver that does not answer in time may have it" {
	start_all
	script '{"name":"a","delay_ms":600000,"times":1}'
	script '{"name":"b","delay_ms":600000,"times":1}'
	{
		channel a type=webhook url="$url/hook/a" timeout=300ms
		channel b type=webhook url="$url/hook/b" timeout=300ms \
			policy=hold
	} >"$conf"
	start_notifier
	tell ana hello
	until_true deliveries_are 'map(.type[9:] + " " + .data.channel) | sort |
		join(",")' 'sent a,unknown a,unknown b'
	[ "$(got a '[.requests[].body | fromjson.id] | unique | length')" -eq 1 ]
	[ "$(got a .total)" -eq 2 ]
	tell ana after
	until_true deliveries_are length 5
	[ "$(got b .total)" -eq 2 ] # the one that is held does not come back
}

@test "asked to stop, it waits for what is being sent, and begins no more" {
	start_all
	# Long enough to say so meanwhile; it waits for five seconds.
	script '{"name":"a","delay_ms":3500}'
	channel a type=webhook url="$url/hook/a" parallel=1 >"$conf"
	start_notifier
	tell ana one
	tell ana two
	until_true got_is a .total 1
	stop_notifier
	[ "$(deliveries "$types")" = sent ]
	[ "$(got a .total)" -eq 1 ]
	start_notifier
	until_true deliveries_are "$types" 'sent sent'
	[ "$(got a .total)" -eq 2 ]
}

@test "asked to stop, it does not wait for ever" {
	start_all
	script '{"name":"a","delay_ms":600000}'
	channel a type=webhook url="$url/hook/a" >"$conf"
	start_notifier
	tell ana one
	until_true got_is a .total 1
	stop_notifier
	[ "$(deliveries length)" -eq 0 ]
	script '{"name":"a"}'
	start_notifier
	until_true deliveries_are "$types" 'unknown sent'
}

@test "killed between intent and outcome: unknown, then again, same key" {
	start_all
	script '{"name":"a","delay_ms":600000,"times":1}'
	script '{"name":"b","delay_ms":600000,"times":1}'
	{
		channel a type=webhook url="$url/hook/a"
		channel b type=webhook url="$url/hook/b" policy=hold
	} >"$conf"
	start_notifier
	tell ana hello
	until_true got_is a .total 1
	until_true got_is b .total 1
	kill_notifier
	[ "$(deliveries length)" -eq 0 ]
	start_notifier
	until_true deliveries_are 'map(.type[9:] + " " + .data.channel) | sort |
		join(",")' 'sent a,unknown a,unknown b'
	[ "$(deliveries 'map(select(.type == "delivery.unknown").data.reason) |
		unique[]')" = interrupted ]
	[ "$(got a .total)" -eq 2 ]
	[ "$(got b .total)" -eq 1 ]
	[ "$(got a '[.requests[].headers | with_entries(.key |= ascii_downcase)
		["idempotency-key"]] | unique | length')" -eq 1 ]
	[ "$(deliveries '[.[] | select(.data.channel == "a").data.id] | unique[]
		')" = "$(got a '.requests[0].body | fromjson.id')" ]
}

@test "killed again and again, each notification arrives, keys repeat" {
	start_all
	channel a type=webhook url="$url/hook/a" >"$conf"
	script '{"name":"a","delay_ms":20}'
	for i in $(seq 40); do
		printf '{"type":"custom","title":"%d","message":"m"}\n' "$i"
	done >"$T/forty"
	start_notifier
	"$BIN/weir-pub" -t user.notification -s ana "$T/forty"
	for i in 5 10 20 30; do
		until_true eval "[ \"\$(got a .total)\" -ge $i ]"
		kill_notifier
		start_notifier
	done
	until_true deliveries_are \
		'map(select(.type == "delivery.sent").data.id) | length' 40
	[ "$(deliveries '[.[] | select(.type == "delivery.sent").data.id] |
		unique | length')" -eq 40 ]
	[ "$(got a '[.requests[].body | fromjson.title] | unique | length')" \
		-eq 40 ]
	# Every repeat was announced.
	repeated=$(got a '[.requests[].body | fromjson.id] | group_by(.) |
		map(select(length > 1)[0]) | sort | join(" ")')
	unknown=$(deliveries '[.[] | select(.type == "delivery.unknown").data.id]
		| unique | join(" ")')
	for id in $repeated; do
		[[ " $unknown " == *" $id "* ]]
	done
}

@test "without its ledger, what was delivered is known from the journal" {
	start_all
	{
		channel a type=webhook url="$url/hook/a"
		channel b type=webhook url="$url/hook/b" policy=hold
	} >"$conf"
	start_notifier
	tell ana told
	until_true deliveries_are "$types" 'sent sent'
	stop_notifier
	tell ana untold
	tell bob nobody '"notify":["gone"]'
	rm -r "$D/ledger/notifier"
	start_notifier
	until_true deliveries_are length 6
	[ "$(deliveries '.[2:] | map(.type[9:] + " " + .data.channel) | sort |
		join(",")')" = 'failed gone,sent a,unknown a,unknown b' ]
	[ "$(got a '[.requests[].body | fromjson.title] | join(" ")')" = \
		'told untold' ]
	[ "$(got b .total)" -eq 1 ]
	# And now all is known.
	stop_notifier
	rm -r "$D/ledger/notifier"
	start_notifier
	tell ana last '"notify":["b"]'
	until_true deliveries_are length 7
	[ "$(got a .total)" -eq 2 ]
	[ "$(got b '.requests[-1].body | fromjson.title')" = last ]
}

@test "a queue survives the channel's removal from the configuration" {
	start_all
	channel a type=webhook url=http://127.0.0.1:1/ >"$conf"
	start_notifier
	tell ana hello
	until_true grep -q 'retry channel=a' "$T/notifier.log"
	stop_notifier
	: >"$conf"
	start_notifier
	until_true deliveries_are "$types" failed
	[ "$(deliveries '.[0].data | .channel + " " + .reason')" = \
		'a no-channel' ]
}

# The configuration is another one: its log then says LINE.
reload() {
	before=$(grep -c "$1" "$T/notifier.log" || true)
	kill -HUP "$notifier"
	until_true log_has "$1" $((before + 1))
}

log_has() { # LINE TIMES
	[ "$(grep -c "$1" "$T/notifier.log")" -ge "$2" ]
}

@test "SIGHUP: what is being sent ends as it began, what comes takes the new way" {
	start_all
	script '{"name":"old","delay_ms":1500,"times":1}'
	channel a type=webhook url="$url/hook/old" >"$conf"
	start_notifier
	tell ana first
	until_true got_is old .total 1
	{
		channel a type=webhook url="$url/hook/new"
		channel b type=webhook url="$url/hook/b" user=bob
	} >"$conf"
	reload ': info: reloaded'
	tell ana second
	tell bob third
	until_true deliveries_are 'map(.type[9:] + " " + .data.channel) |
		sort | join(",")' 'sent a,sent a,sent a,sent b'
	[ "$(got old .total)" -eq 1 ]
	[ "$(got new .total)" -eq 2 ]
	[ "$(got b .total)" -eq 1 ]
}

@test "SIGHUP: what waits for a channel that has gone fails and says so" {
	start_all
	script '{"name":"slow","delay_ms":1500}'
	{
		channel a type=webhook url=http://127.0.0.1:1/
		channel slow type=webhook url="$url/hook/slow" parallel=1
	} >"$conf"
	start_notifier
	tell ana hello '"notify":["a"]'
	until_true grep -q 'retry channel=a' "$T/notifier.log"
	tell ana one '"notify":["slow"]'
	until_true got_is slow .total 1
	tell ana two '"notify":["slow"]'
	channel other type=webhook url="$url/hook/other" >"$conf"
	reload ': info: reloaded'
	until_true deliveries_are 'map([.type[9:], .data.channel,
		.data.reason // empty] | join(" ")) | sort | join(",")' \
		'failed a no-channel,failed slow no-channel,sent slow'
	[ "$(got slow .total)" -eq 1 ]
	# And it may come back.
	channel a type=webhook url="$url/hook/a" >"$conf"
	reload ': info: reloaded'
	tell ana again
	until_true got_is a .total 1
}

@test "SIGHUP: with a broken file all stays as it was" {
	start_all
	channel a type=webhook url="$url/hook/a" >"$conf"
	start_notifier
	for bad in "nonsense" "[chanel b]" "type = smoke"; do
		{
			channel a type=webhook url="$url/hook/b"
			echo "$bad"
		} >"$conf"
		reload "not reloaded: $conf:"
	done
	[ "$(grep -c error "$T/notifier.log")" -eq 3 ]
	tell ana hello
	until_true got_is a .total 1
	[ "$(got b .total)" -eq 0 ]
	stop_notifier
}

@test "Telegram gets escaped text, and its retry_after is waited for" {
	start_all
	token_file 12:secret
	channel t type=telegram base-url="$url/" chat=4711 \
		token-file="$T/token" >"$conf"
	script '{"name":"telegram","status":429,"retry_after":2,"times":1}'
	start_notifier
	tell ana 'a <b> & c'
	until_true deliveries_are "$types" sent
	[ "$(got telegram '.requests[1].body | fromjson.text')" = \
		$'<b>a &lt;b&gt; &amp; c</b>\nm' ]
	[ "$(got telegram '.requests[1].body | fromjson.chat_id')" = 4711 ]
	[ "$(got telegram '.requests[1].at_ms - .requests[0].at_ms >= 2000')" = \
		true ]
	script '{"name":"telegram","status":403}'
	tell ana blocked
	until_true deliveries_are "$types" 'sent failed'
	[[ $(deliveries '.[1].data.receiver') == *blocked* ]]
	# The token is nowhere but in the request.
	run ! grep 12:secret "$T"/*.log "/proc/$notifier/cmdline"
	"$BIN/weir-log" >"$T/all"
	[ -s "$T/all" ]
	run ! grep 12:secret "$T/all"
}

@test "a long text is cut for Telegram" {
	start_all
	token_file
	channel t type=telegram base-url="$url" chat=1 token-file="$T/token" \
		>"$conf"
	start_notifier
	long=$(printf '%04000d' 0 | tr 0 '<')
	printf '{"type":"custom","title":"t","message":"%s"}\n' "$long" |
		"$BIN/weir-pub" -t user.notification -s ana
	until_true deliveries_are "$types" sent
	text=$(got telegram '.requests[0].body | fromjson.text')
	[[ $text == *'&lt;…' ]]
	[ "${#text}" -le 4096 ]
}

@test "a command gets the event on standard input, and no shell" {
	start store ': ready '
	cat >"$T/deliver" <<-'EOF'
		#!/bin/sh
		cat >"$1"
		echo "$2|$WEIR_CHANNEL|$WEIR_DELIVERY" >>"$1.args"
		ls -l /proc/$$/fd >"$1.fds"
	EOF
	chmod +x "$T/deliver"
	channel cmd type=command command="$T/deliver $T/in '\$HOME; a b'" \
		>"$conf"
	start_notifier
	tell ana hello
	until_true deliveries_are "$types" sent
	[ "$(jq -r '.data.title + " " + .subject' "$T/in")" = 'hello ana' ]
	[ "$(cat "$T/in.args")" = \
		"\$HOME; a b|cmd|$(deliveries '.[0].data.id')" ]
	# Nothing of ours is left open in it.
	[ -s "$T/in.fds" ]
	run ! grep -e mdb -e socket: "$T/in.fds"
}

@test "a command reads the event as one whole line" {
	start store ': ready '
	cat >"$T/deliver" <<-'EOF'
		#!/bin/sh
		IFS= read -r line || exit 3
		printf '%s' "$line" >"$1"
		! read -r more
	EOF
	chmod +x "$T/deliver"
	channel cmd type=command command="$T/deliver $T/in" >"$conf"
	start_notifier
	tell ana hello
	until_true deliveries_are "$types" sent
	[ "$(jq -r .data.title "$T/in")" = hello ]
}

@test "a command's exit status is the outcome" {
	start store ': ready '
	cat >"$T/deliver" <<-'EOF'
		#!/bin/sh
		[ -e "$1" ] && exit 0
		: >"$1"
		exit "$2"
	EOF
	chmod +x "$T/deliver"
	{
		channel once type=command command="$T/deliver $T/once 75"
		channel never type=command command="$T/deliver $T/never 3"
	} >"$conf"
	start_notifier
	tell ana hello
	until_true deliveries_are length 2
	[ "$(deliveries 'map(.data | "\(.channel) \(.status) \(.attempt)") |
		sort | join(",")')" = 'never 3 1,once 0 2' ]
}

@test "a command that takes too long is killed with all that it started" {
	start store ': ready '
	cat >"$T/deliver" <<-'EOF'
		#!/bin/sh
		sleep 1000 &
		echo "$!" >"$1.new"
		mv "$1.new" "$1"
		wait
	EOF
	chmod +x "$T/deliver"
	channel c type=command command="$T/deliver $T/pid" timeout=2s \
		policy=hold >"$conf"
	start_notifier
	tell ana hello
	until_true deliveries_are "$types" unknown
	[ "$(deliveries '.[0].data.reason')" = timeout ]
	child=$(cat "$T/pid")
	gone() {
		! grep -qs 'State:.[^Z]' "/proc/$child/status"
	}
	until_true gone
}

@test "no more are sent in a minute than the channel allows" {
	start_all
	channel hook type=webhook url="$url/hook/a" rate=30 >"$conf"
	start_notifier
	for i in 1 2 3 4; do
		printf '{"type":"custom","title":"%d","message":"m"}\n' "$i"
	done | "$BIN/weir-pub" -t user.notification -s ana
	# Three at once after a rest, then one every two seconds.
	until_true got_is a .total 4
	[ "$(got a '.requests[3].at_ms - .requests[0].at_ms >= 1900')" = true ]
}

@test "as a filter it sends and prints what became of it" {
	start_sim
	script '{"name":"a","status":500,"times":1}'
	channel hook type=webhook url="$url/hook/a" >"$conf"
	for i in 1 2 3; do
		printf '{"id":"%d","source":"s","type":"user.notification",' "$i"
		printf '"subject":"ana","time":"2026-01-01T00:00:00Z",'
		printf '"data":{"type":"custom","title":"t","message":"m"}}\n'
	done >"$T/in"
	run --separate-stderr "$BIN/weir-notifier" -i - -o - <"$T/in"
	[ "$status" -eq 0 ]
	[ "$(jq -rs 'map(.type) | unique[]' <<<"$output")" = delivery.sent ]
	[ "$(jq -rs 'length' <<<"$output")" -eq 3 ]
	[ "$(got a .total)" -eq 4 ]
	# From a pipe, with a bad line among them.
	run --separate-stderr bash -c '{ echo bad; cat "$1"; } |
		"$2" -i - -o -' _ "$T/in" "$BIN/weir-notifier"
	[ "$status" -eq 65 ]
	[ "$(jq -rs 'length' <<<"$output")" -eq 3 ]
}

@test "a test message says how it went" {
	start_sim
	channel hook type=webhook url="$url/hook/a" >"$conf"
	run "$BIN/weir-notifier" --test hook
	[ "$status" -eq 0 ]
	[ "$output" = 'hook sent (200)' ]
	script '{"name":"a","status":401,"body":"who are you?"}'
	run "$BIN/weir-notifier" --test hook
	[ "$status" -eq 1 ]
	[ "$output" = 'hook failed: auth (401): who are you?' ]
}

@test "--from asks a new ledger to deliver again on purpose" {
	start_all
	channel a type=webhook url="$url/hook/a" >"$conf"
	start_notifier
	tell ana one
	tell ana two
	until_true deliveries_are "$types" 'sent sent'
	stop_notifier
	rm -r "$D/ledger/notifier"
	first=$("$BIN/weir-log" -n 1 | jq -r '.epoch + ":" + .offset')
	start_notifier --from "$first"
	until_true deliveries_are "$types" 'sent sent sent'
	[ "$(got a '[.requests[].body | fromjson.title] | join(" ")')" = \
		'one two two' ]
}

# stale WATCH, fresh WATCH: as the alerter says it.
stale() { echo '{"watch":"'"$1"'"}' | "$BIN/weir-pub" -t watch.stale -s "$1" 2>>"$T/pub.log"; }
fresh() { echo '{"watch":"'"$1"'"}' | "$BIN/weir-pub" -t watch.fresh -s "$1" 2>>"$T/pub.log"; }
beats() { got "$1" .total; }
beats_again() { # NAME: two more than there are now
	n=$(beats "$1")
	until_true eval '[ "$(beats '"$1"')" -ge '$((n + 2))' ]'
}

@test "the heartbeat beats while all is well, and only then" {
	start_all
	start alerter ': ready '
	start_notifier --heartbeat "$url/hook/beat" --heartbeat-every 100ms \
		--heartbeat-needs alerter
	alerter=$(echo "$pids" | awk '{print $(NF - 1)}')
	until_true eval '[ "$(beats beat)" -ge 3 ]'
	[ "$(got beat '[.requests[].method] | unique | join(" ")')" = GET ]
	stale a
	stale b
	stale b
	until_true grep -q 'heartbeat: held back: 2 watches are stale' "$T/notifier.log"
	n=$(beats beat)
	# It knows so after a kill, too.
	kill_notifier
	start_notifier --heartbeat "$url/hook/beat" --heartbeat-every 100ms \
		--heartbeat-needs alerter
	until_true grep -q 'heartbeat: held back: 2 watches are stale' "$T/notifier.log"
	fresh a
	until_true eval '[ "$("$BIN/weir-log" watch.fresh/ | wc -l)" -eq 1 ]'
	[ "$(beats beat)" -eq "$n" ]
	fresh b
	beats_again beat
	stop_notifier
	n=$(beats beat)
	# A process that must live, and does not.
	kill -KILL "$alerter"
	start_notifier --heartbeat "$url/hook/beat" --heartbeat-every 100ms \
		--heartbeat-needs alerter
	until_true grep -q 'held back: nothing is heard of alerter' "$T/notifier.log"
	[ "$(beats beat)" -eq "$n" ]
	stop_notifier
}

@test "the heartbeat's address may be a secret; trouble may be told, too" {
	start_all
	start alerter ': ready '
	(umask 077 && echo "$url/hook/s3cret?a=b" >"$T/beat")
	cat >"$conf" <<-END
		[notifier]
		heartbeat-file = $T/beat
		heartbeat-every = 100ms
		heartbeat-fail = yes
		heartbeat-needs = alerter
	END
	start_notifier
	until_true eval '[ "$(beats s3cret)" -ge 2 ]'
	stale w
	until_true eval '[ "$(got s3cret ".requests[-1].body")" = "1 watch is stale" ]'
	[ "$(got s3cret '.requests[-1] | .method + " " + .path')" = 'POST /hook/s3cret/fail' ]
	script '{"name":"s3cret","status":500}'
	until_true grep -q 'heartbeat: not taken: status 500' "$T/notifier.log"
	run ! grep s3cret "$T/notifier.log"
	# Without the file it does not start; with another way it goes on.
	script '{"name":"s3cret","status":200}'
	printf '[notifier]\nheartbeat = %s/hook/other\nheartbeat-every = 100ms\nheartbeat-needs = alerter\n' "$url" >"$conf"
	kill -HUP "$notifier"
	fresh w
	until_true eval '[ "$(beats other)" -ge 2 ]'
	stop_notifier
	: >"$conf"
	chmod 644 "$T/beat"
	run -78 "$BIN/weir-notifier" --heartbeat-file "$T/beat" --check-config
	[[ $output == *heartbeat-file* ]] && [[ $output != *s3cret* ]]
	run -78 "$BIN/weir-notifier" --heartbeat ftp://x/ --check-config
	run -64 "$BIN/weir-notifier" --heartbeat "$url" -i - -o - </dev/null
}
