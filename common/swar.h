#ifndef COMMON_SWAR_H
#define COMMON_SWAR_H

/*
 * swar - eight bytes at a time, for the scans that every event goes through.
 *
 * Each test is not 0 if any byte of the word passes it. After Sean Anderson,
 * "Bit Twiddling Hacks" ("Determine if a word has a byte less than n").
 */
#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define SWAR_EACH(c) (UINT64_C(0x0101010101010101) * (c))

/*
 * Sixteen bytes, where the machine has registers for them; the compilers make
 * two words of them where it has not. Compared with a byte they give a mask.
 */
enum { SWAR_BLOCK = 16 };
typedef uint8_t swar_block __attribute__((vector_size(SWAR_BLOCK)));
typedef uint64_t swar_words __attribute__((vector_size(SWAR_BLOCK)));

static inline swar_block swar_load_block(const char *p)
{
	swar_block block;

	memcpy(&block, p, sizeof(block));
	return block;
}

/* The first byte is the lowest of the word, whatever the machine's order. */
static inline uint64_t swar_load(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return le64toh(word);
}

static inline uint64_t swar_high(uint64_t word) /* no ASCII */
{
	return word & SWAR_EACH(0x80);
}

static inline uint64_t swar_below(uint64_t word, unsigned char c) /* c <= 128 */
{
	return (word - SWAR_EACH(c)) & ~word & SWAR_EACH(0x80);
}

static inline uint64_t swar_is(uint64_t word, unsigned char c)
{
	return swar_below(word ^ SWAR_EACH(c), 1);
}

/*
 * The place of the first byte that passed, which no byte before it can have
 * feigned. mask is not 0.
 */
static inline unsigned swar_first(uint64_t mask)
{
	return (unsigned)__builtin_ctzll(mask) / 8;
}

#define swar_any(mask) swar_any_set((swar_words)(mask))

static inline bool swar_any_set(swar_words mask)
{
	return (mask[0] | mask[1]) != 0;
}

#endif
