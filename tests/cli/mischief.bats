#!/usr/bin/env bats
# What weir-scraper makes of a web that misbehaves: cases are the lines of
# tests/fixtures/mischief/outcomes.jsonl, paths of weir-sim with the outcome and
# what the reason must match; `about` says which complaint of users each stands
# for. Lists that are no news, robots.txt that misbehaves, prices in turn,
# deadlines and names that lead elsewhere have tests of their own below.

# shellcheck disable=SC2016,SC2034 # conditions are evaluated later

bats_require_minimum_version 1.5.0

load scraper

# Nothing but the simulated web is allowed.
observe() { # OPTION...
	weir-scraper --test -w w.jsonl --allow "$addr" --host-delay 0ms \
		--host-requests 20 --timeout 2s --max-bytes 1M "$@"
}

# A watch for each line of cases: its id is the line's number.
watches() {
	jq -c --arg u "$url" --arg a "$addr" '
	{ html: { items: { css: "li.result" }, fields: { id: { attr: "data-id" },
	    title: { css: "h3" }, link: { css: "a", attr: "href" },
	    price: { css: ".price" } } },
	  json: { items: { path: "$.results[*]" }, fields:
	    { id: { path: "$.id" }, title: { path: "$.title" } } } } as $extract |
	(.kind // "page") as $kind |
	{ id: "n\(input_line_number)", kind: $kind,
	  url: ($u + (.path | sub("TLS$"; "https://\($a)/"))) } +
	if .headers then { headers } else {} end +
	if $extract[$kind] then { extract: ($extract[$kind] +
	    if .until then { until: { css: .until } } else {} end) } else {} end' "$1"
}

@test "each misbehaviour has its outcome, and a reason that says it" {
	start_sim
	watches "$repo/tests/fixtures/mischief/outcomes.jsonl" >w.jsonl
	observe >out
	jq -c '. + { watch: "n\(input_line_number)" }' "$repo/tests/fixtures/mischief/outcomes.jsonl" >want
	[ "$(wc -l <out)" -eq "$(wc -l <want)" ]
	jq -es 'all(.about)' want
	jq -nc --slurpfile out out --slurpfile want want '
	($out | map({ key: .watch, value: . }) | from_entries) as $got |
	$want[] | . as $w | $got[.watch] as $g |
	select($g.outcome != $w.outcome or
	  ($w.reason and ($g.reason // "" | test($w.reason) | not)) or
	  ($w.outcome == "changed" and $g.reason) or
	  ($w.text and $g.text != $w.text) or
	  ($w.items and ($g.items | length) != $w.items) or
	  ($w.price and ($g.items[0] | "\(.price) \(.currency)") != $w.price)) |
	{ path, want: { outcome, reason }, got: ($g | del(.items, .text)) }' >wrong
	cat wrong
	[ ! -s wrong ]
	# What robots.txt forbids was not asked for.
	[ "$(control log | jq '.paths["/private/page"]')" = null ]
}

@test "a list in other words, or another order, is no news" {
	start_sim
	for how in shuffle double sessions; do
		jq -nc --arg u "$url/$how/ads/" --arg h "$how" '{ id: $h, source: $h,
		kind: "html", url: $u, extract: { items: { css: "li.result" },
		fields: { title: { css: "h3" }, link: { css: "a", attr: "href" } } } }'
	done >w.jsonl
	pass() {
		weir-scraper -1 -w w.jsonl -o - -s st --allow "$addr" \
			--host-delay 0ms
	}
	pass >first
	jq -r 'select(.type == "listing.new").subject' first | sort | uniq -c |
		awk '{ print $2 "=" $1 }' >got
	[ "$(xargs <got)" = "double=36 sessions=36 shuffle=36" ]
	for _ in 1 2 3; do pass; done >again
	cat again
	[ ! -s again ]
	# They did differ.
	[ "$(curl -s "$url/shuffle/ads/" | sha256sum)" != \
		"$(curl -s "$url/shuffle/ads/" | sha256sum)" ]
	[ "$(curl -s "$url/sessions/ads/" | sha256sum)" != \
		"$(curl -s "$url/sessions/ads/" | sha256sum)" ]
}

@test "a robots.txt that misbehaves: what is not there allows, what fails does not" {
	start_sim
	echo "{\"id\":\"a\",\"kind\":\"page\",\"url\":\"$url/page\"}" >w.jsonl
	while read -r path outcome reason; do
		control robots "{\"path\":\"$path\"}" >ok
		observe >out
		jq -e --arg o "$outcome" --arg r "$reason" '.outcome == $o and
			(.reason // "" | test($r))' out || {
			echo "$path" && cat out && return 1
		}
	done <<-'END'
	as/html/page changed
	garbage/ changed
	empty/ changed
	many/20000/ changed
	status/404/ changed
	status/403/ changed
	redirect-loop/ changed
	status/500/ refused ^robots.txt.cannot.be.read:.status.500
	status/503/ refused ^robots.txt.cannot.be.read:.status.503
	status/429/ refused ^robots.txt.cannot.be.read:.status.429
	endless/ refused ^body.of.more.than
	hang/ timeout timed.out
	drip/100/page timeout timed.out
	wire/nothing/ unreachable Empty.reply
	wire/huge-header/ refused ^a.header.of.more.than
	END
	# What forbids it all, in a page that is told to be HTML, does.
	control robots '{"path":""}' >ok
	observe | jq -e '.outcome == "changed"'
}

@test "each phase has its deadline: connect, TLS, headers" {
	python3 "$repo/tests/helpers/dead_ends.py" >ports 3>&- &
	pids="$pids $!"
	wait_for '[ -s ports ]'
	read -r silent full <ports
	cat >w.jsonl <<-END
	{"id":"connect","kind":"page","url":"http://127.0.0.1:$full/"}
	{"id":"tls","kind":"page","url":"https://127.0.0.1:$silent/"}
	{"id":"headers","kind":"page","url":"http://127.0.0.1:$silent/"}
	END
	weir-scraper --test -w w.jsonl --allow 127.0.0.1 --timeout 2s \
		--connect-timeout 500ms >out
	jq -e -s 'length == 3 and all(.outcome == "timeout" and
		(.reason | test("time"; "i")))' out || { cat out && return 1; }
}

# The rest in a network of its own, which has nothing but a loopback interface
# with a public address beside 127.0.0.1, and a name server.
in_own_net() { # SCRIPT
	unshare -rmn true 2>/dev/null || skip "no network namespaces here"
	echo 'nameserver 127.0.0.53' >resolv.conf
	{
		echo 'set -e; pids=; trap "kill \$pids" EXIT'
		echo 'mount --bind resolv.conf /etc/resolv.conf'
		echo 'ip link set lo up; ip addr add 93.184.216.34/32 dev lo'
		cat
	} >script
	HELPERS=$repo/tests/helpers timeout 60 unshare -rmn bash script
}

@test "a name that leads elsewhere the second time is refused" {
	in_own_net <<-'END'
	python3 "$HELPERS/dns.py" 127.0.0.53:53 'rebind.example=93.184.216.34;127.0.0.1' \
		'both.example=93.184.216.34,127.0.0.1' >dns.out & pids="$pids $!"
	weir-sim --listen 93.184.216.34:8090 --tick 0 2>sim.log & pids="$pids $!"
	weir-sim --listen 127.0.0.1:8090 --tick 0 2>inside.log & pids="$pids $!"
	weir-sim --listen 127.0.0.1:8091 --tick 0 2>inside.log & pids="$pids $!"
	for i in $(seq 200); do
		grep -q ready dns.out && grep -q ready sim.log && break
		sleep 0.05
	done
	echo '{"id":"a","kind":"page","url":"http://rebind.example:8090/page"}' >w.jsonl
	weir-scraper -1 -w w.jsonl -o - -s st >first
	weir-scraper -1 -w w.jsonl -o - -s st >second
	# Of two addresses only the good one is tried: nothing listens there.
	echo '{"id":"b","kind":"page","url":"http://both.example:8091/page"}' >w.jsonl
	weir-scraper --test -w w.jsonl >third
	curl -s http://127.0.0.1:8090/control/log >inside
	curl -s http://127.0.0.1:8091/control/log >>inside
	END
	jq -e -s '.[1].data.outcome == "changed"' first
	jq -e '.type == "observation.change" and .data.outcome == "refused" and
		.data.previous == "changed" and
		.data.reason == "address is loopback"' second
	jq -e '.outcome == "refused" and .reason == "address is loopback"' third
	[ "$(jq '.paths | length' inside | xargs)" = "0 0" ]
}

@test "a name server that says nothing is a timeout" {
	in_own_net <<-'END'
	python3 "$HELPERS/dns.py" 127.0.0.53:53 >dns.out & pids="$pids $!"
	for i in $(seq 200); do
		grep -q ready dns.out && break
		sleep 0.05
	done
	echo '{"id":"a","kind":"page","url":"http://silent.example/"}' >w.jsonl
	weir-scraper --test -w w.jsonl --connect-timeout 1s >out
	END
	jq -e '.outcome == "timeout" and (.reason | test("time"; "i"))' out ||
		{ cat out && return 1; }
}

@test "two prices in turn are not told where two looks must agree" {
	start_sim
	echo "{\"id\":\"ab\",\"url\":\"$url/ab/\",\"confirm\":{\"times\":2,\"of\":2}}" >w.jsonl
	for _ in 1 2 3 4 5; do
		weir-scraper -1 -w w.jsonl -o - -s st --allow "$addr" --host-delay 0ms
	done >out
	[ "$(control log | jq '.paths["/ab/"]')" -ge 5 ]
	jq -es 'map(select(.type == "price.update").data) | length == 1 and .[0].baseline' out
	# It is news to who takes the first look for granted.
	echo "{\"id\":\"each\",\"url\":\"$url/ab/\"}" >w.jsonl
	for _ in 1 2 3; do
		weir-scraper -1 -w w.jsonl -o - -s st2 --allow "$addr" --host-delay 0ms
	done | jq -es 'map(select(.type == "price.update").data) | length == 3'
}
