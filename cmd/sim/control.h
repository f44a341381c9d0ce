#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

/*
 * control - the truth about the world, and changing it by hand.
 *
 *	GET  state, log, hook/NAME
 *	POST tick {"n"}, set {"item","price","stock","hold"},
 *	     ad {"source","id","title","price"} or {"id","remove":true},
 *	     hook (hook.h)
 *
 * Answers are JSON; what is refused is {"error":"…"} with status 400.
 */
#include "site.h"

void control_answer(struct visit *v, struct str rest);

#endif
