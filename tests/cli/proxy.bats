#!/usr/bin/env bats
# weir-scraper through real proxies (tinyproxy, microsocks) and by providers
# that weir-sim plays.

# shellcheck disable=SC2016,SC2034 # conditions are evaluated later

load ../helpers
load proxies

setup() {
	weir_setup
	PATH=$BIN:$PATH
	repo=$PWD
	cd "$T" || return
	mkdir -p "$DIR/secrets"
	start_daemon sim --listen 127.0.0.1:0 --tick 0
	sim=http://$(sed -n 's/.*ready listen=\([^ ]*\).*/\1/p' sim.err)
	sim_port=${sim##*:}
	: >prox.jsonl
	: >prov.jsonl
	: >w.jsonl
}

teardown() { weir_teardown; }

control() { # PATH [JSON]
	curl -sS --max-time 20 -H 'Content-Type: application/json' \
		${2:+-d "$2"} "$sim/control/$1"
}

total() { control "hook/$1" | jq .total; }

secret() { # NAME TEXT
	(umask 077 && printf '%s\n' "$2" >"$DIR/secrets/$1")
}

# Sets $tls, where TLS is spoken in front of PORT; cert.pem vouches for it.
start_tls() { # PORT
	[ -e cert.pem ] || openssl req -x509 -newkey rsa:2048 -nodes \
		-keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
		-addext 'subjectAltName=IP:127.0.0.1,DNS:localhost' 2>/dev/null
	: >python3.out
	background python3 "$repo/tests/helpers/tlswrap.py" cert.pem key.pem "$1"
	wait_for test -s python3.out
	tls=$(cat python3.out)
}

pool() { # ID MEMBERS
	echo "{\"id\":\"$1\",$2}" >>prox.jsonl
}

provider() { # ID BUDGET [MEMBERS]
	secret "$1.key" "hush-$1"
	echo "{\"id\":\"$1\",\"url\":\"$sim/provider/$1?api_key={key}&url={url}\",\"key\":{\"file\":\"$1.key\"},\"budget\":$2${3:+,$3}}" >>prov.jsonl
}

watch() { # ID PATH-OR-URL VIA [MEMBERS]
	local at=$2
	case $at in /*) at=$sim$at ;; esac
	echo "{\"id\":\"$1\",\"kind\":\"page\",\"url\":\"$at\",\"via\":$3${4:+,$4}}" >>w.jsonl
}

# One pass; the observations are in out.
pass() {
	weir-scraper --dir "$DIR" -1 -w w.jsonl -o - -s st --proxies prox.jsonl \
		--providers prov.jsonl --host-delay 0ms --host-requests 20 "$@" >out 2>err
}

allowed() { pass --allow 127.0.0.1 "$@"; }

# ended ID: outcome, way, and reason, if any.
ended() {
	jq -r --arg id "$1" 'select(.type == "observation.change" and .subject == $id)
		| .data | [.outcome, .via // "direct", .reason // empty] | join(" ")' out
}

last_status() { # TOPIC MEMBER
	jq -r --arg topic "$1" --arg member "$2" -s 'map(select(.type + "/" + (.subject // "") == $topic))
		| last | .data[$member]' out
}

@test "HTTP, SOCKS5 and SOCKS5h proxies are gone through" {
	start_http_proxy
	start_socks_proxy
	pool http "\"proxies\":[\"http://127.0.0.1:$http\"]"
	pool socks "\"proxies\":[\"socks5://127.0.0.1:$socks\"]"
	pool there "\"proxies\":[\"socks5h://127.0.0.1:$socks\"]"
	watch a /hook/a '"http"'
	watch b /hook/b '"socks"'
	watch c "http://localhost:$sim_port/hook/c" '"there"'
	watch d /hook/d '"direct"'
	allowed --allow ::1
	[ "$(ended a)" = 'changed http' ]
	[ "$(ended b)" = 'changed socks' ]
	[ "$(ended c)" = 'changed there' ]
	[ "$(ended d)" = 'changed direct' ]
	# tinyproxy says that it was there, and microsocks in its log.
	control hook/a | jq -e '.total==1 and (.requests[0].headers.via | test("tinyproxy"))'
	control hook/d | jq -e '.requests[0].headers | has("via") | not'
	grep -q "connected to 127.0.0.1:$sim_port" microsocks.out
	jq -es 'map(select(.subject == "a" and .type == "observation.change"))
		| .[0].data.proxy == "http://127.0.0.1:'"$http"'"' out
}

@test "a tunnel to a TLS site, and a proxy that itself speaks TLS" {
	start_http_proxy
	start_socks_proxy
	start_tls "$sim_port"
	site=$tls
	start_tls "$http"
	secure=$tls
	pool http "\"proxies\":[\"http://127.0.0.1:$http\"]"
	pool tls "\"proxies\":[\"https://127.0.0.1:$secure\"]"
	pool socks "\"proxies\":[\"socks5://127.0.0.1:$socks\"]"
	watch a "https://127.0.0.1:$site/hook/a" '"http"'
	watch b "https://127.0.0.1:$site/hook/b" '"tls"'
	watch c "http://127.0.0.1:$sim_port/hook/c" '"tls"'
	watch d "https://127.0.0.1:$site/hook/d" '"socks"'
	allowed --ca-file cert.pem
	for id in a b c d; do
		[[ "$(ended $id)" == changed\ * ]]
		[ "$(total $id)" = 1 ]
	done
	grep -q "CONNECT 127.0.0.1:$site" tiny.log
	# A certificate that nobody vouches for is the site's failure through an
	# HTTP proxy, and the proxy's own where it is the proxy's.
	rm -rf st
	allowed
	[[ "$(ended a)" == 'unreachable '*'tls: http: '* ]]
	[[ "$(ended c)" == 'unreachable '*'tls: SSL '* ]]
	[ "$(last_status proxy.status/tls healthy)" = 0 ]
}

@test "407 from behind a tunnel is the site's, not the proxy's" {
	start_http_proxy
	start_socks_proxy
	start_tls "$sim_port"
	site=$tls
	pool http "\"proxies\":[\"http://127.0.0.1:$http\"]"
	pool socks "\"proxies\":[\"socks5://127.0.0.1:$socks\"]"
	watch a "https://127.0.0.1:$site/status/407/" '"http"'
	watch b "http://127.0.0.1:$sim_port/status/407/" '"socks"'
	allowed --ca-file cert.pem
	for id in a b; do
		[[ "$(ended $id)" == 'http-error '*407* ]]
	done
}

@test "what stands behind a proxy is judged before the proxy is asked" {
	start_http_proxy
	start_socks_proxy
	pool http "\"proxies\":[\"http://127.0.0.1:$http\"]"
	pool socks "\"proxies\":[\"socks5://127.0.0.1:$socks\"]"
	pool there "\"proxies\":[\"socks5h://127.0.0.1:$socks\"],\"names\":\"proxy\""
	provider p 10
	watch a /hook/a '"http"'
	watch b "http://localhost:$sim_port/hook/b" '"socks"'
	watch c "http://0x7f.1:$sim_port/hook/c" '"socks"'
	watch d "http://[::ffff:127.0.0.1]:$sim_port/hook/d" '"there"'
	watch e "http://x.localhost:$sim_port/hook/e" '"there"'
	watch h "http://x.localhost.:$sim_port/hook/h" '"there"'
	watch f "http://169.254.169.254/latest" '"p"'
	pass --allow-proxy 127.0.0.1
	for id in a b c d e h; do
		[[ "$(ended $id)" == 'unreachable '*'address is loopback' ||
			"$(ended $id)" == 'refused '*'address is loopback' ]]
		[ "$(total $id)" = 0 ]
	done
	[[ "$(ended f)" == *'address is link-local' ]]
	[ "$(total p)" = 0 ]
	run ! grep -q "$sim_port" tiny.log
	run ! grep -q connected microsocks.out
	# A redirect is judged as well.
	: >w.jsonl
	watch g "http://127.0.0.1:$sim_port/redirect-to?url=http://10.1.2.3/" '"http"'
	allowed
	[ "$(ended g)" = 'refused http address is private' ]
}

@test "a proxy at an address that is not public must be allowed" {
	start_http_proxy
	pool http "\"proxies\":[\"http://127.0.0.1:$http\"]"
	watch a http://192.0.2.1/ '"http"'
	pass --allow 192.0.2.1
	[[ "$(ended a)" == "unreachable "*"the proxy's address is loopback"* ]]
	run ! grep -q 192.0.2.1 tiny.log
}

@test "credentials come from files and show nowhere" {
	start_http_proxy 'BasicAuth me hushhttp'
	start_socks_proxy -u me -P hushsocks
	secret http.auth me:hushhttp
	secret socks.auth me:hushsocks
	secret bad.auth me:hushwrong
	pool http "\"proxies\":[\"http://127.0.0.1:$http\"],\"credentials\":{\"file\":\"http.auth\"}"
	pool socks "\"proxies\":[\"socks5://127.0.0.1:$socks\"],\"credentials\":{\"file\":\"socks.auth\"}"
	# A wrong password is 401 to tinyproxy, where it forwards.
	pool bad "\"proxies\":[\"http://127.0.0.1:$http\"]"
	pool worse "\"proxies\":[\"socks5://127.0.0.1:$socks\"],\"credentials\":{\"file\":\"bad.auth\"}"
	watch a /hook/a '"http"'
	watch b /hook/b '"socks"'
	watch c /hook/c '"bad"'
	watch d /hook/d '"worse"'
	allowed
	[ "$(ended a)" = 'changed http' ]
	[ "$(ended b)" = 'changed socks' ]
	[[ "$(ended c)" == 'unreachable '*'bad: '*407* ]]
	[[ "$(ended d)" == 'unreachable '*'worse: '* ]]
	[ "$(last_status proxy.status/bad healthy)" = 0 ]
	[ "$(last_status proxy.status/http healthy)" = 1 ]
	control hook/a | jq -e '.requests[0].headers | has("proxy-authorization") | not'
	run ! grep -rq 'hushhttp\|hushsocks\|hushwrong' out err st
	# Others may read it: it is none.
	chmod 640 "$DIR/secrets/http.auth"
	rm -rf st
	allowed
	[[ "$(ended a)" == 'refused '*'chmod 600'* || "$(ended a)" == 'unreachable '*'chmod 600'* ]]
	[[ "$(last_status proxy.status/http reason)" == *'chmod 600'* ]]
}

@test "a failing proxy makes way for the next, a failing pool too" {
	start_http_proxy
	pool mixed "\"proxies\":[\"http://127.0.0.1:1\",\"socks5://127.0.0.1:1\",\"http://127.0.0.1:$http\"]"
	pool dead '"proxies":["http://127.0.0.1:1"]'
	watch a /hook/a '"mixed"'
	watch b /hook/b '["dead","mixed"]'
	watch c /hook/c '["dead","direct"]'
	watch d /hook/d '"dead"'
	watch e /status/404 '["mixed","direct"]'
	watch f /hook/f '"nowhere"'
	allowed
	[ "$(ended a)" = 'changed mixed' ]
	[ "$(ended b)" = 'changed mixed' ]
	[ "$(ended c)" = 'changed direct' ]
	[[ "$(ended d)" == 'unreachable '*'127.0.0.1 port 1'* ]]
	[[ "$(ended e)" == 'http-error mixed '* ]]
	[[ "$(ended f)" == *'there is no pool or provider nowhere' ]]
	[ "$(last_status proxy.status/mixed healthy)" = 1 ]
	[ "$(last_status proxy.status/mixed proxies)" = 3 ]
	for hook in a b c; do [ "$(total $hook)" = 1 ]; done
}

@test "a site that blocks one way is tried by the next, once" {
	start_http_proxy
	pool http "\"proxies\":[\"http://127.0.0.1:$http\"]"
	control hook '{"name":"a","status":403,"times":1}'
	control hook '{"name":"b","status":403}'
	watch a /hook/a '["direct","http"]'
	watch b /hook/b '["direct","http"]'
	allowed
	[ "$(ended a)" = 'changed http' ]
	[ "$(total a)" = 2 ]
	[[ "$(ended b)" == 'blocked http status 403'* ]]
	[ "$(total b)" = 2 ]
}

@test "an address that is allowed at one port is so behind proxies and providers" {
	start_http_proxy
	pool http "\"proxies\":[\"http://127.0.0.1:$http\"]"
	provider p 9
	watch a /hook/a '"http"'
	watch b /page '"p"'
	watch c "http://127.0.0.1:$http/" '"p"'
	pass --allow "127.0.0.1:$sim_port" --allow-proxy "127.0.0.1:$http"
	[ "$(ended a)" = 'changed http' ]
	[ "$(ended b)" = 'changed p' ]
	[[ "$(ended c)" == 'refused '*'address is loopback' ]]
}

@test "a provider is paid what its budget says, and the next one then" {
	provider one 2
	provider two 9
	for i in 1 2 3 4; do watch "w$i" "/shop/plain/$i?x=$i" '["one","two"]'; done
	allowed
	[ "$(total one)" = 2 ]
	[ "$(total two)" = 2 ]
	[ "$(jq -r 'select(.type == "observation.change") | .data.via' out | sort | uniq -c | awk '{print $2 $1}' | xargs)" = 'one2 two2' ]
	[ "$(last_status provider.status/one used)" = 2 ]
	[ "$(last_status provider.status/one left)" = 0 ]
	[[ "$(last_status provider.status/one reason)" == 'budget of one is used up until '????-??-01 ]]
	# The whole URL, encoded, and the key; no header of ours.
	control hook/two | jq -e '.requests[0].args | (.url | startswith("http://")) and .api_key == "hush-two"'
	# It is counted, whatever happens: another run starts with nothing left …
	sed -i 's/"two"\]/"three"]/; s/\["one"/["uno"/' w.jsonl
	sed -i 's/"id":"one"/"id":"uno"/' prov.jsonl
	provider three 1
	allowed
	# … under another name, too.
	[ "$(total one)" = 2 ]
	[ "$(total three)" = 1 ]
	[[ "$(jq -r 'select(.data.outcome == "refused") | .data.reason' out)" == 'budget of three is used up until '* ]]
	run ! grep -rq 'hush-' out err st
}

@test "a provider that speaks of itself is left alone, the site's answers are the site's" {
	provider bad 9
	provider good 9
	control hook '{"name":"bad","status":403}'
	watch a /page '["bad","good"]' '"headers":{"X-Mine":"yes"}'
	watch b '/status/404' '"good"'
	watch c '/page?c' '"bad"'
	allowed --host-requests 1
	[ "$(ended a)" = 'changed good' ]
	[[ "$(ended b)" == 'http-error good status 404' ]]
	[[ "$(ended c)" == 'unreachable '*'bad answered 403'* ]]
	# It was asked once, for robots.txt or a page, and then left alone.
	[ "$(total bad)" = 1 ]
	[ "$(last_status provider.status/bad healthy)" = false ]
	control hook/good | jq -e '[.requests[].headers | has("x-mine")] | any | not'
}

@test "a budget needs a state to be counted in" {
	provider p 9
	watch a /page '"p"'
	run -0 --separate-stderr weir-scraper --dir "$DIR" -1 -w w.jsonl -o - \
		--providers prov.jsonl --allow 127.0.0.1
	[[ $output == *'"refused"'*'its budget is not counted without --state'* ]]
	[ "$(total p)" = 0 ]
}

@test "settings on the bus: taken over, told, removed" {
	start_both
	start_http_proxy
	start_daemon scraper --dir "$DIR" --allow 127.0.0.1 --host-delay 0ms --spread 0ms --via pool
	echo "{\"id\":\"pool\",\"proxies\":[\"http://127.0.0.1:$http\"]}" | pub -t proxy.set
	echo "{\"id\":\"a\",\"kind\":\"page\",\"url\":\"$sim/hook/a\"}" | pub -t watch.set
	wait_for eval '[ "$(log --last observation.change/a | jq -r .data.via)" = pool ]'
	[ "$(log --last proxy.status/pool | jq .data.proxies)" = 1 ]
	get -X DELETE "$url/api/v1/proxies/pool" -o /dev/null
	echo '{}' | pub --type watch.poll --subject a
	wait_for eval '[[ "$(log --last observation.change/a | jq -r .data.reason)" == "there is no pool or provider pool" ]]'
	get -X PUT -H 'Content-Type: application/json' -d '{"proxies":["http://me:hush@a:1"]}' "$url/api/v1/proxies/p" >&2
	[ "$(status -X PUT -H 'Content-Type: application/json' -d '{"proxies":["http://me:hush@a:1"]}' "$url/api/v1/proxies/p")" = 400 ]
	run ! grep -rq hush scraper.err gateway.err
}

@test "killed again and again, a provider never gets more than its budget" {
	budget=60
	start_both
	secret p.key hush
	echo "{\"id\":\"p\",\"url\":\"$sim/provider/p?api_key={key}&url={url}\",\"key\":{\"file\":\"p.key\"},\"budget\":$budget,\"requests\":4}" |
		pub -t provider.set
	for i in $(seq 30); do
		echo "{\"id\":\"w$i\",\"kind\":\"page\",\"url\":\"$sim/page?$i\",\"every\":\"50ms\",\"via\":\"p\"}"
	done | pub -t watch.set
	used() { log --last provider.status/p | jq '.data.used // 0'; }
	kills=0
	while [ "$kills" -lt 12 ] && [ "$(used)" != "$budget" ]; do
		start_daemon scraper --dir "$DIR" --allow 127.0.0.1 --host-delay 0ms \
			--host-requests 20 --spread 0ms --backoff 10ms
		# Wherever it may be at: at most so many more requests.
		at=$(total p)
		wait_for eval '[ "$(total p)" -gt $((at + RANDOM % 6)) ] || [ "$(used)" = "$budget" ]'
		kill -KILL "$daemon"
		wait "$daemon" || true
		kills=$((kills + 1))
	done
	start_daemon scraper --dir "$DIR" --allow 127.0.0.1 --host-delay 0ms \
		--host-requests 20 --spread 0ms
	wait_for eval '[ "$(used)" = "$budget" ]'
	wait_for eval 'log --last observation.change/ | grep -q "budget of p is used up until"'
	seen=$(total p)
	# Each kill loses at most what was under way.
	[ "$seen" -le "$budget" ]
	[ "$seen" -ge $((budget - 4 * kills)) ]
	WEIR_DIR=$DIR WEIR_URL=$url "$repo/scripts/weir" status >status.json
	jq -e --argjson n "$budget" '.providers == [.providers[0]] and
		(.providers[0] | .provider == "p" and .used == $n and .left == 0 and
			.healthy == false and (.resets | test("-01T00:00:00")))' status.json
	run ! grep -rq hush scraper.err status.json
}

@test "a way that a site sent away is left alone, the others go on" {
	start_http_proxy
	pool http "\"proxies\":[\"http://127.0.0.1:$http\"]"
	control hook '{"name":"a","status":403,"times":1}'
	watch a /hook/a '["direct","http"]' '"every":"100ms"'
	start_daemon scraper --dir "$DIR" -w w.jsonl -o - --proxies prox.jsonl \
		--allow 127.0.0.1 --host-delay 0ms
	wait_for eval '[ "$(total a)" -ge 5 ]'
	control hook/a | jq -e '[.requests[].headers | has("via")]
		| .[0] == false and (.[1:] | all)'
}
