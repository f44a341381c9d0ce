#ifndef BOT_SERVE_H
#define BOT_SERVE_H

/*
 * serve - do what somebody asks for, and answer.
 */
#include "common/err.h"

#include "update.h"

struct bot;

/* Strangers in a chat of their own are told once a day. */
enum { SERVE_STRANGER_S = 86400, SERVE_STRANGERS_MAX = 1000 };

/* Inside a transaction, which holds all that follows from it. */
int serve(struct bot *b, const struct update *u, struct err *e);

#endif
