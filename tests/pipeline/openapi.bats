#!/usr/bin/env bats
# The document of the API says what the gateway does: with a validator, and
# by asking for everything that is in it.

load ../helpers

setup_file() {
	npm=$(cd "$BATS_TEST_DIRNAME/../openapi" && pwd)
	export npm
	npm_packages "$npm" @seriousme/openapi-schema-validator
}

setup() { weir_setup; }
teardown() { weir_teardown; }

@test "the document is valid, whole, and true" {
	start_both
	numbers 1 3 | pub --type test.n
	echo '{"id":"pushed","url":"https://shop.example/p"}' | pub --type watch.set
	# The gateway's own table; all else is pages.
	routes=$(sed -n 's|^	{ "\(/[^"]*\)",.*|\1|p' "$BATS_TEST_DIRNAME/../../cmd/gateway/api.c" | grep -vxE '/|/client/')
	[ "$(wc -l <<<"$routes")" -gt 10 ]
	# shellcheck disable=SC2086 # words
	run node "$npm/check.mjs" "$url" $routes
	grep -A1 '^not ok' <<<"$output" || true
	echo "# $(tail -n 1 <<<"$output") checks" >&3
	[ "$status" -eq 0 ]
}
