#!/bin/sh
# Every figure that a process counts is described in /metrics.
set -u
cd "$(dirname "$0")/../.." || exit 70
helps=cmd/gateway/metrics_help.c
status=0

# stats_add(s, "NAME" and its like, tables of { "NAME", value }, and whatever is
# named like a counter: such names are handed on to functions, too.
names=$(
	cat cmd/*/*.c common/*.c | tr '\n\t' '  ' |
		grep -oE 'stats_(add|set|times)\([^;"]*"[a-z_]+"' |
		grep -oE '"[a-z_]+"$'
	grep -hoE '\{ "[a-z_]+", *$|\{ "[a-z_]+", [a-z]' cmd/gateway/report.c cmd/gateway/socketio_live.c |
		grep -oE '"[a-z_]+"'
	cat cmd/*/*.c common/*.c | grep -oE '"[a-z_]+_total"'
)
for name in $(printf '%s\n' "$names" | tr -d '"' | sort -u); do
	grep -qF "{ \"$name\"," "$helps" || {
		echo "$helps: $name is not described"
		status=1
	}
done
exit $status
