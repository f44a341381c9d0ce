#!/bin/sh
# The browser client and the dashboard: in Node, and in a real browser (npm's
# playwright-core with Debian's chromium). Screenshots are left in
# build/browser. Prints TAP, a plan for each script.
#
#	tests/browser/run.sh [SCRIPT [ARGUMENT...]]
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/build/browser
BIN=${BIN:-$root/build/bin}
export BIN

mkdir -p "$here"
cp "$root"/tests/browser/package.json "$root"/tests/browser/package-lock.json "$here"
# What is installed already, in these versions, is not fetched again.
if ! (cd "$here" && npm ls >/dev/null 2>&1); then
	(cd "$here" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --silent \
		--no-audit --no-fund) || {
		echo 'Bail out! npm cannot fetch what the tests need'
		exit 1
	}
fi
rm -rf "$here/client"
cp -R "$root/cmd/gateway/web/client" "$here"
cp -R "$root"/tests/browser/*.mjs "$root/tests/browser/types" "$here"
cd "$here"
# A script of this folder may be named, with its arguments.
if [ $# -gt 0 ]; then
	exec node "$@"
fi

scripts() {
	status=0
	for script in "$@"; do
		node "$script.mjs" || status=1
	done
	return $status
}

# What needs no browser runs beside the rest, and is shown when that is over.
scripts parts repeats requests package lag soak >beside.tap 2>&1 &
beside=$!
all=0
scripts client hooks dashboard || all=1
wait $beside || all=1
cat beside.tap
exit $all
