#!/usr/bin/env bats
# What others have captured is read as if it had been fetched.

# shellcheck disable=SC2154 # $sim and $url are start_weir's

load ../helpers
load weir

setup() { weir_setup; }
teardown() {
	stop_weir
	weir_teardown
}

push() { # WATCH[?QUERY] CURL-OPTION...
	curl -sS --fail-with-body --max-time 20 -o "$T/pushed" \
		"$url/api/v1/observations/$1" "${@:2}"
}

metric() { # NAME LABEL VALUE
	curl -fsS --max-time 10 "$url/metrics" | grep -q "^weir_scraper_$1{.*$2.*} $3\$"
}

@test "a page that an extension pushed gives prices, alerts and a record" {
	start_weir
	weir watch add "$sim/shop/plain/rolex-submariner" id=rolex enabled=false \
		item.target=8000 currency=EUR
	html='Content-Type: text/html'
	page() { # PRICE
		curl -fsS "$sim/shop/plain/rolex-submariner" | sed "s/10[.]620,00/$1/" >"$T/page"
	}
	page 9.100,00
	push "rolex?captured=2026-11-20T21:00:00Z" -H "$html" --data-binary "@$T/page"
	event price.update/rolex .data.baseline
	jq -e '.data.price == "9100.00" and .time == "2026-11-20T21:00:00.000000Z"' "$T/event"
	page 7.900,00
	push rolex -H "$html" --data-binary "@$T/page"
	event price.update/rolex '.data.price == "7900.00"'
	event delivery.sent/default
	# The body is kept, and the way leads back to what was pushed.
	record=$(weir log -r -n 1 observation.record/rolex)
	jq -e '.data.pushed and .data.headers == {"content-type": "text/html"}' <<<"$record"
	weir log --blob "$(jq -r .data.body.blob <<<"$record")" | cmp - "$T/page"
	weir explain delivery.sent/default | grep '^[a-z]' | sed 's/ .*(/ (/' >"$T/steps"
	diff - "$T/steps" <<-'END'
	watch.set/rolex (in force)
	observation.push/rolex (cause)
	observation.record/rolex (cause)
	price.update/rolex (cause)
	alert.new/rolex/target (cause)
	user.notification/default (cause)
	delivery.sent/default (this)
	END
	# The same again is no news; it counts as a look all the same.
	wait_for metric pushes_total '"changed"' 2
	push rolex -H "$html" --data-binary "@$T/page"
	wait_for metric pushes_total '"unchanged"' 1
	[ "$(events price.update/rolex)" -eq 2 ]
	[ "$(events observation.record/rolex)" -eq 2 ]
	# It was never fetched.
	[ "$(curl -fsS "$sim/control/log" | grep -c weir/ || true)" -eq 0 ]
}

@test "items are compared as a list, whoever pushes them" {
	start_weir
	weir watch add https://ads.example/ id=ads source=ads kind=html enabled=false \
		'extract={"items":{"css":"li"},"fields":{"title":{"css":"h3"}}}'
	push ads -H 'Content-Type: application/json' -d '{"items":[
		{"id":"1","title":"Pen","price":"5 EUR"},{"id":"2","title":"Cup","price":7.5}]}'
	event listing.new/ads '.data.id == "2"'
	jq -e '.data.price == "7.5" and .data.baseline' "$T/event"
	printf '%s\n' '{"items":[{"id":"1","title":"Pen","price":"4 EUR"},{"id":"2","title":"Cup","price":7.5},{"id":"3","title":"Jug"}]}' |
		weir pub --type observation.push --subject ads
	event listing.update/ads
	jq -e '.data | .id == "1" and .price == "4" and .previous == "5" and .currency == "EUR"' "$T/event"
	event listing.new/ads '.data.id == "3" and (.data.baseline|not)'
	# The watch's own selectors read what is pushed as a document.
	push ads -H 'Content-Type: text/html' -d '<ul><li><h3>Pot</h3></ul>'
	event listing.new/ads '.data.title == "Pot"'
}

@test "what cannot be read is told in a line, and all others are read" {
	start_weir
	weir watch add mock:m?seed=1 id=m every=1h
	weir watch add https://x.example/ id=w enabled=false kind=page
	pub_push() { # WATCH DATA
		printf '%s\n' "$2" | weir pub --type observation.push --subject "$1"
	}
	pub_push none '{"body":"x"}'
	pub_push m '{"body":"x"}'
	pub_push w '{"blob":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}'
	pub_push w '{"body":"<p>one"}'
	event page.change/w .data.baseline
	pub_push w '{"body":"<p>old","captured":"2020-01-01T00:00:00Z"}'
	pub_push w '{"body":"","status":403}'
	event observation.change/w '.data.outcome == "blocked"'
	pub_push w '{"body":"<p>two"}'
	event page.change/w '.data.added == ["two"]'
	wait_for metric pushes_total '"refused"' 4
	for why in 'none: not read: there is no such watch' \
		'm: not read: a watch of kind mock' 'w: not read: blob ba78.* is not there' \
		'w: not read: it is older than what is known'; do
		[ "$(grep -c "warning: observation.push/$why" "$T/scraper.err")" -eq 1 ]
	done
	[ "$(events page.change/w)" -eq 2 ]
}

@test "what came while the scraper was away is read when it is back" {
	start_weir
	weir watch add https://x.example/ id=w enabled=false kind=page
	pub_push() { # DATA...
		printf '%s\n' "$@" | weir pub --type observation.push --subject w
	}
	pub_push '{"body":"<p>one"}'
	event page.change/w .data.baseline
	scraper=$(pgrep -P $$ -f weir-scraper)
	kill -KILL "$scraper"
	wait "$scraper" || true
	old='{"body":"<p>old","captured":"2020-01-01T00:00:00Z"}'
	pub_push "$old" "$old" '{"body":"<p>two"}' "$old" '{"body":"<p>three"}'
	start_daemon scraper
	# One that is refused does not keep the others waiting.
	event page.change/w '.data.added == ["three"]'
	[ "$(events page.change/w)" -eq 3 ]
	wait_for metric pushes_total '"refused"' 3
}

@test "each is read once, also if the scraper is killed again and again" {
	start_weir
	weir watch add https://x.example/ id=w source=w kind=json enabled=false \
		'extract={"items":{"path":"$[*]"},"fields":{"id":{"path":"$"},"title":{"path":"$"}}}' \
		list=whole
	scraper=$(pgrep -P $$ -f weir-scraper)
	seq 200 | jq -c '{body: ("[" + ([range(1; . + 1)] | map("\"e\(.)\"") | join(",")) + "]")}' >"$T/all"
	split -l 20 -d "$T/all" "$T/part."
	for part in "$T"/part.*; do
		weir pub --type observation.push --subject w <"$part"
		kill -KILL "$scraper"
		wait "$scraper" || true
		"$BIN/weir-scraper" 2>>"$T/scraper.err" 3>&- &
		scraper=$!
		daemons+=("$scraper")
	done
	event listing.new/w '.data.id == "e200"'
	# Each push brought one entry: none is lost, none is told twice.
	weir log listing.new/w | jq -r .data.id | diff - <(seq -f 'e%g' 200)
	[ "$(events observation.record/w)" -eq 200 ]
	weir log listing.new/w | jq -r .cause | uniq -c | awk '$1 != 1' | wc -l | grep -qx 0
}
