/* What the figures of all tools are; tests/lint/metrics.sh misses none. */
#include "common/xmem.h"

#include "metrics.h"

static const struct {
	const char *name, *text;
} helps[] = {
	/* every stage */
	{ "bad_lines_total", "Lines of input that are no events." },
	{ "deadlines_total", "Deadlines that came." },
	{ "events_in_total", "Events read." },
	{ "events_out_total", "Events written." },
	{ "gaps_total", "Gaps: in what came, or of what was pruned unread." },
	{ "lag", "Events in the journal that were not read yet." },
	{ "live", "1 while it is live, 0 while it replays." },
	{ "not_ready", "1 while it cannot do its work, for this reason." },
	{ "outbox", "Events that the store has not confirmed yet." },
	{ "position", "Offset of the last event read." },
	{ "reports_total", "Times that these figures were reported." },
	{ "skipped_total", "Events left out because they ended the process." },
	/* alerter, notifier, scraper */
	{ "alerts_total", "Alerts that fired." },
	{ "failed_total", "Deliveries given up." },
	{ "fetches_total", "Fetches, by how they ended." },
	{ "queued", "Messages that wait for a channel." },
	{ "retries_total", "Deliveries that are tried again." },
	{ "sent_total", "Messages delivered." },
	{ "texts_total", "Texts of pages, by what became of them." },
	{ "unknown_total", "Deliveries of which the end is not known." },
	{ "watches", "Watches that there are." },
	/* store */
	{ "batches_total", "Batches committed." },
	{ "blob_bytes", "Bytes of all blobs." },
	{ "blob_bytes_collected_total", "Bytes of blobs deleted." },
	{ "blobs", "Blobs that there are." },
	{ "blobs_collected_total",
	  "Blobs deleted because no event names them." },
	{ "clients_refused_total", "Connections that CURVE turned away." },
	{ "commit_seconds", "Time to write and sync a batch." },
	{ "duplicates_total", "Events that were there already." },
	{ "events_total", "Events recorded." },
	{ "file_bytes", "Bytes used of the journal's file." },
	{ "malformed_total", "Messages or requests that are none." },
	{ "offset", "Offset of the newest event." },
	{ "pruned_topics", "Topics of which events were pruned." },
	{ "pruned_total", "Events pruned." },
	{ "record_bytes", "Bytes of all records." },
	{ "refused_total", "What was refused, by the reason." },
	{ "repeats_total", "Events from outside that were sent again." },
	/* gateway */
	{ "bad_messages_total",
	  "Messages of clients that were answered with an "
	  "error, by its code." },
	{ "behind", "Clients that are served from ring or journal." },
	{ "blobs_total", "Blobs asked for, by whether they are there." },
	{ "choked", "Clients whose socket takes no more." },
	{ "client_lag_events", "Events that the last client of this class has "
			       "not been sent yet." },
	{ "clients", "Clients that want events, by transport and class." },
	{ "closed_by_admin_total", "Connections that an administrator ended." },
	{ "connections", "Connections now." },
	{ "connections_crowded_total", "Connections turned away: too many from "
				       "one address." },
	{ "connections_delayed_total", "Connections taken later: too many came "
				       "at once." },
	{ "connections_failed_total", "Connections that broke." },
	{ "sessions_over_total",
	  "Connections ended because their token no longer counts." },
	{ "connections_refused_total", "Connections turned away." },
	{ "connections_total", "Connections accepted." },
	{ "connections_unkept_total", "Connections ended with an answer: too "
				      "many are kept for another request." },
	{ "connections_waiting", "Connections whose request is awaited." },
	{ "deflate_offers_total",
	  "WebSockets that offered permessage-deflate, by the answer." },
	{ "deflated_bytes_total",
	  "Bytes of events that were compressed, before and after." },
	{ "deflated_total", "Events compressed, once for each kind of frame." },
	{ "delivered_total", "Events sent to clients, once for each." },
	{ "delivery_seconds",
	  "From when an event was recorded until it was sent to the live "
	  "clients, of equal ones the first 1024." },
	{ "filter_tests_total",
	  "Filters tried on events, once for each event." },
	{ "filters", "Filters that clients have." },
	{ "flushes_total", "Writes to all live clients." },
	{ "framed_total", "Events framed, once for each kind of frame." },
	{ "from_journal_total",
	  "Events read in the journal for clients behind." },
	{ "from_ring_total", "Events found in the ring for clients behind." },
	{ "groups", "Sets of clients that want the same." },
	{ "heap_bytes", "Bytes of memory that are allocated." },
	{ "heap_free_bytes", "Bytes of memory that are kept for later." },
	{ "held_bytes", "Bytes of bodies and answers on their way." },
	{ "inflate_refused_total",
	  "Compressed messages of clients that were not taken, by why." },
	{ "inflated_total", "Compressed messages of clients." },
	{ "late_heads_total", "Connections whose request did not come in "
			      "time." },
	{ "lagged_total", "Clients that fell too far behind, by policy." },
	{ "messages_total", "Messages of clients." },
	{ "overloads_total",
	  "Requests that were answered 503 for want of room." },
	{ "presence_gateways", "Other gateways heard of, with clients." },
	{ "presence_topics", "Topics of which it is known who is there." },
	{ "presence_unheard_total", "Messages of other gateways on who is "
				    "there that were not understood." },
	{ "presence_untracked_total", "Subscriptions of topics beyond the "
				      "limit, which are not counted." },
	{ "requests_total", "Requests." },
	{ "sends_total", "Writes to sockets." },
	{ "sent_bytes_total", "Bytes written to sockets." },
	{ "shared_total", "Events sent later that were gathered for another." },
	{ "silent_total", "WebSockets closed because nothing came back." },
	{ "socketio_clients", "Clients of Socket.IO, by namespace." },
	{ "socketio_events_total", "Events that they have sent." },
	{ "socketio_malformed_total",
	  "Sessions of theirs that broke the protocol." },
	{ "socketio_overrun_total",
	  "Sessions that would have needed more memory." },
	{ "socketio_parts_bytes",
	  "Bytes of their messages that are not whole yet." },
	{ "socketio_published_total", "Events that they have published." },
	{ "socketio_recovered_total", "Clients that came back and went on." },
	{ "socketio_refused_total", "What they asked for and were refused." },
	{ "socketio_restarted_total",
	  "Clients that came back and had to begin anew." },
	{ "socketio_rooms", "Rooms that clients are in." },
	{ "socketio_seats", "Clients that may come back." },
	{ "socketio_seats_pushed_total",
	  "Of them, those forgotten for too many." },
	{ "socketio_sessions", "Sessions of Engine.IO." },
	{ "socketio_timed_out_total", "Sessions that did not answer a ping." },
	{ "socketio_unused_refused_total",
	  "Sessions refused: too many of the address not connected." },
	{ "socketio_unused_total",
	  "Sessions that connected to no namespace in time." },
	{ "socketio_waiting_bytes", "Bytes that wait for these sessions." },
	{ "streams", "Server-Sent Event streams now." },
	{ "subscribed", "Clients that want events." },
	{ "timeouts_total", "Requests and answers that took too long." },
	{ "untold_total", "Clients hung up before they had taken why." },
	{ "waiting", "Events that wait for the store." },
	{ "websockets", "WebSockets now." },
};

const char *metrics_help(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(helps); i++)
		if (str_is(name, helps[i].name))
			return helps[i].text;
	return NULL;
}
