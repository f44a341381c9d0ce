#!/usr/bin/env bats
# Who may do what at the gateway: the owner's token, API keys, JSON Web Tokens.

load ../helpers

OWNER=0123456789abcdef-the-owner

setup() {
	weir_setup
	WS=$HELPERS/wsclient
	echo "$OWNER" >"$T/token"
}

teardown() { weir_teardown; }

get() { # TOKEN PATH [OPTION...]
	local token=$1 path=$2
	shift 2
	curl -sS --max-time 20 ${token:+-H "Authorization: Bearer $token"} "$@" "$url$path"
}
status() { get "$@" -o /dev/null -w '%{http_code}'; }
post() { # TOKEN TYPE SUBJECT
	status "$1" /api/v1/events -H 'Content-Type: application/json' \
		-d "{\"type\":\"$2\",\"subject\":\"$3\",\"data\":{\"id\":\"$3\"}}"
}
put_rule() { # TOKEN
	status "$1" /api/v1/rules/one -X PUT -H 'Content-Type: application/json' \
		-d '{"on":"price.update/","drop":{"percent":10}}'
}

put_session() { # TOKEN BODY
	status "$1" /api/v1/sessions/c -X PUT -H 'Content-Type: application/json' -d "$2"
}

# make_key USER NAME=VALUE...: adds to $T/keys, prints the key
make_key() {
	"$BIN/weir" key "$@" >>"$T/keys" 2>"$T/key"
	cat "$T/key"
}

token() { /usr/bin/python3 "$BATS_TEST_DIRNAME/../helpers/make_token.py" "$@"; }

events() { # one of each
	"$BIN/weir-pub" --dir "$DIR" <<-'EOT'
		{"type":"price.update","subject":"a","data":{"item":{"id":"a"},"price":"1","currency":"EUR"}}
		{"type":"venue.update","subject":"7","data":{"id":"7"}}
		{"type":"t.n","subject":"x","data":1}
		{"type":"user.notification","subject":"ann","data":{"type":"note","message":"m","title":"for ann"}}
		{"type":"user.notification","subject":"bob","data":{"type":"note","message":"m","title":"for bob"}}
	EOT
}

topics() { jq -r '.events[] | .type + "/" + .subject' | sort | tr '\n' ' '; }

@test "API keys: roles, patterns, and no way around them" {
	ann=$(make_key ann read='["price.","t.n/x"]')
	shop=$(make_key shop role=publisher write=venue.update/)
	talk=$(make_key talk role=publisher write=session.)
	boss=$(make_key boss role=admin read= write=)
	old=$(make_key old read=price. expires=2020-01-01T00:00:00Z)
	run ! grep -qF "$ann" "$T/keys"
	start_both --keys-file "$T/keys"
	events

	# who
	[ "$(status '' /healthz)" = 200 ]
	[ "$(status '' /client/weir.js)" = 200 ]
	[ "$(status '' /app.js)" = 401 ]
	[ "$(status '' /api/v1/events)" = 401 ]
	[ "$(status "${ann}x" /api/v1/events)" = 401 ]
	[ "$(status "$old" /api/v1/events)" = 401 ]
	[ "$(curl -sS -u "me:$ann" -o /dev/null -w '%{http_code}' "$url/api/v1/events")" = 200 ]

	# reading
	[ "$(get "$ann" /api/v1/events | topics)" = 'price.update/a t.n/x user.notification/ann ' ]
	[ "$(get "$ann" '/api/v1/events?topic=price.' | topics)" = 'price.update/a ' ]
	[ "$(get "$ann" '/api/v1/events?topic=user.notification/ann' | topics)" = 'user.notification/ann ' ]
	[ "$(get "$ann" /api/v1/topics | jq -c '[.topics[].topic]')" = '["price.update/a","t.n/x","user.notification/ann"]' ]
	[ "$(get "$ann" '/api/v1/topics?prefix=price.update/' | jq -c '[.topics[].topic]')" = '["price.update/a"]' ]
	[ "$(get "$boss" /api/v1/topics | jq -c '[.topics[].topic]')" = '["price.update/a","t.n/x","venue.update/7"]' ]
	for topic in venue. t.n/ user.notification/bob user.notification/ user. ''; do
		[ "$(status "$ann" "/api/v1/events?topic=$topic")" = 403 ]
		[ "$(status "$ann" "/api/v1/events/stream?topic=$topic")" = 403 ]
	done
	for topic in user.notification/bob user.notification/ user. ''; do
		[ "$(status "$boss" "/api/v1/events?topic=$topic")" = 403 ]
	done
	get "$boss" /api/v1/events | grep -qF 'notifications of other users'
	[ "$(status "$ann" '/api/v1/history?topic=price.update/a')" = 200 ]
	[ "$(status "$ann" '/api/v1/history?topic=venue.update/7')" = 403 ]
	[ "$(status "$ann" /api/v1/rules)" = 403 ]
	[ "$(status "$boss" /api/v1/rules)" = 200 ]
	[ "$(status "$ann" /metrics)" = 403 ]
	[ "$(status "$ann" /api/v1/status)" = 403 ]
	[ "$(status "$boss" /metrics)" = 200 ]

	# writing
	[ "$(post "$ann" price.update a)" = 403 ]
	[ "$(post "$shop" venue.update 8)" = 201 ]
	[ "$(post "$shop" t.n x)" = 403 ]
	[ "$(post "$boss" t.n x)" = 201 ]
	[ "$(put_rule "$ann")" = 403 ]
	[ "$(put_rule "$shop")" = 403 ]
	[ "$(put_rule "$boss")" = 201 ]
	# A session that says what the chat is sets a watch.
	for body in '{"url":"ws://192.0.2.1/","chat":{"send":[{"file":"a.key"}]}}' \
		'{"\u0075rl":"ws://192.0.2.1/"}'; do
		[ "$(put_session "$talk" "$body")" = 403 ]
		[ "$(status "$talk" /api/v1/events -H 'Content-Type: application/json' \
			-d "{\"type\":\"session.start\",\"subject\":\"c\",\"data\":$body}")" = 403 ]
		[ "$(put_session "$boss" "$body")" = 202 ]
	done
	[ "$(post "$talk" session.start c)" = 201 ]
	[ "$(put_session "$shop" '')" = 403 ]
	[ "$(status "$shop" /api/v1/rules/one -X DELETE)" = 403 ]
	[ "$(status "$shop" /api/v1/rules/none -X DELETE)" = 403 ]
	[ "$(status "$boss" /api/v1/rules/one -X DELETE)" = 204 ]
	get "$boss" /metrics | grep -E 'refused_total\{.*access' | grep -qv ' 0$'
}

@test "API keys: a file that is wrong is told, with its line" {
	echo '{"user":"ann"}' >"$T/keys"
	run -78 "$BIN/weir-gateway" --dir "$DIR" --check-config --keys-file "$T/keys"
	[[ $output == *"keys-file: $T/keys: line 1: sha256 is missing" ]]
	: >"$T/keys"
	chmod 666 "$T/keys"
	run -78 "$BIN/weir-gateway" --dir "$DIR" --check-config --keys-file "$T/keys"
	[[ $output == *"others may write it" ]]
	run -64 "$BIN/weir" key a/b
	run -64 "$BIN/weir" key
}

@test "weir key makes no line that the gateway would refuse" {
	local bad
	for bad in role=owner expires=tomorrow colour=red 'read=a b'; do
		run -64 --separate-stderr "$BIN/weir" key ann "$bad"
		[ -z "$output" ]
		[[ $stderr == "weir: error: key: ${bad%%=*}: "* ]]
		[[ $stderr != *$'\n'* ]]
	done
	make_key ann role=viewer read=price. expires=2099-01-01
	"$BIN/weir-gateway" --dir "$DIR" --check-config --keys-file "$T/keys"
}

@test "JWTs of another implementation are believed, forged ones are not" {
	token keys "$T"
	echo "a secret of this test, 32 bytes or more" >"$T/secret"
	chmod 600 "$T/secret"
	start_both --jwt-keys "$T/secret" --jwt-keys "$T/rs.pub" \
		--jwt-keys "$T/es.pub" --jwt-keys "$T/ed.pub" \
		--jwt-audience weir --jwt-issuer https://id.example
	events
	rest='"sub":"ann","aud":"weir","iss":"https://id.example","weir":{"read":["price."]}'
	claims="{\"exp\":\"+600\",$rest}"
	for how in HS256:secret RS256:rs.pem ES256:es.pem EdDSA:ed.pem; do
		jwt=$(token "${how%:*}" "$T/${how#*:}" "$claims")
		[ "$(get "$jwt" /api/v1/events | topics)" = 'price.update/a user.notification/ann ' ]
		[ "$(status "$jwt" '/api/v1/events?topic=user.notification/bob')" = 403 ]
		# one character of it is another
		[ "$(status "${jwt%?????}xxxxx" /api/v1/events)" = 401 ]
		[ "$(status "x$jwt" /api/v1/events)" = 401 ]
		expired=$(token "${how%:*}" "$T/${how#*:}" "{\"exp\":\"-60\",$rest}")
		[ "$(status "$expired" /api/v1/events)" = 401 ]
		get "$expired" /api/v1/events | grep -qF 'has expired'
	done
	refused() { # ALG KEY CLAIMS WHY
		local jwt
		jwt=$(token "$1" "$2" "$3")
		[ "$(status "$jwt" /api/v1/events)" = 401 ]
		get "$jwt" /api/v1/events | grep -qF "$4"
		run ! grep -qF "$jwt" "$T/gateway.err"
	}
	refused none "$T/secret" "$claims" 'is not signed with'
	refused confused "$T/rs.pub" "$claims" 'not signed with a key that is known'
	refused HS512 "$T/secret" "$claims" 'is not signed with'
	refused HS256 "$T/secret" "{\"exp\":\"+600\",\"nbf\":\"+600\",$rest}" 'not valid yet'
	refused HS256 "$T/secret" '{"exp":"+600","sub":"ann","iss":"https://id.example"}' 'for no audience'
	refused HS256 "$T/secret" '{"exp":"+600","sub":"ann","aud":"x","iss":"https://id.example"}' 'another audience'
	refused HS256 "$T/secret" '{"exp":"+600","sub":"ann","aud":"weir","iss":"x"}' 'another issuer'
	refused HS256 "$T/secret" '{"exp":"+600","aud":"weir","iss":"https://id.example"}' 'no sub'
}

# As a reader would, by the manual alone.
@test "a JWT that is made as the manual shows" {
	awk '/^\.Bd/ { block = ""; next } /^\.Ed/ { if (block ~ /openssl/) printf "%s", block }
		{ block = block $0 "\n" }' "$BATS_TEST_DIRNAME/../../man/weir-gateway.1" |
		sed 's/\\e$/\\/' >"$T/example"
	[ "$(grep -c '^openssl\|^curl\|^(umask' "$T/example")" = 2 ]
	(umask 077 && echo "not the one of the example, 32 bytes" >"$T/secret")
	start_both --jwt-keys "$T/secret"
	events
	run -0 sh -c "cd '$T' && sed 's|http://localhost:8080|$url|' example | sh"
	[[ $output == *'"status":401'* ]]
	kill -HUP "$gateway" # it has the new secret then
	wait_for grep -q 'info: reloaded' "$T/gateway.err"
	run -0 sh -c "cd '$T' && sed '/^(umask/d; s|http://localhost:8080|$url|' example | sh"
	[ "$(topics <<<"$output")" = 'price.update/a user.notification/ann ' ]
}

@test "a secret for JWTs must be nobody else's" {
	echo "a secret of this test, 32 bytes or more" >"$T/secret"
	chmod 644 "$T/secret"
	run -78 "$BIN/weir-gateway" --dir "$DIR" --check-config --jwt-keys "$T/secret"
	[[ $output == *"jwt-keys: $T/secret: mode is 0644; others may touch it" ]]
	chmod 600 "$T/secret"
	"$BIN/weir-gateway" --dir "$DIR" --check-config --jwt-keys "$T/secret"
	"$BIN/weir-gateway" --dir "$DIR" --check-config --listen 0.0.0.0 --jwt-keys "$T/secret"
	run -78 "$BIN/weir-gateway" --dir "$DIR" --check-config --jwt-audience x
	run -78 "$BIN/weir-gateway" --dir "$DIR" --check-config --anonymous price.
	run -78 "$BIN/weir-gateway" --dir "$DIR" --check-config --listen 0.0.0.0
}

@test "without a token, what --anonymous says may be read" {
	start_both --token-file "$T/token" --anonymous price. --anonymous t.n/x
	events
	[ "$(get '' /api/v1/events | topics)" = 'price.update/a t.n/x ' ]
	[[ $(get '' '/api/v1/events?topic=venue.update/' | jq -r .detail) == *"may not be read without a token" ]]
	[ "$(status '' '/api/v1/events?topic=price.')" = 200 ]
	[ "$(status '' '/api/v1/events?topic=venue.')" = 401 ]
	[ "$(status '' '/api/v1/events?topic=user.notification/ann')" = 401 ]
	[ "$(status '' /api/v1/status)" = 401 ]
	[ "$(post '' price.update a)" = 401 ]
	[ "$(status wrong /api/v1/events)" = 401 ]
	[ "$(status "$OWNER" '/api/v1/events?topic=')" = 200 ]
	[ "$(status "$OWNER" /api/v1/status)" = 200 ]
	[ "$(get "$OWNER" '/api/v1/events?topic=user.' | topics)" = 'user.notification/ann user.notification/bob ' ]
}

ws() { # N OPTION...: lines in, N messages out
	local n=$1
	shift
	"$WS" -t 60000 -n "$n" "$@" "$port"
}

@test "a WebSocket authenticates in its first message, and then may what its token says" {
	ann=$(make_key ann read='["price.","t.n/x"]')
	start_both --keys-file "$T/keys"
	events
	run ws 9 <<-EOT
		{"subscribe":["price."]}
		{"ping":1}
		{"publish":{"type":"t.n","data":1}}
		{"auth":"wrong"}
		{"auth":"$ann"}
		{"subscribe":["price.","user.notification/ann"]}
		{"subscribe":["user.notification/bob"]}
		{"subscribe":["user."]}
		{"subscribe":[""]}
	EOT
	[ "$status" -eq 0 ]
	for i in 0 1 2; do [[ ${lines[i]} == *'"unauthorized","message":"authenticate first"'* ]]; done
	[[ ${lines[3]} == *'"unauthorized","message":"the token is not known here"'* ]]
	[ "${lines[4]}" = '{"authenticated":{"user":"ann","role":"viewer","expires":null}}' ]
	[[ ${lines[5]} == '{"subscribed":["price.","user.notification/ann"]'* ]]
	[[ ${lines[6]} == *'"forbidden","message":"'*"another user's notifications"* ]]
	[[ ${lines[7]} == *'"forbidden"'*'would contain the notifications of other users'* ]]
	[[ ${lines[8]} == *'"forbidden"'*'would contain the notifications of other users'* ]]
	# with a header, or in the address
	for how in "-H|Authorization: Bearer $ann|" "|/ws?access_token=$ann"; do
		if [[ $how == -H* ]]; then
			run "$WS" -t 60000 -n 1 -H "Authorization: Bearer $ann" "$port" <<<'{"subscribe":["price."]}'
		else
			run "$WS" -t 60000 -n 1 "$port" "/ws?access_token=$ann" <<<'{"subscribe":["price."]}'
		fi
		[ "$status" -eq 0 ]
		[[ $output == '{"subscribed":["price."]'* ]]
	done
	run "$WS" -n 1 -H 'Authorization: Bearer wrong' "$port" </dev/null
	[ "$status" -eq 2 ]
	[[ $output == *401* ]]
	[ "$(status '' "/api/v1/events?topic=price.&access_token=$ann")" = 200 ]
	[ "$(status '' "/api/v1/events?topic=venue.&access_token=$ann")" = 403 ]
	[ "$(status "$ann" "/api/v1/events?access_token=$ann")" = 400 ]
}

@test "a WebSocket that does not authenticate is closed with 4001" {
	make_key ann >/dev/null
	start_both --keys-file "$T/keys"
	run "$WS" -t 60000 "$port" </dev/null
	[ "$status" -eq 3 ]
	[[ $output == *'no token came in time'* ]]
	[[ $output == *4001* ]]
}

@test "a token that expires ends its connections; another one keeps them" {
	echo "a secret of this test, 32 bytes or more" >"$T/secret"
	chmod 600 "$T/secret"
	start_both --jwt-keys "$T/secret"
	jwt() { token HS256 "$T/secret" "{\"exp\":\"$1\",\"sub\":\"$2\",\"weir\":{\"read\":$3}}"; }
	short=$(jwt -26 ann '["price.","venue."]') # there are 30 s to spare
	"$WS" -t 60000 -H "Authorization: Bearer $short" "$port" </dev/null >"$T/ws" 2>&1 3>&- &
	over=$!
	curl -sN --max-time 60 "$url/api/v1/events/stream?topic=price.&access_token=$short" >"$T/sse" 3>&- &
	stream=$!
	# again with a longer one: fewer rights, and nobody else's
	short=$(jwt -26 ann '["price.","venue."]')
	run ws 5 -H "Authorization: Bearer $short" <<-EOT
		{"subscribe":["price.","venue.","user.notification/ann"]}
		{"auth":"$(jwt +600 bob '["price."]')"}
		{"auth":"$(jwt +600 ann '["price."]')"}
		{"ping":1}
	EOT
	[ "$status" -eq 0 ]
	[[ ${lines[1]} == *'"another-user"'* ]]
	[[ ${lines[2]} == '{"authenticated":{"user":"ann","role":"viewer","expires":"20'* ]]
	[[ ${lines[3]} == '{"subscribed":["price.","user.notification/ann"]'* ]]
	[[ ${lines[4]} == '{"pong":1'* ]]
	wait "$over" || [ $? -eq 3 ]
	grep -q 'the token has expired' "$T/ws"
	grep -q 4001 "$T/ws"
	wait "$stream" || true
	grep -q 'event: over' "$T/sse"
	grep -q 'the token has expired' "$T/sse"
}

subscribed() { # TOKEN N
	get "$1" /metrics | grep -qE "^weir_gateway_subscribed(\{.*\})? $2$"
}

@test "a key that is gone at SIGHUP ends its connections, and others stay" {
	boss=$(make_key boss role=admin)
	ann=$(make_key ann read=price.)
	cp "$T/keys" "$T/kept"
	bob=$(make_key bob read=price.)
	start_both --keys-file "$T/keys"
	for who in ann bob; do
		"$WS" -t 30000 -H "Authorization: Bearer ${!who}" "$port" \
			<<<'{"subscribe":["price."]}' >"$T/$who" 2>&1 3>&- &
		eval "${who}_pid=$!"
	done
	wait_for subscribed "$boss" 2
	cp "$T/kept" "$T/keys"
	kill -HUP "$gateway"
	wait "$bob_pid" || [ $? -eq 3 ]
	grep -q 'not known any more' "$T/bob"
	grep -q 4001 "$T/bob"
	wait_for subscribed "$boss" 1
	kill "$ann_pid"
	wait "$ann_pid" || true
	run ! grep -q 4001 "$T/ann"
	[ "$(status "$bob" /api/v1/events)" = 401 ]
}

@test "a WebSocket publishes, as far as it may, and is told when it is durable" {
	shop=$(make_key shop role=publisher read=venue. write='["venue.update/","rule."]')
	start_both --keys-file "$T/keys"
	run ws 6 -H "Authorization: Bearer $shop" <<-'EOT'
		{"publish":{"type":"price.update","subject":"a","data":{}},"id":"one"}
		{"publish":{"type":"rule.set","subject":"a","data":null},"id":2}
		{"publish":{"type":"venue","data":3},"id":{"n":3}}
		{"publish":4}
		{"publish":{"type":"venue.update","subject":"7","data":{"id":"7"}},"id":[5]}
		{"publish":{"type":"venue.update","subject":"8","data":{"id":"8"}}}
	EOT
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == *'"forbidden"'*'"id":"one"}}' ]]
	[[ ${lines[1]} == *'"forbidden"'*'role admin","id":2}}' ]]
	[[ ${lines[2]} == *'"bad-event"'*'"id":{"n":3}}}' ]]
	[[ ${lines[3]} == *'"bad-event"'* ]]
	grep -qE '^\{"published":\[5\],"position":"[0-9a-f]+:1"\}$' <<<"$output"
	grep -qE '^\{"published":null,"position":"[0-9a-f]+:2"\}$' <<<"$output"
	[ "$(get "$shop" /api/v1/events | topics)" = 'venue.update/7 venue.update/8 ' ]
}

headers() { # OPTION...: the head of an answer
	curl -sS --max-time 20 -o /dev/null -D - "$@" | tr -d '\r'
}

@test "pages of listed origins are served, with CORS; all others are not" {
	start_both --token-file "$T/token" --origin https://app.example --origin 'https://*.example.com'
	for origin in https://app.example https://a.example.com; do
		headers -X OPTIONS -H "Origin: $origin" -H 'Access-Control-Request-Method: PUT' \
			-H 'Access-Control-Request-Headers: authorization' "$url/api/v1/rules/one" >"$T/head"
		grep -q '^HTTP/1.1 204 ' "$T/head"
		grep -qx "Access-Control-Allow-Origin: $origin" "$T/head"
		grep -q '^Access-Control-Allow-Methods: .*PUT' "$T/head"
		grep -q '^Access-Control-Allow-Headers: Authorization' "$T/head"
		grep -qx 'Vary: Origin' "$T/head"
		# what it then asks, refusals too
		for token in "$OWNER" wrong; do
			headers -H "Origin: $origin" -H "Authorization: Bearer $token" "$url/api/v1/events" >"$T/head"
			grep -qx "Access-Control-Allow-Origin: $origin" "$T/head"
			grep -q '^Access-Control-Expose-Headers: .*Weir-Position' "$T/head"
		done
		[ "$(post "$OWNER" t.n x)" = 201 ]
		[ "$(status "$OWNER" /api/v1/events -H "Origin: $origin" -H 'Content-Type: application/json' \
			-d '{"type":"t.n","data":1}')" = 201 ]
		run "$WS" -t 20000 -n 1 -H "Origin: $origin" -H "Authorization: Bearer $OWNER" "$port" <<<'{"ping":1}'
		[ "$status" -eq 0 ]
		curl -sN --max-time 5 -D "$T/head" -H "Origin: $origin" \
			"$url/api/v1/events/stream?access_token=$OWNER" | head -n 1 >"$T/first"
		grep -q "^Access-Control-Allow-Origin: $origin" "$T/head"
	done
	for origin in https://evil.example http://app.example https://app.example.evil null; do
		headers -X OPTIONS -H "Origin: $origin" -H 'Access-Control-Request-Method: PUT' \
			"$url/api/v1/rules/one" >"$T/head"
		grep -q '^HTTP/1.1 403 ' "$T/head"
		run ! grep -q '^Access-Control' "$T/head"
		headers -H "Origin: $origin" -H "Authorization: Bearer $OWNER" "$url/api/v1/events" >"$T/head"
		run ! grep -q '^Access-Control' "$T/head"
		[ "$(status "$OWNER" /api/v1/events -H "Origin: $origin" -H 'Content-Type: application/json' \
			-d '{"type":"t.n","data":1}')" = 403 ]
		# cross-site WebSocket hijacking: with the right token even
		run "$WS" -t 20000 -n 1 -H "Origin: $origin" -H "Authorization: Bearer $OWNER" "$port" <<<'{"ping":1}'
		[ "$status" -eq 2 ]
		[[ $output == *403* ]]
	done
	# DNS rebinding: a page of a name that leads here, which calls itself that
	[ "$(status "$OWNER" /api/v1/events -H 'Host: app.example' -H 'Origin: https://app.example')" = 403 ]
	run "$WS" -t 20000 -n 1 -H 'Host: evil.example' -H 'Origin: http://evil.example' \
		-H "Authorization: Bearer $OWNER" "$port" <<<'{"ping":1}'
	[ "$status" -eq 2 ]
	[[ $output == *403* ]]
	headers "$url/healthz" | grep -qx 'Vary: Origin'
}

@test "any origin is served without what a browser remembers, or not at all" {
	run -78 "$BIN/weir-gateway" --dir "$DIR" --check-config --origin '*'
	[[ $output == *"'*' not without authentication"* ]]
	run -78 "$BIN/weir-gateway" --dir "$DIR" --check-config --origin app.example
	start_both --token-file "$T/token" --origin '*'
	headers -H 'Origin: https://any.example' -H "Authorization: Bearer $OWNER" "$url/api/v1/events" >"$T/head"
	grep -q '^HTTP/1.1 200 ' "$T/head"
	grep -qx 'Access-Control-Allow-Origin: \*' "$T/head"
	run ! grep -q Credentials "$T/head"
	[ "$(status '' /api/v1/events -u "me:$OWNER" -H 'Origin: https://any.example')" = 401 ]
	[ "$(status '' /api/v1/events -u "me:$OWNER")" = 200 ]
	run "$WS" -t 20000 -n 1 -H 'Origin: https://any.example' \
		-H "Authorization: Basic $(printf 'me:%s' "$OWNER" | base64 -w0)" "$port" <<<'{"ping":1}'
	[[ $output == *'"unauthorized","message":"authenticate first"'* ]]
}

@test "a WebSocket authenticates by its first message with the owner's token, too" {
	start_both --token-file "$T/token"
	run "$WS" -t 60000 -n 3 "$port" <<-EOT
		{"subscribe":["price."]}
		{"auth":"$OWNER"}
		{"subscribe":["price."]}
	EOT
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == *'"authenticate first"'* ]]
	[[ ${lines[1]} == '{"authenticated":'* ]]
	[[ ${lines[2]} == '{"subscribed":["price."]'* ]]
}

@test "a JWT says until when it is valid, unless that is allowed" {
	echo 'a secret of at least thirty-two bytes' >"$T/secret"
	chmod 600 "$T/secret"
	local jwt
	jwt=$(token HS256 "$T/secret" '{"sub":"ann","weir":{"read":["price."]}}')
	start_both --jwt-keys "$T/secret"
	[ "$(status "$jwt" /api/v1/events)" = 401 ]
	get "$jwt" /api/v1/events | grep -qF 'does not say until when'
	stop_daemon "$gateway"
	start_gateway --jwt-keys "$T/secret" --jwt-without-exp
	[ "$(status "$jwt" /api/v1/events)" = 200 ]
	run -78 "$BIN/weir-gateway" --dir "$DIR" --check-config --jwt-without-exp
}

refused() { # TOKEN LABEL: how often
	get "$1" /metrics | sed -n "s/^weir_gateway_refused_total{.*\"$2\".*} //p"
}

was_refused() { # LABEL
	local n
	n=$(refused "$OWNER" "$1")
	[ "${n:-0}" -ge 1 ]
}

@test "requests, messages and subscriptions have their rates, of addresses and of users" {
	ann=$(make_key ann read=price.)
	start_both --keys-file "$T/keys" --token-file "$T/token" --requests-per-s 20 \
		--messages-per-s 5 --subscriptions-per-s 2 --max-subscriptions 3
	# so many at once that a second cannot pass between them
	curl -sS --max-time 20 -o /dev/null -w '%{http_code} %header{retry-after}\n' \
		-H "Authorization: Bearer $ann" "$url/api/v1/events?n=[1-200]" >"$T/codes"
	grep -qx '429 1' "$T/codes"
	grep -q '^400' "$T/codes"
	[ "$(status '' /healthz)" = 200 ] # always
	wait_for served 200 "$OWNER" /api/v1/status
	wait_for was_refused request-rate # this, too, when its time has come
	wait_for served 200 "$OWNER" /api/v1/status
	# one that does not listen is closed
	seq 2000 | sed 's/.*/{"ping":&}/' >"$T/pings"
	wait_for ws_closed 1008
	grep -q '"rate-limited"' "$T/out"
	# a body has many messages of a Socket.IO client, and each of them counts
	seq 200 | sed 's/.*/420["ping"]/' | tr '\n' '\036' | sed 's/^/40{}\x1e/; s/\x1e$//' >"$T/body"
	wait_for polling_closed
	# subscriptions: how many, and how often
	wait_for subscribes '{"subscribe":["price.a/","price.b/","price.c/"]}' '^{"subscribed"'
	wait_for subscribes '{"subscribe":["price.a/","price.b/","price.c/","price.d/"]}' '"too-many-subscriptions"'
	wait_for subscribes "$(printf '{"subscribe":["price."]}\n%.0s' 1 2 3 4)" '"rate-limited"'
	wait_for served 200 "$ann" '/api/v1/events?topic=price.a/&topic=price.b/&topic=price.c/'
	wait_for served 400 "$ann" '/api/v1/events?topic=price.a/&topic=price.b/&topic=price.c/&topic=price.d/'
}

served() { # STATUS TOKEN PATH
	[ "$(status "$2" "$3")" = "$1" ]
}
ws_closed() { # CODE
	"$WS" -t 20000 -H "Authorization: Bearer $ann" "$port" <"$T/pings" >"$T/out" 2>&1 || true
	grep -q "$1" "$T/out"
}
polling_closed() {
	sio="$url/socket.io/?EIO=4&transport=polling"
	sid=$(curl -sS --max-time 20 -H "Authorization: Bearer $ann" "$sio" |
		sed -n 's/^0{"sid":"\([^"]*\)".*/\1/p')
	[ "$sid" ]
	[ "$(curl -sS --max-time 20 -H "Authorization: Bearer $ann" --data-binary "@$T/body" "$sio&sid=$sid")" = ok ]
	curl -sS --max-time 20 -H "Authorization: Bearer $ann" "$sio&sid=$sid" | grep -q 'Session ID unknown'
}
subscribes() { # MESSAGES WANTED
	"$WS" -t 1000 -H "Authorization: Bearer $ann" "$port" <<<"$1" >"$T/out" 2>&1 || true
	grep -q -- "$2" "$T/out"
}

@test "what makes much work counts as much, not as one request" {
	ann=$(make_key ann read=price.)
	start_both --keys-file "$T/keys" --token-file "$T/token" \
		--requests-per-s 20 --messages-per-s 100 --subscriptions-per-s 20
	seq 20000 | sed 's/.*/{"type":"price.n","subject":"&","data":{}}/' | pub
	wait_for subscribes '{"subscribe":["price.a/"]}' '^{"subscribed"'
	# one look at 20,000 topics is as much as 20 subscriptions
	wait_for subscribes '{"subscribe":["price.n/"],"last":true}
{"subscribe":["price.a/"]}' '"rate-limited"'
	grep -q '^{"subscribed"' "$T/out"
	wait_for served 200 "$ann" '/api/v1/events?topic=price.n/&last=true&limit=1'
	wait_for served 429 "$ann" '/api/v1/events?topic=price.n/&last=true&limit=1'
	# and 20 rooms, as much as 20
	rooms=$(seq -s , 20 | sed 's/[0-9]*/"vibe_checks:&"/g')
	wait_for joins "420[\"join\",[$rooms]]" '{"ok":true'
	wait_for joins "420[\"join\",[$rooms]]"$'\x1e''421["join","venue:1"]' '431.*too many subscriptions'
}

joins() { # MESSAGES WANTED
	sio="$url/socket.io/?EIO=4&transport=polling"
	local auth="Authorization: Bearer $OWNER"
	sid=$(curl -sS --max-time 20 -H "$auth" "$sio" | sed -n 's/^0{"sid":"\([^"]*\)".*/\1/p')
	printf '40{}\x1e%s' "$1" | curl -sS --max-time 20 -H "$auth" --data-binary @- "$sio&sid=$sid"
	curl -sS --max-time 20 -H "$auth" "$sio&sid=$sid" >"$T/out"
	grep -q -- "$2" "$T/out"
}

@test "rates hold without a word for clients from elsewhere" {
	ann=$(make_key ann read=price.)
	start_both --keys-file "$T/keys" --token-file "$T/token" --trusted-proxy 127.0.0.1
	codes() { # HEADER
		curl -sS --max-time 60 -Z -o /dev/null -w '%{http_code}\n' -H "$1" \
			-H "Authorization: Bearer $OWNER" "$url/api/v1/events?n=[1-3000]" >"$T/codes"
	}
	limited() { codes 'X-Forwarded-For: 192.0.2.1' && grep -qx 429 "$T/codes"; }
	codes 'X-Other: none'
	run ! grep -qx 429 "$T/codes"
	wait_for limited
	# Who is named by a proxy is elsewhere, whatever the name.
	limited() { codes 'X-Forwarded-For: 127.0.0.9' && grep -qx 429 "$T/codes"; }
	wait_for limited
	seq 20000 | sed 's/.*/{"ping":&}/' >"$T/pings"
	flood() { # HEADER
		"$WS" -t 20000 -H "$1" -H "Authorization: Bearer $ann" "$port" <"$T/pings" >"$T/out" 2>&1 || true
	}
	flooded() { flood 'X-Forwarded-For: 192.0.2.2' && grep -q '"rate-limited"' "$T/out"; }
	wait_for flooded
	curl -sS -H "Authorization: Bearer $OWNER" "$url/metrics" >"$T/out"
	for reason in request-rate message-rate; do
		grep -q "^weir_gateway_refused_total{.*\"$reason\".*} [1-9]" "$T/out"
	done
}

@test "an Origin names the scheme that a trusted proxy says, or either" {
	start_both --token-file "$T/token" --host weir.example --trusted-proxy 127.0.0.1
	writes() { # STATUS ORIGIN [PROTO]
		[ "$(status "$OWNER" /api/v1/events -H 'Host: weir.example' -H "Origin: $2" \
			${3:+-H "X-Forwarded-Proto: $3"} -H 'Content-Type: application/json' \
			-d '{"type":"t.n","data":{}}')" = "$1" ]
	}
	opens() { # ORIGIN PROTO
		"$WS" -t 20000 -n 1 -H "Origin: $1" -H "X-Forwarded-Proto: $2" \
			-H "Authorization: Bearer $OWNER" "$port" <<<'{"ping":1}' | grep -q pong
	}
	writes 201 https://weir.example
	writes 201 http://weir.example
	for proto in https HTTPS wss; do
		writes 201 https://weir.example "$proto"
		writes 403 http://weir.example "$proto"
		writes 403 https://evil.example "$proto"
	done
	writes 201 http://weir.example http
	writes 403 https://weir.example http
	writes 201 https://weir.example 'https, http' # each may mean its own
	opens "https://127.0.0.1:$port" https
	run ! opens "http://127.0.0.1:$port" https
	stop_daemon "$gateway"
	start_gateway --token-file "$T/token" --host weir.example
	wait_for gateway_is_ready
	writes 201 https://weir.example http # nobody is trusted
}

@test "a trusted proxy says where its clients come from, and nobody else" {
	start_both --token-file "$T/token" --requests-per-s 5 --trusted-proxy 127.0.0.0/8
	codes() { # FORWARDED
		curl -sS --max-time 20 -o /dev/null -w '%{http_code}\n' -H "X-Forwarded-For: $1" \
			-H "Authorization: Bearer $OWNER" "$url/api/v1/events?n=[1-100]"
	}
	codes 192.0.2.1 | grep -qx 429
	# another one is another one, whatever it claims about those before it
	[ "$(status "$OWNER" /api/v1/events -H 'X-Forwarded-For: 192.0.2.1, 192.0.2.2')" = 200 ]
	# all of one network of IPv6 are one
	codes 2001:db8::1 | grep -qx 429
	codes 2001:db8::2:3 | grep -qx 429
	stop_daemon "$gateway"
	start_daemon gateway --dir "$DIR" --port 0 --token-file "$T/token" --requests-per-s 5
	url=$(sed -n 's/.*url=\(.*\)\/ dir.*/\1/p' "$T/gateway.err")
	for i in $(seq 100); do
		curl -sS --max-time 20 -o /dev/null -w '%{http_code}\n' -H "X-Forwarded-For: 192.0.2.$i" \
			"$url/api/v1/events?n=[1-20]"
	done | grep -qx 429
	run -78 "$BIN/weir-gateway" --dir "$DIR" --check-config --trusted-proxy box
}
