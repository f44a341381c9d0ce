/* Commands that look, and change nothing. */
#include <stdio.h>

#include "desk.h"
#include "known.h"

enum { LIVELY_MS = 30000 };

static int price(struct desk *d, struct str args, struct err *e)
{
	struct known_price prices[KNOWN_PRICES_MAX];
	struct type_watch w;
	int got = 0, n;

	if (!args.len) {
		reply_puts(&d->reply, "/price WATCH");
		return 0;
	}
	got = desk_find_watch(d, args, &w, e);
	if (got <= 0)
		return got;
	n = w.item.present ? known_prices(d->stage, w.item.id, d->a, prices, e)
			   : 0;
	if (n < 0)
		return -1;
	reply_puts(&d->reply, "<b>");
	reply_text(&d->reply, desk_name(&w));
	reply_puts(&d->reply, n ? "</b>" : "</b> has no price yet.");
	for (int i = 0; i < n; i++) {
		char time[CLK_TEXT_SIZE];

		reply_puts(&d->reply, "\n");
		desk_price(d, prices[i].p.price, prices[i].p.currency);
		reply_puts(&d->reply, " at ");
		reply_text(&d->reply, prices[i].p.source);
		clk_format(prices[i].time_us, time);
		reply_textf(&d->reply, ", since %.10s %.5s UTC", time,
			    time + 11);
	}
	return 0;
}

static int history(struct desk *d, struct str args, struct err *e)
{
	struct str since = STR("30d"), name = args, last;
	struct reply caption = { .n_buttons = 0 };
	struct type_watch w;
	int64_t ms;
	int got;

	if (!args.len) {
		reply_puts(&d->reply, "/history WATCH [90d]");
		return 0;
	}
	/* The last word may be an age. */
	for (size_t i = args.len; i-- > 0;) {
		if (args.p[i] != ' ')
			continue;
		last = str_sub(args, i + 1, args.len);
		if (str_duration_ms(last, &ms)) {
			since = last;
			name = str_trim(str_sub(args, 0, i));
		}
		break;
	}
	got = desk_find_watch(d, name, &w, e);
	if (got <= 0)
		return got;
	if (!w.item.present) {
		reply_puts(&d->reply, "That watch has no price.");
		return 0;
	}
	reply_puts(&caption, "<b>");
	reply_text(&caption, desk_name(&w));
	reply_puts(&caption, "</b>, the last ");
	reply_text(&caption, since);
	got = errand_chart(d->bot, d->up->chat, w.item.id, since,
			   buf_str(&caption.text), e);
	reply_free(&caption);
	return got;
}

/* ---- /status ---- */

static int status(struct desk *d, struct str args, struct err *e)
{
	int watches = known_count(d->stage, "w/", e);
	int stale = watches < 0 ? -1 : known_count(d->stage, "y/", e);
	int64_t now_ms = loop_now_ms(stage_loop(d->stage));
	int64_t behind_s = (clk_wall_us() - d->bot->clock_us) / 1000000;

	(void)args;
	if (stale < 0)
		return -1;
	reply_textf(&d->reply, "%d watched", watches);
	if (stale)
		reply_textf(&d->reply, ", %d of them stale", stale);
	if (d->bot->clock_us == CLK_NONE || behind_s > LIVELY_MS / 1000)
		reply_puts(&d->reply, "\nThe journal stands still.");
	for (size_t i = 0; i < d->bot->n_heard; i++) {
		int64_t ago_s = (now_ms - d->bot->heard[i].at_ms) / 1000;

		reply_textf(&d->reply, "\n%s: ", d->bot->heard[i].name);
		if (ago_s * 1000 <= LIVELY_MS)
			reply_puts(&d->reply, "alive");
		else
			reply_textf(&d->reply, "silent for %lld s",
				    (long long)ago_s);
	}
	return 0;
}

const struct command look_commands[] = {
	{ "price", "WATCH", "what it costs where", ROLE_READER, price },
	{ "history", "WATCH [90d]", "how its price went", ROLE_READER,
	  history },
	{ "status", "", "is all well?", ROLE_READER, status },
	{ .name = NULL },
};

const struct command look_buttons[] = { { .name = NULL } };
