#!/usr/bin/env bats
# weir-pub as a process.

load ../helpers

setup() { weir_setup; }

teardown() { weir_teardown; }

EVENT='"specversion":"1.0","type":"test.e","source":"shop/1","data":{"x":1}'

@test "help, version and bad options" {
	run --separate-stderr pub --help
	[ "$status" -eq 0 ]
	[[ $output == *--timeout* ]]
	run --separate-stderr pub --version
	[ "$status" -eq 0 ]
	for bad in --timeout=5 --timeout=1ms --no-such --subject=x; do
		run --separate-stderr pub "$bad"
		[ "$status" -eq 64 ]
		[ "${#stderr_lines[@]}" -eq 1 ]
		name=${bad%%=*}
		[[ $stderr == *"${name#--}"* ]]
	done
	run pub a b
	[ "$status" -eq 64 ]
	run --separate-stderr pub "$T/none"
	[ "$status" -eq 66 ]
}

@test "0 means durable" {
	start_store
	numbers 1 2500 >"$T/in"
	pub -t test.n "$T/in"
	kill_store
	in_order 2500
}

@test "from a file, a pipe, and a last line without its end" {
	start_store
	printf '{"n":1}\n{"n":2}' >"$T/in"
	pub -t test.n "$T/in"
	printf '{"n":3}\r\n\n{"n":4}' | pub -t test.n
	in_order 4
	pub </dev/null
}

@test "without a store it gives up in time, with 75" {
	run --separate-stderr pub -t test.n --timeout 300ms <<<1
	[ "$status" -eq 75 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *"; 1 event not known"*"$DIR"* ]]
	run --separate-stderr pub -t test.n --timeout 300ms < <(numbers 1 2)
	[[ $stderr == *"; 2 events not known"*"$DIR"* ]]
	# Nor does a mistyped name leave a directory behind.
	[ ! -e "$DIR" ]
}

@test "a setting is judged before it is sent" {
	refuses() { # TYPE DATA WORDS
		run --separate-stderr pub -t "$1" <<<"$2"
		[ "$status" -eq 65 ]
		[ "${#stderr_lines[@]}" -eq 2 ] # the line, and the last word
		[[ ${stderr_lines[0]} == *"line 1: "*"$3"* ]]
		[[ $stderr != *hush* ]]
	}
	url='"url":"https://shop.example/lamp"'
	refuses watch.set "{$url,\"cron\":\"61 * * * *\"}" "cron: minute: '61' is not understood (0 to 59)"
	refuses watch.set "{$url,\"tz\":\"Mars/Olympus\"}" "tz: 'Mars/Olympus' is no time zone"
	refuses watch.set "{$url,\"every\":\"0s\"}" "every: not a duration"
	refuses watch.set "{$url,\"evry\":\"1h\"}" "evry: unknown member; known are id, url"
	refuses watch.set "{$url,\"kind\":\"shop\"}" "kind: not one of product, json, html"
	refuses watch.set "{$url,\"headers\":{\"\\u0043OOKIE\":\"hush\"}}" "headers: COOKIE: must not be in an event"
	refuses watch.set "{$url,\"headers\":{\"Cookie\":{\"file\":\"f\",\"or\":\"hush\"}}}" "headers: Cookie: must not"
	refuses rule.set '{"id":"r","on":"price.update/","drop":{"amount":"0"}}' "drop.amount: not above 0"
	refuses rule.set '{"id":"target","on":"price.update/"}' "id: 'target' is taken"
	refuses rule.set '{"id":"fresh","on":"price.update/"}' "id: 'fresh' is taken"
	refuses search.set '{"id":"s","keywords":["!"]}' "keywords: no word in them"
	refuses search.set '{"id":"s","price":{"min":"9","max":"8"}}' "price: min is above max"
	refuses test.e '{"half":"\ud83d"}' "half of a surrogate pair at byte"
}

@test "nothing to publish needs no store" {
	run pub </dev/null
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "it waits for a store that comes later" {
	numbers 1 10 | pub -t test.n &
	publisher=$!
	start_store
	wait $publisher
	in_order 10
}

@test "a slow input is no late store" {
	start_store
	mkfifo "$T/in"
	pub -t test.n --timeout 1500ms <"$T/in" &
	publisher=$!
	exec 9>"$T/in"
	for i in 1 2 3 4 5; do
		numbers $i $i >&9
		wait_for in_order $i
		sleep 0.4 # all of them take longer than the timeout
	done
	exec 9>&-
	wait $publisher
	in_order 5
}

@test "half a line holds up neither the lines before it nor a stop" {
	start_store
	mkfifo "$T/in"
	"$BIN/weir-pub" --dir "$DIR" -t test.n <"$T/in" &
	publisher=$!
	exec 9>"$T/in"
	printf '{"n":1}\n{"n":' >&9
	wait_for in_order 1
	kill -TERM $publisher
	wait $publisher || status=$?
	exec 9>&-
	[ "${status:-0}" -eq 75 ]
}

@test "bad lines are named, the others go through, and the end is 65" {
	start_store
	long=$(printf 'x%.0s' $(seq 300))
	{
		echo "{$EVENT,\"id\":\"1\"}"
		echo '{"type":"test.e"'
		echo '[]'
		echo '{"type":"test.e","data":1,"data":2}'
		echo '{"type":"test.e","Field":1}'
		echo '{"type":"test.e","nested":{}}'
		echo '{"type":7}'
		echo '{"data":1}'
		echo "{\"type\":\"test.$long\"}"
		echo '{"type":"test.e","subject":"a b"}'
		echo '{"type":"$test"}'
		printf '{"type":"test.e","data":"\xff"}\n'
		printf '{"type":"test.e","data":"a\0b"}\n'
		echo '{"type":"test.e","data":"\u0000"}'
		echo '{"type":"test.e","time":"yesterday"}'
		echo '{"type":"test.e","specversion":"2.0"}'
		echo '{"type":"watch.set","data":{"id":"a","nonsense":1}}'
		head -c 10000000 /dev/zero | tr '\0' x
		echo
		echo "{\"type\":\"test.e\",\"data\":\"$(head -c 262145 /dev/zero | tr '\0' x)\"}"
		echo "{$EVENT,\"id\":\"2\"}"
	} >"$T/in"
	run --separate-stderr pub "$T/in"
	[ "$status" -eq 65 ]
	[ "$(log | wc -l)" -eq 2 ]
	# One line for each, with its number, and one at the end.
	for n in $(seq 2 19); do
		[ "$(grep -c "line $n:" <<<"$stderr")" -eq 1 ]
	done
	[ "${#stderr_lines[@]}" -eq 19 ]
	! grep -qP '[^\x20-\x7e\t]' <<<"$stderr"
	[ "$(awk 'length > 400' <<<"$stderr" | wc -l)" -eq 0 ]
	stop_store
}

@test "numbers are kept as they were written" {
	start_store
	big='{"a":9007199254740993,"b":0.1000,"c":1e400,"d":-0,"e":123456789012345678901234567890}'
	echo "$big" | pub -t test.n
	[[ $(log) == *"\"data\":$big"* ]]
}

@test "the same pair twice is one event, also in another run" {
	start_store
	for _ in 1 2; do
		for id in a b a; do
			echo "{$EVENT,\"id\":\"$id\"}"
		done | pub
	done
	[ "$(log | jq -r .originid | tr '\n' ' ')" = "a b " ]
	[ "$(log | jq -r .originsource | sort -u)" = shop/1 ]
	# Nobody takes another's name without one of his own.
	echo '{"type":"test.n","originsource":"shop/1","originid":"c"}' >"$T/in"
	run --separate-stderr pub "$T/in"
	[ "$status" -eq 65 ]
	[[ ${stderr_lines[0]} == *"line 1: originsource, originid: are made from source and id" ]]
	# What was printed is known when it comes back.
	log | pub
	[ "$(log | wc -l)" -eq 2 ]
	# Filters number from 1 in each run: theirs are no names.
	for _ in 1 2; do
		echo '{"type":"test.f","source":"weir/analyzer/-","id":"1"}' | pub
	done
	[ "$(log test.f | jq -c .data | tr '\n' ' ')" = "null null " ]
}

@test "what weir-log prints can be published, and keeps where it came from" {
	start_store
	{
		echo "{$EVENT,\"id\":\"a\",\"further\":true}"
		echo "{$EVENT,\"id\":\"b\"}"
		echo '{"type":"test.e","data":1}'
	} | pub
	log >"$T/events"
	pub "$T/events" # all but the last are known by their first names
	[ "$(log | wc -l)" -eq 4 ]
	stop_store
	DIR=$T/other
	start_store
	pub "$T/events"
	pub "$T/events"
	[ "$(log | jq -r .originid | tr '\n' ' ')" = "a b 3 " ]
	[ "$(log | jq -c .data | tr '\n' ' ')" = '{"x":1} {"x":1} 1 ' ]
	[ "$(log event.refused | wc -l)" -eq 0 ]
}

@test "a setting is named by its id" {
	start_store
	echo '{"id":"lamp","url":"https://shop.example/lamp"}' | pub -t watch.set
	[ "$(log | jq -r .subject)" = lamp ]
}

@test "two publishers at once keep their own order" {
	start_store
	numbers 1 3000 | pub -t test.n -s a &
	numbers 1 3000 | pub -t test.n -s b
	wait $!
	for s in a b; do
		log test.n/$s | jq .data.n | cmp - <(seq 1 3000)
	done
}
