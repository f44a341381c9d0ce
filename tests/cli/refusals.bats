#!/usr/bin/env bats
# What must not work at the gateway: each is answered, counted, and noticed by
# nobody else.

load ../helpers

HELPER=$BATS_TEST_DIRNAME/../helpers
OWNER=0123456789abcdef-the-owner

setup() { weir_setup; }
teardown() { weir_teardown; }

token() { /usr/bin/python3 "$HELPER/make_token.py" "$@"; }

@test "attacks are answered and counted, and nobody else notices" {
	echo "$OWNER" >"$T/token"
	token keys "$T"
	echo "a secret of this test, 32 bytes or more" >"$T/secret"
	echo "another secret, of 32 bytes or more, too" >"$T/other"
	chmod 600 "$T/secret" "$T/other"
	claims='"sub":"ann","weir":{"read":["price."]}'
	good="{\"exp\":\"+600\",$claims}"
	start_both --token-file "$T/token" --jwt-keys "$T/secret" \
		--jwt-keys "$T/rs.pub" --max-clients 9000
	timeout 500 python3 "$HELPER/attacks.py" "$port" "$OWNER" \
		"$(token HS256 "$T/secret" "$good")" \
		"$(token HS256 "$T/other" "$good")" \
		"$(token HS256 "$T/secret" "{\"exp\":\"-60\",$claims}")" \
		"$(token none "$T/secret" "$good")" \
		"$(token confused "$T/rs.pub" "$good")"
}

@test "presence beyond its limit: who was not counted takes nobody away" {
	start_both
	timeout 120 python3 "$HELPER/rawws.py" "$port" many_topics
	curl -s "$url/metrics" | grep -E '^weir_gateway_presence_untracked_total\{.* [1-9]'
}
