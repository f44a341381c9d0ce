#!/usr/bin/env bats
# How an event came about, from the request to the message, and back.

# shellcheck disable=SC2154 # $sim is start_weir's

load ../helpers
load weir

setup() { weir_setup; }
teardown() {
	stop_weir
	weir_teardown
}

# explain EVENT: without what is another one in each run
explain() {
	weir explain "$@" >"$T/explained"
	sed -E -e "s|$sim|SIM|g; s/[0-9a-f]{8}:[0-9]+/POS/; s/[0-9a-f]{64}/HASH/g" \
		-e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/TIME/g' \
		-e 's/after [0-9]+ ms/after N ms/; s/(date: ).*/\1DATE/' \
		-e 's/(etag: ).*/\1ETAG/; s/(last-modified: ).*/\1DATE/' \
		-e 's/^(  id            )[0-9a-f]{32}$/\1KEY/' \
		-e 's/^(  version       )[0-9a-f]{16}$/\1VERSION/' \
		-e 's/^  body          [0-9]+ bytes/  body          N bytes/' \
		"$T/explained"
}

@test "a price, from the request to the delivery, also without a store" {
	start_weir
	weir watch add "$sim/shop/jsonld/rolex-submariner" id=rolex target=8000 currency=USD
	event price.update/rolex .data.baseline
	site set '{"item":"rolex-submariner","price":"7777.00","hold":true}'
	weir watch poll rolex
	event delivery.sent/default
	stop_weir
	explain delivery.sent/default >"$T/back"
	diff - "$T/back" <<-'END'
	watch.set/rolex  POS  TIME  (in force)
	  id            rolex
	  url           SIM/shop/jsonld/rolex-submariner
	  source        127.0.0.1
	  kind          product
	  item          {"id":"rolex","target":"8000","currency":"USD"}
	observation.record/rolex  POS  TIME  (cause)
	  asked         SIM/shop/jsonld/rolex-submariner
	  answered      200 after N ms
	  headers       content-type: text/html; charset=utf-8
	                date: DATE
	                last-modified: DATE
	                etag: ETAG
	  body          N bytes, blob HASH
	  read as       product
	  outcome       changed
	  items         1
	  told          price.update/rolex
	  entry         SIM/shop/jsonld/rolex-submariner
	  picked        JSON-LD, also on the page
	  price         7777.00, before "10620.00"
	price.update/rolex  POS  TIME  (cause)
	  price         7777.00
	  currency      USD
	  previous      10620.00
	  availability  InStock
	  source        127.0.0.1
	alert.new/rolex/target  POS  TIME  (cause)
	  rule          target
	  version       VERSION
	  kind          target
	  message       Rolex Submariner Date 126610LN: 7777.00 USD, target 8000, at 127.0.0.1
	  currentPrice  7777.00
	  targetPrice   8000
	  currency      USD
	  previous      10620.00
	  was           inactive
	  state         firing
	  user          default
	user.notification/default  POS  TIME  (cause)
	  title         Target reached: Rolex Submariner Date 126610LN
	  message       Rolex Submariner Date 126610LN: 7777.00 USD, target 8000, at 127.0.0.1
	delivery.sent/default  POS  TIME  (this)
	  channel       inbox
	  attempt       1
	  status        200
	  id            KEY
	END
	# The other way; statistics come when they come.
	weir explain --json price.update/rolex | jq -r '"\(.step) \(.event.type)"' |
		grep -v 'follows price' | sort >"$T/steps"
	diff - "$T/steps" <<-'END'
	cause observation.record
	follows alert.new
	follows delivery.sent
	follows user.notification
	in force watch.set
	this price.update
	END
	weir explain alert.new/rolex/target | grep '^[a-z]' | sed 's/ .*(/ (/' >"$T/steps"
	diff - "$T/steps" <<-'END'
	watch.set/rolex (in force)
	observation.record/rolex (cause)
	price.update/rolex (cause)
	alert.new/rolex/target (this)
	user.notification/default (follows)
	delivery.sent/default (follows)
	END
}

@test "an entry of a list is explained by its selectors, its alert by the search" {
	start_weir
	weir search add sofas keywords=sofa
	weir watch add "$sim/ads/" id=ads source=ads kind=html \
		'extract={"items":{"css":"li.result"},"fields":{"id":{"attr":"data-id"},"title":{"css":"h3"},"price":{"css":".price"}}}'
	event listing.new/ads
	site ad '{"id":"x1","title":"Green sofa","price":"310","source":"ksl"}'
	weir watch poll ads
	event alert.new/ '.data.rule == "sofas"'
	event delivery.sent/default
	explain "$(weir-log -r -n 1 -e 'id == "x1"' listing.new/ads | jq -r '"\(.source)/\(.id)"')" >"$T/entry"
	sed -n '/^observation.record/,$p' "$T/entry" |
		grep -v '^  *\(headers\|date\|last-mod\|etag\)' >"$T/have"
	diff - "$T/have" <<-'END'
	observation.record/ads  POS  TIME  (cause)
	  asked         SIM/ads/
	  answered      200 after N ms
	  body          N bytes, blob HASH
	  read as       html
	  extract       {"items":{"css":"li.result"},"fields":{"id":{"attr":"data-id"},"title":{"css":"h3"},"price":{"css":".price"}}}
	  outcome       changed
	  items         37
	  told          listing.new/ads
	  entry         x1
	  title         Green sofa, from "Green sofa" by {"css":"h3"}
	  price         310.00, from "$310.00" by {"css":".price"}
	  currency      USD
	listing.new/ads  POS  TIME  (this)
	  id            x1
	  title         Green sofa
	  price         310.00
	  currency      USD
	search.set/sofas  POS  TIME  (in force)
	  id            sofas
	  keywords      sofa
	alert.new/x1/sofas  POS  TIME  (follows)
	  rule          sofas
	  version       VERSION
	  kind          keywords
	  message       Green sofa: 310.00 USD, at ads
	  currentPrice  310.00
	  currency      USD
	  values        {"text":"Green sofa"}
	  was           inactive
	  state         firing
	  user          default
	user.notification/default  POS  TIME  (follows)
	  title         Found: Green sofa
	  message       Green sofa: 310.00 USD, at ads
	delivery.sent/default  POS  TIME  (follows)
	  channel       inbox
	  attempt       1
	  status        200
	  id            KEY
	END
}

@test "a page and a selector that found nothing are explained" {
	start_weir
	weir watch add "$sim/page" id=ferries kind=page
	weir watch add "$sim/ads/" id=miss kind=html \
		'extract={"items":{"css":"li.none"},"fields":{"title":{"css":"h3"}}}'
	event page.change/ferries .data.baseline
	event observation.change/miss
	site tick '{"n":60}'
	weir watch poll ferries
	event page.change/ferries '.data.added != null'
	explain page.change/ferries >"$T/page"
	for list in removed added; do
		sign=+
		[ $list = added ] || sign=-
		jq -r ".data.$list[]" "$T/event" | sed "s/^/  $sign /" >"$T/want"
		grep "^  [$sign] " "$T/page" | diff "$T/want" -
	done
	[ "$(grep '^[a-z]' "$T/page" | sed 's/ .*(/ (/' | xargs)" = \
		'watch.set/ferries (in force) observation.record/ferries (cause) page.change/ferries (this)' ]
	explain observation.change/miss >"$T/miss"
	sed -n '/^observation.record/,$p' "$T/miss" | grep -v '^  *\(date\|last-mod\|etag\|headers\)' >"$T/have"
	diff - "$T/have" <<-'END'
	observation.record/miss  POS  TIME  (cause)
	  asked         SIM/ads/
	  answered      200 after N ms
	  body          N bytes, blob HASH
	  read as       html
	  extract       {"items":{"css":"li.none"},"fields":{"title":{"css":"h3"}}}
	  outcome       selector-miss
	  reason        items: nothing matches li.none
	observation.change/miss  POS  TIME  (this)
	  outcome       selector-miss
	  reason        items: nothing matches li.none
	  status        200
	  next          TIME
	END
}

@test "a repaired selector reads kept bodies again, and fills in what they say" {
	start_weir
	site set '{"item":"rolex-submariner","price":"9100.00","hold":true}'
	broken='extract={"fields":{"title":{"css":"h1"},"price":{"css":".none"}}}'
	weir watch add "$sim/shop/plain/rolex-submariner" id=rolex kind=html \
		item.id=rolex item.target=8000 "$broken"
	event observation.change/rolex '.data.outcome == "selector-miss"'
	time=$(jq -r .time "$T/event")
	run --separate-stderr weir extract --again rolex
	[ "$status" -eq 0 ]
	[ -z "$output" ] # there is no price in it, either
	[[ $stderr == *"rolex: 0 of 1 records read, 0 events found" ]]
	site set '{"item":"rolex-submariner","price":"7700.00","hold":true}'
	weir watch add "$sim/shop/plain/rolex-submariner" id=rolex kind=html \
		item.id=rolex item.target=8000 'extract={"fields":{"title":{"css":"h1"},"price":{"css":"b"}}}'
	event price.update/rolex '.data.price == "7700.00"'
	event delivery.sent/default
	weir extract --again rolex --dry-run >"$T/dry"
	[ "$(events price.update/rolex)" -eq 1 ]
	weir extract --again rolex >"$T/filled"
	jq -e --arg t "$time" '.time == $t and .price == "9100.00" and .currency == "EUR"' "$T/filled"
	event price.update/rolex .data.backfilled
	jq -e --arg t "$time" --slurpfile d "$T/dry" '.time == $t and .data == $d[0].data
		and .cause == $d[0].cause' "$T/event"
	# Again it says nothing new; nobody is alerted, and no series goes back.
	run --separate-stderr weir extract --again rolex
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	site set '{"item":"rolex-submariner","price":"7600.00","hold":true}'
	weir watch poll rolex
	event price.stats/rolex '.data.price == "7600.00"'
	[ "$(events price.update/rolex)" -eq 3 ]
	[ "$(weir log price.stats/rolex | jq -r .data.price | xargs)" = "7700.00 7600.00" ]
	[ "$(weir log alert.new/rolex/ | jq -r .data.currentPrice | xargs)" = 7700.00 ]
	curl -fsS "$url/api/v1/history?topic=price.update/rolex" |
		jq -e '[.points[].value] == ["9100.00", "7700.00", "7600.00"]'
	run weir extract --again none
	[ "$status" -eq 66 ]
}

@test "a repaired selector finds the entries of a list that nobody was told of" {
	start_weir
	list="$sim/ads/ksl/?per=5"
	extract() { # SELECTOR OF THE PRICE, OF THE ENTRIES
		printf '{"items":{"css":"%s"},"fields":{"id":{"css":"a","attr":"href"},"title":{"css":"h3"},"price":{"css":"%s"}}}' "$2" "$1"
	}
	# A selector that sees one entry of five, and no price.
	weir watch add "$list" id=l kind=html pages=9 extract="$(extract .none li.result:first-child)"
	event observation.change/l '.data.outcome == "changed"'
	[ "$(weir log listing.new/ | jq -r .data.id | wc -l)" -eq 3 ]
	time=$(jq -r .time "$T/event")
	run --separate-stderr weir extract --again l
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	weir watch add "$list" id=l kind=html pages=9 extract="$(extract .price li.result)"
	event listing.new/ '.data.price'
	[ "$(events listing.new/)" -eq 15 ]
	weir extract --again l --dry-run >"$T/dry"
	[ "$(wc -l <"$T/dry")" -eq 12 ]
	[ "$(weir log listing.new/ | wc -l)" -eq 15 ]
	# Broken off halfway, and once more.
	head -n 5 "$T/dry" | weir-pub
	weir extract --again l >"$T/filled"
	[ "$(wc -l <"$T/filled")" -eq 7 ]
	weir log listing. | jq -e -s --arg t "$time" 'map(select(.data.backfilled))
		| length == 12 and all(.[]; .time == $t and .data.price) and (map(.data.id) | unique | length) == 12'
	run --separate-stderr weir extract --again l
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	topic=$(weir log listing. | jq -rs 'map(select(.data.backfilled))[0] | "\(.epoch):\(.offset)"')
	weir explain "$topic" >"$T/way"
	grep -q backfilled "$T/way"
	grep -q observation.record/l "$T/way"
	grep -q "page 3 .*page=3, status 200, items 1\$" "$T/way"
	grep -q '^ *stopped  *last$' "$T/way"
	[ -z "$(weir log alert.new/)" ]
}
