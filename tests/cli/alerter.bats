#!/usr/bin/env bats
# weir-alerter as a filter. What it decides is told by stories, see
# tests/fixtures/alerter/stories.jsonl.

bats_require_minimum_version 1.5.0

setup() {
	BIN=$(realpath "${BIN:-build/bin}")
	HELPERS=${HELPERS:-$BIN/../tests/helpers}
	tmp=$BATS_TEST_TMPDIR
}

# price N PRICE [TARGET]: one event on a line
price() {
	printf '{"id":"%d","source":"weir/t/-","type":"price.update",' "$1"
	printf '"subject":"lamp","time":"2026-03-01T%02d:00:00Z",' "$1"
	printf '"data":{"item":{"id":"lamp","kind":"lamp","name":"Lamp"%s},' \
		"${3:+,\"target\":\"$3\"}"
	printf '"price":"%s","currency":"EUR","source":"shop"}}\n' "$2"
}

alert() {
	"$BIN/weir-alerter" -i - -o - "$@"
}

@test "that a target is in another currency than the prices is warned of once" {
	us() { # N PRICE CURRENCY [TARGET'S CURRENCY]
		price "$1" "$2" 80 | jq -c --arg c "$3" --arg t "${4:-USD}" \
			'.data.currency = $c | .data.item.currency = $t | .data.watch = "w"'
	}
	run --separate-stderr alert -s "$tmp/state" < <(us 1 70 EUR && us 2 60 EUR)
	[ -z "$output" ]
	[ "$(grep -c warning <<<"$stderr")" -eq 1 ]
	[[ $stderr == *"watch w: the target of lamp is in USD, prices of shop are in EUR: they do not reach it"* ]]
	# Nor after a restart; what is in its currency is no news to warn of.
	run --separate-stderr alert -s "$tmp/state" < <(us 3 50 EUR && us 4 70 USD && us 5 75 EUR EUR)
	[[ $stderr != *warning* ]]
	[[ $output == *alert.new* ]]
	# A watch that is set by what is known.
	jq -nc '{id: "w", url: "http://shop/", kind: "html", source: "shop",
		item: {id: "lamp", target: "60", currency: "GBP"}}' >"$tmp/w"
	for n in 1 0; do
		run --separate-stderr alert -s "$tmp/state" -w "$tmp/w" </dev/null
		[ "$(grep -c 'target of lamp is in GBP, prices of shop are in EUR' <<<"$stderr")" -eq $n ]
	done
}

@test "every story is told as it should be" {
	tests/cli/alerter_stories.sh "$BIN/weir-alerter" \
		tests/fixtures/alerter/stories.jsonl "$tmp"
}

@test "all that it says is what the types allow" {
	jq -c '.in[]' tests/fixtures/alerter/stories.jsonl >"$tmp/in"
	jq -c '.rules[] | .id |= . + "1"' tests/fixtures/alerter/stories.jsonl \
		>"$tmp/rules"
	jq -c '.searches[]' tests/fixtures/alerter/stories.jsonl >"$tmp/q"
	alert -r "$tmp/rules" -q "$tmp/q" <"$tmp/in" |
		jq -c '{type, data}' >"$tmp/out"
	[ "$(wc -l <"$tmp/out")" -gt 50 ]
	run "$HELPERS/schemas" --decode "$tmp/out"
	[ "$status" -eq 0 ]
	[ "$(sort -u <<<"$output")" = valid ]
}

@test "an alert of a page says which lines came, else which went, and names its text" {
	blob=$(printf '%064d' 7)
	printf '%s\n' '{"id":"r","on":"page.change/"}' >"$tmp/r"
	change() { # DATA
		jq -nc --argjson data "$1" '{type: "page.change", subject: "ferries",
			data: ({watch: "ferries"} + $data)}'
	}
	{
		change '{"added":["one","two","three"],"removed":["none"],"blob":"'"$blob"'"}'
		change '{"added":["1","2","3","4"]}'
		change '{"removed":["one"]}'
		change '{}'
		change "$(jq -nc '{added: ["é" * 400]}')"
	} | jq -c '. + {id: "\(input_line_number)", source: "weir/t/-",
		time: "2026-03-01T01:00:00Z"}' >"$tmp/in"
	alert -r "$tmp/r" <"$tmp/in" >"$tmp/out"
	said() { jq -r 'select(.type == "user.notification") | .data.message' "$tmp/out"; }
	[ "$(said | head -n 4)" = 'ferries: the page has changed: one / two / three
ferries: the page has changed: 1 / 2 / 3 / …
ferries: the page has changed, gone: one
ferries: the page has changed' ]
	[ "$(said | tail -n 1)" = "ferries: the page has changed: $(printf 'é%.0s' {1..256})" ]
	[ "$(jq -r 'select(.type == "user.notification") | .data.data.blob' "$tmp/out")" = \
		"$blob
null
null
null
null" ]
	[ "$(jq -r 'select(.type == "alert.new") | .data.blob // empty' "$tmp/out")" = "$blob" ]
}

@test "help and version are answered on standard output" {
	run --separate-stderr "$BIN/weir-alerter" --help
	[ "$status" -eq 0 ]
	[[ $output == *--searches* ]]
	[ -z "$stderr" ]
	run --separate-stderr "$BIN/weir-alerter" --version
	[ "$status" -eq 0 ]
	[[ $output == weir-alerter* ]]
}

@test "a bad option, an operand, files without a pipe: usage errors" {
	run "$BIN/weir-alerter" --rule x
	[ "$status" -eq 64 ]
	run "$BIN/weir-alerter" -i - -o - extra
	[ "$status" -eq 64 ]
	run "$BIN/weir-alerter" -r /dev/null
	[ "$status" -eq 64 ]
	[[ $output == *--rules* ]]
	run "$BIN/weir-alerter" -o - </dev/null
	[ "$status" -eq 64 ]
	[[ $output == *"--out goes with --in"* ]]
}

@test "an alert has the fields of the old one, a notification has its data" {
	{ price 1 100 80; price 2 79.90 80; } >"$tmp/in"
	alert <"$tmp/in" >"$tmp/out"
	run jq -c 'select(.type == "alert.new") | .data
		| [.itemType, .item.id, .item.name, .currentPrice, .targetPrice,
		   .message, .rule, .user]' "$tmp/out"
	[ "$output" = '["lamp","lamp","Lamp","79.90","80","Lamp: 79.90 EUR, target 80, at shop","target","default"]' ]
	run jq -c 'select(.type == "user.notification") | .data
		| [.type, .title, .timestamp, .data.threshold_price,
		   .data.currentPrice, .alert == .data.id]' "$tmp/out"
	[ "$output" = '["price_alert","Target reached: Lamp","2026-03-01T02:00:00.000000Z","80","79.90",true]' ]
}

@test "an alert that is over says so" {
	{ price 1 100 80; price 2 79.90 80; price 3 81 80; } >"$tmp/in"
	echo '{"id":"r","on":"price.update/","drop":{"percent":10,"over":"7d"}}' >"$tmp/r"
	price 4 99 80 | cat "$tmp/in" - | alert -r "$tmp/r" |
		jq -r 'select(.type == "alert.resolved").data.message' >"$tmp/over"
	[ "$(cat "$tmp/over")" = "Lamp: 81 EUR, above the target 80, at shop
Lamp: 99 EUR, the drop is over, at shop" ]
}

# stale N: events of a watch that is fetched, stale, and fetched again
stale() {
	watch='{"url":"https://shop.example/","source":"shop","fresh":"10m","item":{"id":"lamp","name":"Lamp"}}'
	set -- 'watch.set","subject":"w' "$watch" \
		observation.summary '{"seen":["w"]}' \
		observation.summary '{"seen":["v"]}' \
		'observation.change","subject":"w' '{"watch":"w","outcome":"changed"}'
	while [ $# -gt 0 ]; do
		n=$((${n:-0} + 1))
		printf '{"id":"%d","source":"weir/t/-","type":"%s","time":"2026-03-01T%02d:00:00Z","data":%s}\n' \
			"$n" "$1" "$n" "$2"
		shift 2
	done
}

@test "a stale watch is told with the time of its deadline" {
	stale >"$tmp/in"
	alert <"$tmp/in" >"$tmp/out"
	jq -c '[.type, .time, .data.message, .data.kind, .data.source]' \
		"$tmp/out" >"$tmp/have"
	diff - "$tmp/have" <<-'END'
	["watch.stale","2026-03-01T01:12:00.000000Z",null,null,"shop"]
	["alert.new","2026-03-01T01:12:00.000000Z","Lamp: no good fetch for 10m, at shop","fresh","shop"]
	["user.notification","2026-03-01T01:12:00.000000Z","Lamp: no good fetch for 10m, at shop",null,null]
	["watch.fresh","2026-03-01T02:00:00.000000Z",null,null,"shop"]
	["alert.resolved","2026-03-01T02:00:00.000000Z","Lamp: fetched again, at shop","fresh","shop"]
	["watch.stale","2026-03-01T02:12:00.000000Z",null,null,"shop"]
	["alert.new","2026-03-01T02:12:00.000000Z","Lamp: no good fetch for 10m, at shop","fresh","shop"]
	["user.notification","2026-03-01T02:12:00.000000Z","Lamp: no good fetch for 10m, at shop",null,null]
	["watch.fresh","2026-03-01T04:00:00.000000Z",null,null,"shop"]
	["alert.resolved","2026-03-01T04:00:00.000000Z","Lamp: fetched again, at shop","fresh","shop"]
	END
	alert <"$tmp/in" | cmp - "$tmp/out"
	for cut in 1 2 3; do # a restart between any two events changes nothing
		{
			head -n "$cut" "$tmp/in" | alert -s "$tmp/state$cut"
			tail -n "+$((cut + 1))" "$tmp/in" | alert -s "$tmp/state$cut"
		} | jq -c 'del(.source)' >"$tmp/have"
		jq -c 'del(.source)' "$tmp/out" | diff - "$tmp/have"
	done
}

@test "a page's alert tells the new line with the keyword" {
	echo '{"id":"r","on":"page.change/","keywords":["tickets","vip"]}' >"$tmp/r"
	echo '{"id":"1","source":"weir/t/-","type":"page.change","subject":"p","time":"2026-03-01T00:00:00Z","data":{"watch":"p","added":["Opening hours","Vip lounge","Tickets, 9 EUR"]}}' |
		alert -r "$tmp/r" |
		jq -r 'select(.type == "alert.new").data.message' >"$tmp/out"
	[ "$(cat "$tmp/out")" = "p: Vip lounge" ]
}

@test "the same input gives the same bytes" {
	{ price 1 100 80; price 2 79.90 80; price 3 81 80; } >"$tmp/in"
	alert <"$tmp/in" >"$tmp/a"
	alert <"$tmp/in" >"$tmp/b"
	[ -s "$tmp/a" ]
	cmp "$tmp/a" "$tmp/b"
}

@test "in memory and in a directory it decides the same" {
	jq -c '.in[]' tests/fixtures/alerter/stories.jsonl >"$tmp/in"
	jq -c '.rules[] | .id |= . + "1"' tests/fixtures/alerter/stories.jsonl \
		>"$tmp/rules"
	jq -c '.searches[]' tests/fixtures/alerter/stories.jsonl >"$tmp/q"
	alert -r "$tmp/rules" -q "$tmp/q" <"$tmp/in" | jq -c 'del(.source)' >"$tmp/a"
	alert -r "$tmp/rules" -q "$tmp/q" -s "$tmp/state" <"$tmp/in" |
		jq -c 'del(.source)' >"$tmp/b"
	[ "$(wc -l <"$tmp/a")" -gt 50 ]
	cmp "$tmp/a" "$tmp/b"
}

@test "with a state directory two runs are like one" {
	echo '{"id":"r","on":"price.update/","target":80,"cooldown":"3h"}' \
		>"$tmp/r"
	for p in 80 90 79 78 77 90 70; do
		n=$((${n:-0} + 1))
		price "$n" "$p"
	done >"$tmp/in"
	alert -r "$tmp/r" <"$tmp/in" | jq -c 'del(.source)' >"$tmp/want"
	mkdir "$tmp/state"
	{
		head -n 3 "$tmp/in" | alert -r "$tmp/r" -s "$tmp/state"
		tail -n +4 "$tmp/in" | alert -r "$tmp/r" -s "$tmp/state"
	} | jq -c 'del(.source)' >"$tmp/have"
	grep -q alert.suppressed "$tmp/want"
	diff "$tmp/want" "$tmp/have"
}

@test "a rule in its state that is refused today is passed over" {
	printf '{"id":"%s","on":"price.update/","target":"%s"}\n' a 80 b 70 >"$tmp/r"
	mkdir "$tmp/old" "$tmp/new"
	price 1 90 | alert -r "$tmp/r" -s "$tmp/old"
	mdb_dump -p -a "$tmp/old" | sed 's/"target":"80"/"target":"-5"/' |
		mdb_load "$tmp/new" 2>"$tmp/load.err"
	run --separate-stderr alert -s "$tmp/new" < <(price 2 60)
	[ "$status" -eq 0 ]
	[ "$(jq -r 'select(.type == "alert.new").subject' <<<"$output")" = lamp/b ]
	[[ $stderr == *"rule/a: not taken: target: below 0"* ]]
}

@test "targets may come from watches" {
	echo '{"url":"https://shop.example/lamp","item":{"id":"lamp","target":80}}' \
		>"$tmp/w"
	price 1 79 | jq -c '.data.watch = "shop.example_lamp"' >"$tmp/in"
	run jq -r .subject <<<"$(alert -w "$tmp/w" <"$tmp/in")"
	[ "$output" = "lamp/target
default" ]
}

@test "--pass keeps the input" {
	price 1 79 80 >"$tmp/in"
	run jq -r .type <<<"$(alert -p <"$tmp/in")"
	[ "$output" = "price.update
alert.new
user.notification" ]
}

@test "a bad rule is told with its file and line, and the others hold" {
	printf '%s\n' '{"id":"a","on":"price.update/","drop":{}}' \
		'{"id":"b","on":"price.update/","target":80}' \
		'{"id":"c","on":7}' '{"id":"target","on":""}' 'x' \
		>"$tmp/r"
	price 1 79 >"$tmp/in"
	run --separate-stderr alert -r "$tmp/r" <"$tmp/in"
	[ "$status" -eq 65 ]
	[ "$(wc -l <<<"$stderr")" -eq 5 ] # one each, and the last word
	[[ $stderr == *"line 1: data: drop: one of percent, amount is missing"* ]]
	[[ $stderr == *"line 3: data: on: not a string"* ]]
	[[ $stderr == *"line 4: id: 'target' is taken"* ]]
	[ "$(jq -r .subject <<<"${lines[0]}")" = lamp/b ]
}

@test "a file that is not there is one clear line" {
	run --separate-stderr alert -r "$tmp/nothing" </dev/null
	[ "$status" -eq 66 ]
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
	[[ $stderr == *nothing* ]]
}

@test "a user has as many saved searches as they may" {
	set_user() { printf '{"id":"1","source":"weir/t/-","type":"user.set","subject":"ann","time":"2026-03-01T00:00:00Z","data":%s}\n' "$1"; }
	search() { printf '{"id":"%s","source":"weir/t/-","type":"search.set","subject":"%s","time":"2026-03-01T00:00:00Z","data":%s}\n' "$1" "$2" "$3"; }
	{
		set_user '{"id":"ann","searches":2}'
		search 2 a '{"user":"ann"}'
		search 3 b '{"user":"ann"}'
		search 4 c '{"user":"ann"}'          # one too many
		search 5 a '{"user":"ann","price":{"max":"5"}}' # is there
		search 6 d '{"user":"bob"}'
		search 7 b null
		search 8 e '{"user":"ann"}'
	} >"$tmp/in"
	run --separate-stderr alert -s "$tmp/state" <"$tmp/in"
	[ "$(grep -c 'search.set/c: not taken: user ann has 2 searches, as many as set' <<<"$stderr")" -eq 1 ]
	[ "$(grep -c warning <<<"$stderr")" -eq 1 ]
	# It counts what its ledger has.
	search 9 f '{"user":"ann"}' >"$tmp/in"
	run --separate-stderr alert -s "$tmp/state" <"$tmp/in"
	[[ $stderr == *"search.set/f: not taken: user ann has 2 searches"* ]]
	# A limit that is gone is none.
	{ set_user null && search 10 f '{"user":"ann"}'; } >"$tmp/in"
	run --separate-stderr alert -s "$tmp/state" <"$tmp/in"
	[[ $stderr != *warning* ]]
}
