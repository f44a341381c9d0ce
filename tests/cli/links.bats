#!/usr/bin/env bats
# The transports of chats (cmd/scraper/stream_link*) against a server that
# behaves and misbehaves (tests/helpers/chatty.py).

load ../helpers
load proxies

setup() {
	weir_setup
	PRINT="$HELPERS/linkprint"
	CHATTY="$BATS_TEST_DIRNAME/../helpers/chatty.py"
}

teardown() { weir_teardown; }

# serve [OPTION...]: sets $port.
serve() {
	rm -f "$T/port"
	python3 "$CHATTY" "$@" >"$T/port" 2>"$T/chatty.err" 3>&- &
	daemons+=("$!")
	wait_for test -s "$T/port"
	port=$(cat "$T/port")
}

# link PROTOCOL PATH-OR-URL [OPTION VALUE]...: what comes of it, in $output.
link() {
	local protocol=$1 url=$2
	shift 2
	case $protocol:$url in
	ws:/[a-z]* | ircws:/[a-z]*) url=ws://127.0.0.1:$port$url ;;
	irc:) url=irc://127.0.0.1:$port ;;
	*:/[a-z]*) url=http://127.0.0.1:$port$url ;;
	esac
	run timeout 20 "$PRINT" "$protocol" "$url" --allow 127.0.0.1 "$@"
	[ "$status" -eq 0 ] || {
		echo "$url: $status: $output" >&2
		return 1
	}
}

# ends PROTOCOL, then lines "PATH OUTCOME STATUS RETRY REASON" on standard input.
ends() {
	local protocol=$1 path outcome status_ retry reason got want
	shift
	while read -r path outcome status_ retry reason; do
		link "$protocol" "$path" "$@"
		got=$(tail -n 1 <<<"$output" | jq -r '"\(.end) \(.status // "-")" +
			" \(.retry_ms // "-") \(.reason)"')
		want="$outcome $status_ $retry $reason"
		[ "$got" = "$want" ] || {
			echo "$path: $got, not $want" >&2
			return 1
		}
	done
}

units() { jq -r 'select(has("unit")) | .unit' <<<"$output"; }

@test "a WebSocket that is refused says with which outcome" {
	serve
	ends ws <<-'END'
		/ws/401 http-error 401 - status 401
		/ws/403 blocked 403 - status 403
		/ws/429 rate-limited 429 7000 status 429
		/ws/503 rate-limited 503 3000 status 503
		/ws/500 http-error 500 - status 500
		/ws/200 http-error 200 - a page, not a WebSocket
		/ws/302 http-error 302 - a redirect, not a WebSocket
		/ws/challenge blocked 503 - status 503, Cloudflare
		/ws/until-end blocked 403 - status 403, Cloudflare
		/ws/noise parse-fail - - not HTTP
		/ws/cut parse-fail - - not HTTP
		/ws/endless parse-fail - - headers without an end
		/ws/bad-accept parse-fail - - status 101, but it has not read our key
		/ws/extension parse-fail - - an extension that was not asked for
	END
	ends ws --subprotocol chat.v1 <<-'END'
		/ws/utf8 parse-fail - - the server does not speak the subprotocol
	END
}

@test "a WebSocket ends with its close code, or with what is against RFC 6455" {
	serve
	ends ws --max 1000 <<-'END'
		/ws/1000 unreachable - - closed by the server: 1000 normal
		/ws/1001 unreachable - - closed by the server: 1001 going away: restart
		/ws/1008 blocked - - closed by the server: 1008 policy: banned
		/ws/1013 rate-limited - - closed by the server: 1013 try later
		/ws/4001 unreachable - - closed by the server: 4001: bad? token
		/ws/no-code unreachable - - closed by the server: 1005 no code
		/ws/1005 parse-fail - - close frame that may not be
		/ws/half-code parse-fail - - close frame that may not be
		/ws/masked parse-fail - - masked frame
		/ws/rsv parse-fail - - reserved bit set
		/ws/opcode parse-fail - - unknown opcode
		/ws/continuation parse-fail - - part of no message
		/ws/within parse-fail - - message within a message
		/ws/long-ping parse-fail - - control frame too long
		/ws/split-ping parse-fail - - control frame in parts
		/ws/long-form parse-fail - - length in a form that it may not have
		/ws/bad-text parse-fail - - text that is not UTF-8
		/ws/big refused - - message of more than 1000 bytes
		/ws/big-parts refused - - message of more than 1000 bytes
		/ws/huge refused - - message of more than 1000 bytes
		/ws/gone unreachable - - broken transfer: closed without a word
	END
	# What the server is told is the code that says it.
	link ws /ws/answer-to-close
	link ws /ws/was-closed --units 1
	[ "$(units)" = "8 1007" ]
}

@test "messages of a WebSocket come whole and in order" {
	serve
	link ws /ws/fragments --units 1
	[ "$(units)" = "one two three" ]
	link ws /ws/utf8 --units 1
	[ "$(units)" = "ü 😀" ]
	link ws /ws/empty --units 1
	[ "${lines[1]}" = '{"unit":""}' ]
	link ws /ws/binary --units 1
	[ "${lines[1]}" = '{"unit":"(4 bytes)","binary":true}' ]
	link ws /ws/slow --units 1
	[ "$(units)" = slow ]
	link ws /ws/many --units 2000
	[ "$(units)" = "$(seq -f m%g 0 1999)" ]
}

@test "a WebSocket says what it is to say" {
	serve
	link ws /ws/echo --header 'Cookie: a=b' --send one --send zwölf --units 3
	[ "$(units)" = $'a=b;weir\none\nzwölf' ]
	link ws /ws/echo --header 'User-Agent: other' --units 1
	[ "$(units)" = ";other" ]
	link ws /ws/protocol --subprotocol chat.v1 --units 1
	[ "$(units)" = spoken ]
	link ws /ws/utf8 --subprotocol $'a\r\nX: y'
	[ "$output" = '{"end":"refused","reason":"no such subprotocol can be"}' ]
	link ws /ws/asks --units 1
	[ "$(units)" = "heard: you there" ]
}

@test "a WebSocket that idles is asked, and ends when nobody answers" {
	serve
	link ws /ws/half-open --idle 300
	[ "$(units)" = there ]
	[ "$(tail -n 1 <<<"$output" | jq -r .end)" = timeout ]
	link ws /ws/alive --idle 300 --units 1
	[ "$(units)" = "three pings" ]
	link ws /ws/never --open 200
	[ "$output" = '{"end":"timeout","reason":"not open after 200 ms"}' ]
}

@test "what is held back comes later, all of it and in order" {
	serve
	link ws /ws/flood --pause-every 500 --pause 3
	[ "$(units | cut -d' ' -f1)" = "$(seq 0 29999)" ]
	[[ "$output" == *'1000 normal"}' ]]
	link ws /ws/many --pause-every 7 --pause 1 --units 2000
	[ "$(units)" = "$(seq -f m%g 0 1999)" ]
}

@test "addresses that may not be reached are refused before a connection" {
	serve
	run "$PRINT" ws "ws://127.0.0.1:$port/ws/empty" --allow 10.0.0.1
	[ "$output" = '{"end":"refused","reason":"address is loopback"}' ]
	run "$PRINT" ws "ws://localhost:$port/ws/empty" --allow 10.0.0.1
	[ "$output" = '{"end":"refused","reason":"address is loopback"}' ]
	run "$PRINT" ws "ws://[::ffff:127.0.0.1]:$port/" --allow 10.0.0.1
	[ "$output" = '{"end":"refused","reason":"address is loopback"}' ]
	link ws "ws://user:secret@127.0.0.1:$port/"
	[ "$output" = '{"end":"refused","reason":"no names or passwords in a URL"}' ]
	link ws "http://127.0.0.1:$port/"
	[ "$output" = '{"end":"refused","reason":"no scheme of a stream"}' ]
	link ws "ws://no-such-host.invalid/"
	[ "$(jq -r .end <<<"$output")" = unreachable ]
	[[ "$output" == *'"dns: '* ]]
	# Nobody listens where somebody did.
	kill "${daemons[0]}"
	wait_for gone "${daemons[0]}"
	link ws /ws/empty
	[ "$output" = '{"end":"unreachable","reason":"connect: Connection refused"}' ]
}

# certificate NAME DAYS: $T/NAME.pem and $T/NAME.key, for that host.
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$T/$1.key" -out "$T/$1.pem" -subj "/CN=$1" \
		-addext "subjectAltName=DNS:$1" -days 2 2>/dev/null
}

@test "TLS needs a certificate of the host that is trusted" {
	certificate localhost
	certificate elsewhere
	serve --tls "$T/localhost.pem" "$T/localhost.key"
	link ws "wss://localhost:$port/ws/fragments" --ca "$T/localhost.pem" \
		--units 1
	[ "$(units)" = "one two three" ]
	link ws "wss://localhost:$port/ws/flood" --ca "$T/localhost.pem" \
		--pause-every 900 --pause 2
	[ "$(units | cut -d' ' -f1)" = "$(seq 0 29999)" ]
	link ws "wss://localhost:$port/ws/empty"
	[ "$output" = '{"end":"unreachable","reason":"tls: self-signed certificate"}' ]
	link ws "wss://127.0.0.1:$port/ws/empty" --ca "$T/localhost.pem"
	[ "$output" = '{"end":"unreachable","reason":"tls: IP address mismatch"}' ]
	link ws "wss://localhost:$port/ws/empty" --ca "$T/none.pem"
	[ "$output" = '{"end":"unreachable","reason":"tls: CA certificates: '"$T/none.pem"' cannot be read"}' ]
	serve --tls "$T/elsewhere.pem" "$T/elsewhere.key"
	link ws "wss://localhost:$port/ws/empty" --ca "$T/elsewhere.pem"
	[ "$output" = '{"end":"unreachable","reason":"tls: hostname mismatch"}' ]
	serve
	# No TLS there: it waits for a line, we for its half of the handshake.
	link ws "wss://localhost:$port/" --ca "$T/localhost.pem" --open 300
	[ "$output" = '{"end":"timeout","reason":"not open after 300 ms"}' ]
}

@test "polling asks again and again, and says less where nothing is new" {
	serve
	link poll /poll/count --every 500 --units 3
	[ "$(units)" = $'[1]\n[2]\n[3]' ]
	link poll /poll/etag --every 500 --units 2
	[ "$(units)" = $'[1]\n[4]' ]
	link poll /poll/count?a --next-url "http://127.0.0.1:$port/poll/count?b" \
		--every 500 --units 3
	[ "$(units)" = $'[1]\n[1]\n[2]' ]
	link poll /poll/count?c --every 500 --pause-every 1 --pause 600 --units 2
	[ "$(units)" = $'[1]\n[2]' ]
	ends poll --max 1000 <<-'END'
		/poll/503 rate-limited 503 9000 status 503
		/poll/none http-error 404 - status 404
		/poll/big refused 200 - body of more than 1000 bytes
	END
}

@test "polling a stream of events ends at once and says what to do" {
	serve
	ends poll <<-'END'
		/sse/quiet refused 200 - a stream of events, which has no end: as a chat, with "protocol":"sse"
		/sse/comments refused 200 - a stream of events, which has no end: as a chat, with "protocol":"sse"
	END
}

@test "events of a stream come as HTML says" {
	serve
	link sse /sse/plain --last-id 9
	[ "$output" = '{"open":true}
{"unit":"one","event":"message","id":"1"}
{"unit":"two\nlines","event":"add","id":"1"}
{"unit":"three","event":"message","id":"1","retry_ms":1500}
{"unit":"after 9","event":"message","retry_ms":1500}
{"end":"unreachable","reason":"the server has ended the stream","status":200}' ]
	link sse /sse/chunked
	[ "$(units)" = café ]
	link sse /sse/302 --units 1
	[ "$(units)" = one ]
	link sse /sse/comments --idle 600 --units 1
	[ "$(units)" = "kept awake" ]
}

@test "events that are held back come later, compressed ones too" {
	serve
	link sse /sse/many --pause-every 9 --pause 1
	[ "$(units)" = "$(seq 0 4999)" ]
	link sse /sse/gzip --pause-every 30 --pause 1
	[ "$(units)" = "$(seq 0 1999)" ]
	link sse /sse/gzip
	[ "$(units)" = "$(seq 0 1999)" ]
}

@test "an event stream that is none says why" {
	serve
	ends sse --max 1000 <<-'END'
		/sse/204 empty 204 - status 204 without content
		/sse/html parse-fail 200 - not text/event-stream
		/sse/429 rate-limited 429 5000 status 429
		/sse/none http-error 404 - status 404
		/sse/big refused - - event of more than 1000 bytes
		/sse/endless-line refused - - event of more than 1000 bytes
	END
	link sse /sse/quiet --idle 200
	[ "$(tail -n 1 <<<"$output" | jq -r .end)" = timeout ]
	run "$PRINT" sse "http://127.0.0.1:$port/sse/plain" --allow 10.0.0.1
	[ "$output" = '{"end":"refused","reason":"address is loopback"}' ]
}

# Sets $tls, where TLS is spoken in front of PORT.
start_tls() { # PORT CERTIFICATE-NAME
	: >"$T/python3.out"
	background python3 "$BATS_TEST_DIRNAME/../helpers/tlswrap.py" "$T/$2.pem" "$T/$2.key" "$1"
	wait_for test -s "$T/python3.out"
	tls=$(cat "$T/python3.out")
}

@test "through proxies: HTTP, TLS and SOCKS5, in whatever is spoken" {
	certificate localhost
	start_http_proxy 'BasicAuth ann hush'
	start_socks_proxy
	start_tls "$http" localhost
	serve
	plain=$port
	serve --tls "$T/localhost.pem" "$T/localhost.key"
	secure=$port
	login=(--proxy-user ann --proxy-password hush)
	for proxy in "http://127.0.0.1:$http" "https://localhost:$tls" \
		"socks5://127.0.0.1:$socks" "socks5h://127.0.0.1:$socks"; do
		through=(--proxy "$proxy" --address 127.0.0.1 "${login[@]}" --ca "$T/localhost.pem")
		case $proxy in socks*) through=(--proxy "$proxy" --ca "$T/localhost.pem") ;; esac
		port=$plain
		link ws /ws/fragments "${through[@]}" --units 1
		[ "$(units)" = "one two three" ]
		link ws /ws/flood "${through[@]}" --pause-every 500 --pause 3
		[ "$(units | cut -d' ' -f1)" = "$(seq 0 29999)" ]
		link irc "" "${through[@]}" --channel '#talk' --units 3
		[[ "$(units | tail -n 1)" == *"a colon: here" ]]
		link ircws /ws/irc/ "${through[@]}" --channel '#talk' --units 3
		[[ "$(units | tail -n 1)" == *"a colon: here" ]]
		link poll /poll/count?"$proxy" "${through[@]}" --every 500 --units 2
		[ "$(units | wc -l)" -eq 2 ]
		# By name, with TLS to the host within: its certificate is the host's.
		link ws "wss://localhost:$secure/ws/fragments" "${through[@]}" --units 1
		[ "$(units)" = "one two three" ]
		link ws "wss://localhost:$secure/ws/flood" "${through[@]}" --pause-every 900 --pause 2
		[ "$(units | cut -d' ' -f1)" = "$(seq 0 29999)" ]
		link ws "wss://127.0.0.1:$secure/ws/fragments" "${through[@]}"
		[ "$output" = '{"end":"unreachable","reason":"tls: IP address mismatch"}' ]
	done
	link sse /sse/many --proxy "http://127.0.0.1:$http" "${login[@]}"
	[ "$(units)" = "$(seq 0 4999)" ]
	link sse /sse/many --proxy "socks5h://127.0.0.1:$socks" --pause-every 9 --pause 1
	[ "$(units)" = "$(seq 0 4999)" ]
	# They went there for us.
	[ "$(grep -c 'CONNECT 127.0.0.1:' "$T/tiny.log")" -gt 8 ]
}

@test "a proxy that fails says so" {
	start_http_proxy 'BasicAuth ann hush'
	start_socks_proxy -u ann -P hush
	serve
	closed=$(free_port)
	fails() { # PROXY REASON [OPTION VALUE]...
		local proxy=$1 want=$2
		shift 2
		link ws "ws://127.0.0.1:${to:-$port}/ws/fragments" --proxy "$proxy" "$@"
		[ "$(jq -r '"\(.end) \(.reason)"' <<<"$output")" = "$want" ] || {
			echo "$output, not $want" >&2
			return 1
		}
	}
	fails "http://127.0.0.1:$closed" "unreachable proxy: Connection refused"
	fails "socks5://127.0.0.1:$closed" "unreachable proxy: Connection refused"
	fails "http://127.0.0.1:$http" "unreachable proxy: it wants other credentials"
	fails "socks5://127.0.0.1:$socks" "unreachable proxy: it wants other credentials"
	fails "ftp://127.0.0.1:1" "unreachable proxy: no such proxy can be"
	fails "http://192.168.0.1:1" "unreachable proxy: address is private"
	login=(--proxy-user ann --proxy-password hush)
	to=$closed
	fails "http://127.0.0.1:$http" "unreachable no route: it does not connect us" "${login[@]}"
	fails "socks5://127.0.0.1:$socks" "unreachable no route: connection refused" "${login[@]}"
}

# The texts of PRIVMSG lines.
said() { units | sed -n 's/^[^ ]* *[^ ]* *PRIVMSG [^ ]* ://p'; }

@test "IRC is joined and read, over TCP and in a WebSocket" {
	serve
	for kind in irc: ircws:/ws/irc/; do
		link "${kind%%:*}" "${kind#*:}" --channel '#talk' --units 3
		[ "$(units | tail -n 2)" = '@id=1;display-name=A\sB :a!a@x PRIVMSG #talk :hello
:b!b@x PRIVMSG #talk :a colon: here' ]
		# Registration: capabilities, nick, and a PING in between.
		link "${kind%%:*}" "${kind#*:}" --channel '#said' --units 2 \
			--pass oauth:x --nick Bot
		[ "$(units | tail -n 1)" = ":srv NOTICE #said :CAP LS 302 | PASS oauth:x | NICK Bot | USER Bot 0 * :Bot | CAP REQ :server-time message-tags twitch.tv/tags | PONG :cookie | CAP END | JOIN #said" ]
	done
	link irc "" --channel '#said' --units 2
	[[ "$output" =~ "NICK justinfan"[0-9]{5}" " ]]
	[[ "$output" != *PASS* ]]
}

@test "lines that are held back come later, over TCP and in a WebSocket" {
	serve
	for kind in irc: ircws:/ws/irc/; do
		link "${kind%%:*}" "${kind#*:}" --channel '#many' --units 3001 \
			--pause-every 11 --pause 1
		[ "$(units | sed -n 's/.*:\([0-9]*\)$/\1/p')" = "$(seq 0 2999)" ]
	done
	link irc "" --channel '#bare' --units 2
	[ "$(units | tail -n 1)" = ":a!a@x PRIVMSG #bare :bare newline" ]
}

# irc_ends CHANNEL NICK PASS OUTCOME REASON, in lines
irc_ends() {
	local channel nick pass outcome reason got args
	while read -r channel nick pass outcome reason; do
		args=(--open 700 --idle 400)
		[ "$channel" = - ] || args+=(--channel "$channel")
		[ "$nick" = - ] || args+=(--nick "$nick")
		[ "$pass" = - ] || args+=(--pass "$pass")
		link irc "" "${args[@]}"
		got=$(tail -n 1 <<<"$output" | jq -r '"\(.end) \(.reason)"')
		[ "$got" = "$outcome $reason" ] || {
			echo "$channel: $got, not $outcome $reason" >&2
			return 1
		}
		[[ "$output" != *hunter2* ]]
	done
}

@test "IRC ends with an outcome and a reason" {
	serve
	irc_ends <<-'END'
		#reconnect - - unreachable the server wants us to come back
		#error - - unreachable closed by the server: Closing Link: (too many)
		#gone - - unreachable broken transfer: closed by the server
		#long - - refused line of more than 16384 bytes
		#closed - - blocked #closed: Invite only
		#x - wrong blocked login refused: Login authentication failed
		#x nobody hunter2 blocked login refused: Password incorrect
		#x banned - blocked login refused: You are banned
		#x mute - timeout not open after 700 ms
		#x a:b,c - refused no such nick can be
		- - - refused no channel to join
	END
	link irc "" --channel '#dead' --idle 300
	[ "$(tail -n 1 <<<"$output" | jq -r .end)" = timeout ]
	# One who answers pings is alive; so is one whose nick was taken.
	link irc "" --channel '#idle' --idle 300 --units 2 --nick taken
	[ "$(units | tail -n 1)" = ":a!a@x PRIVMSG #idle :two pings" ]
	run "$PRINT" irc "irc://127.0.0.1:$port" --allow 10.0.0.1 --channel '#x'
	[ "$output" = '{"end":"refused","reason":"address is loopback"}' ]
}

@test "IRC over TLS" {
	certificate localhost
	serve --tls "$T/localhost.pem" "$T/localhost.key"
	link irc "ircs://localhost:$port" --ca "$T/localhost.pem" \
		--channel '#many' --units 3001 --pause-every 50 --pause 1
	[ "$(units | sed -n 's/.*:\([0-9]*\)$/\1/p')" = "$(seq 0 2999)" ]
	link irc "ircs://localhost:$port" --channel '#talk'
	[ "$output" = '{"end":"unreachable","reason":"tls: self-signed certificate"}' ]
}

@test "there are no more than so many links at a time" {
	serve
	kill "${daemons[0]}"
	wait_for gone "${daemons[0]}"
	link ws /ws/empty --links 4097
	[ "$(jq -r .end <<<"$output" | sort | uniq -c | sed 's/^ *//')" = \
		$'1 refused\n4096 unreachable' ]
	[[ "$output" == *'"more than 4096 streams"'* ]]
}
