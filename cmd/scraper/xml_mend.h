#ifndef SCRAPER_XML_MEND_H
#define SCRAPER_XML_MEND_H

/*
 * xml_mend - XML with the mistakes that people make, as they meant it.
 *
 * A tag that HTML never closes (<br>) is closed; what is open when something
 * around it ends, ends with it; an end of what is not open is dropped; a '<'
 * that begins no tag is itself; values get their quotes, a CDATA section
 * without an end goes to the next end of what it stands in. What is well-formed
 * comes back as it is. Pure.
 */
#include "common/arena.h"
#include "common/str.h"

enum { XML_MEND_DEPTH_MAX = 200 }; /* elements in elements; else text is NULL */

/* UTF-8 in, UTF-8 out; absent where the text is beyond mending. */
struct str xml_mend(struct str text, struct arena *a);

#endif
