#!/usr/bin/env bats
# weir-chart as a process: what its pictures show.

load ../helpers

setup() {
	weir_setup
	cd "$T"
}

teardown() { weir_teardown; }

png() { python3 "$BATS_TEST_DIRNAME/../helpers/png.py" "$@"; }

chart() { "$BIN/weir-chart" --dir "$DIR" "$@"; }

# price TIME SOURCE PRICE [CURRENCY [ITEM]]: one line of an event
price() {
	n=$((${n:-0} + 1))
	printf '{"specversion":"1.0","id":"%s","source":"weir/t/-","type":"price.update","subject":"%s","time":"%s","data":{"item":{"id":"%s","name":"Lamp"},"price":%s,"currency":"%s","source":"%s"}}\n' \
		"$n" "${5:-lamp}" "$1" "${5:-lamp}" "$3" "${4:-EUR}" "$2"
}

blue=0073b3 orange=d65e00 red=bf1a1a # the first, the second, the target

@test "help, version and bad options" {
	run --separate-stderr chart --help
	[ "$status" -eq 0 ]
	[[ $output == *--zone* ]]
	run --separate-stderr chart --version
	[ "$status" -eq 0 ]
	for bad in --width=119 --height=4097 --since=yesterday --until=x \
		--target=cheap --zone=Nowhere/Land --no-such; do
		run --separate-stderr chart "$bad" lamp
		[ "$status" -eq 64 ]
		[ "${#stderr_lines[@]}" -eq 1 ]
		name=${bad%%=*}
		[[ $stderr == *"${name#--}"* ]]
	done
	run --separate-stderr chart
	[ "$status" -eq 64 ]
	[[ $stderr == *"which item"* ]]
	run --separate-stderr chart --since 2026-11-02 --until 2026-11-01 lamp
	[ "$status" -eq 64 ]
}

@test "a step falls in the middle of the picture, and the target is below" {
	{
		price 2026-11-01T00:00:00Z shop '"100"'
		price 2026-11-02T00:00:00Z shop '"60"'
		price 2026-11-03T00:00:00Z shop '"60.00"'
	} >e.jsonl
	chart -i e.jsonl --target 50 -o a.png
	[ "$(png a.png size)" = 800x400 ]
	# Left of the middle it is high, right of it low, never between.
	read -r top _ <<<"$(png a.png column 200 $blue)"
	read -r low _ <<<"$(png a.png column 700 $blue)"
	[ "$top" -lt 100 ]
	[ "$low" -gt 250 ]
	read -r target _ <<<"$(png a.png column 706 $red)"
	[ "$target" = none ] || [ "$target" -gt "$low" ]
	[ "$(png a.png share $red)" -gt 200 ]
	[ "$(png a.png share $orange)" = 0 ]
}

@test "each source has a line; one currency is drawn, the others are told" {
	{
		price 2026-11-01T00:00:00Z a '"100"'
		price 2026-11-01T00:00:00Z b '"90"'
		price 2026-11-01T06:00:00Z us '"110"' USD
		price 2026-11-02T00:00:00Z a null
		price 2026-11-03T00:00:00Z a '"95"'
		price 2026-11-03T00:00:00Z other '"1"' EUR chair
	} >e.jsonl
	run --separate-stderr chart -i e.jsonl --width 300 --height 200 -o a.png lamp
	[ "$status" -eq 0 ]
	[[ $stderr == *"1 prices in other currencies"* ]]
	[ "$(png a.png size)" = 300x200 ]
	[ "$(png a.png share $blue)" -gt 200 ]
	[ "$(png a.png share $orange)" -gt 200 ]
	chart -i e.jsonl --currency USD -o b.png
	[ "$(png b.png share $orange)" = 0 ]
}

@test "the price before the beginning holds there, what comes after the end not" {
	{
		price 2026-10-01T00:00:00Z a '"100"'
		price 2026-11-10T00:00:00Z a '"10"'
	} >e.jsonl
	chart -i - --since 2026-11-01 --until 2026-11-02 -o a.png <e.jsonl
	read -r left _ <<<"$(png a.png column 150 $blue)"
	read -r right _ <<<"$(png a.png column 700 $blue)"
	[ "$left" = "$right" ]
	[ "$left" != none ]
}

@test "from the journal, also without a store" {
	start_store
	for p in 100 90 80; do
		price "2026-11-0$((11 - p / 10))T00:00:00Z" a "\"$p\""
	done | jq -c .data | pub -t price.update -s lamp
	stop_store
	chart -o a.png lamp
	[ "$(png a.png share $blue)" -gt 300 ]
	run --separate-stderr chart -o b.png chair
	[ "$status" -eq 66 ]
	[[ $stderr == *"chair: no price"* ]]
	[ ! -e b.png ]
}

@test "lines that are no events are told, the others drawn; no price is none" {
	{
		echo '{"no'
		price 2026-11-01T00:00:00Z a '"100"'
		price 2026-11-02T00:00:00Z a '"nan"'
		price 2026-11-02T00:00:00Z a '"90"'
	} >e.jsonl
	run --separate-stderr chart -i e.jsonl -o a.png
	[ "$status" -eq 65 ]
	[ "${#stderr_lines[@]}" -eq 2 ]
	[ "$(png a.png share $blue)" -gt 300 ]
	price 2026-11-01T00:00:00Z a null >none.jsonl
	run --separate-stderr chart -i none.jsonl -o b.png
	[ "$status" -eq 66 ]
	run --separate-stderr chart -i missing.jsonl
	[ "$status" -eq 66 ]
	run --separate-stderr chart -i e.jsonl -o /dev/full
	[ "$status" -eq 74 ]
	run --separate-stderr chart -i e.jsonl -o no/such/dir.png
	[ "$status" -eq 73 ]
}

@test "a hundred thousand prices cost one picture" {
	python3 - >e.jsonl <<'END'
import datetime
t = datetime.datetime(2026, 1, 1)
for i in range(100000):
    t += datetime.timedelta(minutes=3)
    print('{"specversion":"1.0","id":"%d","source":"weir/t/-","type":"price.update","subject":"lamp","time":"%sZ","data":{"item":{"id":"lamp"},"price":"%d","currency":"EUR","source":"%d"}}'
          % (i + 1, t.isoformat(), 100 + i * 7919 % 50, i % 70))
END
	run --separate-stderr chart -i e.jsonl -o a.png
	[ "$status" -eq 0 ]
	[[ $stderr == *"beyond 8 sources"* ]]
	[ "$(png a.png size)" = 800x400 ]
}
