#!/usr/bin/env bats
# weir-alerter --timeline: when each message goes out, and why not sooner.

bats_require_minimum_version 1.5.0

setup() {
	BIN=$(realpath "${BIN:-build/bin}")
	tmp=$BATS_TEST_TMPDIR
	cp tests/fixtures/alerter/timeline.* "$tmp"
}

draw() {
	"$BIN/weir-alerter" -i "$tmp/timeline.jsonl" -o - -r "$tmp/timeline.rules" --timeline "$@"
}

@test "it is drawn when each alert is told, and why not sooner" {
	draw >"$tmp/got"
	diff -u "$tmp/timeline.want" "$tmp/got"
}

@test "with a ledger it is the same, and the ledger goes on from there" {
	draw -s "$tmp/state" >"$tmp/got"
	diff -u "$tmp/timeline.want" "$tmp/got"
	[ -z "$("$BIN/weir-alerter" -i - -o - -s "$tmp/state" </dev/null)" ]
}

@test "it draws what is told, and nothing else" {
	"$BIN/weir-alerter" -i "$tmp/timeline.jsonl" -o - -r "$tmp/timeline.rules" |
		jq -r 'select(.type == "user.notification") | .time[:19] + " " + .subject' |
		sort -u >"$tmp/told"
	draw | sed -n 's/^  \(.*\)Z  > told \([a-z]*\).*/\1 \2/p' | tr ' ' T |
		sed 's/T\([a-z]*\)$/ \1/' | sort -u | diff -u "$tmp/told" -
}

@test "it is a filter" {
	run "$BIN/weir-alerter" --timeline
	[ "$status" -eq 64 ]
	run "$BIN/weir-alerter" -i - -o - -p --timeline
	[ "$status" -eq 64 ]
}

@test "the manual's example prints what the manual says" {
	blocks() { # the literal blocks behind "When is Ann told", as the reader sees them
		sed -n '/^When is Ann told/,/^\.Sh/p' "$BATS_TEST_DIRNAME/../../man/weir-alerter.1" |
			sed -n '/^\.Bd/,/^\.Ed/p' | sed 's/\\e/\\/g'
	}
	blocks | sed '/^\.Ed/,$d; /^\.Bd/d' >"$tmp/example"
	blocks | sed '1,/^\.Ed/d; /^\./d' >"$tmp/want"
	[ -s "$tmp/want" ]
	(cd "$tmp" && PATH=$BIN:$PATH sh ./example) | sed 's/^[0-9a-f]\{16\} /ID /' >"$tmp/got"
	diff -u "$tmp/want" "$tmp/got"
}
