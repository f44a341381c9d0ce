#!/usr/bin/env bats
# A page from end to end: what came and went, and the whole text behind it.

load ../helpers
load weir

setup() { weir_setup; }
teardown() {
	stop_weir
	weir_teardown
}

# text FILE: of the page.change in $T/event, as the gateway serves it.
text() {
	blob=$(jq -r .data.blob "$T/event")
	curl -fsS --max-time 10 "$url/api/v1/blobs/$blob" >"$1"
	[ "$(sha256sum <"$1")" = "$blob  -" ]
	weir log --blob "$blob" | cmp - "$1"
}

@test "a page that changed can be read as it was each time" {
	start_weir
	weir watch add "$sim/page" id=ferries kind=page every=1h
	event page.change/ferries .data.baseline
	text "$T/before"
	site tick '{"n":60}'
	weir watch poll ferries
	event page.change/ferries '.data.added != null'
	text "$T/after"
	diff "$T/before" "$T/after" | sed -n 's/^> //p' >"$T/added"
	jq -r '.data.added[]' "$T/event" | cmp - "$T/added"
	# Nothing new: nothing is said, nothing is kept.
	weir watch poll ferries
	wait_for metric weir_scraper_texts_total '"kept"' 2
	metric weir_store_blobs 'id=' '[0-9]*'
	# Nothing held its fetches up.
	metric weir_scraper_schedule_late_seconds_count id= '[1-9][0-9]*'
	metric weir_scraper_schedule_late_seconds_bucket 'le="5"' '[1-9][0-9]*'
	run --separate-stderr weir-store --check
	[ "$status" -eq 0 ]
	[[ $stderr == *", 4 blobs, no problems"* ]]
}

@test "the text of a change that is not told is not kept, and not too large" {
	start_weir
	weir watch add "$sim/page" id=quiet kind=page every=1h extract='{"trigger":["never"]}'
	event page.change/quiet .data.baseline
	site tick '{"n":60}'
	weir watch poll quiet
	wait_for metric weir_scraper_extractions_total '"found"' 2
	metric weir_scraper_texts_total '"kept"' 1
	run metric weir_scraper_texts_total '"too-large"' '[0-9]*'
	[ "$status" -ne 0 ]
}

# metric NAME LABEL VALUE
metric() {
	curl -fsS --max-time 10 "$url/metrics" | grep -q "^$1{.*$2.*} $3\$"
}
