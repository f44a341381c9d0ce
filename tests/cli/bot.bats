#!/usr/bin/env bats
# weir-bot with a real store, and a Bot API that checks what it is sent.

load ../helpers

ana=4001 bob=4002 carol=4003

setup() {
	weir_setup
	cd "$T"
	start_store
	python3 "$BATS_TEST_DIRNAME/../helpers/botapi.py" --log api.jsonl >api.url 3>&- &
	daemons+=("$!")
	wait_for test -s api.url
	api=$(cat api.url)
	(umask 077 && echo 4711:abcdefghijklmnopqrstuvwxyz >token)
	cat >weir.conf <<-END
		[bot]
		token-file = $T/token
		base-url = $api
		allow = $ana admin ana
		allow = $bob editor bob
		allow = $carol reader
		allow = -77 reader
		poll = 1s
	END
}

teardown() { weir_teardown; }

start_bot() {
	start_daemon bot --dir "$DIR" --config "$T/weir.conf" "$@"
	bot=$daemon
}

kill_bot() {
	kill -KILL "$bot"
	wait "$bot" || true
}

post() { curl -sf --max-time 10 --data-binary "$2" "$api/$1"; }

# tell WHO TEXT [MORE-OF-THE-MESSAGE]: somebody writes to the bot.
tell() {
	post say "$(jq -cn --argjson id "$1" --arg text "$2" --argjson more "${3:-{\}}" \
		'{message: ({message_id: 1, from: {id: $id}, chat: {id: $id, type: "private"}, text: $text} + $more)}')" >/dev/null
}

# press WHO DATA: a button.
press() {
	post say "$(jq -cn --argjson id "$1" --arg data "$2" \
		'{callback_query: {id: "p1", from: {id: $id}, data: $data, message: {message_id: 9, chat: {id: $id, type: "private"}}}}')" >/dev/null
}

# answers WHO: what they were sent, one JSON a line.
answers() { jq -c "select(.chat == $1)" api.jsonl; }

# said WHO WORDS: they were sent a message with these words.
said() { answers "$1" | jq -r .text | grep -qF -- "$2"; }

# ask WHO TEXT WORDS: and wait for the answer.
ask() {
	tell "$1" "$2"
	wait_for said "$1" "$3"
}

no_refusals() { ! grep refused api.jsonl; }

# watch ID [MORE]: one that is set, as somebody else would.
watch() {
	jq -cn --arg id "$1" --argjson more "${2:-{\}}" \
		'{type: "watch.set", subject: $id, data: ({url: ("http://shop.example/" + $id)} + $more)}' | pub
}

# cost ITEM SOURCE PRICE: a price is seen.
cost() {
	jq -cn --arg i "$1" --arg s "$2" --arg p "$3" \
		'{type: "price.update", subject: $i, data: {watch: $i, item: {id: $i, name: "Lamp & Co"}, price: $p, currency: "EUR", source: $s}}' | pub
}

@test "help, version, and what is wrong with its settings" {
	run --separate-stderr "$BIN/weir-bot" --help
	[ "$status" -eq 0 ]
	[[ $output == *--token-file* ]]
	run "$BIN/weir-bot" --version
	[ "$status" -eq 0 ]
	run "$BIN/weir-bot" --config weir.conf --check-config
	[ "$status" -eq 0 ]
	refused() { # LINE WORDS
		{
			cat weir.conf
			echo "$1"
		} >bad.conf
		run --separate-stderr "$BIN/weir-bot" --config bad.conf --check-config
		[ "$status" -eq 78 ]
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == *"$2"* ]]
	}
	refused 'allow = ana admin' 'not ID ROLE'
	refused 'allow = 12 boss' 'reader, editor or admin'
	refused 'allow = 12 admin a/b' 'no id'
	refused 'allow = 12 admin a b' 'too many words'
	refused "allow = $ana reader" 'twice'
	refused 'lookup = bike' 'not KIND FILE'
	refused 'lookup = bike missing.json' 'missing.json'
	echo '{"url":"http://shop.example/"}' >no.json
	refused 'lookup = bike no.json' '{query}'
	refused 'zone = Nowhere/Land' 'zone'
	refused 'base-url = ftp://x' 'base-url'
	chmod 644 token
	refused '' 'token'
	run "$BIN/weir-bot" --dir "$DIR" --config /dev/null
	[ "$status" -eq 78 ]
}

@test "a stranger gets one polite line; in a group nobody is interrupted" {
	start_bot
	tell 99 /watches
	tell 99 "hello?"
	post say '{"message":{"message_id":1,"from":{"id":99},"chat":{"id":-5,"type":"group"},"text":"/watches"}}' >/dev/null
	post say '{"message":{"message_id":1,"from":{"id":98},"chat":{"id":-77,"type":"group"},"text":"good morning"}}' >/dev/null
	post say '{"message":{"message_id":1,"from":{"id":98},"chat":{"id":-77,"type":"group"},"text":"/watches@weir_bot"}}' >/dev/null
	wait_for said -77 'Nothing is watched'
	ask $ana /help /addwatch
	[ "$(answers 99 | wc -l)" = 1 ]
	said 99 'Your number is 99'
	[ "$(answers -5 | wc -l)" = 0 ]
	[ "$(answers -77 | wc -l)" = 1 ]
	no_refusals
}

@test "roles: who may what, and what is not known is guessed" {
	watch lamp
	start_bot
	ask $carol '/remove lamp' 'may look'
	ask $carol /watches lamp
	ask $carol /help /price
	! said $carol /addwatch
	ask $ana /wacthes 'is it /watches?'
	ask $ana /xyzzy '/help lists them'
	ask $ana 'lamp?' 'begins with a slash'
	[ "$(log watch.set/ | wc -l)" = 1 ]
	no_refusals
}

@test "a watch is added by its link, and its first price is told" {
	start_bot
	ask $bob '/addwatch' 'LINK'
	ask $bob '/addwatch shop.example/lamp' 'A link, please'
	ask $bob '/addwatch http://shop.example/lamp cheap' 'price to wait for'
	ask $bob '/addwatch http:///lamp' 'cannot be'
	ask $bob '/addwatch http://shop.example/lamp 80 EUR' 'Watching shop.example_lamp'
	log watch.set/ | jq -es 'length == 1 and (.[0] | .data.item.target == "80"
		and .data.item.currency == "EUR" and .actor == "telegram/4002"
		and (.update | startswith("4711/")))'
	cost shop.example_lamp shop.example 79.90
	wait_for said $bob 'Lamp & Co: 79.90 EUR'
	cost shop.example_lamp shop.example 78.90
	ask $bob '/addwatch http://shop.example/lamp' 'already'
	! said $bob 78.90
	# One that cannot be read is told, too.
	ask $bob '/addwatch http://shop.example/gone' 'Watching shop.example_gone'
	echo '{"type":"observation.change","subject":"shop.example_gone","data":{"watch":"shop.example_gone","source":"shop.example","outcome":"http-error","reason":"404"}}' | pub
	wait_for said $bob 'could not be read: http-error (404)'
	no_refusals
}

@test "lists, prices, targets, pauses; what is removed comes back" {
	watch lamp '{"item":{"id":"lamp","name":"Lamp & Co","target":"70"}}'
	watch chair
	cost lamp a.example 79.90
	cost lamp b.example 69.90
	start_bot
	ask $ana /watches 'Lamp & Co 69.90 EUR, target 70 · lamp'
	said $ana chair
	ask $ana '/price LAMP' '69.90 EUR at b.example'
	ask $ana '/price table' 'No watch is called table'
	ask $ana '/price chair' 'no price yet'
	ask $ana '/settarget lamp 60.50 EUR' 'told at 60.50 EUR or less'
	log --reverse -n 1 watch.set/lamp | jq -e '.data.item.target == "60.50" and .data.item.name == "Lamp & Co"'
	ask $ana '/settarget Lamp Co 61' 'told at 61 or less'
	ask $ana '/settarget Lamp Co 60.50 EUR' 'told at 60.50 EUR or less'
	ask $ana '/settarget lamp cheap' '/settarget WATCH PRICE'
	ask $ana '/settarget lamp -5' 'That cannot be'
	ask $ana '/pause lamp' 'is paused'
	log --reverse -n 1 watch.set/lamp | jq -e '.data.enabled == false'
	ask $ana '/resume lamp' 'watched again'
	log --reverse -n 1 watch.set/lamp | jq -e '.data | has("enabled") | not'
	ask $ana '/update lamp' 'Looking at Lamp & Co now'
	[ "$(log watch.poll/lamp | wc -l)" = 1 ]
	ask $ana /update 'Looking at 2 watches'
	[ "$(log watch.poll/ | wc -l)" = 3 ]
	ask $ana '/remove lamp' 'not watched any more'
	log --reverse -n 1 watch.set/lamp | jq -e '.data == null'
	answers $ana | tail -n 1 | jq -e '.buttons[0].text == "Undo"'
	press $ana b:lamp
	wait_for grep -q 'Watched again' api.jsonl
	log --reverse -n 1 watch.set/lamp | jq -e '.data.item.target == "60.50"'
	press $ana b:lamp
	wait_for grep -q 'undone already' api.jsonl
	# What was set since then is nothing to be undone.
	ask $ana '/remove chair' 'chair is not watched any more'
	watch chair '{"every":"2h","item":{"name":"Armchair"}}'
	heard() {
		tell $ana /watches
		sleep 0.2
		said $ana Armchair
	}
	wait_for heard
	press $ana b:chair
	wait_for eval '[ "$(grep -c "undone already" api.jsonl)" = 2 ]'
	log --reverse -n 1 watch.set/chair | jq -e '.data.every == "2h"'
	no_refusals
}

@test "what follows at once builds on what was just changed" {
	watch lamp
	start_bot
	ask $ana /watches lamp
	stop_daemon "$bot"
	tell $ana '/settarget lamp 60 EUR'
	tell $ana '/pause lamp'
	tell $ana '/addwatch http://shop.example/chair'
	tell $ana '/remove shop.example_chair'
	start_bot
	wait_for said $ana 'is not watched any more'
	log --reverse -n 1 watch.set/lamp | jq -e '.data.item.target == "60" and .data.enabled == false'
	no_refusals
}

@test "more watches than one message holds have a button for more" {
	for i in $(seq -w 45); do
		jq -cn --arg i "w$i" '{type: "watch.set", subject: $i, data: {url: ("http://shop.example/" + $i)}}'
	done | pub
	start_bot
	ask $ana /watches w20
	! said $ana w21
	data=$(answers $ana | jq -r '.buttons[0].callback_data')
	press $ana "$data"
	wait_for said $ana w40
	press $ana "$(answers $ana | tail -n 1 | jq -r '.buttons[0].callback_data')"
	wait_for said $ana w45
	no_refusals
}

@test "what others set and it cannot read, it passes over" {
	watch lamp
	# A peer of the bus that does not look at what it sends.
	send() {
		"$HELPERS/control" "ipc://$DIR/run/ingest" "$1" \
			"weir/old/$2 1 2026-11-20T21:00:00.000000Z - - - -" "$3"
	}
	send watch.set/bad a '{"url":"nothing"}'
	send search.set/bad b '{"keywords":7}'
	set_badly() { [ "$(log watch.set/bad search.set/bad | wc -l)" = 2 ]; }
	wait_for set_badly
	start_bot
	ask $ana /watches lamp
	ask $ana '/price bad' 'No watch is called bad'
	ask $ana /searches 'Nothing is looked for'
	alive "$bot"
}

@test "the history is a picture" {
	watch lamp
	cost lamp a.example 79.90
	cost lamp a.example 69.90
	start_bot
	tell $ana '/history lamp 90d'
	wait_for grep -q sendPhoto api.jsonl
	answers $ana | jq -e '.text == "lamp, the last 90d" and .bytes > 2000'
	watch chair
	ask $ana '/history chair' 'no price to draw'
	no_refusals
}

@test "what has a name is looked up, offered, and watched by a button" {
	mkdir www
	cat >www/search.html <<-END
		<ul><li><a href="/omega1">Omega &lt;1&gt;</a><span>4100 EUR</span></li>
		<li><a href="/omega2">Omega 2</a><span>3900 EUR</span></li></ul>
	END
	python3 -u -m http.server --bind 127.0.0.1 --directory www 0 >www.log 2>&1 3>&- &
	daemons+=("$!")
	wait_for grep -q 'http://' www.log
	shop=$(sed -n 's,.*\(http://[0-9.:]*\).*,\1,p' www.log)
	echo '{"url":"'"$shop"'/search.html?q={query}","kind":"html","robots":"ignore",
		"extract":{"items":{"css":"li"},"fields":{"title":{"css":"a"},"link":{"css":"a","attr":"href"},"price":{"css":"span"}}}}' >watch.json
	cat >>weir.conf <<-END
		lookup = watch $T/watch.json
		[scraper]
		allow = 127.0.0.0/8
	END
	start_bot
	tell $ana '/addwatch Omega Seamaster/300'
	wait_for said $ana 'Which one shall be watched?'
	grep -q 'q=Omega%20Seamaster%2F300' www.log
	answers $ana | tail -n 1 | jq -e '[.buttons[].text] == ["Omega <1> – 4100 EUR", "Omega 2 – 3900 EUR"]'
	data=$(answers $ana | tail -n 1 | jq -r '.buttons[1].callback_data')
	press $ana "$data"
	wait_for said $ana 'Watching Omega 2'
	log watch.set/ | jq -e --arg u "$shop/omega2" '.data.url == $u and .data.item.kind == "watch"'
	press $ana f:0000000000000000:1
	wait_for grep -q 'too long ago' api.jsonl
	no_refusals
}

@test "searches, silences and acknowledgements are one's own" {
	watch lamp
	start_bot
	ask $bob '/search' 'WORDS'
	ask $bob '/search blue bike < 300 EUR' 'each new ad with blue bike'
	log search.set/ | jq -e '.data.user == "bob" and .data.keywords == ["blue","bike"] and
		.data.price.max == "300" and .data.currency == "EUR"'
	ask $bob /searches 'blue bike < 300 EUR'
	ask $carol /searches 'Nothing is looked for'
	ask $ana /searches 'blue bike < 300 EUR'
	press $carol "$(answers $bob | tail -n 1 | jq -r '.buttons[0].callback_data')"
	wait_for grep -q 'may not do that' api.jsonl
	press $bob "$(answers $bob | tail -n 1 | jq -r '.buttons[0].callback_data')"
	wait_for grep -q 'Forgotten' api.jsonl
	log --reverse -n 1 search.set/ | jq -e '.data == null'

	ask $bob '/silence lamp 8h' 'Silence for 8h about lamp'
	log silence.set/ | jq -e '.data.user == "bob" and .data.pattern == "alert.new/shop.example_lamp/" or .data.pattern == "alert.new/lamp/"'
	ask $bob '/silence' '/silence [WATCH] TIME'
	ask $bob '/silence 1d' 'Silence for 1d.'

	alert() { # ID USER
		jq -cn --arg id "$1" --arg user "$2" '{type: "alert.new", subject: ("lamp/" + $id),
			data: {id: $id, rule: "r", user: $user, message: ("alert " + $id)}}' | pub
	}
	alert a1 bob
	alert a2 ana
	ask $bob /ack 'Acknowledged: alert a1'
	log alert.ack/ | jq -e '.subject == "a1" and .data.user == "bob"'
	tell $ana /ack '{"reply_to_message":{"message_id":3,"reply_markup":{"inline_keyboard":[[{"text":"Acknowledge","callback_data":"ack:a1"}]]}}}'
	wait_for said $ana 'Acknowledged: alert a1'
	press $bob ack:a2
	wait_for grep -q "somebody else's" api.jsonl
	ask $bob '/ack a2' "somebody else's"
	press $bob day:a1
	wait_for grep -q 'Silence for a day' api.jsonl
	log --reverse -n 1 silence.set/ | jq -e '.data.pattern == "alert.new/lamp/a1"'
	no_refusals
}

@test "others' searches may be very many" {
	jq -cn 'range(20000) | {type: "search.set", subject: "x.\(.)", data: {user: "zed", keywords: ["w\(.)"]}}' | pub
	start_bot
	ask $bob /searches 'Nothing is looked for'
	ask $ana /searches 'lists more'
	more=$(answers $ana | jq -r .text | tail -n 1 | sed 's/ lists more.//')
	tell $ana "$more"
	seen() { [ "$(answers $ana | jq -r '.buttons[].callback_data' | sort -u | wc -l)" = 20 ]; }
	wait_for seen
	no_refusals
}

@test "what Telegram asks for is waited for, what it refuses is let go" {
	start_bot
	post script '{"method":"sendMessage","status":429,"body":{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 1","parameters":{"retry_after":1}}}' >/dev/null
	ask $ana /watches 'Nothing is watched'
	post script '{"method":"sendMessage","status":500,"body":{"ok":false}}' >/dev/null
	ask $ana '/price x' 'No watch is called'
	post script '{"method":"sendMessage","status":403,"body":{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}}' >/dev/null
	tell $bob /watches
	ask $ana /help /addwatch
	wait_for grep -q 'not sent: Forbidden' "$T/bot.err"
	[ "$(answers $bob | wc -l)" = 0 ]
	post script '{"method":"getUpdates","status":502,"body":{},"times":2}' >/dev/null
	ask $ana /status watched
	! grep -q abcdefghij "$T/bot.err"
}

@test "many long messages do not stop it" {
	python3 - "$api" <<-'END'
		import json, sys, urllib.request
		text = 'я' * 4096
		for i in range(100):
		    update = {'message': {'message_id': 1, 'from': {'id': 99}, 'chat': {'id': 99, 'type': 'private'},
		                          'text': text, 'reply_to_message': {'message_id': 2, 'text': text}}}
		    urllib.request.urlopen(sys.argv[1] + '/say', json.dumps(update).encode()).read()
	END
	start_bot
	ask $ana /watches 'Nothing is watched'
	said 99 'Your number is 99'
}

@test "killed at any moment, each command has its effect once" {
	start_bot
	for i in $(seq 40); do
		tell $ana "/addwatch http://shop.example/w$i $i"
		if [ $((i % 4)) = 0 ]; then
			kill_bot
			start_bot
		fi
	done
	answered() { [ "$(answers $ana | jq -r .text | sort -u | grep -c Watching)" = 40 ]; }
	wait_for answered
	[ "$(log watch.set/ | jq -r .subject | sort | uniq -c | awk '$1 != 1' | wc -l)" = 0 ]
	[ "$(log watch.set/ | wc -l)" = 40 ]
	no_refusals
}

@test "a chat that cannot be written to holds no other one" {
	post script '{"method":"sendMessage","chat":'$bob',"status":500,"body":{"ok":false},"times":100000}' >/dev/null
	for i in $(seq 70); do
		tell $bob /price
	done
	start_bot
	ask $ana '/price table' 'No watch is called table'
	# A group has had its 20 messages in this minute.
	post script '{"method":"sendMessage","chat":-77,"status":429,"body":{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 40","parameters":{"retry_after":40}}}' >/dev/null
	post say '{"message":{"message_id":1,"from":{"id":98},"chat":{"id":-77,"type":"group"},"text":"/watches"}}' >/dev/null
	wait_for grep -q 'chat -77: not sent yet' "$T/bot.err"
	ask $ana '/price chair' 'No watch is called chair'
}

@test "without its ledger it does not serve again what the journal tells of" {
	start_bot
	ask $ana '/addwatch http://shop.example/w1' 'Watching'
	kill_bot
	rm -r "$DIR/ledger/bot"
	# Telegram never heard that it was served.
	id=$(($(curl -s "$api/state" | jq .next) - 1))
	post say '{"update_id":'$id',"message":{"message_id":1,"from":{"id":4001},"chat":{"id":4001,"type":"private"},"text":"/addwatch http://shop.example/w1"}}' >/dev/null
	start_bot
	ask $ana /watches 'Watched:'
	[ "$(log watch.set/ | wc -l)" = 1 ]
	! said $ana already
}

@test "Telegram may number its updates anew, lower than before" {
	start_bot
	ask $ana /watches 'Nothing is watched'
	say_numbered() { # NUMBER WATCH
		post say '{"update_id":'"$1"',"message":{"message_id":1,"from":{"id":4001},"chat":{"id":4001,"type":"private"},"text":"/addwatch http://shop.example/'"$2"'"}}' >/dev/null
	}
	say_numbered 5 w1
	wait_for said $ana 'shop.example_w1'
	kill_bot
	start_bot
	say_numbered 6 w2
	wait_for said $ana 'shop.example_w2'
	[ "$(log watch.set/ | jq -r .update | xargs)" = '4711/5 4711/6' ]
	# Without its ledger, it is the last number that counts.
	kill_bot
	rm -r "$DIR/ledger/bot"
	start_bot
	say_numbered 7 w3
	wait_for said $ana 'shop.example_w3'
	[ "$(log watch.set/ | wc -l)" = 3 ]
	! said $ana already
}
