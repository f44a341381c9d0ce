#!/usr/bin/env bats
# weir-scraper against the simulated sites: what it says of each kind of page
# and of each misbehaviour, and its manners as a process.

# shellcheck disable=SC2016,SC2034,SC2086 # conditions are evaluated later

bats_require_minimum_version 1.5.0

load scraper

# One pass over w.jsonl, without delays.
pass() {
	weir-scraper -1 -w w.jsonl -o - --allow 127.0.0.1 --host-delay 0ms \
		--host-requests 20 "$@"
}

types() {
	jq -r .type "$1" | sort | uniq -c | awk '{print $2 "=" $1}' | xargs
}

# ---- manners ----

@test "help and version are answered on stdout" {
	run --separate-stderr weir-scraper --help
	[ "$status" -eq 0 ]
	[[ $output == *--watches* ]]
	[ -z "$stderr" ]
	run --separate-stderr weir-scraper --version
	[ "$status" -eq 0 ]
	[ -n "$output" ]
}

@test "bad options are usage errors that name the option" {
	for bad in --timeout=5 --host-requests=0 --max-bytes=1T --no-such; do
		run weir-scraper "$bad"
		[ "$status" -eq 64 ]
		name=${bad%%=*}
		[[ $output == *"${name#--}"* ]]
	done
}

@test "options that do not go together are usage errors" {
	: >w.jsonl
	for bad in '-w w.jsonl' '-1' '-o -' '--test' '--once -o -' operand \
		'--test -w w.jsonl -o -' '--test -w w.jsonl -s d' \
		'--try soup' '--try extract' '--try robots' '--try cron' \
		'--try cron --expr @daily' '-w w.jsonl -o file' \
		'--again w --try price' '--again w -w w.jsonl -o -' \
		'--again w -o -' '--again w -1' '--again w --retry 1:2'; do
		# shellcheck disable=SC2086 # words are options
		run weir-scraper $bad
		[ "$status" -eq 64 ] || { echo "$bad: $status" && return 1; }
		[ "${#lines[@]}" -eq 1 ]
	done
}

@test "a bad address in the allow list is a configuration error" {
	: >w.jsonl
	run weir-scraper -1 -w w.jsonl -o - --allow localhost
	[ "$status" -eq 78 ]
	[[ $output == *localhost* ]]
}

@test "a file that is not there is an error" {
	run weir-scraper -1 -w none.jsonl -o -
	[ "$status" -ne 0 ]
	[[ $output == *none.jsonl* ]]
}

@test "of two watches with one id the last holds, with a warning" {
	printf '%s\n' '{"id":"a","url":"mock:one?seed=1"}' \
		'{"id":"a","url":"mock:two?seed=2"}' >w.jsonl
	run --separate-stderr weir-scraper --test -w w.jsonl
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *'"mock:two?seed=2"'* ]]
	[ "$(grep -c 'warning.*watch a is there twice' <<<"$stderr")" -eq 1 ]
}

@test "a schedule that never comes is refused" {
	printf '%s\n' '{"url":"http://x.example/","cron":"0 0 30 2 *"}' >w.jsonl
	run --separate-stderr weir-scraper --test -w w.jsonl
	[ "$status" -eq 65 ]
	[[ $stderr == *"line 1: cron: '0 0 30 2 *' never comes"* ]]
	run weir-scraper --try cron --expr '0 0 30 2 *' --from 2026-01-01
	[ "$status" -eq 65 ]
	[ "${#lines[@]}" -eq 1 ]
}

@test "try goes on behind a bad line and ends with 65" {
	run --separate-stderr weir-scraper --try price \
		< <(printf '%s\n' '5 EUR' '{"text":' '6 EUR')
	[ "$status" -eq 65 ]
	[ "${#lines[@]}" -eq 3 ]
	[[ ${lines[1]} == '{"amount":null,"currency":null}' ]]
	[[ $stderr == *"line 2: "* ]]
	echo 'User-agent: *' >robots.txt
	run --separate-stderr weir-scraper --try robots --robots robots.txt \
		< <(printf '%s\n' 'not a url' /a)
	[ "$status" -eq 65 ]
	[ "$output" = $'\nallow' ]
}

@test "no watches are no work" {
	: >w.jsonl
	run --separate-stderr pass
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "SIGTERM ends it with status 0, a closed pipe quietly" {
	echo '{"id":"m","url":"mock:m","every":"100ms"}' >w.jsonl
	start ': ready ' scraper -w w.jsonl -o -
	wait_for '[ "$(grep -c price.update scraper.out)" -ge 3 ]'
	kill "$pid"
	wait "$pid"
	run --separate-stderr bash -c \
		'weir-scraper -w w.jsonl -o - 2>err | head -n 1'
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 1 ]
	run ! grep -q error err
}

@test "bad lines are reported, one line each, and the others go on" {
	{
		echo '{"id":"a","url":"mock:a"}'
		echo '{"id":"b","url":'
		echo '{"id":"c","url":"ftp://x/"}'
		echo '{"id":"d d","url":"mock:d"}'
		echo '{"id":"e","url":"mock:e","every":"often"}'
		echo '{"id":"f","url":"mock:f","colour":"red"}'
		echo '{"id":"g","url":"mock:g","id":"h"}'
		echo '{"id":"i","url":"http://x/","headers":{"Cookie":"hush"}}'
		printf '{"id":"j","url":"mock:\377"}\n'
		echo '[1]'
		echo
		printf '{"id":"z","url":"mock:z"}' # no newline at the end
	} >w.jsonl
	run --separate-stderr pass
	[ "$status" -eq 65 ]
	[ "$(jq -r 'select(.type=="price.update").subject' <<<"$output" |
		sort | xargs)" = "a z" ]
	for n in 2 3 4 5 6 7 8 9 10; do
		[ "$(grep -c "line $n: " <<<"$stderr")" -eq 1 ]
	done
	[[ $stderr != *hush* ]]
	[[ $stderr != *"line 11"* ]]
}

# ---- what is on the page ----

@test "every kind of shop gives the product's price" {
	start_sim
	for shop in jsonld microdata og plain; do
		echo "{\"id\":\"$shop\",\"url\":\"$url/shop/$shop/rolex-submariner\"}"
	done >w.jsonl
	pass >out
	price=$(control state |
		jq -r '.products[]|select(.id=="rolex-submariner").price')
	[ "$(types out)" = "observation.change=4 price.update=4" ]
	jq -e --arg p "$price" -s 'map(select(.type=="price.update").data)
		| length == 4 and all(.price == $p and .baseline == true and
		  .availability == "InStock" and .source == "127.0.0.1" and
		  .item.id == .watch)' out
	[ "$(jq -r 'select(.type=="price.update")
		| select(.subject=="plain").data.currency' out)" = EUR ]
}

@test "every shop says what is sold out, with its price, and what is back" {
	start_sim
	for shop in jsonld microdata og plain; do
		echo "{\"id\":\"$shop\",\"url\":\"$url/shop/$shop/tudor-black-bay\"}"
	done >w.jsonl
	for stock in false true; do
		control set "{\"item\":\"tudor-black-bay\",\"stock\":$stock,\"hold\":true}"
		pass -s state >"$stock"
	done
	for stock in false true; do
		jq -c 'select(.type == "price.update").data
			| [.availability, .price == null]' "$stock" | sort | uniq -c
	done >have
	diff -w - have <<-'END'
	4 ["OutOfStock",false]
	4 ["InStock",false]
	END
	[ "$(types false)" = "observation.change=4 price.update=4" ]
	[ "$(types true)" = "price.update=4" ]
}

@test "lists are read from feeds, JSON and HTML alike" {
	start_sim
	cat >w.jsonl <<-END
	{"id":"rss","source":"rss","kind":"feed","url":"$url/ads/feed.xml"}
	{"id":"atom","source":"atom","kind":"feed","url":"$url/ads/atom.xml"}
	{"id":"json","source":"json","kind":"json","url":"$url/ads/api.json","extract":{"items":{"path":"\$.results[*]"},"fields":{"id":{"path":"\$.id"},"title":{"path":"\$.title"},"price":{"path":"\$.price"},"link":{"path":"\$.url"}}}}
	{"id":"css","source":"css","kind":"html","url":"$url/ads/","extract":{"items":{"css":"li.result"},"fields":{"id":{"attr":"data-id"},"title":{"css":"h3"},"price":{"css":".price"},"link":{"css":"a","attr":"href"}}}}
	{"id":"xpath","source":"xpath","kind":"html","url":"$url/ads/","extract":{"items":{"xpath":"//li[@class='result']"},"fields":{"id":{"attr":"data-id"},"title":{"xpath":".//h3"},"price":{"css":".price"},"link":{"xpath":".//a","attr":"href"}}}}
	END
	pass >out
	want=$(control state | jq -r '.ads[].id' | sort | xargs)
	[ -n "$want" ]
	for source in rss atom json css xpath; do
		got=$(jq -r --arg s $source 'select(.type=="listing.new" and
			.subject==$s and .data.baseline)
			| .data.id | sub(".*/"; "")' out |
			sort | xargs)
		[ "$got" = "$want" ]
	done
	# Where the price is said, the same ad has the same one.
	jq -e -s 'map(select(.type=="listing.new").data)
		| group_by(.link)
		| all(map(.price | values) | unique | length == 1)' out
}

@test "with state only what is new is told" {
	start_sim
	cat >w.jsonl <<-END
	{"id":"shop","url":"$url/shop/jsonld/rolex-submariner"}
	{"id":"ads","source":"ads","kind":"feed","url":"$url/ads/feed.xml","list":"whole"}
	{"id":"page","kind":"page","url":"$url/page"}
	END
	pass -s st >first
	pass -s st >second
	[ ! -s second ]
	control tick '{"n":60}'
	pass -s st >third
	jq -e -s 'map(select(.type=="price.update"))
		| length == 1 and .[0].data.previous != .[0].data.price' third
	jq -e -s 'map(select(.type=="page.change").data)
		| length == 1 and (.[0].added|length > 0)' third
	[ "$(jq -r 'select(.type=="listing.new").data.id' third | wc -l)" -gt 0 ]
	[ "$(jq -r 'select(.type=="listing.gone").data.id' third | wc -l)" -gt 0 ]
	[ "$(jq -c 'select(.data.baseline)' third)" = "" ]
	[ "$(jq -c 'select(.type=="observation.change")' third)" = "" ]
	# What was there, came and went is what is there now.
	{
		jq -r 'select(.type=="listing.new").data.id' first third
		jq -r 'select(.type=="listing.gone").data.id' third
	} | sort | uniq -u >now
	control state | jq -r '.ads[].id' | sort | diff - now
	# One source, ids without gaps, over all three runs.
	cat first second third | jq -r .id | diff - <(seq "$(cat first third | wc -l)")
	[ "$(cat first third | jq -r .source | sort -u | wc -l)" -eq 1 ]
}

@test "what changed is recorded with its body, before what follows from it" {
	start_sim
	cat >w.jsonl <<-END
	{"id":"shop","url":"$url/shop/jsonld/rolex-submariner"}
	{"id":"css","source":"css","kind":"html","url":"$url/ads/","extract":{"items":{"css":"li.result"},"fields":{"id":{"attr":"data-id"},"title":{"css":"h3"},"price":{"css":".price"}}}}
	{"id":"miss","source":"css","kind":"html","url":"$url/ads/","extract":{"items":{"css":"li.none"},"fields":{"title":{"css":"h3"}}}}
	{"id":"page","kind":"page","url":"$url/page"}
	{"id":"mock","url":"mock:m"}
	END
	bodies() { find st/blobs -type f 2>/dev/null | wc -l; }
	pass -s st --keep-bodies 1M >first
	[ "$(jq -r 'select(.type=="observation.record").subject' first |
		sort | xargs)" = "css miss page shop" ]
	# Everything but a mock's follows from the record of its watch.
	jq -e -s 'map(select(.type=="observation.record"))
		| map({key: "\(.source) \(.id)", value: .subject}) | from_entries' \
		first >records
	jq -e -s --slurpfile r records 'map(select(.type!="observation.record" and
		.data.watch != "mock"))
		| length > 30 and all($r[0][.cause] == .data.watch)' first
	[ "$(jq -c 'select(.data.watch=="mock" and .cause)' first)" = "" ]
	# Three pages, one of them read by two watches; and the text of one.
	[ "$(bodies)" -eq 4 ]
	for path in shop/jsonld/rolex-submariner ads/ page; do
		curl -sS "$url/$path" >body
		jq -r 'select(.type=="observation.record").data
			| select(.url|endswith("/'$path'")) | .body
			| "\(.blob) \(.bytes)"' first | sort -u >named
		[ "$(cat named)" = "$(sha256sum <body | cut -c 1-64) $(wc -c <body)" ]
		weir-log --dir st --blob "$(cut -d ' ' -f 1 named)" | cmp - body
	done
	jq -e -s 'map(select(.type=="observation.record" and .subject=="css"))
		| .[0].data | .status == 200 and .items == 36 and .more == null and
		  (.headers.etag|length > 0) and .extract.items.css == "li.result" and
		  (.moved|length) == 36 and
		  (.moved|all(.event == "listing.new/css" and
			(.fields.price|. == null or (.by.css == ".price" and
			 (.raw|startswith("$") or startswith("US") or . == "Free")))))' first
	# Nothing new writes nothing.
	pass -s st --keep-bodies 1M >second
	[ "$(jq -c 'select(.subject!="mock")' second)" = "" ]
	control set '{"item":"rolex-submariner","price":"7777.00","hold":true}'
	pass -s st --keep-bodies 1M | grep -v '"mock"' >third
	[ "$(types third)" = "observation.record=1 price.update=1" ]
	jq -e -s 'map(select(.type=="observation.record"))[0].data.moved
		| length == 1 and .[0].event == "price.update/shop" and
		  (.[0].fields|keys) == ["price"] and
		  .[0].fields.price.value == "7777.00" and
		  (.[0].fields.price.previous|length > 0) and
		  (.[0].picked|startswith("JSON-LD"))' third
	[ "$(bodies)" -eq 5 ]
}

@test "a body that is too large, unwanted or not taken is not kept" {
	start_sim
	echo "{\"id\":\"shop\",\"url\":\"$url/shop/jsonld/rolex-submariner\"}" >w.jsonl
	moves() { # PRICE OPTION...
		control set "{\"item\":\"rolex-submariner\",\"price\":\"$1\",\"hold\":true}"
		shift
		pass "$@" >out 2>err
	}
	moves 7001 -s st --keep-bodies 0
	[ "$(types out)" = "observation.change=1 price.update=1" ]
	moves 7002 -s st
	[ "$(types out)" = "price.update=1" ]
	moves 7003 -s st --keep-bodies 100
	jq -e -s 'map(select(.type=="observation.record"))[0].data.body
		| .blob == null and (.sha256|length) == 64 and .bytes > 100' out
	moves 7004 --keep-bodies 1M # nowhere to keep it
	jq -e -s 'map(select(.type=="observation.record"))[0].data.body.blob == null' out
	[ ! -e st/blobs ]
	touch st/blobs
	moves 7005 -s st --keep-bodies 1M
	jq -e -s 'map(select(.type=="observation.record"))[0].data.body.blob == null' out
	[ "$(jq -r 'select(.type=="price.update").data.price' out)" = 7005.00 ]
	[ "$(grep -c 'warning: body not kept: ' err)" -eq 1 ]
}

# What is told of prices, a line each: type, watch, price, stock, before, offers.
told() { # FILE
	jq -r 'select(.type | test("^(price|offer).update")) | [.type, .subject,
		(.data | .watch, .price, .availability, .previous, .offers,
		(if .baseline then "baseline" else empty end))]
		| map(. // "-") | join(" ")' "$1"
}

@test "of several shops with one item the best offer is told" {
	start_sim
	a=rolex-submariner
	b=$(control state | jq -r --arg a $a '[.products[].id] - [$a] | .[0]')
	put() { # PRODUCT PRICE IN-STOCK
		control set "{\"item\":\"$1\",\"price\":\"$2\",\"stock\":$3,\"hold\":true}" >/dev/null
	}
	watches() { # WATCH...
		for w; do
			eval "product=\$$w"
			echo "{\"id\":\"$w\",\"url\":\"$url/shop/jsonld/$product\",\"item\":{\"id\":\"it\"}}"
		done >w.jsonl
	}
	put $a 100.00 true
	put $b 120.00 true
	# One watch alone: its price is the item's.
	watches a
	pass -s st >out
	[ "$(told out)" = "price.update it a 100.00 InStock - - baseline" ]
	# A dearer shop joins: no news of the item.
	watches a b
	pass -s st >out
	[ "$(told out)" = "offer.update it b 120.00 InStock - - baseline" ]
	# It becomes cheaper, but not the cheapest.
	put $b 110.00 true
	pass -s st >out
	[ "$(told out)" = "offer.update it b 110.00 InStock 120.00 -" ]
	# Now it is the best.
	put $b 90.00 true
	pass -s st >out
	[ "$(told out)" = "offer.update it b 90.00 InStock 110.00 -
price.update it b 90.00 InStock 100.00 2" ]
	pass -s st >out
	[ ! -s out ]
	# It is sold out: the other one's offer is the best that can be had.
	put $b 90.00 false
	pass -s st >out
	[ "$(told out)" = "offer.update it b 90.00 OutOfStock 90.00 -
price.update it a 100.00 InStock 90.00 2" ]
	[ "$(jq -r 'select(.type=="price.update").data.link' out)" = "$url/shop/jsonld/$a" ]
	# Both are: the lower one.
	put $a 100.00 false
	pass -s st >out
	[ "$(told out)" = "offer.update it a 100.00 OutOfStock 100.00 -
price.update it b 90.00 OutOfStock 100.00 2" ]
}

@test "the first news of a group is of its best shop, which becomes dearer" {
	start_sim
	a=rolex-submariner
	b=$(control state | jq -r --arg a $a '[.products[].id] - [$a] | .[0]')
	put() { # PRODUCT PRICE
		control set "{\"item\":\"$1\",\"price\":\"$2\",\"stock\":true,\"hold\":true}" >/dev/null
	}
	put $a 100.00
	put $b 100.00
	echo "{\"id\":\"a\",\"url\":\"$url/shop/jsonld/$a\",\"item\":{\"id\":\"it\"}}" >w.jsonl
	pass -s st >out
	echo "{\"id\":\"b\",\"url\":\"$url/shop/jsonld/$b\",\"item\":{\"id\":\"it\"}}" >>w.jsonl
	pass -s st >out
	[ "$(told out)" = "offer.update it b 100.00 InStock - - baseline" ]
	put $a 130.00
	pass -s st >out
	[ "$(told out)" = "offer.update it a 130.00 InStock 100.00 -
price.update it b 100.00 InStock 100.00 2" ]
}

@test "a change that is to be confirmed is seen again before it is told" {
	start_sim
	a=rolex-submariner
	put() {
		control set "{\"item\":\"$a\",\"price\":\"$1\",\"stock\":true,\"hold\":true}" >/dev/null
	}
	cat >w.jsonl <<-END
	{"id":"a","url":"$url/shop/jsonld/$a","item":{"id":"it"},"confirm":{"times":2,"of":3}}
	END
	put 100.00
	pass -s st >out
	[ "$(told out)" = "price.update it a 100.00 InStock - - baseline" ]
	# A wrong price for one look is never told.
	put 1.00
	pass -s st >out
	[ ! -s out ]
	put 100.00
	pass -s st >out
	pass -s st >>out
	[ ! -s out ]
	# One that stays is told at the second look, which is no "not modified".
	put 90.00
	pass -s st >out
	[ ! -s out ]
	pass -s st >out
	[ "$(told out)" = "price.update it a 90.00 InStock 100.00 -" ]
	# A process that stays looks again by itself, long before its hour is over.
	put 80.00
	cat >w.jsonl <<-END
	{"id":"a","url":"$url/shop/jsonld/$a","item":{"id":"it"},"confirm":{"times":2,"of":3,"again":"50ms"}}
	END
	start 'info: ready ' scraper -w w.jsonl -o - -s st --allow 127.0.0.1 \
		--host-delay 0ms --spread 0ms
	wait_for 'grep -q 80.00 scraper.out'
	[ "$(told scraper.out)" = "price.update it a 80.00 InStock 90.00 -" ]
}

@test "an offer that cannot be seen any more stays the best for its time only" {
	start_sim
	a=rolex-submariner
	b=$(control state | jq -r --arg a $a '[.products[].id] - [$a] | .[0]')
	prices() {
		control set "{\"item\":\"$a\",\"price\":\"90\",\"stock\":true,\"hold\":true}"
		control set "{\"item\":\"$b\",\"price\":\"100\",\"stock\":true,\"hold\":true}"
	}
	prices
	cat >w.jsonl <<-END
	{"id":"a","url":"$url/shop/jsonld/$a","fresh":"1s","item":{"id":"it"}}
	{"id":"b","url":"$url/shop/jsonld/$b","item":{"id":"it"}}
	END
	pass -s st >out
	[ "$(told out | tail -n 1 | cut -d' ' -f 1-4)" = "price.update it a 90.00" ]
	kill "$pid"
	wait "$pid" || true
	pass -s st >out
	[ "$(told out)" = "" ]
	[ "$(jq -r 'select(.type=="observation.change").data.outcome' out | sort -u)" = unreachable ]
	until=$(($(date +%s%N) + 1100000000))
	wait_for '[ "$(date +%s%N)" -gt $until ]'
	pass -s st >out
	[ "$(told out)" = "offer.update it a 90.00 InStock - -
price.update it b 100.00 InStock 90.00 2" ]
	[ "$(jq -c 'select(.type=="offer.update").data.stale' out)" = true ]
	# Said once; and back when it is seen again.
	pass -s st >out
	[ ! -s out ]
	start ': ready ' sim --listen "${url#http://}" --tick 0
	prices
	pass -s st >out
	[ "$(told out)" = "offer.update it a 90.00 InStock - -
price.update it a 90.00 InStock 100.00 2" ]
}

@test "the text of a page is kept with state only, if it fits, and named" {
	start_sim
	echo "{\"id\":\"page\",\"kind\":\"page\",\"url\":\"$url/page\"}" >w.jsonl
	blobs() { find st/blobs -type f 2>/dev/null | wc -l; }
	weir-scraper --test -w w.jsonl --allow 127.0.0.1 | jq -r .text >text
	pass >out
	[ "$(jq 'select(.data.blob)' out)" = "" ]
	[ ! -e blobs ]
	pass -s st >first
	weir-log --dir st --blob "$(jq -r '.data.blob//empty' first)" | cmp - <(head -c -1 text)
	pass -s st >second
	[ ! -s second ]
	[ "$(blobs)" -eq 1 ]
	control tick '{"n":60}'
	pass -s st >third
	[ "$(blobs)" -eq 2 ]
	weir-log --dir st --blob "$(jq -r .data.blob third)" >now
	jq -r '.data.added[]' third | grep -qxFf - now
	# None where it is too large, not wanted, or the disk does not take it.
	for how in '--keep-texts 10' '--keep-texts 0'; do
		control tick '{"n":60}'
		pass -s st $how >out
		jq -e '.type=="page.change" and (.data|has("blob")|not)' out
		[ "$(blobs)" -eq 2 ]
	done
	control tick '{"n":60}'
	rm -r st/blobs
	touch st/blobs
	pass -s st >out 2>err
	jq -e '.type=="page.change" and (.data|has("blob")|not)' out
	[ "$(grep -c 'text not kept: blob' err)" -eq 1 ]
	run weir-scraper --keep-texts 2M -w w.jsonl -o -
	[ "$status" -eq 64 ]
}

@test "--test prints observations and changes nothing" {
	start_sim
	cat >w.jsonl <<-END
	{"id":"shop","url":"$url/shop/jsonld/rolex-submariner"}
	{"id":"none","url":"$url/nofields/"}
	{"id":"off","url":"$url/shop/og/rolex-submariner","enabled":false}
	END
	for _ in 1 2; do
		weir-scraper --test -w w.jsonl --allow 127.0.0.1 \
			--host-delay 0ms --dir d >out
		[ "$(jq -r '"\(.watch) \(.status) \(.outcome)"' out | sort |
			xargs)" = "none 200 selector-miss shop 200 changed" ]
		[ "$(jq -r '.items|length' out | sort | xargs)" = "0 1" ]
	done
	[ ! -e d ]
}

# ---- misbehaviour ----

@test "each way to fail has its name" {
	start_sim
	cat >want <<-END
	blocked /blocked/
	blocked /status/403/
	changed /headers/500/page
	changed /redirect/5/page
	changed /slow/50/page
	empty /empty/
	http-error /redirect-loop/
	http-error /redirect/6/page
	http-error /status/404/
	http-error /status/500/
	http-error /status/503/
	parse-fail /garbage/
	rate-limited /status/429/
	rate-limited /status/503/?retry_after=2
	refused /bomb/
	refused /endless/
	refused /private/page
	refused /redirect-to?url=file:///etc/passwd
	refused /redirect-to?url=http://127.0.0.2/
	refused /redirect-to?url=http://169.254.169.254/latest/meta-data/
	refused /redirect-to?url=http://[::ffff:10.0.0.1]/
	refused /redirect-to?url=/private/page
	timeout /hang/
	timeout /slow/20000/page
	unreachable /cut/page
	END
	while read -r _ path; do
		jq -nc --arg u "$url$path" '{url: $u, kind: "page"}'
	done <want >w.jsonl
	pass --timeout 2s --max-bytes 1M >out
	jq -r --arg u "$url" 'select(.type=="observation.change").data
		| "\(.outcome) \(.url|ltrimstr($u))"' out | LC_ALL=C sort >got
	LC_ALL=C sort want | diff - got
	# A reason for each that is no success, and nothing else was told.
	jq -e -s 'all(.type=="observation.change" or .type=="page.change")' out
	jq -e -s 'map(select(.type=="observation.change").data)
		| all(.outcome=="changed" or (.reason|length > 0))' out
	# What robots.txt forbids was not asked for.
	[ "$(control log | jq '.paths["/private/page"]')" = null ]
}

@test "a selector or an offer that finds nothing is a miss" {
	start_sim
	cat >w.jsonl <<-END
	{"id":"a","url":"$url/nofields/"}
	{"id":"b","kind":"html","url":"$url/page","extract":{"fields":{"title":{"css":"h7"}}}}
	{"id":"c","kind":"json","url":"$url/page","extract":{"fields":{"title":{"path":"\$.x"}}}}
	{"id":"d","kind":"feed","url":"$url/page"}
	{"id":"e","kind":"html","item":{"id":"e"},"url":"$url/page","extract":{"fields":{"title":{"css":"title"},"price":{"css":".prize"}}}}
	END
	pass >out
	[ "$(jq -r '"\(.subject)=\(.data.outcome)"' out | sort | xargs)" = \
		"a=selector-miss b=selector-miss c=parse-fail d=parse-fail e=selector-miss" ]
}

@test "a site that is not there is unreachable" {
	cat >w.jsonl <<-END
	{"id":"port","url":"http://127.0.0.1:1/"}
	{"id":"name","url":"http://no-such-host.invalid/"}
	END
	pass >out
	[ "$(jq -r .data.outcome out | xargs)" = "unreachable unreachable" ]
	grep -q 'dns: ' out
	grep -q 'connect: ' out
}

@test "addresses that are not public are refused, in any spelling" {
	start_sim
	port=${url##*:}
	for host in 127.0.0.1 localhost 2130706433 0x7f.1 017700000001 \
		'[::1]' '[::ffff:127.0.0.1]' 0.0.0.0; do
		jq -nc --arg u "http://$host:$port/page" '{url: $u}'
	done >w.jsonl
	weir-scraper -1 -w w.jsonl -o - --host-delay 0ms >out
	[ "$(jq -r .data.outcome out | sort | uniq -c | xargs)" = "8 refused" ]
	[ "$(control log | jq '.paths|length')" -eq 0 ]
	# A port on the list opens that port alone.
	echo "{\"url\":\"$url/page\",\"kind\":\"page\"}" >w.jsonl
	[ "$(pass --allow "127.0.0.1:$port" | jq -r .type | sort | xargs)" = \
		"observation.change page.change" ]
	weir-scraper -1 -w w.jsonl -o - --allow 127.0.0.1:1 >out
	[ "$(jq -r .data.outcome out)" = refused ]
}

@test "what failed leaves what is known as it was" {
	start_sim
	echo "{\"id\":\"a\",\"url\":\"$url/shop/jsonld/rolex-submariner\"}" >w.jsonl
	pass -s st >first
	kill "$pid" && wait "$pid"
	pass -s st >second
	[ "$(types second)" = "observation.change=1" ]
	jq -e '.data.outcome=="unreachable" and .data.previous=="changed"' second
	pass -s st >third
	[ ! -s third ] # still so
	start ': ready ' sim --listen "${url#http://}" --tick 0
	pass -s st >fourth
	[ "$(types fourth)" = "observation.change=1" ]
	jq -e '.data.outcome=="unchanged"' fourth
}

# ---- headers ----

@test "secrets come from files and stay with their host" {
	start_sim
	mkdir -p d/secrets
	echo 'session=hush' >d/secrets/shop.cookie
	chmod 600 d/secrets/shop.cookie
	cat >w.jsonl <<-END
	{"id":"a","kind":"page","url":"$url/hook/own","headers":{"Cookie":{"file":"shop.cookie"},"X-Token":{"file":"shop.cookie"},"Accept-Language":"de"}}
	{"id":"b","kind":"page","url":"$url/redirect-to?url=http://localhost:${url##*:}/hook/other","headers":{"Cookie":{"file":"shop.cookie"},"X-Token":{"file":"shop.cookie"}}}
	{"id":"c","kind":"page","url":"$url/redirect-to?url=/hook/same","headers":{"Cookie":{"file":"shop.cookie"}}}
	END
	pass --dir d >out 2>log
	for hook in own same; do
		control hook/$hook | jq -e \
			'.requests[0].headers.cookie=="session=hush"'
	done
	control hook/own | jq -e '.requests[0].headers |
		."accept-language"=="de" and ."x-token"=="session=hush"'
	control hook/other | jq -e '.total==1 and (.requests[0].headers |
		has("cookie") or has("x-token") | not)'
	run ! grep -r hush out log
}

# ---- politeness ----

# Milliseconds between the requests that a receiver got.
gaps() { # HOOK
	control "hook/$1" | jq -c '[.requests[].at_ms] | sort
		| [.[1:], .[:-1]] | transpose | map(.[0] - .[1])'
}

@test "a host is asked as often as it wants, and no more" {
	start_sim
	control hook '{"name":"later","status":429,"retry_after":1}'
	for hook in often later; do
		echo "{\"id\":\"$hook\",\"kind\":\"page\",\"every\":\"100ms\",\"url\":\"$url/hook/$hook\"}" >w.jsonl
		start ': ready ' scraper -w w.jsonl -o - --allow 127.0.0.1 \
			--host-delay 300ms --host-burst 1 --backoff 100ms
		wait_for '[ "$(control hook/$hook | jq .total)" -ge 4 ]'
		kill "$pid"
		wait "$pid"
	done
	jq -e 'all(. >= 250)' <<<"$(gaps often)"
	jq -e 'all(. >= 900)' <<<"$(gaps later)"
}

@test "a robots.txt that leads to another host waits for its turn there" {
	start_sim
	there=$addr
	mv sim.log there.log
	start_sim
	control robots "{\"path\":\"redirect-to/$there/hook/h\"}"
	for n in 1 2; do
		echo "{\"kind\":\"page\",\"url\":\"http://$there/hook/h?$n\"}"
	done >w.jsonl
	echo "{\"kind\":\"page\",\"url\":\"$url/page\"}" >>w.jsonl
	pass --host-delay 300ms --host-burst 1 >out
	[ "$(types out)" = "observation.change=3 page.change=3" ]
	url=http://$there
	[ "$(control hook/h | jq .total)" -eq 3 ]
	jq -e 'all(. >= 250)' <<<"$(gaps h)"
}

@test "a robots.txt that leads nowhere, or round and round, forbids nothing" {
	start_sim
	echo "{\"kind\":\"page\",\"url\":\"$url/page\"}" >w.jsonl
	for path in redirect-loop/ redirect/6/private/ ; do
		control robots "{\"path\":\"$path\"}"
		pass >out
		[ "$(types out)" = "observation.change=1 page.change=1" ]
	done
	# Six requests at most, and what five lead to counts.
	[ "$(control log | jq '.paths["/redirect-loop/"]')" -eq 5 ]
	control hook '{"name":"deny","body":"User-agent: *\nDisallow: /"}'
	control robots "{\"path\":\"redirect-to/$addr/hook/deny\"}"
	pass >out
	jq -e 'select(.type == "observation.change").data
		| .outcome == "refused" and .reason == "robots.txt forbids it"' out
}

@test "a crawl delay in robots.txt is kept" {
	start ': ready ' sim --listen 127.0.0.1:0 --tick 0 --crawl-delay 1
	url=http://$(sed -n 's/.*ready listen=\([^ ]*\).*/\1/p' sim.log)
	for n in 1 2 3; do
		echo "{\"kind\":\"page\",\"url\":\"$url/hook/h?$n\"}"
	done >w.jsonl
	pass >out
	[ "$(types out)" = "observation.change=3 page.change=3" ]
	[ "$(gaps h | jq length)" -eq 2 ]
	jq -e 'all(. >= 900)' <<<"$(gaps h)"
}

# ---- with a store ----

@test "as a stage: told once, whatever kills it; an unchanged check writes nothing" {
	start_sim
	export WEIR_DIR=$PWD/d
	start ': ready ' store
	sets() {
		jq -nc --arg id "$1" --argjson data "$2" \
			'{type:"watch.set",subject:$id,data:$data}' | weir-pub
	}
	scraper="scraper --allow 127.0.0.1 --host-delay 0ms --spread 0ms"
	told() { weir-log "$@" | wc -l; }
	sets a "{\"id\":\"a\",\"url\":\"$url/shop/og/rolex-submariner\",\"every\":\"100ms\"}"
	sets m '{"id":"m","url":"mock:m?step=1","every":"1d"}'
	sets p "{\"id\":\"p\",\"kind\":\"page\",\"url\":\"$url/page\",\"every\":\"100ms\"}"
	start ': ready ' $scraper
	wait_for '[ "$(told price.update/)" -ge 2 ]'
	# Ten checks of a page that is as it was: not one byte in the ledger.
	asked() { control log | jq '.paths["/shop/og/rolex-submariner"]'; }
	wait_for '[ "$(asked)" -ge 3 ]'
	wait_for '[ "$(told page.change/p)" -eq 1 ]'
	touch then
	before=$(cksum <d/ledger/scraper/data.mdb)
	from=$(asked)
	wait_for '[ "$(asked)" -ge $((from + 10)) ]'
	[ "$(cksum <d/ledger/scraper/data.mdb)" = "$before" ]
	[ "$(find d/blobs -newer then)" = "" ]
	kill -KILL "$pid"
	run wait "$pid"
	control tick '{"n":60}'
	start ': ready ' $scraper
	wait_for '[ "$(told price.update/a)" -eq 2 ]'
	wait_for '[ "$(told page.change/p)" -eq 2 ]'
	for blob in $(weir-log page.change/p | jq -r .data.blob); do
		[ "$(weir-log --blob "$blob" | wc -c)" -gt 0 ]
	done
	weir-log price.update/a | jq -e -s \
		'.[0].data.price==.[1].data.previous and .[0].data.baseline'
	weir-log price.update/a observation.change/a | jq -r .id >ids
	[ "$(sort -u ids | wc -l)" -eq "$(wc -l <ids)" ]
	# Poll by hand, and away with it.
	n=$(told price.update/m)
	echo '{"type":"watch.poll","subject":"m","data":{}}' | weir-pub
	echo '{"type":"watch.poll","subject":"m","data":{}}' | weir-pub
	echo '{"type":"watch.poll","subject":"m","data":{}}' | weir-pub
	wait_for '[ "$(told price.update/m)" -gt "$n" ]'
	sets a null
	sets m null
	sets p null
	wait_for '[ "$(weir-log --last scraper.status/ |
		jq -r .data.running | sort -u)" = false ]'
	# A watch that cannot work says so, and nobody else suffers.
	sets x '{"id":"x","url":"http://127.0.0.1/","headers":{"Cookie":{"file":"none"}}}'
	wait_for '[ "$(told observation.change/x)" -eq 1 ]'
	weir-log observation.change/x | jq -e \
		'.data.outcome=="refused" and (.data.reason|test("Cookie"))'
	kill "$pid"
	wait "$pid"
}

@test "a setting that only the scraper can judge is refused once, until it is mended" {
	start_sim
	export WEIR_DIR=$PWD/d
	start ': ready ' store
	sets() { weir-pub -t watch.set <<<"$1"; }
	told() { weir-log "observation.change/$1"; }
	page="\"url\":\"$url/shop/og/rolex-submariner\""
	scraper="scraper --allow 127.0.0.1 --host-delay 0ms --spread 0ms"
	sets "{\"id\":\"css\",\"kind\":\"html\",$page,\"extract\":{\"fields\":{\"title\":{\"css\":\"h1[\"}}}}"
	sets "{\"id\":\"path\",\"kind\":\"json\",$page,\"extract\":{\"fields\":{\"title\":{\"path\":\"$..[\"}}}}"
	sets '{"id":"walk","url":"mock:walk?seed=often"}'
	for _ in 1 2; do # also whoever starts anew says it no second time
		start ': ready ' $scraper
		for id in css path walk; do
			wait_for "[ \"\$(told $id | jq -r .data.outcome)\" = refused ]"
		done
		kill -KILL "$pid"
		run wait "$pid"
	done
	told css | jq -e '.data.reason | test("fields.title: h1")'
	told path | jq -e '.data.reason | test("fields.title")'
	told walk | jq -e '.data.reason | test("seed")'
	start ': ready ' $scraper
	sets "{\"id\":\"css\",\"kind\":\"html\",$page,\"extract\":{\"fields\":{\"title\":{\"css\":\"h1\"}}}}"
	wait_for '[ "$(told css | wc -l)" -eq 2 ]'
	weir-log --last observation.change/css |
		jq -e '.data.previous == "refused" and .data.outcome == "changed"'
	# Set again to what cannot be, it is said again.
	sets '{"id":"walk","url":"mock:walk?seed=never"}'
	wait_for '[ "$(told walk | wc -l)" -eq 2 ]'
}

@test "SIGHUP: the settings are read again, a broken file changes nothing" {
	start_sim
	export WEIR_DIR=$PWD/d WEIR_CONFIG=$PWD/weir.conf
	hup() { # LINE: the log says it once more
		n=$(grep -c "$1" scraper.log || true)
		kill -HUP "$scraper"
		wait_for "[ \"\$(grep -c '$1' scraper.log)\" -gt $n ]"
	}
	outcome() { weir-log --last observation.change/h | jq -r .data.outcome; }
	fetched() { control hook/h | jq -r ".requests[-1].headers[\"user-agent\"] // empty"; }
	poll() { echo '{}' | weir-pub -t watch.poll -s h; }
	printf '[scraper]\nhost-delay = 0ms\nuser-agent = first/1\n' >weir.conf
	start ': ready ' store
	echo "{\"id\":\"h\",\"kind\":\"page\",\"url\":\"$url/hook/h\",\"every\":\"1d\"}" |
		weir-pub -t watch.set
	start ': ready ' scraper
	scraper=$pid
	wait_for '[ "$(outcome)" = refused ]'
	printf '[scraper]\nhost-delay = 0ms\nallow = 127.0.0.1\nuser-agent = second/2\n' >weir.conf
	hup ': info: reloaded'
	poll
	wait_for '[ "$(outcome)" = changed ]'
	[ "$(fetched)" = second/2 ]
	# A secret that was not there may be there now.
	echo "{\"id\":\"s\",\"kind\":\"page\",\"url\":\"$url/hook/s\",\"headers\":{\"Cookie\":{\"file\":\"s\"}}}" |
		weir-pub -t watch.set
	wait_for '[ "$(weir-log --last observation.change/s | jq -r .data.outcome)" = refused ]'
	mkdir -p d/secrets
	echo a=b >d/secrets/s
	chmod 600 d/secrets/s
	hup ': info: reloaded'
	wait_for '[ "$(weir-log --last observation.change/s | jq -r .data.outcome)" = changed ]'
	[ "$(control hook/s | jq -r ".requests[0].headers.cookie")" = a=b ]
	for bad in 'allow = nowhere' 'max-bytes = much' 'no-such = 1' 'oops' 'once = yes'; do
		printf '[scraper]\nuser-agent = third/3\n%s\n' "$bad" >weir.conf
		hup ': error: not reloaded: '
	done
	poll
	wait_for '[ "$(control hook/h | jq .total)" -ge 2 ]'
	[ "$(fetched)" = second/2 ]
	kill "$scraper"
	wait "$scraper"
	[ "$(grep -c error scraper.log)" -eq 5 ]
}

# A store, the simulated sites, and a scraper without delays.
start_stage() { # SCRAPER-OPTION...
	start_sim
	export WEIR_DIR=$PWD/d
	start ': ready ' store
	start ': ready ' scraper --allow 127.0.0.1 --host-delay 0ms --spread 0ms "$@"
	scraper=$pid
}

sets() { jq -c . <<<"$1" | weir-pub -t watch.set; }
polls() { echo '{}' | weir-pub -t watch.poll -s "$1"; }
asked() { control log | jq ".paths[\"$1\"] // 0"; }
last() { weir-log --last "observation.change/$1" | jq -r ".data.$2"; }

@test "a watch outside its windows waits for the next opening, but not when polled" {
	start_stage
	# Today and tomorrow are closed, whatever the zone.
	day=$(LC_ALL=C date -u -d '+3 days' +%a)
	sets "{\"id\":\"w\",\"kind\":\"page\",\"url\":\"$url/page\",\"every\":\"50ms\",
		\"windows\":[\"$day 08:30-09:00\"],\"tz\":\"Europe/Berlin\"}"
	sets "{\"id\":\"o\",\"kind\":\"page\",\"url\":\"$url/page?o\",\"every\":\"50ms\",
		\"windows\":[\"00:00-12:00\",\"12:00-24:00\"]}"
	wait_for '[ "$(asked "/page")" -ge 5 ]'
	[ "$(weir-log observation.change/w | wc -l)" -eq 0 ]
	polls w
	wait_for '[ "$(last w outcome)" = changed ]'
	next=$(TZ=Europe/Berlin date -d "$(last w next)" '+%a %H:%M')
	[ "$next" = "$day 08:30" ]
	(($(date -d "$(last w next)" +%s) - $(date +%s) < 4 * 86400))
	# Closed for good: refused where it comes in.
	run ! sets "{\"id\":\"x\",\"url\":\"$url/\",\"windows\":[\"8-9\"]}"
	[[ $output == *"windows: '8-9': no days"* ]]
}

@test "an answer that is fresh is not asked for again" {
	start_stage --cache-max 5m
	for id in kept open; do
		sets "{\"id\":\"$id\",\"kind\":\"page\",\"url\":\"$url/maxage/3600/page?$id\",\"every\":\"50ms\",
			\"cache\":$([ $id = kept ] && echo true || echo false)}"
	done
	wait_for '[ "$(asked "/maxage/3600/page")" -ge 10 ]'
	wait_for '[ "$(last kept outcome)" = changed ]'
	# The site says an hour, we say five minutes at most.
	left=$(($(date -d "$(last kept next)" +%s) - $(date +%s)))
	((left > 200 && left <= 300))
	n=$(asked "/maxage/3600/page")
	sets '{"id":"open","url":"mock:x","enabled":false}'
	sets '{"id":"mark","url":"mock:mark","every":"1d"}'
	wait_for '[ "$(last mark outcome)" = changed ]'
	n=$(asked "/maxage/3600/page")
	polls kept
	wait_for '[ "$(asked "/maxage/3600/page")" -eq $((n + 1)) ]'
	# A longer interval is not touched, and 0 is for those who know better.
	kill "$scraper"
	wait "$scraper"
	start ': ready ' scraper --allow 127.0.0.1 --host-delay 0ms --spread 0ms --cache-max 0ms
	wait_for '[ "$(asked "/maxage/3600/page")" -ge $((n + 5)) ]'
}

@test "robots.txt is not asked where a watch says so, and that shows" {
	start_stage
	for robots in '' ',"robots":"ignore"'; do
		id=${robots:+free} id=${id:-bound}
		sets "{\"id\":\"$id\",\"kind\":\"page\",\"url\":\"$url/private/page\",\"every\":\"1d\"$robots}"
		wait_for "[ -n \"\$(weir-log observation.change/$id)\" ]"
	done
	[ "$(last bound outcome) $(last bound reason)" = 'refused robots.txt forbids it' ]
	[ "$(last bound robots)" = null ]
	[ "$(last free outcome) $(last free robots)" = 'changed ignored' ]
	[ "$(grep -c 'watch free: robots.txt is not obeyed' scraper.log)" -eq 1 ]
	run ! grep 'watch bound' scraper.log
}

@test "an adaptive interval grows while nothing changes, and a restart goes on with it" {
	start_stage
	sets "{\"id\":\"a\",\"kind\":\"page\",\"url\":\"$url/page\",\"every\":\"100ms\",
		\"adaptive\":{\"min\":\"100ms\",\"max\":\"1d\"}}"
	sets "{\"id\":\"f\",\"kind\":\"page\",\"url\":\"$url/slow/0/page\",\"every\":\"100ms\"}"
	wait_for '[ "$(asked "/slow/0/page")" -ge 50 ]'
	grown=$(asked "/page")
	((grown >= 6 && grown <= 20))
	kill "$scraper"
	wait "$scraper"
	start ': ready ' scraper --allow 127.0.0.1 --host-delay 0ms --spread 0ms
	n=$(asked "/slow/0/page")
	wait_for '[ "$(asked "/slow/0/page")" -ge $((n + 15)) ]'
	(($(asked "/page") - grown <= 4))
}

@test "what breaks a watch's contract is not believed, and another process says so" {
	start_stage
	start ': ready ' alerter
	item=rolex-submariner
	price() { control set "{\"item\":\"$item\",\"price\":\"$1\",\"hold\":true}" >/dev/null; }
	price 7900.00
	sets "{\"id\":\"w\",\"url\":\"$url/shop/jsonld/$item\",\"every\":\"1d\",\"item\":{\"id\":\"lamp\"},
		\"plausible\":{\"min\":\"100\",\"max\":\"20000\"}}"
	wait_for '[ "$(last w outcome)" = changed ]'
	price 7.90
	polls w
	wait_for '[ "$(last w outcome)" = implausible ]'
	[ "$(last w reason)" = 'price 7.90 is not within 100-20000' ]
	wait_for '[ "$(weir-log watch.stale/w | jq -r .data.reason)" = "price 7.90 is not within 100-20000" ]'
	[ "$(weir-log price.update/lamp | wc -l)" -eq 1 ]
	price 7800.00
	polls w
	wait_for '[ -n "$(weir-log watch.fresh/w)" ]'
	[ "$(weir-log price.update/lamp | jq -r '.data | "\(.previous) \(.price)"' | tail -n 1)" = '7900.00 7800.00' ]
	# A list of too few: nothing of it is gone, whatever it lacks.
	sets "{\"id\":\"l\",\"kind\":\"feed\",\"url\":\"$url/ads/feed.xml\",\"every\":\"1d\",\"min_items\":3}"
	wait_for '[ "$(last l outcome)" = changed ]'
	control state | jq -r '.ads[].id' | tail -n +3 | while read -r ad; do
		control ad "{\"id\":\"$ad\",\"remove\":true}" >/dev/null
	done
	polls l
	wait_for '[ "$(last l outcome)" = implausible ]'
	[ "$(last l reason)" = '2 items, fewer than 3' ]
	wait_for '[ -n "$(weir-log watch.stale/l)" ]'
	[ -z "$(weir-log listing.gone/)" ]
}

@test "a site that blocks is told once, with the next try, however many wait for it" {
	start_stage
	page() { # ID PATH
		sets "{\"id\":\"$1\",\"kind\":\"page\",\"source\":\"site\",\"url\":\"$url/$2\",\"every\":\"1d\"}"
	}
	said() { weir-log scraper.status/site | jq -r '.data.outcome // "-"' | xargs; }
	page good page
	wait_for '[ "$(last good outcome)" = changed ]'
	page b1 blocked/1
	wait_for '[ "$(last b1 outcome)" = blocked ]'
	# The host is left alone now: whoever comes waits, and nothing is said of it.
	page b2 blocked/2
	page b3 blocked/3
	wait_for '[ "$(said)" = "- blocked" ]'
	weir-log --last scraper.status/site | jq -e '.data | .running and .reason and
		(.next | fromdate? // (sub("\\..*";"Z") | fromdate)) > now'
	[ "$(asked /blocked/2)" -eq 0 ]
	[ "$(last b1 next)" != null ]
	echo null | weir-pub -t watch.set -s b1
	wait_for '[ "$(said)" = "- blocked -" ]'
}

@test "a host that is left alone is not asked for its robots.txt either" {
	start_stage
	sets "{\"id\":\"b\",\"kind\":\"page\",\"url\":\"$url/blocked/\",\"every\":\"1d\"}"
	wait_for '[ "$(last b outcome)" = blocked ]'
	[ "$(asked /robots.txt) $(asked /blocked/)" = '1 1' ]
	kill -HUP "$scraper" # forgets every robots.txt
	wait_for 'grep -q "info: reloaded" scraper.log'
	polls b
	for mark in 1 2 3; do
		sets "{\"id\":\"mark$mark\",\"url\":\"mock:mark$mark\",\"every\":\"1d\"}"
		wait_for "[ \"\$(last mark$mark outcome)\" = changed ]"
	done
	[ "$(asked /robots.txt) $(asked /blocked/)" = '1 1' ]
}

@test "programs of jq read a list; an endless one costs its own watch only" {
	start_sim
	for w in 'good:.results[]' 'endless:last(range(1e12))' 'mistake:.[|'; do
		printf '{"id":"%s","kind":"json","url":"%s/ads/api.json","extract":{"items":{"jq":"%s"},"fields":{"id":{"jq":".id"},"title":{"jq":".title"}}}}\n' \
			"${w%%:*}" "$url" "${w#*:}"
	done >w.jsonl
	echo '{"id":"after","kind":"html","url":"'"$url"'/ads/","extract":{"fields":{"title":{"css":"h3"}}}}' >>w.jsonl
	run --separate-stderr weir-scraper --test -w w.jsonl --allow 127.0.0.1 \
		--host-delay 0ms --host-requests 20 --extract-timeout 2s
	[ "$status" -eq 65 ]
	[[ "$stderr" == *"watch mistake: items: jq: syntax error"* ]]
	[ "$(jq -r '.watch + " " + .outcome' <<<"$output" | sort | xargs)" = \
		"after changed endless parse-fail good changed mistake refused" ]
	[ "$(jq -r 'select(.watch == "endless").reason' <<<"$output")" = \
		"the parser took longer than 2s" ]
	[ "$(control state | jq '.ads | length')" = \
		"$(jq 'select(.watch == "good").items | length' <<<"$output")" ]
}

# What reads documents for $1, and whether it works ("R") or waits ("S").
readers() { ps --ppid "$1" -o pid= -o stat= | awk '{print $1, substr($2, 1, 1)}'; }

@test "what reads documents may be killed at any time: another reads on" {
	start_sim
	export WEIR_DIR=$PWD/d
	start ': ready ' store
	start ': ready ' scraper --allow 127.0.0.1 --host-delay 0ms --spread 0ms \
		--host-requests 20 --extractors 1 --extract-timeout 10m
	scraper=$pid
	start ': ready ' gateway --port 0
	gateway=$(grep -o 'http://[^ ]*' gateway.log)
	echo "{\"id\":\"p\",\"kind\":\"page\",\"url\":\"$url/page\",\"every\":\"1d\"}" |
		weir-pub -t watch.set
	told() { weir-log page.change/p | wc -l; }
	poll() { echo '{}' | weir-pub -t watch.poll -s "$1"; }
	wait_for '[ "$(told)" -eq 1 ]'
	# It is shut in, more than we are.
	read -r reader state < <(readers "$scraper")
	filters() { sed -n 's/^Seccomp_filters:[[:space:]]*//p' "/proc/$1/status"; }
	[ "$(filters "$reader")" -gt "$(filters "$scraper")" ]
	# While it has nothing to do.
	[ "$state" = S ]
	kill -KILL "$reader"
	wait_for '[ -z "$(readers "$scraper")" ]' # not even as a zombie
	control tick '{"n":60}'
	poll p
	wait_for '[ "$(told)" -eq 2 ]'
	# While it works, and others wait for it.
	echo "{\"id\":\"endless\",\"kind\":\"json\",\"url\":\"$url/ads/api.json\",\"every\":\"1d\",\"extract\":{\"fields\":{\"id\":{\"jq\":\"last(range(1e12))\"}}}}" |
		weir-pub -t watch.set
	wait_for '[[ "$(readers "$scraper")" == *" R" ]]'
	read -r busy state < <(readers "$scraper")
	[ "$busy" -ne "$reader" ]
	control tick '{"n":60}'
	asked() { control log | jq '.paths["/page"]'; }
	before=$(asked)
	poll p
	wait_for '[ "$(asked)" -gt "$before" ]'
	[ "$(told)" -eq 2 ]
	# What it had is tried once more, and then is to blame.
	kill -KILL "$busy"
	reads_again() { # long after it has started
		read -r again state < <(readers "$scraper")
		[ "$state" = R ] && [ "$again" -ne "$busy" ] &&
			[ "$(filters "$again")" -gt "$(filters "$scraper")" ] &&
			[ "$(awk '{print $14}' "/proc/$again/stat")" -gt 30 ]
	}
	wait_for reads_again
	[ "$(told)" -eq 2 ]
	kill -KILL "$again"
	wait_for '[ "$(told)" -eq 3 ]'
	wait_for '[ "$(weir-log observation.change/endless | wc -l)" -eq 1 ]'
	weir-log observation.change/endless | jq -e '.data |
		.outcome == "parse-fail" and .reason == "the parser ended with signal 9"'
	ends() { # of each reason
		curl -sS "${gateway}metrics" | sed -n \
			's/^weir_scraper_extractor_ends_total{.*kind="\([^"]*\)".*} /\1=/p' |
			sort | xargs
	}
	wait_for '[ "$(ends)" = "idle=1 killed=2" ]'
	# Nothing is left of it.
	read -r reader state < <(readers "$scraper")
	kill "$scraper"
	wait "$scraper"
	[ ! -e "/proc/$reader" ]
}

@test "where no reader can be started, no page is to blame" {
	start_sim
	for i in 1 2 3; do
		echo "{\"id\":\"w$i\",\"kind\":\"html\",\"url\":\"$url/ads/\",\"extract\":{\"fields\":{\"title\":{\"css\":\"h3\"}}}}"
	done >w.jsonl
	"$HELPERS/without" pairs "$BIN/weir-scraper" -1 -o - -w w.jsonl \
		--allow 127.0.0.1 --host-delay 0ms --host-requests 20 >out 2>log
	jq -r '.type + " " + .data.outcome + " " + .data.reason' out >have
	[ "$(grep -c '^observation' have)" -eq 3 ]
	[ "$(grep '^observation' have | sort -u)" = \
		'observation.change unreachable no start of the parser: Too many open files' ]
}

@test "where there are no filters of system calls, a warning says so once, and it works" {
	start_sim
	for i in 1 2 3 4 5 6; do
		echo "{\"id\":\"w$i\",\"kind\":\"html\",\"url\":\"$url/ads/\",\"extract\":{\"fields\":{\"title\":{\"css\":\"h3\"}}}}"
	done >w.jsonl
	"$HELPERS/without" filters "$BIN/weir-scraper" --test -w w.jsonl \
		--allow 127.0.0.1 --host-delay 0ms --host-requests 20 \
		--extractors 2 >out 2>err
	[ "$(jq -r .outcome out | xargs)" = \
		'changed changed changed changed changed changed' ]
	[ "$(grep -c 'without a filter of system calls' err)" -eq 1 ]
}

@test "of what is pushed in only so much waits" {
	start_sim
	export WEIR_DIR=$PWD/d
	start ': ready ' store
	start ': ready ' scraper --allow 127.0.0.1 --host-delay 0ms --spread 0ms \
		--extract-timeout 10m --push-wait 1K
	scraper=$pid
	endless="{\"id\":\"w\",\"kind\":\"json\",\"url\":\"$url/ads/api.json\",\"every\":\"1d\",\"extract\":{\"fields\":{\"id\":{\"jq\":\"last(range(1e12))\"}}}}"
	weir-pub -t watch.set <<<"$endless"
	# While it is read nothing else of it is.
	reads() { readers "$scraper" | grep -q ' R$'; }
	wait_for reads
	for id in a b c; do
		printf '{"watch":"w","items":[{"id":"%s","title":"%0600d"}]}\n' "$id" 0 |
			weir-pub -t observation.push -s w
	done
	wait_for '[ "$(grep -c "observation.push/w: not read: 1 others wait, of [0-9]* bytes" scraper.log)" -eq 2 ]'
	# The one that waits is read after a restart, with that much room again.
	kill -KILL "$scraper"
	sed 's/last(range(1e12))/.id/' <<<"$endless" | weir-pub -t watch.set
	start ': ready ' scraper --allow 127.0.0.1 --host-delay 0ms --spread 0ms \
		--push-wait 1K
	wait_for '[ "$(weir-log price.update/w item.new/w observation.change/w observation.record/w | grep -c pushed)" -ge 1 ]'
	! grep 'not read' scraper.log
}

@test "what is pushed in while no reader can be started is read later" {
	start_sim
	sim=$pid
	export WEIR_DIR=$PWD/d
	start ': ready ' store
	"$HELPERS/without" pairs "$BIN/weir-scraper" --allow 127.0.0.1 \
		--spread 0ms >/dev/null 2>scraper.log 3>&- &
	scraper=$!
	pids="$pids $scraper"
	wait_for 'grep -q ": ready " scraper.log'
	weir-pub -t watch.set <<<"{\"id\":\"w\",\"kind\":\"html\",\"url\":\"$url/ads/\",\"every\":\"1d\",\"extract\":{\"fields\":{\"title\":{\"css\":\"h3\"}}}}"
	wait_for '[ -n "$(weir-log observation.change/w)" ]'
	weir-pub -t observation.push -s w <<<'{"watch":"w","items":[{"id":"a","title":"A"}]}'
	wait_for '[ "$(grep -c "no start of the parser: Too many open files: 1 not read" scraper.log)" -ge 3 ]'
	[ -z "$(weir-log observation.record/w)" ]
	kill "$scraper"
	wait "$scraper"
	kill "$sim" # what it has to say would be newer than the push
	wait "$sim"
	start ': ready ' scraper --allow 127.0.0.1 --spread 0ms
	wait_for 'weir-log observation.record/w | grep -q "\"pushed\":true"'
}
