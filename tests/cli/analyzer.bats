#!/usr/bin/env bats
# weir-analyzer as a filter.

bats_require_minimum_version 1.5.0

setup() {
	BIN=${BIN:-build/bin}
	BIN=$(realpath "$BIN")
	in=$BATS_TEST_TMPDIR/in.jsonl
}

# price N TIME PRICE [CURRENCY [SOURCE]]: one event on a line
price() {
	printf '{"id":"%d","source":"weir/t/-","type":"price.update",' "$1"
	printf '"subject":"lamp","time":"%s","data":{"item":{"id":"lamp",' "$2"
	printf '"name":"Lamp"},"price":%s,"currency":"%s","source":"%s"}}\n' \
		"$3" "${4:-EUR}" "${5:-shop}"
}

# A price a day, from the arguments.
days() {
	n=0
	for p; do
		n=$((n + 1))
		price "$n" "2026-03-$(printf %02d "$n")T00:00:00Z" "\"$p\""
	done
}

analyze() {
	"$BIN/weir-analyzer" -i - -o - "$@"
}

@test "help and version are answered on standard output" {
	run --separate-stderr "$BIN/weir-analyzer" --help
	[ "$status" -eq 0 ]
	[[ $output == *--pass* ]]
	[ -z "$stderr" ]
	run --separate-stderr "$BIN/weir-analyzer" --version
	[ "$status" -eq 0 ]
	[[ $output == weir-analyzer* ]]
}

@test "a bad option or an operand is a usage error" {
	run "$BIN/weir-analyzer" --windows 3
	[ "$status" -eq 64 ]
	run "$BIN/weir-analyzer" -i - -o - extra
	[ "$status" -eq 64 ]
	[[ $output == *extra* ]]
	run "$BIN/weir-analyzer" -o - </dev/null
	[ "$status" -eq 64 ]
	[[ $output == *"--out goes with --in"* ]]
}

@test "an anomaly says where the price came from" {
	days 100 102 98 101 99 100 102 98 101 99 100 102 98 60 90 130 >"$in"
	run jq -r 'select(.type == "price.anomaly") | .data.message' \
		<(analyze <"$in")
	echo "$output"
	[[ $output == *"Lamp: 60 EUR is unusually low, down from 98"* ]]
	[[ $output == *"Lamp: 60 EUR is the lowest price so far, down from 98"* ]]
	[[ $output == *"Lamp: 90 EUR is unusually low, up from 60"* ]]
	[[ $output == *"Lamp: 130 EUR is unusually high, up from 90"* ]]
	[[ $output == *"Lamp: 130 EUR is a jump, up from 90"* ]]
}

@test "each price gives statistics, weighted by how long prices held" {
	days 10 20 40 >"$in"
	run --separate-stderr analyze <"$in"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 5 ] # the last two are jumps, too
	all=$(jq -c 'select(.type == "price.stats" and .data.price == "40")
		| .data.all' <<<"$output")
	[ "$all" = '{"min":"10","max":"40","mean":"15.00","median":"10.00","change":"30.00","change_percent":"300.00","n":3}' ] || {
		echo "$all"
		false
	}
}

@test "derived events carry cause, subject and the time of what caused them" {
	days 10 >"$in"
	run jq -c '[.source, .id, .type, .subject, .time, .cause]' \
		<<<"$(analyze <"$in")"
	[ "$output" = '["weir/analyzer/-","1","price.stats","lamp","2026-03-01T00:00:00.000000Z","weir/t/- 1"]' ]
}

@test "an unusual price is an anomaly, once" {
	days 100 101 99 100 102 98 100 101 100 50 50 >"$in"
	run jq -r 'select(.type == "price.anomaly")
		| .cause + " " + .data.kind' <<<"$(analyze <"$in")"
	[ "$output" = "weir/t/- 6 all-time-low
weir/t/- 10 all-time-low
weir/t/- 10 low
weir/t/- 10 jump" ]
}

@test "no price is neither zero nor an anomaly" {
	{
		days 100 101 99 100 102 98 100 101 100
		price 10 2026-03-10T00:00:00Z null
		price 11 2026-03-11T00:00:00Z '"100"'
	} >"$in"
	run jq -r 'select(.cause == "weir/t/- 10" or
		(.cause == "weir/t/- 11" and .type == "price.anomaly"))' \
		<<<"$(analyze <"$in")"
	[ -z "$output" ]
}

@test "sources do not mix, nor do currencies" {
	{
		price 1 2026-03-01T00:00:00Z '"100"'
		price 2 2026-03-02T00:00:00Z '"300"' EUR other
		price 3 2026-03-03T00:00:00Z '"9000"' JPY
	} >"$in"
	run jq -r '.data.all.n' <<<"$(analyze <"$in")"
	[ "$output" = "1
1
1" ]
}

@test "the same input gives the same bytes" {
	days 100 101 99.5 100 102 98 100.25 101 100 50 50 120 >"$in"
	analyze <"$in" >"$BATS_TEST_TMPDIR/a"
	analyze <"$in" >"$BATS_TEST_TMPDIR/b"
	[ -s "$BATS_TEST_TMPDIR/a" ]
	cmp "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
}

@test "with a state directory two runs are like one" {
	days 100 101 99 100 102 98 100 101 100 50 >"$in"
	analyze <"$in" >"$BATS_TEST_TMPDIR/want"
	dir=$BATS_TEST_TMPDIR/state
	mkdir "$dir"
	head -n 4 "$in" | analyze -s "$dir" >"$BATS_TEST_TMPDIR/have"
	tail -n +5 "$in" | analyze -s "$dir" >>"$BATS_TEST_TMPDIR/have"
	jq -c 'del(.source)' "$BATS_TEST_TMPDIR/want" >"$BATS_TEST_TMPDIR/w"
	jq -c 'del(.source)' "$BATS_TEST_TMPDIR/have" >"$BATS_TEST_TMPDIR/h"
	diff "$BATS_TEST_TMPDIR/w" "$BATS_TEST_TMPDIR/h"
}

@test "--pass keeps the input, and other events are passed by" {
	{
		days 10
		printf '{"id":"7","source":"x","type":"a.b","time":"2026-03-01T00:00:00Z"}\n'
	} >"$in"
	run jq -r .type <<<"$(analyze -p <"$in")"
	[ "$output" = "price.update
price.stats
a.b" ]
}

@test "a bad line is told, once, and the rest is done" {
	{
		days 10
		echo '{"id":"7"'
		price 8 2026-03-02T00:00:00Z '"11"'
	} >"$in"
	run --separate-stderr analyze <"$in"
	[ "$status" -eq 65 ]
	[ "${#lines[@]}" -eq 2 ]
	[[ $stderr == *"line 2"* ]]
}
