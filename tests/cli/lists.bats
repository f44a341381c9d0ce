#!/usr/bin/env bats
# Lists that go on over several pages, against the simulated web.
# shellcheck disable=SC2016,SC2034,SC2154 # conditions are evaluated later

load scraper.bash

watch() { # ID PATH MEMBERS
	printf '{"id":"%s","url":"%s/%s",%s}\n' "$1" "$url" "$2" "$3"
}

items='"items":{"css":"li.result"},"fields":{"id":{"css":"a","attr":"href"},"title":{"css":"h3"},"price":{"css":".price"}}'

scrape() { # OPTION...
	weir-scraper -1 -o - -w w.jsonl -s state --allow "$addr" --host-delay 0s "$@" 2>log
}

told() { jq -r 'select(.type | startswith("listing.")) | .type' <<<"$out" | sort | uniq -c | xargs; }

ending() { # FILTER
	jq -r "select(.type == \"observation.change\") | .data | $1" <<<"$out"
}

@test "every kind of list is followed to its last page" {
	start_sim
	{
		watch html 'ads/ksl/?per=5' "\"kind\":\"html\",\"pages\":9,\"extract\":{$items}"
		watch css 'ads/ksl/?per=5' "\"kind\":\"html\",\"pages\":9,\"extract\":{$items,\"next\":{\"css\":\"a.more\"}}"
		watch atom 'ads/ksl/atom.xml?per=5' '"kind":"feed","pages":9'
		watch rss 'ads/ksl/feed.xml?per=5' '"kind":"feed","pages":9'
		watch json 'ads/ksl/api.json?per=5' '"kind":"json","pages":9,"extract":{"items":{"path":"$.results"},"fields":{"id":{"path":"$.id"}},"next":{"path":"$.next"}}'
		watch param 'ads/ksl/api.json?per=5' '"kind":"json","pages":9,"extract":{"items":{"path":"$.results"},"fields":{"id":{"path":"$.id"}},"next":{"pointer":"/next_page","param":"page"}}'
		watch limit 'ads/ksl/feed.xml?per=5' '"kind":"feed","pages":2'
		watch first 'ads/ksl/feed.xml?per=5' '"kind":"feed"'
		watch endless 'ads/ksl/feed.xml?per=5&pages=1000' '"kind":"feed","pages":100'
	} >w.jsonl
	weir-scraper --test -w w.jsonl --allow "$addr" --host-delay 0s |
		jq -rs 'sort_by(.watch)[] | "\(.watch) \(.pages // "-") \(.stopped // "-") \(.items | length)"' >have
	cat >want <<'EOT'
atom 3 last 12
css 3 last 12
endless 4 nothing-new 12
first - - 5
html 3 last 12
json 3 last 12
limit 2 limit 10
param 3 last 12
rss 3 last 12
EOT
	diff want have
}

@test "a change on a later page is told, and one that moves there is not" {
	start_sim
	watch l 'ads/ksl/feed.xml?per=5' '"kind":"feed","pages":9' >w.jsonl
	out=$(scrape)
	[ "$(told)" = '12 listing.new' ]
	[ "$(ending '"\(.pages) \(.stopped) \(.items)"')" = '3 last 12' ]
	# Nothing moved: no version of the first page may say so for all.
	out=$(scrape)
	[ -z "$out" ]
	last=$(control state | jq -c '[.ads[] | select(.source == "ksl")] | min_by(.posted)
		| {id, source, title, price: "1.23"}')
	control ad "$last" >/dev/null
	out=$(scrape)
	[ "$(told)" = '1 listing.update' ]
	[ "$(jq -r 'select(.type == "listing.update").data.price' <<<"$out")" = 1.23 ]
	# One more at the top moves all others on.
	control ad '{"id":"ksl900","source":"ksl","title":"A new one","price":"5"}' >/dev/null
	out=$(scrape)
	[ "$(told)" = '1 listing.new' ]
}

@test "a page that fails takes nothing away, is told, and told when it is mended" {
	start_sim
	watch l 'ads/ksl/feed.xml?per=5' '"kind":"feed","pages":9,"source":"s"' >w.jsonl
	out=$(scrape)
	[ "$(told)" = '12 listing.new' ]
	control ads '{"fail":2}' >/dev/null
	out=$(scrape)
	[ -z "$(told)" ]
	[ "$(ending '"\(.outcome) \(.pages) \(.stopped) \(.reason)"')" = \
		'unchanged 1 failed page 2: http-error: status 503' ]
	out=$(scrape)
	[ -z "$out" ]
	control ads '{"fail":0}' >/dev/null
	out=$(scrape)
	[ -z "$(told)" ]
	[ "$(ending '"\(.outcome) \(.pages) \(.stopped) \(.reason)"')" = 'unchanged 3 last null' ]
}

@test "newest first: only as far down as what is known, and not at all where the first page is the same" {
	start_sim
	asked() { control log | jq -r '.paths["/ads/ksl/feed.xml"] // 0'; }
	watch l 'ads/ksl/feed.xml?per=5' '"kind":"feed","pages":9,"list":"newest"' >w.jsonl
	out=$(scrape)
	[ "$(told)" = '12 listing.new' ]
	[ "$(asked)" -eq 3 ]
	out=$(scrape)
	[ -z "$out" ]
	[ "$(asked)" -eq 4 ]
	control ad '{"id":"ksl900","source":"ksl","title":"A new one","price":"5"}' >/dev/null
	out=$(scrape)
	[ "$(told)" = '1 listing.new' ]
	[ "$(asked)" -eq 6 ]
	# What was not read to its end is read again, whatever is known.
	control ad '{"id":"ksl901","source":"ksl","title":"Another","price":"6"}' >/dev/null
	control ads '{"fail":2}' >/dev/null
	out=$(scrape)
	[ "$(told)" = '1 listing.new' ]
	control ads '{"fail":0}' >/dev/null
	out=$(scrape)
	[ -z "$(told)" ]
	[ "$(asked)" -eq 11 ]
}

@test "killed between two pages: the look is done again, and nothing told twice" {
	start_sim
	watch l 'slow/300/ads/ksl/feed.xml?per=5' '"kind":"feed","pages":9' >w.jsonl
	weir-scraper -1 -o - -w w.jsonl -s state --allow "$addr" --host-delay 0s >killed 2>log &
	wait_for '[ "$(control log | jq ".paths[\"/slow/300/ads/ksl/feed.xml\"] // 0")" -ge 2 ]'
	kill -9 $!
	! wait $!
	[ ! -s killed ]
	out=$(scrape)
	[ "$(told)" = '12 listing.new' ]
	out=$(scrape)
	[ -z "$out" ]
}

@test "the bodies of all pages are kept, and what moved says on which it was" {
	start_sim
	watch l 'ads/ksl/feed.xml?per=5' '"kind":"feed","pages":9' >w.jsonl
	out=$(scrape --keep-bodies 1M)
	jq -c 'select(.type == "observation.record").data' <<<"$out" >record
	jq -e '.pages == 3 and .stopped == "last" and .items == 12 and (.further | length) == 2' record
	[ "$(jq -r '.further[] | "\(.status) \(.items)"' record | xargs)" = '200 5 200 2' ]
	[ "$(jq -r '[.moved[] | .page // 1] | @csv' record)" = 1,1,1,1,1,2,2,2,2,2,3,3 ]
	for blob in $(jq -r '.body.blob, .further[].body.blob' record); do
		ls state/blobs/"${blob%"${blob#??}"}/$blob"*
	done
}

@test "robots.txt and other hosts end a list; secrets do not leave home" {
	start_sim
	cat >site.py <<'EOT'
import http.server, sys
class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print(self.server.server_port, self.path, self.headers.get('X-Token'), self.headers.get('If-None-Match'), file=open('asked', 'a'))
        port = int(open('other').read())
        page = self.path.split('?')[0]
        body = {'/robots.txt': 'User-agent: *\nDisallow: /secret',
            '/away': '[{"id":"a"}]', '/b': '[{"id":"b"}]', '/hidden': '[{"id":"c"}]'}.get(page)
        self.send_response(200 if body else 404)
        self.send_header('ETag', '"v1"')
        if page == '/away':
            self.send_header('Link', f'</first>; rel="prev", <http://127.0.0.1:{port}/b>; title="a, b"; rel="next"')
        if page == '/hidden':
            self.send_header('Link', '</secret>; rel=next')
        self.end_headers()
        self.wfile.write((body or '').encode())
    def log_message(self, *args): pass
s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Site)
print(s.server_port, flush=True)
s.serve_forever()
EOT
	for n in 1 2; do
		python3 site.py >"port.$n" 3>&- &
		pids="$pids $!"
		wait_for '[ -s port.$n ]'
	done
	cat port.2 >other
	mkdir secrets && (umask 077 && echo s3 >secrets/token)
	site() { # ID PATH MEMBERS
		printf '{"id":"%s","url":"http://127.0.0.1:%s/%s","kind":"json","pages":3,"headers":{"X-Token":{"file":"token"}},"extract":{"items":{"path":"$[*]"},"fields":{"id":{"path":"$.id"}}}%s}\n' "$1" "$(cat port.1)" "$2" "$3"
	}
	{
		site away away ''
		site named away ",\"next_hosts\":[\"127.0.0.1:$(cat port.2)\"]"
		site hidden hidden ''
	} >w.jsonl
	weir-scraper --test -w w.jsonl --allow 127.0.0.1 --host-delay 0s --secrets secrets |
		jq -rs 'sort_by(.watch)[] | "\(.watch) \(.pages) \(.stopped) \(.items | length) \(.reason)"' >have
	cat >want <<'EOT'
away 1 elsewhere 1 the next page is on another host
hidden 1 failed 1 page 2: refused: robots.txt forbids it
named 2 last 2 null
EOT
	diff want have
	[ "$(grep ' /away ' asked | sort -u)" = "$(cat port.1) /away s3 None" ]
	[ "$(grep ' /b ' asked)" = "$(cat port.2) /b None None" ]
	# Not even a host that is named leads to where nobody may go.
	weir-scraper --test -w w.jsonl --allow "127.0.0.1:$(cat port.1)" --host-delay 0s --secrets secrets |
		jq -r 'select(.watch == "named") | "\(.pages) \(.stopped) \(.reason)"' >have
	grep -q '^1 failed page 2: refused: ' have
}

@test "only lists have pages" {
	refused() { # MEMBERS REASON
		echo "{\"id\":\"x\",\"url\":\"http://127.0.0.1/\",$1}" >w.jsonl
		run -65 weir-scraper --test -w w.jsonl
		[[ $output == *"$2"* ]]
	}
	bats_require_minimum_version 1.5.0
	refused '"kind":"page","pages":2' 'pages: only a list has them'
	refused '"pages":2' 'pages: only a list has them'
	refused '"kind":"feed","pages":0' 'pages:'
	refused '"kind":"feed","pages":101' 'pages:'
	refused '"kind":"feed","next_hosts":["x"]' 'next_hosts: pages is not above 1'
	for host in '*' '*.shop.example' 'http://shop.example' 'shop.example/x' \
		'a@shop.example' '' 'shop example' 'shop.example:x'; do
		refused '"kind":"feed","pages":2,"next_hosts":["'"$host"'"]' 'next_hosts: '
	done
}

# Nine lists, a host each: one is asked for one thing at a time.
long_lists() { # BYTES-OF-FIRST BYTES-OF-SECOND
	python3 "$BATS_TEST_DIRNAME/../helpers/longlists.py" 9 "$@" >port 3>&- &
	pids="$pids $!"
	wait_for '[ "$(wc -l <port)" = 9 ]'
	addr=127.0.0.0/8
	for i in $(seq 9); do
		url=http://$(sed -n "${i}p" port)
		watch "l$i" "l$i" '"kind":"feed","pages":9'
	done >w.jsonl
}

# How the bodies of a page are told, each kind with how many there are.
bodies() { # FILTER
	jq -r "select(.type == \"observation.record\") | .data | $1 | keys[]" <<<"$out" |
		sort | uniq -c | xargs
}

# Eight times 8,000,000 bytes are less than 64 MiB; of the ninth the hash is.
@test "of all looks together only so many bytes of pages are held" {
	long_lists 0 8000000
	out=$(scrape --keep-bodies 8M)
	[ "$(bodies '.further[0].body')" = '8 blob 9 bytes 1 sha256' ]
}

@test "the first page of a list counts like the later ones" {
	long_lists 8000000 0
	out=$(scrape --keep-bodies 8M)
	[ "$(bodies .body)" = '8 blob 9 bytes 1 sha256' ]
	jq -es '[.[] | select(.type == "observation.record") | .data.body.bytes] |
		length == 9 and min > 8000000' <<<"$out"
}

@test "a page that is too large to be kept takes no room from the others" {
	long_lists 8000000 900000
	out=$(scrape --keep-bodies 1M)
	[ "$(bodies .body)" = '9 bytes 9 sha256' ]
	[ "$(bodies '.further[0].body')" = '9 blob 9 bytes' ]
}
