#!/usr/bin/env bats
# A scraper that was killed cannot say that it is dead. Somebody else does.

load ../helpers
load weir

setup() { weir_setup; }
teardown() {
	stop_weir
	weir_teardown
}

# later TOOL: start it with its clock some minutes ahead.
later() {
	LATER=200 LD_PRELOAD=$T/later.so ASAN_OPTIONS=verify_asan_link_order=0 \
		"$BIN/weir-$1" 2>"$T/$1.later.err" 3>&- &
	daemons+=($!)
	wait_for grep -q ': ready ' "$T/$1.later.err"
}

# pid_of TOOL: of those that start_weir started
pid_of() {
	local pid
	for pid in "${daemons[@]}"; do
		[ "$(readlink "/proc/$pid/exe")" != "$BIN/weir-$1" ] || echo "$pid"
	done
}

@test "a scraper that is killed leaves stale watches, which its return makes fresh" {
	cc -shared -fPIC -o "$T/later.so" "$BATS_TEST_DIRNAME/later.c"
	start_weir
	weir watch add "$sim/page" id=ferries kind=page every=1s fresh=10s
	event page.change/ferries .data.baseline
	alerter=$(pid_of alerter) store=$(pid_of store)
	kill -9 "$(pid_of scraper)"
	# Two minutes and ten seconds pass, and the store's clock says so.
	stop_daemon "$store"
	[ "$(events watch.stale/)" -eq 0 ]
	later store
	event watch.stale/ferries
	[ "$(jq -r '.source | split("/")[1]' "$T/event")" = alerter ]
	[ "$(pid_of alerter)" = "$alerter" ]
	event alert.new/ '.data.kind == "fresh"'
	[ "$(events watch.fresh/)" -eq 0 ]
	# What is unchanged would be told within a minute; this is told at once.
	site tick '{"n":60}'
	later scraper
	event watch.fresh/ferries
	event alert.resolved/ '.data.kind == "fresh"'
	[ "$(events watch.stale/) $(events watch.fresh/)" = '1 1' ]
}
