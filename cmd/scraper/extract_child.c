#include "extract_child.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/xmem.h"

#include "dom.h"
#include "extract_wire.h"
#include "sandbox.h"

enum {
	PARENT = 0,
	KEEP_BYTES = 1 << 20,	   /* of a buffer, between documents */
	KEEP_HEAP = 4 << 20,	   /* at its top; the same in one piece */
	READ_BYTES = 64 << 10,	   /* at the least, at a time */
	DOCUMENTS_UNMEASURED = 16, /* to ask for the memory in use takes time */
};

struct config {
	char *text; /* kind, line break, configuration */
	size_t len;
	uint64_t hash, used;
	struct extractor *x;
};

struct child {
	size_t memory;
	struct config configs[EXTRACT_CHILD_CONFIGS];
	size_t n_configs;
	uint64_t clock;
	unsigned unmeasured; /* documents since memory was last looked at */
	bool compiled;	     /* a configuration since then */
	struct buf in, out;
	struct arena arena;
};

/* ---- configurations ---- */

static void forget(struct config *c)
{
	extractor_free(&c->x);
	free(c->text);
	*c = (struct config){ 0 };
}

/* A place for one more: the one that was not used for longest. */
static struct config *oldest(struct child *ch)
{
	struct config *old = &ch->configs[0];

	if (ch->n_configs < EXTRACT_CHILD_CONFIGS)
		return &ch->configs[ch->n_configs++];
	for (size_t i = 1; i < ch->n_configs; i++)
		if (ch->configs[i].used < old->used)
			old = &ch->configs[i];
	forget(old);
	return old;
}

static struct extractor *compile(const struct wire_request *r, struct arena *a,
				 struct err *e)
{
	struct json *config = NULL;
	struct extractor *x;

	if (r->config.p && !(config = json_parse(r->config, 0, e)))
		return NULL;
	x = extractor_new(arena_strdup(a, r->kind), config, e);
	json_free(&config);
	if (x && extractor_prepare(x, e))
		extractor_free(&x);
	return x;
}

static const struct extractor *extractor_for(struct child *ch,
					     const struct wire_request *r,
					     struct err *e)
{
	struct buf key = { 0 };
	struct config *c = NULL;
	struct extractor *x;
	uint64_t hash;

	buf_add_str(&key, r->kind);
	buf_putc(&key, '\n');
	buf_add_str(&key, r->config);
	hash = str_hash_fast(buf_str(&key));
	for (size_t i = 0; i < ch->n_configs && !c; i++)
		if (ch->configs[i].hash == hash &&
		    str_eq((struct str){ ch->configs[i].text,
					 ch->configs[i].len },
			   buf_str(&key)))
			c = &ch->configs[i];
	x = c ? c->x : compile(r, &ch->arena, e);
	if (x && !c) {
		c = oldest(ch);
		*c = (struct config){ .text = xstrndup(key.p, key.len),
				      .len = key.len,
				      .hash = hash,
				      .x = x };
		ch->compiled = true;
	}
	if (c)
		c->used = ++ch->clock;
	buf_free(&key);
	return x;
}

/* ---- documents ---- */

static void extract(struct child *ch, const struct wire_request *r,
		    struct observation *o)
{
	struct err e;
	const struct extractor *x = extractor_for(ch, r, &e);

	*o = (struct observation){ 0 };
	if (!x)
		observation_fail(o, &ch->arena, OUTCOME_REFUSED, "%s", e.msg);
	else if (!r->doc.body.p)
		o->outcome = OUTCOME_EMPTY;
	else
		extractor_run(x, &r->doc, &ch->arena, o);
	if (o->outcome != OUTCOME_FOUND) {
		o->text = (struct str){ 0 };
		o->n_items = 0;
	}
}

/* What the parsers make when they first run is made before the sandbox. */
static void warm_up(struct child *ch)
{
	static const struct {
		struct str kind, body;
	} tries[] = {
		{ { "product", 7 }, { "<title>x</title><p>EUR 1,50", 27 } },
		{ { "page", 4 }, { "<p>x", 4 } },
		{ { "feed", 4 }, { "<rss><channel/></rss>", 21 } },
	};

	dom_load();
	for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
		const struct wire_request r = { .kind = tries[i].kind,
						.doc.body = tries[i].body };
		struct observation o;

		extract(ch, &r, &o);
		arena_reset(&ch->arena);
	}
}

/* ---- the parent ---- */

/* More of what is asked, most often all of it. False at the end. */
static bool read_more(struct buf *b, size_t want)
{
	ssize_t n;

	if (want < READ_BYTES)
		want = READ_BYTES;
	do
		n = read(PARENT, buf_reserve(b, want), want);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	b->len += (size_t)n;
	return true;
}

static void write_all(const struct buf *b)
{
	for (size_t at = 0; at < b->len;) {
		ssize_t n = write(PARENT, b->p + at, b->len - at);

		if (n < 0 && errno != EINTR)
			_exit(EX_OK); /* nobody is there to be told */
		if (n > 0)
			at += (size_t)n;
	}
}

static void reset(struct buf *b)
{
	if (b->cap > KEEP_BYTES)
		buf_free(b);
	else
		buf_reset(b);
}

static void end_if_grown(struct child *ch)
{
	struct mallinfo2 m;

	if (!ch->compiled && ++ch->unmeasured < DOCUMENTS_UNMEASURED)
		return;
	ch->compiled = false;
	ch->unmeasured = 0;
	m = mallinfo2();
	if (m.uordblks + m.hblkhd < ch->memory / EXTRACT_CHILD_GROWN)
		return;
	while (ch->n_configs > 0)
		forget(&ch->configs[--ch->n_configs]);
	m = mallinfo2();
	if (m.uordblks + m.hblkhd >= ch->memory / EXTRACT_CHILD_GROWN)
		_exit(EX_OK);
}

static void answer(struct child *ch, struct str message)
{
	struct wire_request r;
	struct observation o;

	if (wire_get_request(message, &r))
		_exit(EX_SOFTWARE);
	extract(ch, &r, &o);
	wire_put_answer(&o, &ch->out);
	write_all(&ch->out);
	reset(&ch->out);
	arena_reset(&ch->arena);
	end_if_grown(ch);
}

/* What is left of b stands at its beginning then. */
static void shift(struct buf *b, struct str left)
{
	if (left.len == 0) {
		reset(b);
		return;
	}
	memmove(b->p, left.p, left.len);
	b->len = left.len;
}

/* Several may come at once: they are answered one after the other. */
static void serve(struct child *ch)
{
	enum wire_type type;
	int64_t len = 0;
	size_t want = 0;

	while (read_more(&ch->in, want)) {
		struct str left = buf_str(&ch->in);

		while ((len = wire_length(left, WIRE_REQUEST_MAX, &type))) {
			if (len < 0 || type != WIRE_REQUEST)
				_exit(EX_SOFTWARE);
			if (left.len < (size_t)len)
				break;
			answer(ch, str_sub(left, WIRE_HEAD, (size_t)len));
			left = str_sub(left, (size_t)len, left.len);
		}
		want = len ? (size_t)len - left.len : 0;
		shift(&ch->in, left);
	}
}

/* ---- start ---- */

bool extract_child_asked(int argc, char **argv)
{
	return argc == 3 && strcmp(argv[1], EXTRACT_CHILD_ARG) == 0;
}

/* What one document needed the next one needs again. */
static void keep_memory(struct child *ch)
{
	mallopt(M_TRIM_THRESHOLD, KEEP_HEAP);
	mallopt(M_MMAP_THRESHOLD, KEEP_HEAP);
	ch->arena.keep = EXTRACT_KEEP;
}

/* What libraries have to say is for nobody. */
static void silence(void)
{
	int fd = open("/dev/null", O_RDWR);

	if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		_exit(EX_OSERR);
	sandbox_prepare();
}

void extract_child_main(char **argv)
{
	static struct child ch;
	struct err e = { 0 };
	uint64_t memory;
	int rc;

	/* The parent may be gone while we work; it may also have gone before. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "weir-extractor");
	if (!str_u64(str_from(argv[2]), &memory))
		_exit(EX_USAGE);
	ch.memory = memory;
	silence();
	keep_memory(&ch);
	warm_up(&ch);
	if (sandbox_limit(ch.memory, &e))
		_exit(EX_OSERR);
	rc = sandbox_filter(&e);
	wire_put_ready(rc ? str_from(e.msg) : (struct str){ 0 }, &ch.out);
	write_all(&ch.out);
	reset(&ch.out);
	serve(&ch);
	_exit(EX_OK);
}
