/*
 * What sanitized programs are told before they start, for some are started
 * without an environment: the scraper's readers, whose address space is
 * limited. What is freed is kept for a while, to find its uses; by default as
 * much as the limit, so that a reader would end over what it has given back.
 */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "quarantine_size_mb=32";
}
