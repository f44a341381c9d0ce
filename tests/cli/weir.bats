#!/usr/bin/env bats
# weir, the front command, beside a store.

load ../helpers

setup() {
	weir_setup
	export WEIR_DIR=$DIR
	unset WEIR_CONFIG
}

teardown() { weir_teardown; }

front() { "$BIN/weir" "$@"; }

@test "watches, rules and searches are added, listed and removed" {
	start_store
	front watch add https://shop.example/lamp id=lamp every=1h target=80
	front rule add tenth on=price.update/ drop.percent=10 drop.over=7d
	front search add bikes keywords='blue bike' price.max=200
	[ "$(front watch list lamp | jq -r .item.target)" = 80 ]
	[ "$(front rule list | jq .drop.percent)" = 10 ]
	[ "$(front search list | jq -r .price.max)" = 200 ]
	front watch rm lamp
	[ -z "$(front watch list)" ]
}

@test "numbers and a window are written as they are" {
	start_store
	front watch add mock:a id=a min_items=3 confirm.times=2 confirm.of=3 \
		windows='Mon-Fri,Sun 08:00-20:00'
	[ "$(front watch list a | jq -c '[.min_items, .confirm, .windows]')" = \
		'[3,{"times":2,"of":3},["Mon-Fri,Sun 08:00-20:00"]]' ]
	front watch add mock:a id=a windows='["Mon 08:00-09:00","Tue"]'
	[ "$(front watch list a | jq -c .windows)" = '["Mon 08:00-09:00","Tue"]' ]
}

@test "a watch is listed with how its last fetch ended, and since when" {
	start_store
	[ -z "$(front watch list)" ]
	front watch add mock:a id=a
	front watch add mock:b id=b
	jq -nc '{type: "observation.change", subject: "a", time: "2026-01-01T00:00:00Z",
		data: {watch: "a", outcome: "refused", reason: "so"}}' | pub
	[ "$(front watch list | jq -c '[.id, .last]')" = \
		'["a",{"since":"2026-01-01T00:00:00.000000Z","outcome":"refused","reason":"so"}]
["b",null]' ]
	front watch rm a
	[ "$(front watch list | jq -r .id)" = b ]
	[ "$(front watch list b | jq -r .url)" = mock:b ]
}

@test "of a list that goes on it is listed how far it was read, and why no further" {
	start_store
	front watch add http://127.0.0.1:1/one id=one kind=feed
	front watch add http://127.0.0.1:1/many id=many kind=feed pages=5
	jq -nc '{type: "observation.change", subject: ("one", "many"), data: {outcome: "changed"}}
		| .data.watch = .subject
		| if .subject == "many" then .data += {pages: 1, stopped: "last"} else . end' | pub
	[ "$(front watch list | jq -c '[.id, .last.pages, .last.stopped]')" = '["many",1,"last"]
["one",null,null]' ]
	[ "$(front watch list one | jq '.last | has("pages")')" = false ]
}

@test "the next try is told while it is ahead" {
	start_store
	for at in 2026-01-01 2999-01-01; do
		front watch add mock:$at id=$at
		jq -nc --arg at $at '{type: "observation.change", subject: $at,
			data: {watch: $at, outcome: "timeout", next: "\($at)T00:00:00.000001Z"}}' | pub
	done
	[ "$(front watch list | jq -c .last.next)" = 'null
"2999-01-01T00:00:00.000001Z"' ]
}

@test "a watch is listed with what its source has it wait for" {
	start_store
	for source in over held well; do
		front watch add https://a.example/$source id=$source source=$source
	done
	front watch add ws://a.example/ id=chat source=held
	status() { # SOURCE DATA
		jq -nc --arg s "$1" "{type: \"scraper.status\", subject: \$s, data: ({source: \$s, running: true} + $2)}" | pub
	}
	status held '{outcome: "rate-limited", reason: "so", next: "2999-01-01T00:00:00Z"}'
	status over '{outcome: "blocked", next: "2026-01-01T00:00:00Z"}'
	status well '{}'
	status chat '{stream: "chat", outcome: "timeout", next: "2999-01-01T00:00:00Z"}'
	[ "$(front watch list | jq -c '[.id, .last]')" = '["chat",null]
["held",{"held":{"outcome":"rate-limited","reason":"so","next":"2999-01-01T00:00:00Z"}}]
["over",null]
["well",null]' ]
	jq -nc '{type: "observation.change", subject: "held",
		data: {watch: "held", outcome: "unchanged"}}' | pub
	[ "$(front watch list held | jq -c '[.last.outcome, .last.held.outcome]')" = '["unchanged","rate-limited"]' ]
}

@test "a watch is listed with when it was last seen" {
	start_store
	for id in changed unchanged timeout; do
		front watch add mock:$id id=$id
		jq -nc --arg id $id '{type: "observation.change", subject: $id,
			time: "2026-01-01T00:00:00Z", data: {watch: $id, outcome: $id}}' | pub
	done
	[ "$(front watch list | jq -r '"\(.id) \(.last.seen)"')" = 'changed 2026-01-01T00:00:00.000000Z
timeout null
unchanged 2026-01-01T00:00:00.000000Z' ]
	for minute in 01 02; do
		jq -nc --arg at 2026-01-01T00:$minute:00.000000Z '{type: "observation.summary",
			data: {seen: ["timeout", ["changed"][$at | .[14:16] | tonumber - 1] // empty], until: $at}}' | pub
	done
	[ "$(front watch list | jq -r '"\(.id) \(.last.seen)"')" = 'changed 2026-01-01T00:01:00.000000Z
timeout 2026-01-01T00:02:00.000000Z
unchanged 2026-01-01T00:00:00.000000Z' ]
}

@test "a currency is that of the target, and without one that of the watch" {
	start_store
	front watch add mock:a id=a target=80 currency=EUR name='A lamp'
	front watch add mock:b id=b currency=EUR
	[ "$(front watch list | jq -r '"\(.item.target) \(.item.currency) \(.item.name) \(.currency)"')" = \
		'80 EUR A lamp null
null null null EUR' ]
}

@test "the id that was made for a watch is printed" {
	start_store
	front watch add 'https://shop.example/desk?id=7' id=mine
	run --separate-stderr front watch add 'https://shop.example/desk?id=7'
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[[ $output == shop.example_desk-???????? ]]
	[ "$(front watch list "$output" | jq -r .url)" = 'https://shop.example/desk?id=7' ]
	[ "$(front watch add https://shop.example/desk?id=7)" = "$output" ]
	[ -z "$(front watch add https://shop.example/lamp id=lamp)" ]
}

@test "what is not there is said, with 1" {
	start_store
	front watch add https://shop.example/lamp id=lamp
	for command in list rm poll; do
		run --separate-stderr front watch "$command" nosuch
		[ "$status" -eq 1 ]
		[ "$stderr" = "weir: error: watch nosuch: there is none" ]
	done
}

@test "what is refused is one line that names the member" {
	start_store
	run --separate-stderr front watch add htp://shop.example/lamp
	[ "$status" -eq 65 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == "weir: error: watch not added: url:"* ]]
	run --separate-stderr front rule add r on=price.update/ evry=2
	[ "$status" -eq 65 ]
	[[ $stderr == "weir: error: rule not added: evry:"* ]]
	run --separate-stderr front rule add r on=price.update/ drop.percent=ten
	[ "$status" -eq 65 ]
	[[ $stderr == "weir: error: rule not added: drop.percent: not a number"* ]]
	run --separate-stderr front rule add 'a b' on=price.update/
	[ "$status" -eq 65 ]
	[[ $stderr == "weir: error: rule not added: id: not an id"* ]]
}

# Whatever is wrong with a definition: its type, what reads it, or its programs.
@test "a watch that the scraper would refuse is not added" {
	start_store
	while read -r why definition; do
		read -ra words <<<"$definition"
		run --separate-stderr front watch add "${words[@]}"
		[ "$status" -eq 65 ] || { echo "$definition: $status $stderr" && return 1; }
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == "weir: error: watch not added: $why:"* ]] ||
			{ echo "$definition: $stderr" && return 1; }
	done <<-'EOT'
	fields.title https://a.example/ kind=html extract={"fields":{"title":{"css":"h3["}}}
	fields.price https://a.example/ kind=html extract={"fields":{"price":{"xpath":"//p["}}}
	items https://a.example/ kind=json extract={"items":{"path":"$["},"fields":{"id":{"pointer":"/id"}}}
	fields.title https://a.example/ kind=json extract={"fields":{"title":{"jq":".a["}}}
	cron https://a.example/ cron=daily
	tz https://a.example/ tz=Europe/Nowhere
	mock mock:a?sede=1
	headers https://a.example/ headers.Host=b.example
	EOT
	[ -z "$(front watch list)" ]
	run --separate-stderr front stream start a ws://a.example/ only=user= reason=test
	[ "$status" -eq 65 ]
	[[ $stderr == "weir: error: stream not started: chat: only: "* ]]
	[ -z "$(front stream list)" ]
	# That a way is a provider's is no word of the watch.
	front provider add paid 'url=http://b.example/?k={key}&url={url}' key.file=key budget=5
	for via in via=paid 'via=["direct","paid"]'; do
		for how in 'watch add ws://a.example/ id=c kind=chat' 'stream start c ws://a.example/'; do
			# shellcheck disable=SC2086 # several words
			run --separate-stderr front $how "$via"
			[ "$status" -eq 65 ] || { echo "$how $via: $status $stderr" && return 1; }
			[[ $stderr == "weir: error: "*": via: paid is a provider of pages;"* ]]
		done
	done
	[ -z "$(front watch list)" ]
	front watch add https://a.example/ id=paid via=paid
	front watch rm paid
	front stream start c ws://a.example/ via=others
	# What is in a secret file, the scraper's machine knows.
	front watch add https://a.example/ id=a headers.Cookie.file=a.cookie
	[ "$(front watch list | jq -r .id)" = a ]
}

@test "a user is added, listed and removed" {
	start_store
	front user add ann zone=Europe/Berlin quiet=22:00-07:00 max_per_day=20 \
		notify=phone,mail digest.days=Mon searches=9
	[ "$(front user list)" = '{"id":"ann","zone":"Europe/Berlin","quiet":["22:00-07:00"],"max_per_day":20,"notify":["phone","mail"],"digest":{"days":"Mon"},"searches":9}' ]
	run --separate-stderr front user add bob zone=Nowhere
	[ "$status" -eq 65 ]
	[[ $stderr == *"zone: 'Nowhere' is no time zone"* ]]
	front user rm ann
	[ -z "$(front user list)" ]
}

@test "without a journal there is nothing to list: 66" {
	run --separate-stderr front watch list
	[ "$status" -eq 66 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
}

@test "usage errors are 64" {
	run front
	[ "$status" -eq 64 ]
	run front nosuch
	[ "$status" -eq 64 ]
	run front watch frob
	[ "$status" -eq 64 ]
	run --separate-stderr front watch add
	[ "$status" -eq 64 ]
	[ "$stderr" = "weir: error: watch add: URL expected" ]
	run --separate-stderr front rule add
	[ "$status" -eq 64 ]
	[ "$stderr" = "weir: error: rule add: ID expected" ]
	for many in 'status extra' 'status --metrics extra' 'watch list a b' 'rule list a b' 'watch rm a b' \
		'watch poll a b' 'extract a' 'extract --again' 'extract --again a --dry' \
		'extract --again a --dry-run b'; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr front $many
		[ "$status" -eq 64 ]
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == "weir: error: "* ]]
	done
}

@test "what reads kept bodies again says how many there were" {
	start_store
	front watch add http://a.example/ id=a kind=page
	for how in '' --dry-run; do
		run --separate-stderr front extract --again a $how
		[ "$status" -eq 0 ]
		[ -z "$output" ]
		[[ $stderr == *"a: 0 of 0 records read, 0 events found" ]]
	done
}

@test "help is asked of weir or of one of its commands" {
	for ask in --help 'watch --help' 'rule -h' 'extract --help' 'watch add --help' \
		'watch add http://a.example/ -h' 'search add --help' 'proxy list -h' 'silence rm --help' \
		'watch poll --help' 'stream --help' 'stream start -h' 'stream start a --help' \
		'extract --again --help' 'key --help' 'status -h' 'logs --help'; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr front $ask
		[ "$status" -eq 0 ]
		[ "${lines[0]}" = "usage: weir COMMAND [ARGUMENT...]" ]
		[ -z "$stderr" ]
	done
}

@test "without a gateway the status is one line that says so, with 69" {
	start_store
	export WEIR_URL=http://127.0.0.1:1
	run --separate-stderr front status
	[ "$status" -eq 69 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == "weir: error: gateway $WEIR_URL: Failed to connect"* ]]
}

@test "the status tells of watches and processes; counters when asked for" {
	start_both
	export WEIR_URL=$url
	front watch add mock:a id=a
	watched() { [ "$(front status | jq .watches.total)" = 1 ]; }
	wait_for watched
	run -0 --separate-stderr front status
	[ "$(jq -r 'keys_unsorted | join(" ")' <<<"$output")" = \
		"version started time ready position events store_age_ms clients watches processes" ]
	[ "$(jq -c '.processes | map(keys_unsorted) | unique' <<<"$output")" = '[["tool","id","age_ms"]]' ]
	run -0 front status --metrics
	[ "$(jq '.counters.requests_total > 0 and all(.processes[]; .stats)' <<<"$output")" = true ]
}

@test "who may not see the status is told what is missing" {
	echo 0123456789abcdef-the-owner >"$T/token"
	start_both --token-file "$T/token"
	run -69 --separate-stderr env WEIR_URL="$url" "$BIN/weir" status
	[ "$stderr" = "weir: error: gateway $url: it wants a token that may see this; WEIR_URL can hold one, see weir(1)" ]
	run -69 --separate-stderr env WEIR_URL="http://x:wrong-token@${url#http://}" "$BIN/weir" status
	[[ $stderr == *"wants a token"* && $stderr != *wrong-token* ]]
	run -0 env WEIR_URL="http://x:$(cat "$T/token")@${url#http://}" "$BIN/weir" status
	[ "$(jq -r .ready <<<"$output")" = true ]
}

# A week of prices: low on the 2nd and the 5th.
lamp_week() {
	for day in 1:100 2:79 3:100 4:95 5:70 6:100; do
		jq -cn --arg d "${day%:*}" --arg p "${day#*:}" '{type: "price.update", subject: "lamp",
			time: "2026-11-0\($d)T10:00:00Z",
			data: {item: {id: "lamp"}, price: $p, currency: "EUR", source: "shop"}}'
	done | pub
}

@test "a rule is tried on the past, beside the one in force" {
	start_store
	front rule add deal on=price.update/ target=75
	lamp_week
	out=$(front rule test deal on=price.update/ target=80 --since 2026-11-01)
	[[ $out == *"rule deal, since 2026-11-01T00:00:00Z"* ]]
	[[ $out =~ fires\ +2\ +1 ]]
	[[ $out =~ resolved\ +2\ +1 ]]
	[[ $out =~ 2026-11-02\ +1\ +0 ]]
	[[ $out =~ 2026-11-05\ +1\ +1 ]]
	[[ $out == *"first           2026-11-02T10:00:00.000000Z  lamp: 79 EUR, target 80, at shop"* ]]
	front rule test deal on=price.update/ target=80 --since 2026-11-03 --json |
		jq -e '.proposed.fires == 1 and .in_force.fires == 1 and .proposed.days == {"2026-11-05": 1}'
	# Nothing was set by that, and what is in force can be tried alone.
	[ "$(front rule list deal | jq -r .target)" = 75 ]
	front rule test deal --json --since 2026-11-01 | jq -e '.proposed.fires == 1 and .in_force == null'
	# By a file, and what is held back is told.
	echo '{"on":"price.update/","target":"80","cooldown":"30d"}' >"$T/rule.json"
	front rule test deal "$T/rule.json" --since 2026-11-01 --json |
		jq -e '.proposed.fires == 1 and .proposed.reasons == {"cooldown": 1}'
}

@test "a rule that cannot be is refused where it is tried" {
	start_store
	lamp_week
	run --separate-stderr front rule test deal on=price.update/ target=-5
	[ "$status" -eq 65 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *target* ]]
	run --separate-stderr front rule test deal on=price.update/ if='price <'
	[ "$status" -eq 65 ]
	[[ $stderr == *"line 1, column"* ]]
	run --separate-stderr front rule test none
	[ "$status" -eq 1 ]
	run --separate-stderr front rule test deal on=price.update/ --since yesterday
	[ "$status" -eq 64 ]
	run --separate-stderr front watch test deal
	[ "$status" -eq 64 ]
}

@test "a search is tried on the past" {
	start_store
	jq -cn '{type: "listing.new", subject: "board", time: "2026-11-01T10:00:00Z", data: {
		id: "1", title: "Red bike", price: "50", currency: "EUR", source: "board"}}' | pub
	front search test bikes keywords='red bike' --since 2026-11-01 --json | jq -e '.proposed.fires == 1'
	front search test bikes keywords='red bike' price.max=40 --since 2026-11-01 --json | jq -e '.proposed.fires == 0'
}
