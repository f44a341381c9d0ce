#!/usr/bin/env bats
# Clients of weir-gateway that fall too far behind.

load ../helpers

setup() { weir_setup; }
teardown() { weir_teardown; }

counter() { curl -s "$url/metrics" | sed -n "s/^weir_gateway_$1 //p"; }
count_of() { curl -s "$url/metrics" | grep "^weir_gateway_$1{" | sed 's/.* //'; }
counts() { [ "$(count_of "$1")" = "$2" ]; }
lagged() { # KIND N
	curl -s "$url/metrics" | grep '^weir_gateway_lagged_total{' | grep "$1" | grep -q " $2\$"
}
# Events of 4 KB from $1 to $2, of the topics t.n/a and t.n/b by turns.
much() {
	awk -v from="$1" -v to="$2" 'BEGIN {
		pad = sprintf("%4000s", "")
		for (i = from; i <= to; i++)
			printf "{\"type\":\"t.n\",\"subject\":\"%s\",\"data\":{\"n\":%d,\"pad\":\"%s\"}}\n", \
				i % 2 ? "b" : "a", i, pad
	}' | pub
}
has_seen() { # OFFSET
	[ "$(curl -s "$url/api/v1/status" | jq -r '.position | split(":")[1]')" = "$1" ]
}
is_choked() { [ "$(count_of choked)" = 1 ]; }

@test "a rule must be one" {
	for bad in t.n/ t.n/=latest t.n/=latest:0 t.n/=newest:5 't n=latest:5'; do
		run "$BIN/weir-gateway" --dir "$DIR" --lag "$bad"
		[ "$status" -eq 64 ]
		[[ $output == *"lag: $bad: "* ]]
	done
}

@test "latest: who falls behind goes on with the newest of each topic" {
	start_both --lag t.n/=latest:1000
	# a buffer that may grow takes more while the client sleeps, and it is moved
	# on before the last event is there
	echo '{"subscribe":["t.n/"]}' >"$T/say"
	"$HELPERS/wsclient" -t 90000 -r 16384 "${url##*:}" <"$T/say" >"$T/out" 3>&- &
	client=$!
	wait_for counts subscribed 1
	kill -STOP "$client"
	much 1 6000
	wait_for is_choked
	wait_for has_seen 6000 # else it may be moved on twice
	kill -CONT "$client"
	wait_for lagged latest 1
	wait_for counts choked 0
	wait_for counts behind 0
	stop_daemon "$gateway"
	wait "$client" || true
	# it is told so, and has then only the newest of each topic
	sed -n '1!p' "$T/out" | sed -n '/"subscribed"/,$p' >"$T/told"
	head -n 1 "$T/told" | jq -e '.recovered == false'
	# all of which comes after the position that it is told, the last that it had
	had=$(sed '/"subscribed"/d' "$T/out" | head -n -2 | tail -n 1 | jq -r .offset)
	[ "$(head -n 1 "$T/told" | jq -r '.position | split(":")[1]')" = "$had" ]
	[ "$(tail -n +2 "$T/told" | jq .data.n | paste -sd ' ')" = "5999 6000" ]
	[ "$(wc -l <"$T/out")" -lt 5000 ]
}

@test "disconnect: who falls behind is sent away with its position, and may come back" {
	start_both --lag t.n/=disconnect:1000
	echo '{"subscribe":["t.n/"]}' >"$T/say"
	"$HELPERS/wsclient" -t 90000 "${url##*:}" <"$T/say" >"$T/out" 2>"$T/why" 3>&- &
	client=$!
	wait_for counts subscribed 1
	kill -STOP "$client"
	much 1 6000
	wait_for is_choked
	kill -CONT "$client"
	wait_for grep -q '^close 4008 {' "$T/why"
	wait "$client" || [ $? -eq 3 ]
	lagged disconnect 1
	sed 's/^close 4008 //' "$T/why" >"$T/reason"
	jq -e '.retry >= 1000 and .retry <= 3000' "$T/reason"
	# each event once: those that it has, and those that come then
	had=$(($(wc -l <"$T/out") - 1))
	[ "$had" -gt 0 ] && [ "$had" -lt 5000 ]
	echo '{"subscribe":["t.n/"],"since":'"$(jq .position "$T/reason")"'}' |
		"$HELPERS/wsclient" -t 90000 -n $((6000 - had + 1)) "${url##*:}" >"$T/rest"
	[ "$(tail -qn +2 "$T/out" "$T/rest" | jq .data.n)" = "$(seq 1 6000)" ]
	lagged disconnect 1
}

@test "disconnect: a stream ends behind an event that says so" {
	start_both --lag t.n/=disconnect:1000
	curl -sSN --max-time 90 "$url/api/v1/events/stream?topic=t.n/" >"$T/stream" 3>&- &
	client=$!
	wait_for counts subscribed 1
	kill -STOP "$client"
	much 1 6000
	wait_for is_choked
	kill -CONT "$client"
	wait "$client" || true
	grep -A2 '^event: lagged$' "$T/stream" >"$T/lagged"
	grep -q '^id: ' "$T/lagged"
	[ "$(sed -n 's/^id: //p' "$T/lagged")" = "$(sed -n 's/^data: //p' "$T/lagged" | jq -r .position)" ]
	[ "$(grep '^id: ' "$T/stream" | tail -n 1)" = "$(grep '^id: ' "$T/lagged")" ]
}
