#!/bin/sh
# The dashboard in a real browser: npm's playwright-core with Debian's chromium.
# Screenshots are left in build/browser. Prints TAP.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/build/browser
BIN=${BIN:-$root/build/bin}
export BIN

mkdir -p "$here"
cp "$root"/tests/browser/package.json "$root"/tests/browser/package-lock.json "$here"
# What is installed already, in this version, is not fetched again.
if ! (cd "$here" && npm ls playwright-core >/dev/null 2>&1); then
	(cd "$here" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --silent \
		--no-audit --no-fund) || {
		echo 'Bail out! npm cannot fetch playwright-core'
		exit 1
	}
fi
cp "$root"/tests/browser/*.mjs "$here"
cd "$here"
# Another script of this folder may be named, with its arguments.
script=${1:-dashboard.mjs}
[ $# -eq 0 ] || shift
exec node "$script" "$@"
