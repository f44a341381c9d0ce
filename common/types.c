/*
 * Which types there are, and the door.
 */
#include "common/types.h"

#include <assert.h>
#include <sysexits.h>

#include "common/hours.h"
#include "common/json.h"
#include "common/tz.h"

#define NO_FIELD ((size_t)-1)
#define OF(s, m) offsetof(struct s, m)

static const struct type_entry types[] = {
	{ "watch.set", &shape_watch, true, "ID", OF(type_watch, id) },
	{ "watch.poll", &shape_poll, false, "ID", NO_FIELD },
	{ "session.start", &shape_session_start, false, "ID",
	  OF(type_session, watch.id) },
	{ "session.stop", &shape_session_stop, false, "ID", NO_FIELD },
	{ "rule.set", &shape_rule, true, "ID", OF(type_rule, id) },
	{ "search.set", &shape_search, true, "ID", OF(type_search, id) },
	{ "silence.set", &shape_silence, true, "ID", OF(type_silence, id) },
	{ "alert.ack", &shape_ack, false, "ALERT", NO_FIELD },
	{ "user.set", &shape_user, true, "ID", OF(type_user, id) },
	{ "proxy.set", &shape_proxy, true, "ID", OF(type_proxy, id) },
	{ "provider.set", &shape_provider, true, "ID", OF(type_provider, id) },
	{ "price.update", &shape_price, false, "ITEM",
	  OF(type_price, item.id) },
	{ "offer.update", &shape_offer, false, "ITEM",
	  OF(type_price, item.id) },
	{ "price.stats", &shape_stats, false, "ITEM", OF(type_stats, item) },
	{ "price.anomaly", &shape_anomaly, false, "ITEM",
	  OF(type_anomaly, item) },
	{ "listing.new", &shape_listing, false, "SOURCE",
	  OF(type_listing, source) },
	{ "listing.update", &shape_listing, false, "SOURCE",
	  OF(type_listing, source) },
	{ "listing.gone", &shape_listing, false, "SOURCE",
	  OF(type_listing, source) },
	{ "page.change", &shape_page_change, false, "WATCH",
	  OF(type_page_change, watch) },
	{ "observation.change", &shape_observation, false, "WATCH",
	  OF(type_observation, watch) },
	{ "observation.push", &shape_push, false, "WATCH",
	  OF(type_push, watch) },
	{ "observation.record", &shape_record, false, "WATCH",
	  OF(type_record, watch) },
	{ "observation.summary", &shape_summary, false, NULL, NO_FIELD },
	{ "chat.message", &shape_chat_message, false, "STREAM",
	  OF(type_chat_message, stream) },
	{ "scraper.status", &shape_status, false, "SOURCE",
	  OF(type_status, source) },
	{ "watch.stale", &shape_freshness, false, "WATCH",
	  OF(type_freshness, watch) },
	{ "watch.fresh", &shape_freshness, false, "WATCH",
	  OF(type_freshness, watch) },
	{ "proxy.status", &shape_proxy_status, false, "POOL",
	  OF(type_proxy_status, pool) },
	{ "provider.status", &shape_provider_status, false, "PROVIDER",
	  OF(type_provider_status, provider) },
	{ "alert.new", &shape_alert, false, "ITEM/RULE", NO_FIELD },
	{ "alert.update", &shape_alert, false, "ITEM/RULE", NO_FIELD },
	{ "alert.suppressed", &shape_alert, false, "ITEM/RULE", NO_FIELD },
	{ "alert.acked", &shape_alert, false, "ITEM/RULE", NO_FIELD },
	{ "alert.resolved", &shape_alert, false, "ITEM/RULE", NO_FIELD },
	{ "user.notification", &shape_notification, false, "USER", NO_FIELD },
	{ "delivery.sent", &shape_delivery, false, "USER",
	  OF(type_delivery, user) },
	{ "delivery.failed", &shape_delivery, false, "USER",
	  OF(type_delivery, user) },
	{ "delivery.unknown", &shape_delivery, false, "USER",
	  OF(type_delivery, user) },
	{ "channel.down", &shape_channel, false, "NAME",
	  OF(type_channel, channel) },
	{ "channel.up", &shape_channel, false, "NAME",
	  OF(type_channel, channel) },
	{ "system.message", &shape_message, false, NULL, NO_FIELD },
	{ "event.refused", &shape_trouble, false, NULL, NO_FIELD },
	{ "stage.gap", &shape_trouble, false, NULL, NO_FIELD },
	{ "stage.skipped", &shape_trouble, false, NULL, NO_FIELD },
};

const struct type_entry *type_at(size_t i)
{
	return i < sizeof(types) / sizeof(types[0]) ? &types[i] : NULL;
}

static const struct type_entry *find_type(struct str type)
{
	const struct type_entry *t;

	for (size_t i = 0; (t = type_at(i)); i++)
		if (str_is(type, t->type))
			return t;
	return NULL;
}

const struct shape *type_shape(struct str type)
{
	const struct type_entry *t = find_type(type);

	return t ? t->shape : NULL;
}

bool type_is_retained(struct str type)
{
	const struct type_entry *t = find_type(type);

	return t && t->retained;
}

bool type_takes_null(const struct type_entry *t)
{
	return t->retained || t->shape == &shape_ack;
}

/* Room for the largest of the structs. */
union type_any {
	struct type_watch watch;
	struct type_session session;
	struct type_search search;
	struct type_rule rule;
	struct type_silence silence;
	struct type_ack ack;
	struct type_user user;
	struct type_proxy proxy;
	struct type_provider provider;
	struct type_price price;
	struct type_listing listing;
	struct type_record record;
	struct type_push push;
	struct type_stats stats;
	struct type_alert alert;
	struct type_notification notification;
};

/* The subject must be what the data names, where the data names one. */
static int check_subject(const struct type_entry *t, const void *data,
			 struct str subject, struct err *e)
{
	struct str named = { 0 };

	if (t->subject && !subject.p)
		return err_set(e, EX_DATAERR, "subject: missing, must be %s",
			       t->subject);
	if (type_takes_null(t) && !str_is_id(subject))
		return err_set(e, EX_DATAERR, "subject: not an id");
	if (data && t->named != NO_FIELD)
		named = *(const struct str *)((const char *)data + t->named);
	if (named.p && !str_eq(named, subject))
		return err_set(e, EX_DATAERR,
			       "subject: is %.*s, but data names %.*s",
			       STR_ARG(subject), STR_ARG(named));
	return 0;
}

/* A schedule and windows that are both good, but have no time in common. */
static int check_times(const struct type_watch *w, const struct tz *z,
		       struct err *e)
{
	struct hours hours;
	struct cron cron;

	if (!w->cron.p || !w->windows.present ||
	    cron_parse(w->cron, &cron, e) ||
	    hours_parse(w->windows.v, w->windows.n, &hours, e) ||
	    hours_cron(&hours, &cron, z, 0) != CLK_NONE)
		return 0;
	return err_set(e, EX_DATAERR, "cron: never comes within windows");
}

/*
 * Not part of watch_complete(): the answer depends on the machine. One without
 * zone files cannot tell; the scraper's will. w NULL: only the zone.
 */
static int check_zone(struct str name, const char *member,
		      const struct type_watch *w, struct err *e)
{
	struct tz_cache zones = { 0 };
	const struct tz *z;
	int rc = 0;

	if (name.p && !tz_has_files())
		return 0;
	z = tz_get(&zones, name.p ? name : STR("UTC"), e);
	if (!z)
		rc = err_prefix(e, "%s", member);
	else if (w)
		rc = check_times(w, z, e);
	tz_cache_free(&zones);
	return rc;
}

static int check_watch(struct type_watch *w, struct arena *a, struct err *e)
{
	if (watch_complete(w, a, e) || check_zone(w->tz, "tz", w, e))
		return -1;
	return target_check(w->item.target, e) ? err_prefix(e, "item") : 0;
}

/* Without a URL it starts what is there, and says nothing else. */
static int check_start(struct type_watch *w, struct str id, struct arena *a,
		       struct err *e)
{
	if (!str_is_id(id))
		return err_set(e, EX_DATAERR, "subject: not an id");
	if (!w->url.p)
		return 0;
	if (!w->kind.p)
		w->kind = STR("chat");
	if (!str_is(w->kind, "chat"))
		return err_set(e, EX_DATAERR, "kind: only a chat is started");
	return check_watch(w, a, e);
}

/* What is more than a matter of form. */
static int check_sense(const struct shape *shape, union type_any *data,
		       const struct event *ev, struct arena *a, struct err *e)
{
	if (shape == &shape_watch)
		return check_watch(&data->watch, a, e);
	if (shape == &shape_session_start)
		return check_start(&data->session.watch, event_subject(ev), a,
				   e);
	if (shape == &shape_proxy)
		return proxy_check(&data->proxy, e);
	if (shape == &shape_provider)
		return provider_check(&data->provider, a, e) ||
				       check_zone(data->provider.tz, "tz", NULL,
						  e)
			       ? -1
			       : 0;
	if (shape == &shape_user)
		return user_check(&data->user, e) || check_zone(data->user.zone,
								"zone", NULL, e)
			       ? -1
			       : 0;
	if (shape == &shape_silence)
		return silence_check(&data->silence, e) ||
				       check_zone(data->silence.zone, "zone",
						  NULL, e)
			       ? -1
			       : 0;
	if (shape == &shape_push)
		return push_check(&data->push, e);
	if (shape != &shape_rule && shape != &shape_search)
		return 0;
	if (ev->data.len > RULE_DATA_MAX)
		return err_set(e, EX_DATAERR, "longer than %d bytes",
			       RULE_DATA_MAX);
	if (shape == &shape_search)
		return search_check(&data->search, e);
	return rule_check(&data->rule, event_subject(ev), e);
}

int type_check(const struct event *ev, struct err *e)
{
	const struct type_entry *t = find_type(event_type(ev));
	enum json_type kind = json_type_of(json_trim(ev->data));
	struct arena a = { 0 };
	union type_any data;
	int rc = -1;

	if (!t)
		return 0;
	if (type_takes_null(t) && (kind == JSON_NULL || kind == JSON_NONE))
		return check_subject(t, NULL, event_subject(ev), e);
	assert(t->shape->size <= sizeof(data));
	if (shape_decode(t->shape, ev->data, &data, &a, e))
		err_prefix(e, "data");
	else
		rc = check_subject(t, &data, event_subject(ev), e);
	if (rc == 0)
		rc = check_sense(t->shape, &data, ev, &a, e);
	arena_free(&a);
	if (rc && e)
		e->code = EX_DATAERR;
	return rc;
}
