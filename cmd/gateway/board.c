#include "board.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/xmem.h"

#include "metrics.h"

struct process {
	char *topic; /* "$stats/TOOL/ID" */
	struct str tool, id;
	struct buf stats; /* a JSON object of numbers */
	int64_t heard_ms;
};

struct board {
	struct process v[BOARD_MAX];
	size_t n;
};

struct board *board_new(void)
{
	return xcalloc(1, sizeof(struct board));
}

static void remove_at(struct board *b, size_t i)
{
	free(b->v[i].topic);
	buf_free(&b->v[i].stats);
	b->v[i] = b->v[--b->n];
}

void board_free(struct board **bp)
{
	struct board *b = *bp;

	while (b && b->n)
		remove_at(b, 0);
	free(b);
	*bp = NULL;
}

/* What becomes part of a metric's name, or of a label. */
static bool is_word(struct str s, const char *more)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c >= '0' && c <= '9') || (c && strchr(more, c))))
			return false;
	}
	return s.len > 0;
}

/* "name{label}" of a member, unescaped into a. */
static bool read_key(struct str key, struct arena *a, struct str *name_r,
		     struct str *label_r)
{
	*name_r = str_cut(json_name(key, a), '{', label_r);
	if (!label_r->p)
		return true;
	if (!str_ends(*label_r, STR("}")))
		return false;
	label_r->len--;
	return true;
}

/* {"name":1,"name{label}":2}, and histograms; anything else is not shown. */
static bool is_stats(struct str data)
{
	struct arena a = { 0 };
	struct json_iter it;
	bool ok = true;

	if (data.len > BOARD_STATS_MAX || json_check(data, JSON_STRICT, NULL))
		return false;
	data = json_trim(data);
	if (json_type_of(data) != JSON_OBJECT)
		return false;
	it = json_iter(data);
	while (ok && json_next(&it)) {
		struct str name, label;

		ok = read_key(it.key, &a, &name, &label) &&
		     metrics_check(name, label, it.value);
	}
	arena_free(&a);
	return ok;
}

static struct process *find(struct board *b, struct str topic)
{
	struct process *p;

	for (size_t i = 0; i < b->n; i++)
		if (str_is(topic, b->v[i].topic))
			return &b->v[i];
	if (b->n == BOARD_MAX)
		return NULL;
	p = &b->v[b->n++];
	*p = (struct process){ .topic = xstrndup(topic.p, topic.len) };
	p->tool = str_cut(str_from(p->topic + strlen("$stats/")), '/', &p->id);
	return p;
}

bool board_hear(struct board *b, struct str topic, struct str data,
		int64_t now_ms)
{
	struct process *p;
	struct str id, tool;

	if (!str_starts(topic, STR("$stats/")))
		return false;
	tool = str_cut(str_sub(topic, strlen("$stats/"), topic.len), '/', &id);
	if (!is_word(tool, "_-") || !is_word(id, "_-./") || !is_stats(data))
		return false;
	p = find(b, topic);
	if (!p)
		return false;
	buf_reset(&p->stats);
	buf_add_str(&p->stats, json_trim(data));
	p->heard_ms = now_ms;
	return true;
}

void board_forget(struct board *b, int64_t now_ms)
{
	for (size_t i = 0; i < b->n;)
		if (now_ms - b->v[i].heard_ms > BOARD_FORGET_MS)
			remove_at(b, i);
		else
			i++;
}

int64_t board_heard_ms(const struct board *b, struct str tool)
{
	int64_t newest = -1;

	for (size_t i = 0; i < b->n; i++)
		if (str_eq(b->v[i].tool, tool) && b->v[i].heard_ms > newest)
			newest = b->v[i].heard_ms;
	return newest;
}

struct str board_not_ready(const struct board *b, struct str tool,
			   int64_t now_ms)
{
	for (size_t i = 0; i < b->n; i++) {
		struct json_iter it = json_iter(buf_str(&b->v[i].stats));

		if (!str_eq(b->v[i].tool, tool) ||
		    now_ms - b->v[i].heard_ms > STATS_STALE_MS)
			continue;
		while (json_next(&it)) {
			struct str label, name = str_cut(it.key, '{', &label);

			if (str_is(name, "not_ready") && !str_is(it.value, "0"))
				return label.p ? str_sub(label, 0,
							 label.len - 1)
					       : name;
		}
	}
	return (struct str){ 0 };
}

void board_print(const struct board *b, int64_t now_ms, struct buf *out)
{
	buf_putc(out, '[');
	for (size_t i = 0; i < b->n; i++) {
		const struct process *p = &b->v[i];

		buf_addf(out, "%s{\"tool\":", i ? "," : "");
		buf_json_str(out, p->tool);
		buf_puts(out, ",\"id\":");
		buf_json_str(out, p->id);
		buf_addf(out, ",\"age_ms\":%lld,\"stats\":",
			 (long long)(now_ms - p->heard_ms));
		buf_add_str(out, buf_str(&p->stats));
		buf_putc(out, '}');
	}
	buf_putc(out, ']');
}

/* ---- Prometheus ---- */

static void print_up(const struct board *b, int64_t now_ms, struct buf *out)
{
	buf_puts(out, "# HELP weir_up 1 while a process is heard of.\n"
		      "# TYPE weir_up gauge\n");
	for (size_t i = 0; i < b->n; i++)
		buf_addf(out, "weir_up{tool=\"%.*s\",id=\"%.*s\"} %d\n",
			 STR_ARG(b->v[i].tool), STR_ARG(b->v[i].id),
			 now_ms - b->v[i].heard_ms <= STATS_STALE_MS);
}

/* Processes with the same name stand together, as the format wants it. */
void board_print_metrics(const struct board *b, int64_t now_ms, struct buf *out)
{
	struct metrics_sample *v = NULL;
	struct arena a = { 0 };
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < b->n; i++) {
		const struct process *p = &b->v[i];
		struct json_iter it = json_iter(buf_str(&p->stats));

		if (now_ms - p->heard_ms > STATS_STALE_MS)
			continue; /* no value is better than an old one */
		while (json_next(&it)) {
			xgrow(&v, &cap, n, sizeof(*v));
			v[n] = (struct metrics_sample){ p->tool, p->id,
							.value = it.value };
			read_key(it.key, &a, &v[n].name, &v[n].label);
			n++;
		}
	}
	metrics_print(v, n, out);
	print_up(b, now_ms, out);
	arena_free(&a);
	free(v);
}
