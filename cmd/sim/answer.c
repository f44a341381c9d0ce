#include "answer.h"

#include <stdio.h>

#include "fill.h"

void answer_error(struct answer *a, unsigned status, const char *text)
{
	char code[16];

	snprintf(code, sizeof(code), "%u", status);
	buf_reset(&a->body);
	a->kind = ANSWER_PAGE;
	a->status = status;
	a->type = "text/html; charset=utf-8";
	a->modified_s = 0;
	FILL(&a->body,
	     "<!DOCTYPE html>\n<html lang=\"en\"><head>"
	     "<meta charset=\"utf-8\"><title>{code}</title></head>\n"
	     "<body><h1>{code}</h1><p>{text}</p></body></html>\n",
	     { "code", str_from(code) }, { "text", str_from(text) });
}

void answer_redirect(struct answer *a)
{
	answer_error(a, 302, "It is elsewhere.");
	buf_reset(&a->location);
}

void answer_release(struct answer *a)
{
	buf_free(&a->body);
	buf_free(&a->location);
}
