#!/usr/bin/env bats
# Each recipe from end to end: sites that change, over HTTP, the bus and the
# journal, to a webhook and a WebSocket.

load ../helpers
load weir

setup() { weir_setup; }
teardown() {
	stop_weir
	weir_teardown
}

# The first sight of every watch of a recipe.
seen_all() {
	local id
	for id in $(recipe "$1" watches | jq -r .id); do
		event "observation.change/$id" '.data.outcome == "changed"' >"$T/seen"
	done
}

# listen PATTERN...: what comes on the WebSocket from now on goes to $T/ws.
listen() {
	local patterns
	patterns=$(printf '%s\n' "$@" | jq -R . | jq -sc .)
	: >"$T/ws"
	echo "{\"subscribe\":$patterns}" |
		"$HELPERS/wsclient" -t 60000 "${url##*:}" >"$T/ws" 2>"$T/ws.err" 3>&- &
	daemons+=($!)
	wait_for grep -q '"subscribed"' "$T/ws"
}

on_ws() { jq -es "any(.[]; $1)" "$T/ws" >"$T/on_ws"; }

@test "prices: a target that is reached is told on every way out" {
	start_weir prices
	seen_all prices
	site set '{"item":"rolex-submariner","price":"9400.00","stock":true,"hold":true}'
	weir watch poll rolex-submariner
	event price.update/rolex-submariner '.data.price == "9400.00"' >"$T/before"
	[ "$(events alert.new/rolex-submariner/target)" -eq 0 ]
	listen price. alert. user.

	site set '{"item":"rolex-submariner","price":"8999.50","hold":true}'
	weir watch poll rolex-submariner
	event price.update/rolex-submariner '.data.price == "8999.50"'
	[ "$(jq -c '.data | [.previous, .currency, .availability, .item.target]' "$T/event")" = \
		'["9400.00","USD","InStock","9000"]' ]
	cause=$(jq -r '.source + " " + .id' "$T/event")
	event price.stats/rolex-submariner '.data.price == "8999.50"'
	[ "$(jq -r .cause "$T/event")" = "$cause" ]
	[ "$(jq -r '.data["1h"].min' "$T/event")" = 8999.50 ]
	event alert.new/rolex-submariner/target
	[ "$(jq -r .cause "$T/event")" = "$cause" ]
	event user.notification/default '.data.data.rule == "target"'
	[ "$(jq -r '.data | .title + .message' "$T/event")" != "" ]
	notification=$(jq -c '{source, id, time}' "$T/event")
	event delivery.sent/default
	[ "$(jq -r .data.channel "$T/event")" = inbox ]

	delivered '.data.rule == "target"'
	[ "$(jq -c '.event | {source, id, time}' "$T/delivery")" = "$notification" ]
	[ "$(inbox | jq '[.[] | select(.data.rule == "target")] | length')" -eq 1 ]
	for type in price.update price.stats alert.new user.notification; do
		wait_for on_ws ".type == \"$type\""
	done
	[ "$(jq -r 'select(.type == "alert.new") | .subject' "$T/ws")" = rolex-submariner/target ]

	# The same price again, and one still lower: told once.
	site set '{"item":"rolex-submariner","price":"8990.00","hold":true}'
	weir watch poll rolex-submariner
	event price.stats/rolex-submariner '.data.price == "8990.00"'
	# A rule that is set now is judged later than that price was.
	weir rule add marker on=price.update/tudor-black-bay target=999999
	event alert.new/tudor-black-bay/marker
	[ "$(events alert.new/rolex-submariner/target)" -eq 1 ]
}

@test "prices: what falls by five per cent is told by the recipe's rule" {
	start_weir prices
	seen_all prices
	old=$(weir-log --last price.update/corolla-2019 | jq -r .data.price)
	new=$(awk -v p="$old" 'BEGIN { printf "%.2f", p * 0.94 }')
	site set "{\"item\":\"corolla-2019\",\"price\":\"$new\",\"hold\":true}"
	weir watch poll corolla-2019
	event alert.new/corolla-2019/drop-5
	event user.notification/default '.data.data.rule == "drop-5"'
	delivered '.data.rule == "drop-5"'
	[ "$(inbox | jq length)" -eq 1 ]
}

@test "prices: back in stock is told, out of stock is not" {
	start_weir prices
	seen_all prices
	site set '{"item":"jordan-1-chicago","stock":false,"hold":true}'
	weir watch poll jordan-1-chicago
	event price.update/jordan-1-chicago '.data.availability == "OutOfStock"'
	site set '{"item":"jordan-1-chicago","stock":true,"hold":true}'
	weir watch poll jordan-1-chicago
	event alert.new/jordan-1-chicago/back-in-stock
	[ "$(events alert.new/)" -eq 1 ]
	delivered '.data.rule == "back-in-stock"'
}

@test "prices: a first sight and a price that stays raise nothing" {
	start_weir prices
	seen_all prices
	n=$(events price.update/)
	[ "$(weir-log price.update/ | jq -c 'select(.data.baseline != true)' |
		grep -vc '"watch":"random-walk"')" -eq 0 ]
	asked=$(curl -fsS "$sim/control/log" | jq '.paths["/shop/jsonld/corolla-2019"]')
	weir watch poll corolla-2019
	asked_again() {
		[ "$(curl -fsS "$sim/control/log" | jq '.paths["/shop/jsonld/corolla-2019"]')" -gt "$asked" ]
	}
	wait_for asked_again
	weir rule add marker on=price.update/tudor-black-bay target=999999
	event alert.new/tudor-black-bay/marker
	[ "$(weir-log alert.new/ | grep -vc 'random-walk\|marker')" -eq 0 ]
	[ "$(weir-log price.update/ | grep -vc '"watch":"random-walk"')" -eq 5 ]
}

@test "prices: a site that misbehaves is named and moves no price" {
	start_weir prices
	seen_all prices
	price=$(weir-log --last price.update/omega-seamaster | jq -c .data.price)
	item=$(recipe prices watches | jq -c 'select(.id == "omega-seamaster").item')
	while read -r path outcome; do
		weir watch add "$sim$path" id=omega-seamaster item="$item" every=1h
		weir watch poll omega-seamaster
		event observation.change/omega-seamaster ".data.outcome == \"$outcome\""
		[ "$(jq -r .data.url "$T/event")" = "$sim$path" ]
		[ "$(weir-log --last price.update/omega-seamaster | jq -c .data.price)" = "$price" ]
	done <<-'EOT'
		/status/500/ http-error
		/empty/ empty
		/nofields/ selector-miss
		/cut/shop/microdata/omega-seamaster unreachable
		/status/429/?retry_after=1 rate-limited
		/blocked/ blocked
	EOT
	[ "$(events price.update/omega-seamaster)" -eq 1 ]
	[ "$(weir-log alert.new/ | grep -vc random-walk)" -eq 0 ]
}

@test "prices: a page that fails now and then loses nothing in between" {
	start_weir prices
	weir watch add "$sim/flaky/2/shop/jsonld/samba-og" id=flaky every=1h
	event price.update/flaky '.data.baseline'
	first=$(jq -r .data.price "$T/event")
	weir watch poll flaky
	event observation.change/flaky '.data.outcome == "http-error"'
	site set '{"item":"samba-og","price":"4321.00","hold":true}'
	weir watch poll flaky
	event price.update/flaky '.data.price == "4321.00"'
	[ "$(jq -r .data.previous "$T/event")" = "$first" ]
}

@test "listings: a new ad that a search wants is told" {
	start_weir listings
	seen_all listings
	[ "$(weir-log listing. | jq -c 'select(.data.baseline != true)' | wc -l)" -eq 0 ]
	listen listing. alert. user.
	for source in facebook craigslist ksl; do
		site ad "{\"source\":\"$source\",\"id\":\"b-$source\",\"title\":\"Blue bike, $source\",\"price\":\"180\"}"
		site ad "{\"source\":\"$source\",\"id\":\"dear-$source\",\"title\":\"Racing bike\",\"price\":\"1900\"}"
		site ad "{\"source\":\"$source\",\"id\":\"motor-$source\",\"title\":\"Motorbike\",\"price\":\"200\"}"
		weir watch poll "$source"
		event "listing.new/$source" ".data.title | startswith(\"Blue bike, $source\")"
		[ "$(jq -c '.data | [.price, .currency, .baseline]' "$T/event")" = '["180.00","USD",null]' ]
		delivered ".message + .title | contains(\"Blue bike, $source\")"
	done
	[ "$(inbox | jq length)" -eq 3 ]
	[ "$(weir-log alert.new/ | jq -r '.subject | split("/")[-1]' | sort -u)" = cheap-bikes ]
	[ "$(events alert.new/)" -eq 3 ]
	[ "$(events user.notification/default)" -eq 3 ]
	for type in listing.new alert.new user.notification; do
		wait_for on_ws ".type == \"$type\""
	done
}

@test "listings: a first sight raises nothing, also for a search that it fits" {
	start_weir
	site ad '{"source":"ksl","id":"old","title":"Old bike","price":"50"}'
	recipe listings searches | weir-pub --type search.set
	recipe listings watches | weir-pub --type watch.set
	seen_all listings
	[ "$(weir-log listing.new/ksl | jq -c 'select(.data.title == "Old bike").data.baseline')" = true ]
	site ad '{"source":"ksl","id":"new","title":"New bike","price":"60"}'
	weir watch poll ksl
	event alert.new/
	[ "$(events alert.new/)" -eq 1 ]
	delivered true
	[[ $(inbox) == *"New bike"* ]]
}

@test "listings: a lower price and an ad that goes are recorded" {
	start_weir listings
	seen_all listings
	site ad '{"source":"ksl","id":"lamp","title":"Lamp","price":"40"}'
	weir watch poll ksl
	event listing.new/ksl '.data.title == "Lamp"'
	site ad '{"source":"ksl","id":"lamp","title":"Lamp","price":"30"}'
	weir watch poll ksl
	event listing.update/ksl '.data.title == "Lamp"'
	[ "$(jq -c '.data | [.price, .previous]' "$T/event")" = '["30.00","40.00"]' ]
	site ad '{"id":"lamp","remove":true}'
	weir watch poll ksl
	event listing.gone/ksl '.data.id == "lamp"'
}

@test "listings: an empty or rebuilt page takes no ad away" {
	start_weir listings
	seen_all listings
	watch=$(recipe listings watches | jq -c 'select(.id == "facebook")')
	while read -r path outcome; do
		jq -c --arg url "$sim$path" '.url = $url' <<<"$watch" | weir-pub --type watch.set
		event observation.change/facebook ".data.outcome == \"$outcome\""
	done <<-'EOT'
		/empty/ empty
		/nofields/ selector-miss
		/status/500/ http-error
		/blocked/ blocked
	EOT
	[ "$(events listing.gone/)" -eq 0 ]
}

@test "the front command changes and tells" {
	start_weir prices
	seen_all prices
	weir watch add "$sim/shop/jsonld/samba-og" id=samba every=1h target=99999 name='Samba OG'
	event alert.new/samba/target
	[ "$(weir watch list samba | jq -c '[.item.name, .item.target]')" = '["Samba OG","99999"]' ]
	weir watch poll --all
	weir watch rm samba
	[ -z "$(weir watch list samba)" ]
	run weir watch rm samba
	[ "$status" -eq 1 ]
	run weir watch poll samba
	[ "$status" -eq 1 ]
	weir rule add lamp on=price.update/ drop.percent=10 drop.over=7d
	[ "$(weir rule list lamp | jq -c .drop)" = '{"percent":10,"over":"7d"}' ]
	weir rule rm lamp
	[ "$(weir rule list | jq -r .id | sort | tr '\n' ' ')" = 'back-in-stock drop-5 ' ]
	weir search add bikes keywords='blue bike' price.max=200
	[ "$(weir search list | jq -r .id)" = bikes ]
	run weir rule add bad on=price.update/ no-such=1
	[ "$status" -eq 65 ]
	[[ $output == *no-such* ]]

	[ "$(weir status | jq -c '[.ready, .events.caught_up]')" = '[true,true]' ]
	[ "$(weir status | jq -r '.processes[].tool' | sort | tr '\n' ' ')" = \
		'alerter analyzer gateway notifier scraper store ' ]
}

@test "chat: what is said on any platform is told, live and in the journal" {
	local s
	start_weir chat
	listen chat.message/ scraper.status/
	for s in auction sneakers cards watches; do
		event "scraper.status/$s" '.data.state == "live"'
		site chat "{\"room\":\"$s\",\"user\":\"zoe\",\"text\":\"I take it\"}"
		event "chat.message/$s" '.data.username == "zoe"'
		[ "$(jq -r '.data.message' "$T/event")" = "I take it" ]
		wait_for on_ws ".type == \"chat.message\" and .subject == \"$s\""
	done
	[ "$(weir stream list | jq -s 'map(select(.last.state == "live")) | length')" -eq 4 ]
	# The page, and whoever else knows the old path.
	curl -fsS -H 'Content-Type: application/json' -d '{"streamId":"cards"}' "$url/api/stop-monitoring"
	event scraper.status/cards '.data.state == "stopped"'
}
