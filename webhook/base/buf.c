/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

void pn_buf_deinit(struct pn_buf *b)
{
    if (b->arena == NULL)
        free(b->data);
    *b = (struct pn_buf)PN_BUF_IN_ARENA(b->arena);
}

void pn_buf_reset(struct pn_buf *b, size_t keep_bytes)
{
    if (b->cap > keep_bytes) {
        pn_buf_deinit(b);
        return;
    }
    b->len = 0;
    b->failed = false;
}

static bool grow(struct pn_buf *b, size_t n)
{
    if (b->failed)
        return false;
    if (n > SIZE_MAX / 4 || b->len > SIZE_MAX / 4) {
        b->failed = true;
        return false;
    }
    size_t cap = b->cap > 0 ? b->cap * 2 : 256;
    while (cap < b->len + n)
        cap *= 2;
    char *data = b->arena != NULL ? pn_arena_grow(b->arena, b->data, b->cap, cap)
                                  : realloc(b->data, cap);
    if (data == NULL) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

static inline bool has_room(struct pn_buf *b, size_t n)
{
    return (b->data != NULL && !b->failed && n <= b->cap - b->len) || grow(b, n);
}

char *pn_buf_reserve(struct pn_buf *b, size_t n)
{
    if (!has_room(b, n))
        return NULL;
    char *at = b->data + b->len;
    b->len += n;
    return at;
}

void pn_buf_append(struct pn_buf *b, const void *bytes, size_t n)
{
    if (n == 0 || !has_room(b, n))
        return;
    memcpy(b->data + b->len, bytes, n);
    b->len += n;
}

void pn_buf_str(struct pn_buf *b, struct pn_str text)
{
    pn_buf_append(b, text.s, text.n);
}

void pn_buf_cstr(struct pn_buf *b, const char *text)
{
    pn_buf_append(b, text, strlen(text));
}

void pn_buf_int(struct pn_buf *b, int64_t i)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = i < 0 ? -(uint64_t)i : (uint64_t)i;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (i < 0)
        digits[--at] = '-';
    pn_buf_append(b, digits + at, sizeof digits - at);
}

void pn_buf_printf(struct pn_buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n < 0)
        b->failed = true;
    else if (has_room(b, (size_t)n + 1)) { /* vsnprintf terminates; the NUL is not counted */
        vsnprintf(b->data + b->len, (size_t)n + 1, format, again);
        b->len += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

struct pn_str pn_buf_view(const struct pn_buf *b)
{
    return (struct pn_str){b->data, b->len};
}

void pn_buf_pointer(struct pn_buf *b, struct pn_str key)
{
    pn_buf_char(b, '/');
    for (size_t i = 0; i < key.n; i++) {
        if (key.s[i] == '~')
            pn_buf_cstr(b, "~0");
        else if (key.s[i] == '/')
            pn_buf_cstr(b, "~1");
        else
            pn_buf_char(b, key.s[i]);
    }
}

typedef signed char digits16 __attribute__((vector_size(16)));
typedef uint32_t words4 __attribute__((vector_size(16)));

enum { IS_LITTLE_ENDIAN = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ };

/* 16 digits at once of the first 12 bytes of 13 or more. */
static void encode_12(char *out, const unsigned char *p)
{
    words4 w = {0}; /* three bytes each, the first on top */
    for (int i = 0; i < 4; i++, p += 3)
        w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    w = w >> 26 | (w >> 12 & 0x3f00) | (w << 2 & 0x3f0000) | (w << 16 & 0x3f000000);
    digits16 v = (digits16)w; /* 0 to 63 each: A-Z, a-z, 0-9, + and / */
    v = v + ((v > 25) & ('a' - 'Z' - 1)) - ((v > 51) & ('z' + 1 - '0')) -
        ((v > 61) & ('9' + 1 - '+')) + ((v > 62) & ('/' - '+' - 1)) + 'A';
    memcpy(out, &v, sizeof v);
}

void pn_buf_base64(struct pn_buf *b, struct pn_str bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *p = (const unsigned char *)bytes.s;
    char *out = pn_buf_reserve(b, (bytes.n + 2) / 3 * 4);
    if (out == NULL)
        return;
    size_t left = bytes.n;
    for (; IS_LITTLE_ENDIAN && left > 12; left -= 12, p += 12, out += 16)
        encode_12(out, p);
    for (; left >= 3; left -= 3, p += 3) {
        uint32_t w = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        *out++ = digits[w >> 18];
        *out++ = digits[w >> 12 & 63];
        *out++ = digits[w >> 6 & 63];
        *out++ = digits[w & 63];
    }
    if (left > 0) {
        uint32_t w = (uint32_t)p[0] << 16 | (left == 2 ? (uint32_t)p[1] << 8 : 0);
        *out++ = digits[w >> 18];
        *out++ = digits[w >> 12 & 63];
        *out++ = left == 2 ? digits[w >> 6 & 63] : '=';
        *out++ = '=';
    }
}
