#!/usr/bin/env bats
# What every stage does with an event that it cannot handle.

bats_require_minimum_version 1.5.0

setup() {
	BIN=${BIN:-build/bin}
	POISON=${HELPERS:-build/tests/helpers}/poison
	dir=$BATS_TEST_TMPDIR
	"$BIN/weir-store" --dir "$dir" 2>"$dir/store.log" 3>&- &
	store=$!
}

teardown() {
	kill "$store"
	wait "$store" || true
}

dose() { # DATA
	echo "$1" | "$BIN/weir-pub" --dir "$dir" -t dose.given -s x
}

# Start, get ready, stop.
live() { # [OPTION...]
	: >"$dir/life.log" # no line of the one before is taken for this one's
	"$POISON" --dir "$dir" "$@" 2>>"$dir/life.log" 3>&- &
	poison=$!
	for _ in $(seq 200); do
		! grep -q ': ready ' "$dir/life.log" || break
		sleep 0.05
	done
	kill "$poison"
	wait "$poison"
}

# A stage begins with what happens after its birth.
be_born() {
	dose '"harmless"'
	live
}

# End with what a dose does, a number of times.
suffer() { # TIMES STATUS
	for _ in $(seq "$1"); do
		run timeout 20 "$POISON" --dir "$dir" 3>&-
		[ "$status" -eq "$2" ]
	done
}

# What it says once it can go on: "TYPE" of each event.
recover() { # [EVENTS [OPTION...]]
	local n=${1:-1}
	ANTIDOTE=1 "$POISON" --dir "$dir" "${@:2}" 2>"$dir/poison.log" 3>&- &
	poison=$!
	for _ in $(seq 200); do
		said=$("$BIN/weir-log" --dir "$dir" dose.taken/ stage.skipped/ | jq -r .type)
		[ "$(wc -w <<<"$said")" -lt "$n" ] || break
		sleep 0.05
	done
	kill "$poison"
	wait "$poison"
	echo $said
}

position_of() { # PATTERN
	"$BIN/weir-log" --dir "$dir" -r -n 1 "$1" | jq -r '"\(.epoch):\(.offset)"'
}

@test "an event that ends the process three times is passed over" {
	be_born
	dose '"deadly"'
	suffer 4 134
	[ "$(recover)" = stage.skipped ]
}

@test "a deadline that ends the process three times is given up" {
	be_born
	dose '"slow"'
	suffer 4 134
	[ "$(recover)" = stage.skipped ]
	skipped=$("$BIN/weir-log" --dir "$dir" stage.skipped/ | jq -c .data)
	[ "$(jq -r .deadline <<<"$skipped")" = \
		"$("$BIN/weir-log" --dir "$dir" -r -n 1 dose.given/ | jq -r .recordedtime)" ]
	jq -c '{type: "stage.skipped", data: .}' <<<"$skipped" >"$dir/skipped"
	[ "$("${HELPERS:-build/tests/helpers}/schemas" --decode "$dir/skipped")" = valid ]
	live # and is not met again
}

@test "and does not cost the event that comes after it" {
	be_born
	dose '"slow"'
	dose '"harmless"'
	suffer 4 134
	[ "$(recover 2)" = "stage.skipped dose.taken" ]
}

@test "what was skipped is handled again once, and nothing else is" {
	be_born
	dose '"deadly"'
	dose '"harmless"'
	deadly=$("$BIN/weir-log" --dir "$dir" dose.given/ |
		jq -r 'select(.data == "deadly") | "\(.epoch):\(.offset)"')
	suffer 4 134
	[ "$(recover 2)" = "stage.skipped dose.taken" ]
	[ "$(recover 3 --retry "$deadly")" = "stage.skipped dose.taken dose.taken" ]
	for position in "$deadly" "$(position_of dose.given/)" "${deadly%:*}:99" never; do
		run --separate-stderr timeout 20 "$POISON" --dir "$dir" --retry "$position"
		[ "$status" -eq 64 ]
		[ "$(wc -l <<<"$stderr")" -eq 1 ]
	done
	[ "$("$BIN/weir-log" --dir "$dir" dose.taken/ | wc -l)" -eq 2 ]
	live
	! grep -q unclean "$dir/life.log"
}

@test "output is not asked for from a position that is not there yet" {
	dose '"harmless"'
	newest=$(position_of dose.given/)
	run --separate-stderr timeout 20 "$POISON" --dir "$dir" \
		--from "${newest%:*}:$((${newest#*:} + 1))"
	[ "$status" -eq 64 ]
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
	[ "$(recover 1 --from "${newest%:*}:0")" = dose.taken ]
}

@test "a filter has neither --from nor --retry" {
	for option in from retry; do
		run --separate-stderr timeout 20 "$POISON" -i /dev/null -o - --$option 0:1
		[ "$status" -eq 64 ]
		[ "$stderr" = "poison: error: --$option: not with --out" ]
	done
}

@test "a full disk is no fault of the event that met it" {
	be_born
	dose '"filling"'
	suffer 6 75
	[ "$(recover)" = dose.taken ]
}

# Record 60 events, and have most of them pruned.
overflow() {
	seq 60 | "$BIN/weir-pub" --dir "$dir" -t other.n
	kill "$store"
	wait "$store" || true
	"$BIN/weir-store" --dir "$dir" --max-bytes 2K --retain-every 100ms \
		2>"$dir/store.log" 3>&- &
	store=$!
	for _ in $(seq 200); do
		left=$("$BIN/weir-log" --dir "$dir" other.n | wc -l)
		[ "$left" -ge 40 ] || break
		sleep 0.05
	done
}

# What is missing from an offset on is recorded once, as one range.
tells_the_gap() { # FROM
	read -r epoch first < <("$BIN/weir-log" --dir "$dir" -n 1 other.n |
		jq -r '"\(.epoch) \(.offset)"')
	"$POISON" --dir "$dir" 2>"$dir/poison.log" 3>&- &
	poison=$!
	for _ in $(seq 200); do
		gap=$("$BIN/weir-log" --dir "$dir" stage.gap/ | jq -c .data)
		[ -z "$gap" ] || break
		sleep 0.05
	done
	kill "$poison"
	wait "$poison"
	[ "$("$BIN/weir-log" --dir "$dir" stage.gap/ | wc -l)" -eq 1 ]
	[ "$(jq -r .from <<<"$gap")" = "$epoch:$1" ]
	[ "$(jq -r .to <<<"$gap")" = "$epoch:$((first - 1))" ]
	[ "$(jq -r .reason <<<"$gap")" = "pruned before it was read" ]
	jq -c '{type: "stage.gap", data: .}' <<<"$gap" >"$dir/gap"
	[ "$("${HELPERS:-build/tests/helpers}/schemas" --decode "$dir/gap")" = valid ]
	[ "$(grep -c "$epoch:$1 to $epoch:$((first - 1))" "$dir/poison.log")" -eq 1 ]
}

@test "what was pruned before it was read is recorded once, as one gap" {
	be_born
	overflow
	tells_the_gap 2
}

@test "also where nothing had been recorded when the stage stopped" {
	until "$BIN/weir-log" --dir "$dir" 2>"$dir/log"; do
		sleep 0.05
	done
	live
	overflow
	tells_the_gap 1
}

@test "also where there was no journal yet when it stopped" {
	kill "$store"
	wait "$store" || true
	dir=$BATS_TEST_TMPDIR/new
	mkdir "$dir"
	live
	"$BIN/weir-store" --dir "$dir" 2>"$dir/store.log" 3>&- &
	store=$!
	overflow
	tells_the_gap 1
}

@test "what was pruned before a stage was born it does not miss" {
	be_born
	overflow
	rm -r "$dir/ledger"
	live
	[ "$("$BIN/weir-log" --dir "$dir" stage.gap/ | wc -l)" -eq 0 ]
}
