#!/bin/sh
# The direction of dependencies: tools do not see each other, common sees no
# tool, third-party types stay out of common's headers, each library is used
# behind the files named here, and only xmem ends the process.
set -u
cd "$(dirname "$0")/../.." || exit 70

only() { # LIBRARY-REGEX FILES-REGEX: who includes it that should not
	grep -rnE "#include <($1)" cmd common --include='*.[ch]' | grep -vE "^($2):"
}

bad=$(
	grep -nE '#include "(\.\./|cmd/)' cmd/*/*.[ch]
	grep -nE '#include "(\.\./|cmd/)' common/*.[ch]
	grep -nE '#include <(zmq|curl|lmdb|libwebsockets|uv|zlib|brotli|zstd|openssl|pcre2)' common/*.h
	only 'zmq' 'common/bus(_curve)?\.c'
	only 'lmdb' 'common/db\.c'
	only 'uv\.h' 'common/loop[a-z_]*\.c|cmd/gateway/net[a-z_]*\.c'
	only 'curl' 'common/(http[a-z_]*|smtp|url)\.c'
	only 'liburing' 'cmd/gateway/burst\.c'
	only 'pcre2' 'common/regex\.c|cmd/scraper/iregexp\.c'
	only 'zlib' 'common/unpack\.c|cmd/(gateway/(deflate|web/embed)|sim/gzip)\.c'
	only 'brotli' 'common/unpack\.c'
	only 'zstd' 'common/(blob_file|unpack)\.c'
	only 'openssl' 'common/(blob|hmac|wire_tls|ws_handshake)\.c|cmd/gateway/(guard|sign|tls)\.c|cmd/notifier/webpush\.c|cmd/sim/chat_wire\.c'
	only 'libwebsockets' 'cmd/gateway/net[a-z_]*\.[ch]'
	only 'myhtml' 'cmd/scraper/dom[a-z_]*\.[ch]'
	only 'jq\.h|jv\.h' 'cmd/scraper/jqprogram\.c'
	only 'seccomp' 'cmd/scraper/sandbox\.c'
	only 'cairo' 'cmd/chart/picture\.c'
	only 'microhttpd' 'cmd/sim/[a-z_]*\.[ch]'
	grep -nE '\b_?(exit|abort)\(' common/*.c | grep -v '^common/xmem\.c:' | grep -vE '^[^:]*:[0-9]*:[[:space:]]*(/?\*|//)'
)
[ -z "$bad" ] || {
	printf '%s\n' "$bad"
	exit 1
}
