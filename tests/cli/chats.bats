#!/usr/bin/env bats
# Chats, end to end: the simulator's rooms over each protocol, in order and
# once, whatever is dropped, killed or away; and who starts and stops them.

# shellcheck disable=SC2016,SC2034,SC2154 # conditions are evaluated later

load ../helpers

setup() {
	weir_setup
	export WEIR_DIR=$DIR
	PATH=$BIN:$PATH
	with_clock start_daemon sim --listen 127.0.0.1:0 --chat 127.0.0.1:0 --chat-every 0 --tick 0
	sim=http://$(sed -n 's/.*ready listen=\([^ ]*\).*/\1/p' "$T/sim.err")
	chat=$(sed -n 's/.* chat=\([^ ]*\).*/\1/p' "$T/sim.err")
}

teardown() { weir_teardown; }

until_true() { # CONDITION
	local end=$((SECONDS + 30))
	while ((SECONDS <= end)); do
		eval "$1" && return 0
		sleep 0.05
	done
	echo "waited in vain for: $1" >&2
	return 1
}

# Have ROOM say N more, or do what JSON members tell.
room() { # ROOM N|MEMBERS
	case $2 in
	[0-9]*) set -- "$1" "\"say\":$2" ;;
	esac
	curl -sS --max-time 20 -d "{\"room\":\"$1\",$2}" "$sim/control/chat" >/dev/null
}

peers() { curl -sS --max-time 20 "$sim/control/chat/$1" | jq ".$2"; }

scraper() {
	with_clock start_daemon scraper --dir "$DIR" --allow 127.0.0.1 --reconnect 20ms \
		--reconnect-max 200ms "$@"
	scraper=$daemon
}

kill_scraper() {
	kill -KILL "$scraper"
	wait "$scraper" || true
}

watch() { # ID URL MEMBERS-OF-CHAT
	echo "{\"id\":\"$1\",\"url\":\"$2\",\"kind\":\"chat\",\"every\":\"500ms\",\"chat\":{$3}}" |
		pub --type watch.set
}

# Ids of the messages of a stream, in the order of the journal.
ids() { log "chat.message/$1" | jq -r .data.id; }
count() { log "chat.message/$1" | wc -l; }
state() { log --last "scraper.status/$1" | jq -r .data.state; }
# ROOM-FROM to ROOM-TO, once each and in order.
exactly() { # STREAM ROOM FROM TO
	ids "$1" | cmp - <(seq "$3" "$4" | sed "s/^/$2-/")
}

protocols() { # MEMBERS: each protocol as a stream of a room of its own name
	watch poll "http://$chat/chat/poll/messages?since={since:0}" "\"protocol\":\"poll\",\"since\":\"next\""
	watch sse "http://$chat/chat/sse/sse" '"protocol":"sse"'
	watch ws "ws://$chat/chat/ws/ws?join=yes" '"send":[{"type":"join"}]'
	watch irc "irc://$chat" '"channels":["#irc"]'
	watch ircws "ws://$chat/irc" '"protocol":"irc","channels":["#ircws"]'
}

all='poll sse ws irc ircws'

@test "each protocol: in order and once, through drops" {
	start_store
	scraper
	protocols
	for s in $all; do until_true "[ \"\$(state $s)\" = live ]"; done
	for s in $all; do room $s 10; done
	for s in $all; do until_true "[ \"\$(count $s)\" -ge 10 ]"; done
	for s in $all; do exactly $s $s 1 10; done
	log chat.message/irc | jq -e -s 'all(.data | .platform and .username and .message and .sent)'
	# Thrown out again and again. What IRC does not repeat is not waited for.
	for n in 1 2 3; do
		for s in $all; do room $s '"drop":true'; done
		for s in ws sse irc ircws; do
			until_true "[ \"\$(peers $s peers)\" = 1 ]"
		done
		for s in $all; do room $s 5; done
		for s in $all; do until_true "[ \"\$(count $s)\" -ge $((10 + 5 * n)) ]"; done
	done
	for s in $all; do exactly $s $s 1 25; done
}

@test "killed at any moment: what was told is not told again" {
	start_store
	scraper
	watch ws "ws://$chat/chat/ws/ws" ''
	watch bare "ws://$chat/chat/bare/ws?ids=no" ''
	room ws '"backlog":1000'
	room bare '"backlog":1000'
	for n in 1 2 3 4 5 6; do
		room ws 50
		room bare 50
		[ $((n % 2)) = 0 ] || until_true "[ \"\$(count ws)\" -ge $((50 * n - 40)) ]"
		kill_scraper
		scraper
	done
	until_true '[ "$(count ws)" -ge 300 ]'
	until_true '[ "$(count bare)" -ge 300 ]'
	room ws 1
	room bare '"user":"zoe","text":"the end"'
	until_true '[ "$(count ws)" -ge 301 ]'
	until_true 'log --last chat.message/bare | grep -q "the end"'
	exactly ws ws 1 301
	# Without ids it is the words that tell, and many of them are equal.
	curl -sS "http://$chat/chat/bare/messages?since=0&limit=1000" | jq -r '.messages[].text' >"$T/want"
	log chat.message/bare | jq -r .data.message | diff - "$T/want"
	[ "$(ids bare | sort -u | wc -l)" -eq 301 ]
}

@test "while the store is away nothing is lost; a burst is taken whole" {
	start_store
	scraper
	watch ws "ws://$chat/chat/ws/ws" ''
	until_true '[ "$(state ws)" = live ]'
	kill_store
	room ws '"backlog":4000'
	for n in 1 2 3; do room ws 100; done
	room ws '"drop":true'
	room ws 3000
	until_true '[ "$(peers ws visits)" -ge 2 ]'
	# What it has is in its ledger, not in the store.
	until_true '[ "$(peers ws peers)" = 1 ]'
	start_store
	room ws 5000
	until_true '[ "$(count ws)" -ge 8300 ]'
	exactly ws ws 1 8300
	# A backlog that is longer than what is remembered.
	kill_scraper
	room ws 10
	scraper
	until_true '[ "$(count ws)" -ge 8310 ]'
	room ws '"drop":true'
	room ws 10
	until_true '[ "$(count ws)" -ge 8320 ]'
	exactly ws ws 1 8320
}

@test "when too much waits for the store, streams are paused, and go on" {
	start_store
	scraper
	for s in $(seq 14); do watch "s$s" "ws://$chat/chat/s$s/ws" ''; done
	for s in $(seq 14); do until_true "[ \"\$(state s$s)\" = live ]"; done
	kill_store
	for s in $(seq 14); do room "s$s" 8000; done
	until_true 'grep -q "streams are paused" "$T/scraper.err"'
	for s in $(seq 14); do room "s$s" 10; done
	start_store
	until_true 'grep -q "streams go on" "$T/scraper.err"'
	for s in $(seq 14); do until_true "[ \"\$(ids s$s | tail -n 1)\" = s$s-8010 ]"; done
	for s in $(seq 14); do exactly "s$s" "s$s" 1 8010; done
	[ "$(log scraper.status/ | jq -r .data.state | grep -cx paused)" -gt 0 ]
	until_true "[ \"\$(state s1)\" = live ]"
}

@test "a backlog is marked, a gap is told" {
	start_store
	scraper
	room poll '"backlog":3'
	room poll 10
	ahead 6 # clocks differ by less
	watch poll "http://$chat/chat/poll/messages" '"protocol":"poll"'
	until_true '[ "$(count poll)" -ge 3 ]'
	room poll 2
	until_true '[ "$(count poll)" -ge 5 ]'
	exactly poll poll 8 12
	log chat.message/poll | jq -s -e 'map(.data.backlog) == [true, true, true, null, null]'
	log --last scraper.status/poll | jq -e '.data.gap == null'
	# More than its window while nobody looks.
	kill_scraper
	room poll 50
	scraper
	until_true 'log --last scraper.status/poll | jq -e .data.gap >/dev/null'
	exactly poll poll 8 12 || [ "$(ids poll | tail -n 1)" = poll-62 ]
}

@test "by event, command and rule: what was said last holds, and survives" {
	start_store
	scraper
	start_daemon alerter --dir "$DIR"
	watch ws "ws://$chat/chat/ws/ws" ''
	until_true '[ "$(state ws)" = live ]'
	echo '{}' | pub --type session.stop --subject ws
	until_true '[ "$(state ws)" = stopped ]'
	[ "$(peers ws peers)" = 0 ]
	kill_scraper
	scraper
	until_true 'grep -q "streams=1" "$T/scraper.err"'
	room ws 3
	echo '{}' | pub --type session.start --subject ws
	until_true '[ "$(count ws)" -ge 3 ]'
	# By its name, or as a whole.
	weir stream stop ws
	until_true '[ "$(state ws)" = stopped ]'
	weir stream start room2 "ws://$chat/chat/two/ws" platform=twitch
	until_true '[ "$(state room2)" = live ]'
	weir stream list | jq -s -e 'map({(.id): .last.state}) | add == {"ws": "stopped", "room2": "live"}'
	log --last watch.set/room2 | jq -e '.data.chat.platform == "twitch" and .cause'
	run weir stream start nobody
	[ "$status" -eq 1 ]
	# A rule has its reasons.
	pub --type rule.set <<<'{"id":"cheap","on":"price.update/","target":"10","start":"ws","stop":"room2"}'
	pub --type price.update --subject i <<<'{"item":{"id":"i"},"price":"20","currency":"USD"}'
	pub --type price.update --subject i <<<'{"item":{"id":"i"},"price":"9","currency":"USD"}'
	until_true '[ "$(state ws)" = live ]'
	until_true '[ "$(state room2)" = stopped ]'
	log session.start/ws | tail -n 1 | jq -e '.data.reason == "rule cheap" and .cause'
	# What is not there says so.
	echo '{}' | pub --type session.start --subject nobody
	until_true '[ "$(state nobody)" = failed ]'
	grep -q 'stream nobody: there is no chat of that id' "$T/scraper.err"
}

@test "by API and by the old path" {
	start_both
	scraper
	api=$url/api/v1/sessions
	[ "$(status -X PUT "$api/a")" = 404 ]
	[ "$(status -X PUT -d '{"url":"http://x/","chat":{"protocol":"irc"}}' -H 'Content-Type: application/json' "$api/a")" = 400 ]
	[ "$(status -X PUT -d "{\"url\":\"ws://$chat/chat/a/ws\"}" -H 'Content-Type: application/json' "$api/a")" = 202 ]
	until_true '[ "$(state a)" = live ]'
	[ "$(status -X DELETE "$api/a")" = 204 ]
	until_true '[ "$(state a)" = stopped ]'
	[ "$(status -X PUT "$api/a")" = 202 ]
	until_true '[ "$(state a)" = live ]'
	[ "$(status "$api/a")" = 405 ]
	body="{\"streamId\":\"b\",\"streamUrl\":\"ws://$chat/chat/b/ws\",\"platform\":\"tiktok\"}"
	get -H 'Content-Type: application/json' -d "$body" "$url/api/start-monitoring" | jq -e .success
	room b 2
	until_true '[ "$(count b)" -ge 2 ]'
	log chat.message/b | jq -s -e 'all(.data.platform == "tiktok")'
	get -H 'Content-Type: application/json' -d '{"streamId":"b"}' "$url/api/stop-monitoring" | jq -e .success
	until_true '[ "$(state b)" = stopped ]'
}

@test "a stream that the server ended is over, until it is started again" {
	start_store
	scraper
	watch poll "http://$chat/chat/poll/messages" '"protocol":"poll"'
	watch sse "http://$chat/chat/sse/sse" '"protocol":"sse"'
	room poll 1
	room sse 1
	for s in poll sse; do
		until_true "[ \"\$(count $s)\" -ge 1 ]"
		room $s '"end":true'
		until_true "[ \"\$(state $s)\" = ended ]"
		log --last scraper.status/$s | jq -e '.data.running | not'
		room $s '"end":false'
	done
	kill_scraper
	scraper
	until_true 'grep -q "streams=2" "$T/scraper.err"'
	echo '{}' | pub --type session.start --subject sse
	until_true '[ "$(state sse)" = live ]'
	[ "$(state poll)" = ended ]
}

@test "a poll that brings what nobody can read is not live, until it brings a list" {
	mkdir "$T/www"
	echo '<!doctype html><title>Log in</title><p>Who are you?' >"$T/www/list"
	PYTHONUNBUFFERED=1 python3 -m http.server -b 127.0.0.1 -d "$T/www" 0 >"$T/port" 2>"$T/asked" 3>&- &
	daemons+=("$!")
	wait_for grep -q 'port [0-9]' "$T/port"
	start_store
	scraper
	watch p "http://127.0.0.1:$(sed 's/.* port \([0-9]*\).*/\1/' "$T/port")/list" '"protocol":"poll"'
	until_true '[ "$(state p)" = waiting ]'
	until_true '[ "$(grep -c "GET /list" "$T/asked")" -ge 4 ]'
	# Told once, however often it is tried, and at no time as live.
	log scraper.status/p | jq -es 'map(select(.data.per_minute == null) | .data)
		| (map(.state) | unique | index("live") == null and (map(select(. == "waiting")) | length == 1))
		and last.outcome == "parse-fail" and last.reason and last.next'
	log --last scraper.status/p | jq -e '.data.state == "waiting"'
	# Without times: only when we came says what was there before.
	jq -n '{messages: [{id: ("a", "b", "c"), username: "ann", message: "hello"}]}' >"$T/www/new"
	mv "$T/www/new" "$T/www/list"
	until_true '[ "$(state p)" = live ]'
	log --last scraper.status/p | jq -e '.data | has("outcome") or has("gap") | not'
	# That it was there before us holds as if we had never read the other.
	log chat.message/p | jq -es 'length == 3 and all(.data.backlog)'
	# And back, once it was live.
	echo '<p>Gone fishing' >"$T/www/new"
	touch -d '1 minute' "$T/www/new" # what changes within a second is 304
	mv "$T/www/new" "$T/www/list"
	until_true '[ "$(state p)" = waiting ]'
	log --last scraper.status/p | jq -e '.data.outcome == "parse-fail" and .data.next'
}

@test "what is for one host is not sent to where it redirects" {
	start_store
	scraper --allow ::1
	mkdir -p "$DIR/secrets"
	(umask 077 && echo hush >"$DIR/secrets/key")
	to=$sim/redirect-to?url=http://localhost:${sim##*:}/hook
	for how in poll sse; do
		for id in $how bare-$how; do
			jq -nc --arg id "$id" --arg url "$to/$id" --arg how "$how" \
				'{$id, $url, kind: "chat", chat: {protocol: $how}}
				+ if $id == $how then {headers: {"X-Key": {file: "key"}}} else {} end'
		done
	done | pub --type watch.set
	total() { curl -sS "$sim/control/hook/$1" | jq .total; }
	for how in poll sse; do
		until_true "[ \"\$(total bare-$how)\" -ge 1 ]"
		until_true "[ \"\$(state $how)\" = waiting ] || [ \"\$(state $how)\" = failed ]"
		log --last scraper.status/$how | jq -e '.data.outcome == "http-error"'
		[ "$(total $how)" -eq 0 ]
	done
}

@test "a chat that cannot be says why, and nobody else suffers" {
	start_store
	scraper
	watch good "ws://$chat/chat/good/ws" ''
	watch private "ws://192.168.0.1/" ''
	watch secret "ws://$chat/chat/x/ws" '"send":[{"file":"none"}]'
	room good 1
	until_true '[ "$(count good)" -ge 1 ]'
	until_true '[ "$(state private)" = failed ]'
	log --last scraper.status/private | jq -e '.data.outcome == "refused" and .data.next'
	until_true 'log --last observation.change/secret | jq -e ".data.outcome == \"refused\"" >/dev/null'
	run pub --type watch.set <<<'{"id":"x","url":"http://x/","kind":"chat","every":"100ms"}'
	[ "$status" -ne 0 ]
	[[ $output == *500ms* ]]
}

@test "that a chat which must be fresh is live is told each minute" {
	start_store
	scraper
	echo "{\"id\":\"ws\",\"url\":\"ws://$chat/chat/ws/ws\",\"fresh\":\"10m\"}" | pub --type watch.set
	watch other "ws://$chat/chat/other/ws" ''
	until_true '[ "$(state ws)" = live ]'
	until_true '[ "$(state other)" = live ]'
	ahead 61
	room ws 1 # which wakes it
	until_true '[ -n "$(log observation.summary)" ]'
	log observation.summary | jq -es 'map(.data.seen) | add | unique == ["ws"]'
}

@test "several channels of one stream are told apart" {
	python3 "$BATS_TEST_DIRNAME/../helpers/chatty.py" >"$T/port" 3>&- &
	daemons+=("$!")
	wait_for test -s "$T/port"
	start_store
	scraper
	watch irc "irc://127.0.0.1:$(cat "$T/port")" '"channels":["#one","#two"]'
	until_true 'log chat.message/irc | grep -q "still here"'
	log chat.message/irc | jq -r '.data | "\(.channel) \(.message)"' | diff - <(
		for _ in 1 2 3; do printf '%s\n' '#two the same' '#one the same'; done
		echo '#two still here'
	)
	# One that is closed to us does not end the other.
	[ "$(state irc)" = live ]
	watch talk "irc://127.0.0.1:$(cat "$T/port")" '"channels":["#talk"]'
	until_true '[ "$(count talk)" -ge 2 ]'
	log chat.message/talk | jq -es 'all(.data | has("channel") | not)'
}

@test "a page that is a stream of events says so at once, and what to do" {
	echo "{\"id\":\"w\",\"kind\":\"page\",\"url\":\"http://$chat/chat/quiet/sse\"}" >"$T/w.jsonl"
	"$BIN/weir-scraper" -1 -w "$T/w.jsonl" -o - --allow 127.0.0.1 2>"$T/err" >"$T/out" || true
	jq -es 'map(select(.type == "observation.change")) | .[0].data
		| .outcome == "refused" and (.reason | test("as a chat, with .protocol.:.sse."))' "$T/out"
}
