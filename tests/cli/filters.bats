#!/usr/bin/env bats
# Filters in what clients of weir-gateway ask for, on every transport.

load ../helpers

setup() { weir_setup; }
teardown() { weir_teardown; }

position() { curl -s "$url/api/v1/status" | jq -r .position; }
ws() { "$HELPERS/wsclient" -t 30000 "$@" "${url##*:}"; }
get() { curl -sS --max-time 20 -G "$@"; }
# Prices from $1 to $2 of the product $3.
prices() {
	numbers "$1" "$2" |
		sed 's/"n"/"price"/; s/.*/{"type":"t.price","subject":"'"${3:-a}"'","data":&}/' | pub
}
# The prices in JSON lines, on one line.
in_line() { jq -r '.data.price // empty' | paste -sd ' '; }

@test "a subscription's filter holds for what was, what is and what comes" {
	start_both
	prices 1 10
	prices 3 3 b
	start=$(position | cut -d: -f1):0
	echo '{"subscribe":["t.price/"],"filter":"price>=4 and(price<=6)","since":"'"$start"'"}' |
		ws -n 4 >"$T/out"
	head -n 1 "$T/out" | jq -e '.filters == {"t.price/":"price >= 4 and price <= 6"}
		and .recovered and .subscribed == ["t.price/"]'
	[ "$(in_line <"$T/out")" = "4 5 6" ]
	# of each topic the newest, where it passes
	echo '{"subscribe":["t.price/"],"filter":"price > 3","last":true}' |
		ws -n 2 >"$T/out"
	[ "$(in_line <"$T/out")" = 10 ]
	# live
	echo '{"subscribe":["t.price/"],"filter":"price in [12, 14]"}' >"$T/say"
	ws -n 3 <"$T/say" >"$T/out" 3>&- &
	client=$!
	wait_for counts subscribed 1
	prices 11 15
	wait "$client"
	[ "$(in_line <"$T/out")" = "12 14" ]
	wait_for counts filters 0
}

@test "two subscriptions keep their filters, and each event comes once" {
	start_both
	prices 1 6
	prices 1 6 b
	prices 1 6 c
	start=$(position | cut -d: -f1):0
	cat >"$T/say" <<-END
		{"subscribe":["t.price/a"],"filter":"price < 3"}
		{"subscribe":["t.price/b","t.price/c"],"filter":"price > 4","since":"$start"}
		{"subscribe":["t.price/c"],"filter":"price > 3"}
	END
	ws -n 9 <"$T/say" >"$T/out" 3>&- &
	client=$!
	wait_for counts messages_total 3
	prices 1 6
	wait "$client"
	jq -c '.filters // empty' "$T/out" >"$T/filters"
	diff "$T/filters" - <<-'END'
		{"t.price/a":"price < 3"}
		{"t.price/a":"price < 3","t.price/b":"price > 4","t.price/c":"price > 4"}
		{"t.price/a":"price < 3","t.price/b":"price > 4","t.price/c":"price > 3"}
	END
	[ "$(grep '"subject":"a"' "$T/out" | in_line)" = "1 2" ]
	[ "$(grep '"subject":"b"' "$T/out" | in_line)" = "5 6" ]
	[ "$(grep '"subject":"c"' "$T/out" | in_line)" = "5 6" ]
}

@test "over HTTP: a query, a long poll, history and a stream" {
	start_both
	prices 1 9
	[ "$(get "$url/api/v1/events" --data-urlencode 'filter=price > 7' |
		jq -c '[.events[].data.price]')" = "[8,9]" ]
	[ "$(get "$url/api/v1/events" -d reverse=1 --data-urlencode 'filter=price < 3' |
		jq -c '[.events[].data.price]')" = "[2,1]" ]
	[ "$(get "$url/api/v1/history" -d topic=t.price/a --data-urlencode 'filter=price < 3' |
		jq -c '[.points[].value]')" = '["1","2"]' ]
	get "$url/api/v1/events" -d wait=20 -d since="$(position)" \
		--data-urlencode 'filter=price == 11' >"$T/poll" 3>&- &
	poll=$!
	curl -sSNG --max-time 60 "$url/api/v1/events/stream" -d topic=t.price/ \
		--data-urlencode 'filter=price == 11' >"$T/stream" 3>&- &
	stream=$!
	wait_for counts subscribed 2
	counts filters 1
	prices 10 11
	wait "$poll"
	[ "$(jq -c '[.events[].data.price]' "$T/poll")" = "[11]" ]
	wait_for grep -q '"price":11' "$T/stream"
	kill "$stream"
	! grep -q '"price":10' "$T/stream"
	grep -q '"filters":{"t.price/":"price == 11"}' "$T/stream"
}

@test "what is no filter is refused with its place, and nothing has changed" {
	start_both
	cat >"$T/say" <<-'END'
		{"subscribe":["t.price/"],"filter":"price = 3"}
		{"subscribe":["t.price/"],"filter":7}
		{"unsubscribe":["t.price/"],"filter":"price == 3"}
		{"ping":1}
	END
	ws -n 4 <"$T/say" >"$T/out"
	[ "$(jq -r '.error.code // "none"' "$T/out" | paste -sd ' ')" = "bad-filter bad-filter bad-message none" ]
	head -n 1 "$T/out" | jq -e '.error.message | startswith("line 1, column 7: ")'
	for path in events events/stream 'history?topic=t.price/a'; do
		for bad in 'price = 3' '' '(((((('; do
			get -o "$T/problem" -w '%{http_code}' "$url/api/v1/$path" \
				--data-urlencode "filter=$bad" >"$T/status"
			[ "$(cat "$T/status")" = 400 ]
			jq -e '.detail | startswith("filter: line 1, column ")' "$T/problem"
		done
	done
	counts filters 0
}
