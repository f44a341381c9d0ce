#!/bin/sh
# etc/schema and weir-events(7) are what the tables in common/types_*.c say, and
# schemas and decoders judge the corpus in tests/fixtures/types alike. $O is the
# build directory.
set -eu
cd "$(dirname "$0")/../.."
tool=${O:-build}/tests/helpers/schemas
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"$tool" --check etc/schema
sed '1,/^\.Sh TYPES/d;/^\.Sh SEE ALSO/,$d' man/weir-events.7 >"$tmp/have"
"$tool" --man >"$tmp/want"
diff -u "$tmp/have" "$tmp/want"
# Every type that the manual has, has a schema.
sed -n 's/^\.Ss //p' "$tmp/have" | tr -d ' ' | tr ',' '\n' | sed 's,/.*,,' |
	sort >"$tmp/types"
for schema in etc/schema/*.json; do
	basename "$schema" .json
done | sort | diff -u "$tmp/types" -
python3 tests/lint/schemas.py etc/schema "$tool" tests/fixtures/types/*.jsonl
