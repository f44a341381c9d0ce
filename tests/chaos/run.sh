#!/bin/sh
# run.sh: processes are killed, copied, restored and poisoned, and nothing is
# lost or doubled. TAP on standard output.
#
#	tests/chaos/run.sh		some 60 kills, and the copies
#	LONG=yes tests/chaos/run.sh	1,000 kills
#	SEED=7 tests/chaos/run.sh	the same moments again, as far as the
#					machine keeps time
#
# BIN and HELPERS name other binaries; TMPDIR where scratch directories go.
# What failed leaves its directory behind and says which.
set -u

root=$(cd "$(dirname "$0")/../.." && pwd)
BIN=$(cd "${BIN:-$root/build/bin}" && pwd) || exit 66
export BIN HELPERS="${HELPERS:-$BIN/../tests/helpers}"
export PYTHONDONTWRITEBYTECODE=1
exec python3 "$root/tests/chaos/chaos.py" "$@"
