#include "say.h"

#include "alert.h"

int say_record(struct alerter *al, const struct saying *by, const char *type,
	       const struct type_alert *alert, struct err *e)
{
	buf_reset(&al->text);
	shape_encode(&shape_alert, alert, &al->text);
	stats_add(stage_stats(by->stage), "alerts_total", NULL, 1);
	return stage_emit(by->stage, alert_topic(type, alert, &al->arena),
			  by->time_us, by->cause, by->ext, buf_str(&al->text),
			  e);
}

static int ask_stream(struct alerter *al, const struct saying *by,
		      const char *type, struct str id, struct str rule,
		      struct err *e)
{
	struct buf topic = { 0 };
	int rc;

	if (!id.p)
		return 0;
	buf_addf(&topic, "%s/%.*s", type, STR_ARG(id));
	buf_reset(&al->text);
	buf_puts(&al->text, "{\"reason\":\"rule ");
	buf_add_str(&al->text, rule); /* an id: nothing to escape */
	buf_puts(&al->text, "\"}");
	rc = stage_emit(by->stage, buf_str(&topic), by->time_us, by->cause,
			by->ext, buf_str(&al->text), e);
	buf_free(&topic);
	return rc;
}

static int ask_streams(struct alerter *al, const struct saying *by,
		       const struct rule *r, struct err *e)
{
	return ask_stream(al, by, "session.start", r->start, r->id, e) ||
			       ask_stream(al, by, "session.stop", r->stop,
					  r->id, e)
		       ? -1
		       : 0;
}

static const char *type_of(enum dispatch_change change)
{
	switch (change) {
	case DISPATCH_UPDATE: return "alert.update";
	case DISPATCH_RESOLVED: return "alert.resolved";
	case DISPATCH_ACKED: return "alert.acked";
	case DISPATCH_NEW: break;
	}
	return "alert.new";
}

int say_change(struct alerter *al, const struct saying *by,
	       enum dispatch_change change, const struct rule *r,
	       const struct type_alert *alert, struct str note, struct err *e)
{
	const struct dispatch_news news = { .change = change,
					    .alert = alert,
					    .is_search = r && r->is_search,
					    .lasting = !by->happened,
					    .note = note,
					    .time_us = by->time_us,
					    .recorded_us = by->recorded_us,
					    .cause = by->cause,
					    .ext = by->ext };

	if (say_record(al, by, type_of(change), alert, e))
		return -1;
	if (r && change == DISPATCH_NEW && ask_streams(al, by, r, e))
		return -1;
	return dispatch_tell(al, by->stage, &news, e);
}
