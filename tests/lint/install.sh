#!/bin/sh
# make install puts programs, manuals and data where a packager wants them, and
# the installed programs run.
set -eu
cd "$(dirname "$0")/../.."
dest=$(mktemp -d)
trap 'rm -rf "$dest"' EXIT
make -s install DESTDIR="$dest" PREFIX=/opt/weir >/dev/null
for f in bin/weir bin/weir-store bin/weir-gateway share/man/man1/weir-store.1 share/man/man7/weir.7 share/man/man5/weir.conf.5 share/weir/weir.conf share/weir/compat.json share/weir/schema share/weir/recipes/prices; do
	[ -e "$dest/opt/weir/$f" ] || {
		echo "not installed: $f"
		exit 1
	}
done
grep -qx 'ExecStart=/opt/weir/bin/weir-%i' "$dest/opt/weir/share/weir/systemd/weir@.service" || {
	echo "the units start something else than what was installed"
	exit 1
}
for b in "$dest"/opt/weir/bin/weir-*; do
	"$b" --version >/dev/null
done
PATH=$dest/opt/weir/bin:$PATH weir --version
