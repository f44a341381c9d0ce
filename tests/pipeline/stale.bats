#!/usr/bin/env bats
# A scraper that was killed cannot say that it is dead. Somebody else does.

load ../helpers
load weir

setup() { weir_setup; }
teardown() {
	stop_weir
	weir_teardown
}

# pid_of TOOL: of those that start_weir started
pid_of() {
	local pid
	for pid in "${daemons[@]}"; do
		[ "$(readlink "/proc/$pid/exe")" != "$BIN/weir-$1" ] || echo "$pid"
	done
}

@test "a scraper that is killed leaves stale watches, which its return makes fresh" {
	start_weir
	weir watch add "$sim/page" id=ferries kind=page every=1s fresh=10s
	event page.change/ferries .data.baseline
	alerter=$(pid_of alerter) store=$(pid_of store)
	kill -9 "$(pid_of scraper)"
	# Two minutes and ten seconds pass, and the store's clock says so.
	stop_daemon "$store"
	[ "$(events watch.stale/)" -eq 0 ]
	ahead 200
	with_clock start_daemon store
	event watch.stale/ferries
	[ "$(jq -r '.source | split("/")[1]' "$T/event")" = alerter ]
	[ "$(pid_of alerter)" = "$alerter" ]
	event alert.new/ '.data.kind == "fresh"'
	[ "$(events watch.fresh/)" -eq 0 ]
	# What is unchanged would be told within a minute; this is told at once.
	site tick '{"n":60}'
	with_clock start_daemon scraper
	event watch.fresh/ferries
	event alert.resolved/ '.data.kind == "fresh"'
	[ "$(events watch.stale/) $(events watch.fresh/)" = '1 1' ]
}
