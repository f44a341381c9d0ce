#!/usr/bin/env bats
# weir-gateway --deflate: permessage-deflate (RFC 7692), with clients of our own
# that look at every bit.
load ../helpers

setup() {
	weir_setup
	RAW=$BATS_TEST_DIRNAME/../helpers/deflatews.py
}

teardown() { weir_teardown; }

metric() { # NAME [LABEL]: its value
	curl -sf "$url/metrics" |
		sed -n "s/^weir_gateway_$1{id=\"[^\"]*\"${2:+,kind=\"$2\"}} //p"
}

@test "what is offered is answered as RFC 7692 says, and declined otherwise" {
	start_both --deflate
	python3 "$RAW" "$port" offers
	[ "$(metric deflate_offers_total taken)" -gt 20 ]
	[ "$(metric deflate_offers_total declined)" -gt 10 ]
	stop_daemon "$gateway"
}

@test "without --deflate nothing is agreed on" {
	start_both
	run -1 python3 "$RAW" "$port" offers
	[[ "$output" == *"permessage-deflate was answered with None"* ]]
	[ -z "$(metric deflated_total)" ]
	stop_daemon "$gateway"
}

@test "an event is compressed once for all, live, from the ring and the journal" {
	start_both --deflate
	python3 "$RAW" "$port" broadcast
	before=$(metric deflated_bytes_total before)
	after=$(metric deflated_bytes_total after)
	[ "$(metric deflated_total)" -ge 6 ]
	[ "$after" -lt $((before / 10)) ]
	stop_daemon "$gateway"
}

@test "messages come compressed, in whatever frames" {
	start_both --deflate
	python3 "$RAW" "$port" inbound
	[ "$(metric inflated_total)" -gt 10 ]
	stop_daemon "$gateway"
}

@test "what RFC 7692 does not allow ends the connection" {
	start_both --deflate
	python3 "$RAW" "$port" wrong
	[ "$(metric inflate_refused_total broken)" -gt 5 ]
	stop_daemon "$gateway"
}

@test "a message that would be too large is not inflated" {
	start_both --deflate
	python3 "$RAW" "$port" bombs
	[ "$(metric inflate_refused_total too-large)" -eq 2 ]
	stop_daemon "$gateway"
}

@test "a message that is refused counts for the rate like any other" {
	start_both --deflate --messages-per-s 1
	python3 "$RAW" "$port" insists
	[ "$(metric refused_total message-rate)" -ge 200 ]
	stop_daemon "$gateway"
}

@test "what comes over the rate is not inflated" {
	start_both --deflate --messages-per-s 1
	read -r pongs large sent < <(python3 "$RAW" "$port" hurries)
	[ "$pongs" -ge 1 ]
	[ "$((sent - pongs - large))" -ge 100 ]
	[ "$(metric inflated_total)" -eq "$pongs" ]
	[ "$(metric inflate_refused_total too-large)" -eq "$large" ]
	stop_daemon "$gateway"
}
