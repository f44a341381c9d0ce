#!/usr/bin/env bats
# Kept bodies are read once more by a definition that was repaired, of each kind
# of watch; html is in explain.bats.

# shellcheck disable=SC2154 # $sim is start_weir's

load ../helpers
load weir

setup() { weir_setup; }
teardown() {
	stop_weir
	weir_teardown
}

# again WATCH: what it fills in, into $T/dry as events and $T/filled in brief; it
# is what the journal has then, and a second run says nothing.
again() {
	weir extract --again "$1" --dry-run >"$T/dry"
	weir extract --again "$1" >"$T/filled"
	jq -c '{type, time, cause, data}' "$T/dry" >"$T/want"
	weir log -e backfilled | jq -c '{type, time, cause, data}' | diff "$T/want" -
	[ "$(wc -l <"$T/dry")" -eq "$(wc -l <"$T/filled")" ]
	run --separate-stderr weir extract --again "$1"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[[ $stderr == *"$1: "[1-9]*" records read, 0 events found" ]]
}

# looked WATCH OUTCOME: $time is when that was found first.
looked() {
	event "observation.change/$1" ".data.outcome == \"$2\""
	time=$(jq -r .time "$T/event")
}

@test "json: entries that a path did not find, and the price of one that it did" {
	start_weir
	list="$sim/ads/ksl/api.json?per=5"
	extract() { # ITEMS PRICE
		printf '{"items":{"path":"%s"},"fields":{"id":{"path":"$.id"},"price":{"path":"%s"}}}' "$1" "$2"
	}
	weir watch add "$list" id=j kind=json extract="$(extract '$.results[0]' '$.nothing')"
	looked j changed
	[ "$(events listing.new/)" -eq 1 ]
	weir watch add "$list" id=j kind=json extract="$(extract '$.results[*]' '$.price')"
	event listing.new/ .data.price
	again j
	[ "$(jq -r '"\(.type) \(.time)"' "$T/filled" | sort -u)" = "listing.new $time" ]
	curl -fsS "$list" | jq -r '.results[] | "\(.id) \(.price)"' | sort >"$T/want"
	[ "$(wc -l <"$T/want")" -eq 5 ]
	jq -r '"\(.id) \(.price)"' "$T/filled" | sort | diff "$T/want" -
}

@test "feed: what was taken for a page" {
	start_weir
	list="$sim/ads/ksl/feed.xml?per=5"
	weir watch add "$list" id=f kind=html extract='{"items":{"css":"li.result"},"fields":{"title":{"css":"h3"}}}'
	looked f selector-miss
	# One that went before it was mended has come and gone.
	there=$(curl -fsS "$sim/ads/ksl/api.json?per=5" | jq -r '.results[].id')
	gone=${there%%$'\n'*}
	site ad '{"id":"'"$gone"'","remove":true}'
	weir watch add "$list" id=f kind=feed
	since=$(event listing.new/ | jq -r .time)
	again f
	[ "$(jq -r --arg t "$time" 'select(.type == "listing.new" and .time == $t).id' "$T/filled")" = "$there" ]
	jq -r 'select(.type != "listing.new") | "\(.type) \(.id) \(.time)"' "$T/filled" >"$T/have"
	[ "$(cat "$T/have")" = "listing.gone $gone $since" ]
	jq -e -s 'map(select(.type == "listing.new").data) | all(.[]; .title and .link and .published)' "$T/dry"
}

@test "page: what a selector did not find, and how it changed" {
	start_weir
	weir watch add "$sim/page" id=p kind=page extract='{"css":".none"}'
	looked p selector-miss
	site tick '{"n":60}'
	weir watch add "$sim/page" id=p kind=page
	event page.change/p .data.baseline
	since=$(jq -r .time "$T/event")
	again p
	jq -r '"\(.type) \(.data.baseline // false) \(.time)"' "$T/dry" >"$T/have"
	diff - "$T/have" <<-END
	page.change true $time
	page.change false $since
	END
	curl -fsS "$sim/page" | grep -o '[0-9]*:[0-9]* [A-Z][^<]*' | sort >"$T/page"
	jq -r '.data.added // [] | .[]' "$T/dry" >"$T/added"
	[ -s "$T/added" ]
	sort "$T/added" | comm -23 - "$T/page" >"$T/else"
	[ ! -s "$T/else" ]
}
