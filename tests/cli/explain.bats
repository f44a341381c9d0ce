#!/usr/bin/env bats
# weir-explain as a process; whole ways are in tests/pipeline/explain.bats.

load ../helpers

setup() {
	weir_setup
	start_store
	epoch=$(sed -n 's/.*epoch=\([0-9a-f]*\).*/\1/p' "$T/store.err")
}

teardown() { weir_teardown; }

explain() { "$BIN/weir-explain" --dir "$DIR" "$@"; }

# Steps of an event, as PART TYPE, on one line.
steps() {
	explain --json "$@" | jq -r '"\(.step):\(.event.type)"' | xargs
}

# say TOPIC DATA [CAUSE]: $name is what it is called
say() {
	jq -cn --arg t "${1%%/*}" --arg s "${1#*/}" --argjson d "$2" --arg c "${3:-}" \
		'{type: $t, subject: $s, data: $d}
		+ if $c == "" then {} else {cause: $c} end' >"$T/said"
	pub <"$T/said"
	name=$(log -r -n 1 | jq -r '"\(.source) \(.id)"')
}

@test "help, version and bad options" {
	run --separate-stderr explain --help
	[ "$status" -eq 0 ]
	[[ $output == *--look* ]]
	run --separate-stderr explain --version
	[ "$status" -eq 0 ]
	for bad in --look=x --look=0 --no-such; do
		run --separate-stderr explain "$bad" x
		[ "$status" -eq 64 ]
		[ "${#stderr_lines[@]}" -eq 1 ]
	done
	run --separate-stderr explain
	[ "$status" -eq 64 ]
	[[ $stderr == *"EVENT is missing"* ]]
	run --separate-stderr explain a b
	[ "$status" -eq 64 ]
}

@test "without a journal, or without the event, it says so" {
	say test.n/a 1
	for none in 7 "$epoch:7" test.n/b weir/none/1 nothing; do
		run --separate-stderr explain "$none"
		[ "$status" -eq 1 ]
		[ -z "$output" ]
		[[ $stderr == *"$none: there is no such event"* ]]
	done
	run --separate-stderr explain 00000001:1
	[ "$status" -eq 65 ]
	[[ $stderr == *"epoch is $epoch"* ]]
	run --separate-stderr explain --dir "$T/none" 1
	[ "$status" -eq 66 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
}

@test "every way to name an event names the same one, also without a store" {
	say test.n/a 1
	say test.n/a 2
	stop_store
	want=$(explain 2)
	[[ $want == "test.n/a  $epoch:2  "* ]]
	for way in "$epoch:2" test.n/a "${name/ //}"; do
		[ "$(explain "$way")" = "$want" ]
	done
	[ "$(explain "$epoch:1")" != "$want" ]
}

@test "causes are followed both ways, by source and id and nothing else" {
	say test.a/x '{}'
	first=$name
	say test.b/x '{}' "$first"
	second=$name
	say test.c/x '{}' "$second"
	say test.c/y '{}' "${second}0" # of another
	say test.d/x '{}' "$first"
	[ "$(steps test.a/x)" = "this:test.a follows:test.b follows:test.c follows:test.d" ]
	[ "$(steps test.b/x)" = "cause:test.a this:test.b follows:test.c" ]
	[ "$(steps test.c/x)" = "cause:test.a cause:test.b this:test.c" ]
}

@test "a cause that is not there, or too far away, is told" {
	say test.a/x '{}'
	first=$name
	say test.n/a 1
	say test.n/a 2
	say test.b/x '{}' "$first"
	say test.c/x '{}' 'weir/gone/- 7'
	run --separate-stderr steps test.b/x
	[ "$output" = "cause:test.a this:test.b" ]
	[ -z "$stderr" ]
	run --separate-stderr steps --look 2 test.b/x
	[ "$output" = "this:test.b" ]
	[[ $stderr == *"its cause, $first, is not among the 2 events"* ]]
	run --separate-stderr steps test.c/x
	[ "$output" = "this:test.c" ]
	[[ $stderr == *"its cause, weir/gone/- 7, is not among"* ]]
	run --separate-stderr steps --look 2 test.a/x
	[ "$output" = "this:test.a" ]
	[[ $stderr == *"what follows after 2 events was not looked for"* ]]
}

@test "settings are those that were in force then" {
	for n in 1 2; do
		say watch.set/w "{\"id\":\"w\",\"url\":\"https://x.example/$n\"}"
		say observation.record/w '{"watch":"w","outcome":"changed"}'
		say price.update/w "{\"item\":{\"id\":\"w\"},\"price\":\"$n\",\"watch\":\"w\"}" "$name"
		say rule.set/r "{\"id\":\"r\",\"on\":\"price.update/\",\"target\":\"$n\"}"
		log -r -n 1 price.update/w | jq -r '"\(.source) \(.id)"' >"$T/cause"
		say alert.new/w/r '{"id":"a'$n'","rule":"r"}' "$(cat "$T/cause")"
	done
	say rule.set/r '{"id":"r","on":"price.update/","target":"3"}'
	for n in 1 2; do
		at=$(log -e "id == \"a$n\"" alert.new/w/r | jq -r .offset)
		explain "$at" >"$T/way"
		grep -q "url  *https://x.example/$n\$" "$T/way"
		grep -q "target  *$n\$" "$T/way"
		[ "$(grep -c '(in force)' "$T/way")" -eq 2 ]
	done
}

@test "the best of several offers is explained by the offer that changed, and its own" {
	say watch.set/a '{"id":"a","url":"https://a.example/"}'
	say watch.set/b '{"id":"b","url":"https://b.example/"}'
	offer() { # WATCH ITEM PRICE CAUSE
		say "offer.update/$2" '{"item":{"id":"'"$2"'"},"price":"'"$3"'","watch":"'"$1"'"}' "$4"
	}
	record='{"watch":"a","outcome":"changed","robots":"ignored","moved":['
	record+='{"event":"offer.update/other","fields":{"price":{"value":"1"}}},'
	record+='{"event":"offer.update/i","fields":{"price":{"value":"31","previous":"19"}}}]}'
	offer b i 20 ''
	offer b other 99 ''
	offer c i 21 ''
	say observation.record/a "$record"
	rec=$name
	offer a i 31 "$rec"
	say price.update/i '{"item":{"id":"i"},"price":"20","previous":"19","watch":"b","offers":3}' "$rec"
	explain price.update/i | grep -v '^  \(id\|source\|outcome\) ' |
		sed 's/  [0-9a-f]*:[0-9]*  [^ ]*Z//' >"$T/way"
	diff - "$T/way" <<-'END'
	watch.set/a  (in force)
	  url           https://a.example/
	observation.record/a  (cause)
	  robots.txt    ignored
	  told          offer.update/i
	  price         31, before "19"
	offer.update/i  (in force)
	  watch         b
	  price         20
	price.update/i  (this)
	  price         20
	  previous      19
	  offers        3
	END
	# Where the best one is the one that changed, its record says it all.
	say price.update/i '{"item":{"id":"i"},"price":"31","watch":"a","offers":3}' "$rec"
	[ "$(steps price.update/i)" = "in force:watch.set cause:observation.record this:price.update" ]
}

@test "what is said in a chat is explained by its definition and its connection" {
	connected() { # STATE
		say scraper.status/c '{"source":"c","running":true,"watches":1,"stream":"c","state":"'"$1"'"}'
	}
	say watch.set/c '{"id":"c","url":"wss://x.example/","kind":"chat"}'
	connected connecting
	connected live
	say chat.message/c '{"stream":"c","platform":"x","id":"1","username":"u","message":"m","sent":"2026-01-01T00:00:00Z"}'
	said=$name
	connected ended
	say rule.set/r '{"id":"r","on":"chat.message/"}'
	say alert.new/c/r '{"id":"a","rule":"r"}' "$said"
	explain alert.new/c/r >"$T/way"
	[ "$(grep '^[a-z]' "$T/way" | sed 's/ .*(/ (/' | xargs -d '\n' printf '%s;')" = \
		"watch.set/c (in force);scraper.status/c (in force);chat.message/c (cause);rule.set/r (in force);alert.new/c/r (this);" ]
	grep -qx '  url           wss://x.example/' "$T/way"
	grep -qx '  state         live' "$T/way"
	# A chat that was defined where it was started.
	say session.start/s '{"id":"s","url":"wss://y.example/"}'
	say chat.message/s '{"stream":"s","platform":"x","id":"1","username":"u","message":"m","sent":"2026-01-01T00:00:00Z"}'
	[ "$(steps chat.message/s)" = "in force:session.start this:chat.message" ]
}

@test "more steps than there is room for are left out, and that is said" {
	say test.a/x '{}'
	first=$name
	for _ in $(seq 600); do
		jq -cn --arg c "$first" '{type: "test.b", data: {}, cause: $c}'
	done | pub
	run --separate-stderr explain --json test.a/x
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 500 ]
	[[ $stderr == *"more follows: these are 500 steps"* ]]
}

@test "what came from outside does no harm to a terminal" {
	say test.a/x '{"a":"\u001b[31mred\u0007","b\u001b":"'"$(head -c 2000 /dev/zero | tr '\0' x)"'"}'
	explain test.a/x >"$T/way"
	[ "$(tr -d '\n -~' <"$T/way" | wc -c)" -eq 0 ]
	[ "$(wc -c <"$T/way")" -lt 500 ]
}

@test "an alert's id names all that became of it, with what was in force" {
	say rule.set/deal '{"on":"price.update/","target":"80"}'
	say silence.set/s1 '{"pattern":"alert.new/lamp/"}'
	say silence.set/s2 '{"pattern":"alert.new/chair/"}'
	say silence.set/s3 '{"pattern":"alert.new/lamp/","user":"bob"}'
	say user.set/ana '{"zone":"Europe/Paris"}'
	say price.update/lamp '{"item":{"id":"lamp"},"price":"79","currency":"EUR","source":"shop"}'
	price=$name
	say alert.suppressed/lamp/deal '{"id":"9f3c51aa02e4b7d1","rule":"deal","user":"ana","reason":"silence","was":"inactive","state":"suppressed"}' "$price"
	say alert.new/lamp/deal '{"id":"9f3c51aa02e4b7d1","rule":"deal","user":"ana","version":"00aa11bb22cc33dd","was":"suppressed","state":"firing","values":{"price":"79"}}' "$price"
	say user.notification/ana '{"type":"price_alert","title":"T","message":"M","alerts":["other","9f3c51aa02e4b7d1"]}'
	note=$name
	say delivery.sent/ana '{"id":"k","channel":"phone"}' "$note"
	say alert.ack/9f3c51aa02e4b7d1 '{"user":"ana"}'
	say alert.acked/lamp/deal '{"id":"9f3c51aa02e4b7d1","rule":"deal","user":"ana","by":"ana","was":"firing","state":"acknowledged"}' "$name"
	[ "$(steps 9f3c51aa02e4b7d1)" = "cause:price.update in force:rule.set in force:silence.set this:alert.suppressed follows:alert.new in force:user.set follows:user.notification follows:delivery.sent follows:alert.ack follows:alert.acked" ]
	out=$(explain 9f3c51aa02e4b7d1)
	for words in 'version       00aa11bb22cc33dd' 'values        {"price":"79"}' 'was           suppressed' \
		'state         acknowledged' 'reason        silence' 'by            ana'; do
		[[ $out == *"$words"* ]]
	done
	run explain 0000000000000000
	[ "$status" -eq 1 ]
}
