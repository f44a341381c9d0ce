#include "pieces.h"

#include <assert.h>
#include <stdlib.h>

#include "common/xmem.h"

struct piece {
	uint64_t owner;
	uint64_t after, upto; /* equal: it has nothing */
	uint64_t used;	      /* when; the highest is the newest */
	struct buf frames;
	struct mark *mark;
	size_t n, cap;
	size_t at; /* where the frames of the next event begin */
};

struct pieces {
	struct piece v[PIECES_MAX];
	struct piece *making;
	uint64_t uses;
};

struct pieces *pieces_new(void)
{
	return xcalloc(1, sizeof(struct pieces));
}

void pieces_clear(struct pieces *p)
{
	for (size_t i = 0; i < PIECES_MAX; i++) {
		buf_free(&p->v[i].frames);
		free(p->v[i].mark);
		p->v[i] = (struct piece){ 0 };
	}
	p->making = NULL;
}

void pieces_free(struct pieces **pp)
{
	if (*pp)
		pieces_clear(*pp);
	free(*pp);
	*pp = NULL;
}

/* The first event of a piece that comes after an offset. */
static size_t first_after(const struct piece *one, uint64_t after)
{
	size_t lo = 0, hi = one->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (one->mark[mid].offset <= after)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool pieces_find(struct pieces *p, uint64_t owner, uint64_t after,
		 struct piece_part *part_r)
{
	for (size_t i = 0; i < PIECES_MAX; i++) {
		struct piece *one = &p->v[i];
		size_t k, at;

		if (one->owner != owner || after < one->after ||
		    after >= one->upto)
			continue;
		one->used = ++p->uses;
		k = first_after(one, after);
		at = k < one->n ? one->mark[k].at : one->frames.len;
		*part_r = (struct piece_part){
			.frames = str_sub(buf_str(&one->frames), at,
					  one->frames.len),
			.mark = one->mark + k,
			.n = one->n - k,
			.upto = one->upto,
		};
		return true;
	}
	return false;
}

struct buf *pieces_begin(struct pieces *p, uint64_t owner, uint64_t after)
{
	struct piece *one = &p->v[0];

	for (size_t i = 1; i < PIECES_MAX; i++)
		if (p->v[i].used < one->used)
			one = &p->v[i];
	if (one->frames.cap > PIECES_KEEP)
		buf_free(&one->frames);
	buf_reset(&one->frames);
	buf_reserve(&one->frames, PIECES_ROOM);
	xgrow(&one->mark, &one->cap, PIECES_MARKS - 1, sizeof(*one->mark));
	one->owner = owner;
	one->after = one->upto = after;
	one->n = one->at = 0;
	p->making = one;
	return &one->frames;
}

void pieces_add(struct pieces *p, uint64_t offset)
{
	struct piece *one = p->making;

	assert(one && offset > one->after);
	xgrow(&one->mark, &one->cap, one->n, sizeof(*one->mark));
	one->mark[one->n++] = (struct mark){ offset, one->at };
	one->at = one->frames.len;
}

void pieces_end(struct pieces *p, uint64_t upto)
{
	assert(p->making && upto > p->making->after);
	p->making->upto = upto;
	p->making->used = ++p->uses;
	p->making = NULL;
}
