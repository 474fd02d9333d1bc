/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_BASE_BUF_H
#define PN_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/str.h"

struct pn_arena;

/*
 * A growing run of bytes for output, on the heap or in an arena. Appending never fails in between:
 * a refused allocation sets `failed`, later appends do nothing, and the caller asks once, at the
 * end.
 */
struct pn_buf {
    char *data; /* NULL while empty; not terminated */
    size_t len;
    size_t cap;
    bool failed;
    struct pn_arena *arena; /* NULL: the heap */
};

/* clang-format off */
#define PN_BUF_INIT {NULL, 0, 0, false, NULL}
/* A buffer whose bytes live in `arena_`; it needs no pn_buf_deinit. */
#define PN_BUF_IN_ARENA(arena_) {NULL, 0, 0, false, (arena_)}
/* clang-format on */

/* Frees the bytes and leaves an empty buffer of the same kind. For PN_CLEANUP too. */
void pn_buf_deinit(struct pn_buf *b);

/* Empties the buffer; keeps its memory unless it holds more than `keep_bytes`. */
void pn_buf_reset(struct pn_buf *b, size_t keep_bytes);

void pn_buf_append(struct pn_buf *b, const void *bytes, size_t n);
void pn_buf_str(struct pn_buf *b, struct pn_str text);
void pn_buf_cstr(struct pn_buf *b, const char *text);

static inline void pn_buf_char(struct pn_buf *b, char c)
{
    if (b->len < b->cap && !b->failed)
        b->data[b->len++] = c;
    else
        pn_buf_append(b, &c, 1);
}

void pn_buf_int(struct pn_buf *b, int64_t i);
void pn_buf_printf(struct pn_buf *b, const char *format, ...) PN_PRINTF(2, 3);

/* Room for `n` more bytes: a pointer to write to (len grows by n), or NULL when refused. */
char *pn_buf_reserve(struct pn_buf *b, size_t n);

/* The bytes written so far, borrowed until the next append. */
struct pn_str pn_buf_view(const struct pn_buf *b);

/* '/' and `key`, escaped as one token of a JSON pointer (RFC 6901). */
void pn_buf_pointer(struct pn_buf *b, struct pn_str key);

/* Standard base64 with padding (RFC 4648 section 4), as Go decodes []byte. */
void pn_buf_base64(struct pn_buf *b, struct pn_str bytes);

#endif
