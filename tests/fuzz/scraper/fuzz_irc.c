/* Lines of a server: taken apart, and answered by a session. */
#include <assert.h>

#include "cmd/scraper/irc.h"
#include "cmd/scraper/irc_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const rooms[] = { "#a", "#b" };
	const struct irc_conf conf = { .channels = rooms, .n_channels = 2 };
	struct str in = { (const char *)data, size }, line;
	struct irc_session s;
	struct irc_verdict v = { 0 };
	struct irc_message m;
	struct buf out = { 0 };
	size_t used;

	assert(!irc_begin(&s, &conf, &out));
	while (!v.over && irc_next(in, &line, &used) == IRC_LINE) {
		assert(used > line.len && used <= in.len);
		if (irc_parse(line, &m)) {
			assert(m.command.len && m.n <= IRC_PARAMS_MAX);
			for (size_t i = 0; i + 1 < m.n; i++)
				assert(irc_param(&m, i).len);
		}
		buf_reset(&out);
		irc_line(&s, line, &out, &v);
		/* What is said is whole lines, and no longer than what came. */
		assert(!out.len || str_ends(buf_str(&out), STR("\r\n")));
		assert(out.len <= line.len + 512);
		in = str_sub(in, used, in.len);
	}
	irc_session_free(&s);
	buf_free(&out);
	return 0;
}
