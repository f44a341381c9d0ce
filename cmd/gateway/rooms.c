#include "rooms.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

#include "due.h"

enum { BUCKETS = 4096 };

struct room {
	struct room *next;
	uint64_t hash;
	size_t seats, clients; /* a seat that was left is no client */
	size_t len;
	char name[];
};

struct rooms_seat {
	struct due due; /* first */
	struct rooms_seat *next;
	uint64_t hash;
	void *holder; /* NULL: it waits */
	char *pid, *sid, *user;
	struct room **room;
	size_t n, cap;
};

struct rooms {
	struct room *room[BUCKETS];
	struct rooms_seat *seat[BUCKETS];
	struct due_list left;
	size_t left_bytes; /* of seats that were left */
	struct rooms_counts counts;
};

static char *copy(struct str s)
{
	return s.p ? xstrndup(s.p, s.len) : NULL;
}

/* ---- rooms ---- */

static struct str name_of(const struct room *room)
{
	return (struct str){ room->name, room->len };
}

static struct room *get_room(struct rooms *r, struct str name)
{
	uint64_t hash = str_hash(name);
	struct room **at = &r->room[hash % BUCKETS], *room;

	while (*at && !((*at)->hash == hash && str_eq(name_of(*at), name)))
		at = &(*at)->next;
	if (*at)
		return *at;
	room = xcalloc(1, sizeof(*room) + name.len + 1);
	room->hash = hash;
	room->len = name.len;
	memcpy(room->name, name.p, name.len);
	*at = room;
	return room;
}

static void put_room(struct rooms *r, struct room *room)
{
	struct room **at = &r->room[room->hash % BUCKETS];

	if (--room->seats)
		return;
	while (*at != room)
		at = &(*at)->next;
	*at = room->next;
	free(room);
}

/* Clients come into all rooms of a seat, or go. */
static void count_client(struct rooms *r, struct room *room, bool comes)
{
	if (comes)
		r->counts.rooms += room->clients++ == 0;
	else
		r->counts.rooms -= --room->clients == 0;
}

static void count_clients(struct rooms *r, const struct rooms_seat *seat,
			  bool come)
{
	for (size_t i = 0; i < seat->n; i++)
		count_client(r, seat->room[i], come);
}

static size_t find(const struct rooms_seat *seat, struct str name)
{
	size_t i = 0;

	while (i < seat->n && !str_eq(name_of(seat->room[i]), name))
		i++;
	return i;
}

bool rooms_in(const struct rooms_seat *seat, struct str room)
{
	return seat && find(seat, room) < seat->n;
}

bool rooms_enter(struct rooms *r, struct rooms_seat *seat, struct str name)
{
	struct room *room;

	if (rooms_in(seat, name))
		return true;
	if (!seat || seat->n == ROOMS_MAX)
		return false;
	room = get_room(r, name);
	room->seats++;
	count_client(r, room, true);
	xgrow(&seat->room, &seat->cap, seat->n, sizeof(struct room *));
	seat->room[seat->n++] = room;
	return true;
}

bool rooms_leave(struct rooms *r, struct rooms_seat *seat, struct str name)
{
	struct room *room;
	size_t i;

	if (!rooms_in(seat, name))
		return false;
	i = find(seat, name);
	room = seat->room[i];
	memmove(&seat->room[i], &seat->room[i + 1],
		(--seat->n - i) * sizeof(struct room *));
	count_client(r, room, false);
	put_room(r, room);
	return true;
}

struct str rooms_at(const struct rooms_seat *seat, size_t i)
{
	struct str none = { 0 };

	return seat && i < seat->n ? name_of(seat->room[i]) : none;
}

void rooms_each(const struct rooms *r,
		bool (*fn)(void *arg, struct str room, size_t clients),
		void *arg)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct room *at = r->room[i]; at; at = at->next)
			if (at->clients && !fn(arg, name_of(at), at->clients))
				return;
}

/* ---- seats ---- */

static struct rooms_seat **find_seat(struct rooms *r, struct str pid)
{
	uint64_t hash = str_hash(pid);
	struct rooms_seat **at = &r->seat[hash % BUCKETS];

	while (*at && !((*at)->hash == hash && str_is(pid, (*at)->pid)))
		at = &(*at)->next;
	return at;
}

bool rooms_has(const struct rooms *r, struct str pid)
{
	const struct rooms_seat *at = r->seat[str_hash(pid) % BUCKETS];

	while (at && !str_is(pid, at->pid))
		at = at->next;
	return at != NULL;
}

struct rooms_seat *rooms_sit(struct rooms *r, struct str pid, struct str sid,
			     struct str user, void *holder)
{
	struct rooms_seat *seat = xcalloc(1, sizeof(*seat));

	seat->hash = str_hash(pid);
	seat->pid = copy(pid);
	seat->sid = copy(sid);
	seat->user = copy(user);
	seat->holder = holder;
	seat->next = r->seat[seat->hash % BUCKETS];
	r->seat[seat->hash % BUCKETS] = seat;
	return seat;
}

static void free_seat(struct rooms *r, struct rooms_seat *seat)
{
	struct rooms_seat **at = find_seat(r, rooms_pid(seat));

	*at = seat->next;
	for (size_t i = 0; i < seat->n; i++)
		put_room(r, seat->room[i]);
	free(seat->room);
	free(seat->pid);
	free(seat->sid);
	free(seat->user);
	free(seat);
}

/* What it takes where nobody else is in its rooms; the same while it waits. */
static size_t size_of(const struct rooms_seat *seat)
{
	size_t bytes = sizeof(*seat);

	for (size_t i = 0; i < seat->n; i++)
		bytes += sizeof(struct room *) + sizeof(struct room) +
			 seat->room[i]->len;
	return bytes;
}

/* One that was left is not left any more. */
static void take_left(struct rooms *r, struct rooms_seat *seat)
{
	due_drop(&seat->due);
	r->left_bytes -= size_of(seat);
	r->counts.left--;
}

/* It goes for good. */
static void drop_left(struct rooms *r, struct rooms_seat *seat)
{
	take_left(r, seat);
	free_seat(r, seat);
}

struct rooms_seat *rooms_sit_again(struct rooms *r, struct str pid,
				   struct str user, void *holder,
				   void **holder_r)
{
	struct rooms_seat *seat = *find_seat(r, pid);
	struct str whose = str_from(seat ? seat->user : NULL);

	*holder_r = NULL;
	if (!seat || (whose.p != NULL) != (user.p != NULL) ||
	    !str_eq(whose, user)) {
		r->counts.unknown++;
		return NULL;
	}
	*holder_r = seat->holder;
	if (!seat->holder) {
		take_left(r, seat);
		count_clients(r, seat, true);
	}
	seat->holder = holder;
	r->counts.again++;
	return seat;
}

void rooms_stand_up(struct rooms *r, struct rooms_seat *seat, int64_t now_ms)
{
	seat->holder = NULL;
	count_clients(r, seat, false);
	due_set(&r->left, &seat->due, now_ms);
	r->left_bytes += size_of(seat);
	r->counts.left++;
	while (r->counts.left > ROOMS_LEFT_MAX ||
	       r->left_bytes > ROOMS_LEFT_BYTES_MAX) {
		r->counts.pushed++;
		drop_left(r, (struct rooms_seat *)r->left.first);
	}
}

void rooms_give_up(struct rooms *r, struct rooms_seat **seatp)
{
	if (!*seatp)
		return;
	count_clients(r, *seatp, false);
	free_seat(r, *seatp);
	*seatp = NULL;
}

void rooms_each_left(const struct rooms *r,
		     void (*fn)(void *arg, const struct rooms_seat *seat,
				int64_t left_ms),
		     void *arg)
{
	for (const struct due *d = r->left.first; d; d = d->next)
		fn(arg, (const struct rooms_seat *)d, d->at_ms - r->left.in_ms);
}

void rooms_tick(struct rooms *r, int64_t now_ms)
{
	struct due *d;

	while ((d = due_take(&r->left, now_ms)))
		drop_left(r, (struct rooms_seat *)d);
}

struct str rooms_pid(const struct rooms_seat *seat)
{
	return str_from(seat->pid);
}

struct str rooms_sid(const struct rooms_seat *seat)
{
	return str_from(seat->sid);
}

struct str rooms_user(const struct rooms_seat *seat)
{
	return str_from(seat->user);
}

/* ---- life ---- */

struct rooms *rooms_new(void)
{
	struct rooms *r = xcalloc(1, sizeof(*r));

	r->left.in_ms = ROOMS_KEEP_MS;
	return r;
}

void rooms_free(struct rooms **rp)
{
	struct rooms *r = *rp;

	if (!r)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while (r->seat[i])
			free_seat(r, r->seat[i]);
	free(r);
	*rp = NULL;
}

struct rooms_counts rooms_count(const struct rooms *r)
{
	return r->counts;
}
