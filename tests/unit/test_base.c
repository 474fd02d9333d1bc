/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/edits.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/node.h"
#include "base/number.h"
#include "base/source.h"
#include "base/str.h"
#include "base/value.h"

static struct pn_arena *arena;

static void set_up(void)
{
    ck_assert_int_eq(pn_arena_new(&arena, 0), 0);
}

static void tear_down(void)
{
    pn_arena_free(arena);
}

static void assert_str(struct pn_str got, const char *expected)
{
    ck_assert_msg(pn_str_is(got, expected), "expected \"%s\", got \"%.*s\"", expected,
                  PN_STR_ARG(got));
}

/* ---- str ------------------------------------------------------------------------------- */

START_TEST(str_compares_bytes)
{
    static const struct {
        struct pn_str a, b;
        int sign;
    } cases[] = {
        {PN_STR_INIT("a"), PN_STR_INIT("a"), 0},        {PN_STR_INIT("a"), PN_STR_INIT("b"), -1},
        {PN_STR_INIT("ab"), PN_STR_INIT("a"), 1},       {PN_STR_INIT(""), PN_STR_INIT("a"), -1},
        {PN_STR_INIT("a\0b"), PN_STR_INIT("a\0c"), -1}, {PN_STR_INIT("a\0"), PN_STR_INIT("a"), 1},
        {PN_STR_INIT("\xff"), PN_STR_INIT("a"), 1},     {{NULL, 0}, PN_STR_INIT(""), 0},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        int order = pn_str_cmp(cases[i].a, cases[i].b);
        ck_assert_int_eq((order > 0) - (order < 0), cases[i].sign);
        ck_assert_int_eq(pn_str_eq(cases[i].a, cases[i].b), cases[i].sign == 0);
    }
    ck_assert(pn_str_has_prefix(PN_STR("abc"), PN_STR("ab")));
    ck_assert(pn_str_has_prefix(PN_STR("abc"), PN_STR_NULL));
    ck_assert(!pn_str_has_prefix(PN_STR("ab"), PN_STR("abc")));
    ck_assert(pn_str_has_suffix(PN_STR("abc"), PN_STR("bc")));
    ck_assert(!pn_str_has_suffix(PN_STR("bc"), PN_STR("abc")));
}
END_TEST

START_TEST(str_cuts_and_finds)
{
    struct pn_str rest = PN_STR("a,,b");
    assert_str(pn_str_trim(PN_STR(" \t\r\n a b\n ")), "a b");
    assert_str(pn_str_trim(PN_STR("  ")), "");
    assert_str(pn_str_trim(PN_STR_NULL), "");
    assert_str(pn_str_split(&rest, ','), "a");
    assert_str(pn_str_split(&rest, ','), "");
    ck_assert_ptr_nonnull(rest.s);
    assert_str(pn_str_split(&rest, ','), "b");
    ck_assert_ptr_null(rest.s);
    ck_assert(pn_str_contains(PN_STR("sidecar"), PN_STR("car")));
    ck_assert(pn_str_contains(PN_STR("aab"), PN_STR("ab")));
    ck_assert(pn_str_contains(PN_STR_NULL, PN_STR("")));
    ck_assert(!pn_str_contains(PN_STR("ca"), PN_STR("car")));
    ck_assert(pn_str_contains(PN_STR("x\0y"), PN_STR("\0y")));
}
END_TEST

/* The published test vectors of FNV-1a. */
START_TEST(str_hashes)
{
    ck_assert_uint_eq(pn_str_hash(PN_HASH_BASIS, PN_STR("")), UINT64_C(0xcbf29ce484222325));
    ck_assert_uint_eq(pn_str_hash(PN_HASH_BASIS, PN_STR("a")), UINT64_C(0xaf63dc4c8601ec8c));
    ck_assert_uint_eq(pn_str_hash(PN_HASH_BASIS, PN_STR("foobar")), UINT64_C(0x85944171f73967e8));
    uint64_t parts = pn_str_hash(pn_str_hash(PN_HASH_BASIS, PN_STR("foo")), PN_STR("bar"));
    ck_assert_uint_eq(parts, pn_str_hash(PN_HASH_BASIS, PN_STR("foobar")));
}
END_TEST

START_TEST(str_reads_utf8)
{
    static const struct {
        const char *text;
        size_t next;
    } cases[] = {
        {"a", 1},
        {"\xc3\xa9", 2},
        {"\xe2\x82\xac", 3},
        {"\xf0\x9f\x98\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"", 0},
        {"\x80", 0},             /* a continuation alone */
        {"\xc3", 0},             /* cut */
        {"\xe2\x82", 0},         /* cut */
        {"\xc3\x28", 0},         /* no continuation */
        {"\xc0\xaf", 0},         /* overlong */
        {"\xe0\x80\xaf", 0},     /* overlong */
        {"\xf0\x80\x80\xaf", 0}, /* overlong */
        {"\xed\xa0\x80", 0},     /* a surrogate */
        {"\xf4\x90\x80\x80", 0}, /* above U+10FFFF */
        {"\xff", 0},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        struct pn_str text = pn_str_of(cases[i].text);
        ck_assert_msg(pn_str_utf8_next(text) == cases[i].next, "case %zu", i);
        ck_assert(pn_str_utf8_valid(text) == (cases[i].next == text.n));
    }
    ck_assert_uint_eq(pn_str_utf8_cut(PN_STR("caf\xc3\xa9"), 5), 5);
    ck_assert_uint_eq(pn_str_utf8_cut(PN_STR("caf\xc3\xa9"), 4), 3);
    ck_assert_uint_eq(pn_str_utf8_cut(PN_STR("\xf0\x9f\x98\x80"), 3), 0);
    ck_assert_uint_eq(pn_str_utf8_cut(PN_STR("abc"), 0), 0);
}
END_TEST

START_TEST(str_guesses_what_was_meant)
{
    static const char *const fields[] = {"matchLabels", "matchExpressions", "In", "when", NULL};
    static const struct {
        const char *word, *nearest;
    } cases[] = {
        {"matchlabels", "matchLabels"},
        {"matchLable", "matchLabels"},
        {"macthLabels", "matchLabels"},
        {"matchExpresions", "matchExpressions"},
        {"in", "In"},
        {"wehn", "when"},
        {"podSelector", NULL},
        {"x", NULL},
        {"", NULL},
        {"wxyz", NULL},
    };
    static char long_word[100];
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        const char *got = pn_str_nearest(pn_str_of(cases[i].word), fields);
        ck_assert_pstr_eq(got, cases[i].nearest);
        if (got != NULL)
            ck_assert(pn_str_is_near(pn_str_of(cases[i].word), pn_str_of(got)));
    }
    ck_assert(!pn_str_is_near(PN_STR("wxyz"), PN_STR("when")));
    ck_assert(!pn_str_is_near(PN_STR("x"), PN_STR("In")));
    memset(long_word, 'a', sizeof long_word);
    ck_assert_ptr_null(pn_str_nearest((struct pn_str){long_word, sizeof long_word}, fields));
}
END_TEST

START_TEST(str_is_meant_beyond_doubt)
{
    static const char *const words[] = {"In",     "NotIn", "Exists", "requests", "UDP",
                                        "limits", "TCP",   "port",   "ports",    NULL};
    static const struct {
        const char *word, *meant;
    } cases[] = {
        {"Exist", "Exists"},
        {"requsts", "requests"},
        {"reqeusts", "requests"},
        {"in", "In"},
        {"tcp", "TCP"},
        {"Tdp", NULL}, /* TCP or UDP */
        {"Is", NULL},
        {"prt", NULL}, /* port or ports */
        {"request", "requests"},
        {"rqests", "requests"},
        {"rqess", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++)
        ck_assert_pstr_eq(pn_str_meant(pn_str_of(cases[i].word), words), cases[i].meant);
}
END_TEST

/* ---- buf ------------------------------------------------------------------------------- */

static void fill(struct pn_buf *b)
{
    pn_buf_cstr(b, "a");
    pn_buf_char(b, '\0');
    pn_buf_int(b, INT64_MIN);
    pn_buf_int(b, 0);
    pn_buf_printf(b, "%s-%d", "x", 7);
    pn_buf_append(b, NULL, 0);
    for (int i = 0; i < 1000; i++)
        pn_buf_str(b, PN_STR("0123456789"));
}

START_TEST(buf_grows)
{
    struct pn_buf heap = PN_BUF_INIT, in_arena = PN_BUF_IN_ARENA(arena);
    fill(&heap);
    fill(&in_arena);
    ck_assert(pn_str_has_prefix(pn_buf_view(&heap), PN_STR("a\0-92233720368547758080x-7012")));
    ck_assert_uint_eq(heap.len, 2 + 20 + 1 + 3 + 10000);
    ck_assert(pn_str_eq(pn_buf_view(&heap), pn_buf_view(&in_arena)));
    ck_assert(!heap.failed && !in_arena.failed);
    pn_buf_reset(&heap, heap.cap);
    ck_assert_uint_eq(heap.len, 0);
    ck_assert_ptr_nonnull(heap.data);
    pn_buf_reset(&heap, 10);
    ck_assert_ptr_null(heap.data);
    pn_buf_cstr(&heap, "again");
    assert_str(pn_buf_view(&heap), "again");
    pn_buf_deinit(&heap);
    pn_buf_deinit(&in_arena);
    ck_assert_ptr_eq(in_arena.arena, arena);
}
END_TEST

START_TEST(buf_remembers_a_refusal)
{
    pn_arena_reset(arena, 1024);
    struct pn_buf b = PN_BUF_IN_ARENA(arena);
    pn_buf_cstr(&b, "kept");
    ck_assert_ptr_null(pn_buf_reserve(&b, 4096));
    ck_assert(b.failed);
    pn_buf_cstr(&b, "dropped");
    pn_buf_printf(&b, "%d", 1);
    ck_assert_ptr_null(pn_buf_reserve(&b, 1));
    assert_str(pn_buf_view(&b), "kept");
    pn_buf_reset(&b, SIZE_MAX);
    ck_assert(!b.failed);
    ck_assert_ptr_null(pn_buf_reserve(&b, SIZE_MAX));
    ck_assert(b.failed);
}
END_TEST

/* Of every length up to a few words, in memory of just that size: nothing behind is read. */
START_TEST(str_same_looks_at_each_byte)
{
    ck_assert(pn_str_same(NULL, NULL, 0));
    for (size_t n = 1; n <= 34; n++) {
        char *a = malloc(n), *b = malloc(n);
        ck_assert(a != NULL && b != NULL);
        memset(a, 'x', n);
        memset(b, 'x', n);
        ck_assert(pn_str_same(a, b, n));
        for (size_t i = 0; i < n; i++) {
            b[i] = '\xf8';
            ck_assert_msg(!pn_str_same(a, b, n), "byte %zu of %zu", i, n);
            b[i] = 'x';
        }
        free(a);
        free(b);
    }
    ck_assert_int_gt(pn_str_cmp(PN_STR("a\xff"), PN_STR("ab")), 0);
}
END_TEST

/* The vectors of RFC 4648 section 10, and others. */
START_TEST(buf_writes_base64)
{
    static const struct {
        struct pn_str bytes;
        const char *text;
    } cases[] = {
        {{NULL, 0}, ""},
        {PN_STR_INIT("f"), "Zg=="},
        {PN_STR_INIT("fo"), "Zm8="},
        {PN_STR_INIT("foo"), "Zm9v"},
        {PN_STR_INIT("foob"), "Zm9vYg=="},
        {PN_STR_INIT("fooba"), "Zm9vYmE="},
        {PN_STR_INIT("foobar"), "Zm9vYmFy"},
        {PN_STR_INIT("\x00\x10\x83\x10\x51\x87\x20\x92\x8b\x30\xd3\x8f\x41"),
         "ABCDEFGHIJKLMNOPQQ=="},
        {PN_STR_INIT("\xff\xfe\x00\x80"), "//4AgA=="},
        {PN_STR_INIT("\xfb\xef\xbe"), "++++"},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        struct pn_buf b = PN_BUF_IN_ARENA(arena);
        pn_buf_base64(&b, cases[i].bytes);
        assert_str(pn_buf_view(&b), cases[i].text);
        ck_assert(!b.failed);
    }
}
END_TEST

/* Each digit at each place of the 16 that are made at once, and what comes behind them. */
START_TEST(buf_writes_each_digit_of_base64)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (unsigned first = 0; first < 64; first++) {
        unsigned char bytes[60];
        char text[81] = "";
        for (unsigned at = 0; at < 80; at += 4) {
            uint32_t w = 0;
            for (unsigned i = 0; i < 4; i++) {
                text[at + i] = digits[(first + at + i) % 64];
                w = w << 6 | (first + at + i) % 64;
            }
            for (unsigned i = 0; i < 3; i++)
                bytes[at / 4 * 3 + i] = (unsigned char)(w >> (16 - 8 * i));
        }
        for (size_t n = 0; n <= sizeof bytes; n += 3) {
            struct pn_buf b = PN_BUF_IN_ARENA(arena);
            pn_buf_base64(&b, (struct pn_str){(const char *)bytes, n});
            ck_assert_uint_eq(b.len, n / 3 * 4);
            ck_assert(n == 0 || memcmp(b.data, text, b.len) == 0);
        }
    }
}
END_TEST

START_TEST(buf_writes_json_pointers)
{
    struct pn_buf b = PN_BUF_IN_ARENA(arena);
    pn_buf_pointer(&b, PN_STR("spec"));
    pn_buf_pointer(&b, PN_STR(""));
    pn_buf_pointer(&b, PN_STR("a/b~c~1"));
    assert_str(pn_buf_view(&b), "/spec//a~1b~0c~01");
}
END_TEST

/* ---- arena ----------------------------------------------------------------------------- */

START_TEST(arena_rewinds_to_a_mark)
{
    char *before = pn_arena_alloc(arena, 100);
    memset(before, 'x', 100);
    struct pn_arena_mark mark = pn_arena_mark(arena);
    size_t used = pn_arena_used(arena);
    for (size_t round = 0; round < 3; round++) {
        void *first = pn_arena_alloc(arena, 8);
        ck_assert_ptr_nonnull(pn_arena_alloc(arena, 1000000)); /* blocks of its own */
        pn_arena_rewind(arena, mark);
        ck_assert_uint_eq(pn_arena_used(arena), used);
        ck_assert_ptr_eq(pn_arena_alloc(arena, 8), first);
        pn_arena_rewind(arena, mark);
    }
    ck_assert_int_eq(before[0], 'x');
    ck_assert_int_eq(before[99], 'x');
}
END_TEST

START_TEST(arena_aligns_and_keeps_apart)
{
    unsigned char *blocks[200];
    for (size_t i = 0; i < PN_COUNT_OF(blocks); i++) {
        blocks[i] = pn_arena_alloc(arena, i * 7);
        ck_assert_ptr_nonnull(blocks[i]);
        ck_assert_uint_eq((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        memset(blocks[i], (int)i, i * 7);
    }
    for (size_t i = 0; i < PN_COUNT_OF(blocks); i++) {
        for (size_t j = 0; j < i * 7; j++)
            ck_assert_uint_eq(blocks[i][j], i);
    }
    unsigned *zeros = pn_arena_zalloc(arena, 100, sizeof *zeros);
    for (size_t i = 0; i < 100; i++)
        ck_assert_uint_eq(zeros[i], 0);
    assert_str(pn_arena_format(arena, "%s=%d", "a", 5), "a=5");
    struct pn_str copy = pn_arena_dup(arena, PN_STR("x\0y"));
    ck_assert(pn_str_eq(copy, PN_STR("x\0y")) && copy.s[3] == '\0');
    ck_assert_ptr_nonnull(pn_arena_dup(arena, PN_STR_NULL).s);
}
END_TEST

START_TEST(arena_holds_its_cap)
{
    pn_arena_reset(arena, 100000);
    ck_assert_ptr_nonnull(pn_arena_alloc(arena, 90000));
    ck_assert(!pn_arena_hit_cap(arena));
    ck_assert_ptr_null(pn_arena_alloc(arena, 20000));
    ck_assert(pn_arena_hit_cap(arena) && !pn_arena_out_of_memory(arena));
    ck_assert_ptr_nonnull(pn_arena_alloc(arena, 5000));
    size_t used = pn_arena_used(arena);
    ck_assert(used >= 95000 && used <= 100000);
    /* Too large for any memory is no question of the cap. */
    ck_assert_ptr_null(pn_arena_alloc(arena, SIZE_MAX));
    ck_assert(!pn_arena_hit_cap(arena) && pn_arena_out_of_memory(arena));
    ck_assert_ptr_null(pn_arena_alloc(arena, 20000));
    ck_assert_ptr_null(pn_arena_zalloc(arena, SIZE_MAX / 2, 4));
    ck_assert(!pn_arena_hit_cap(arena));
    ck_assert_ptr_null(pn_arena_dup(arena, (struct pn_str){NULL, SIZE_MAX / 2}).s);
    ck_assert(pn_arena_out_of_memory(arena));
    pn_arena_reset(arena, 0);
    ck_assert(!pn_arena_out_of_memory(arena));
    ck_assert_uint_eq(pn_arena_used(arena), 0);
    ck_assert_ptr_nonnull(pn_arena_alloc(arena, 200000));
    pn_arena_reset(arena, 10015); /* to the last one that is whole, in several blocks */
    for (size_t given = 0; given < 10000; given += 80)
        ck_assert(pn_arena_alloc(arena, 80) != NULL && pn_arena_alloc(arena, 0) != NULL);
    ck_assert_uint_eq(pn_arena_used(arena), 10000);
    ck_assert_ptr_null(pn_arena_alloc(arena, 1));
    ck_assert(pn_arena_hit_cap(arena));
    pn_arena_free(NULL);
}
END_TEST

START_TEST(arena_grows_the_last_block_in_place)
{
    char *p = pn_arena_alloc(arena, 10);
    memcpy(p, "0123456789", 10);
    char *q = pn_arena_grow(arena, p, 10, 500);
    ck_assert_ptr_eq(p, q);
    char *other = pn_arena_alloc(arena, 1);
    char *moved = pn_arena_grow(arena, q, 500, 600);
    ck_assert(moved != q && moved != other);
    ck_assert_mem_eq(moved, "0123456789", 10);
    ck_assert_ptr_eq(pn_arena_grow(arena, moved, 600, 5), moved);
    ck_assert_ptr_nonnull(pn_arena_grow(arena, NULL, 0, 5));
    pn_arena_reset(arena, 64);
    p = pn_arena_alloc(arena, 32);
    ck_assert_ptr_null(pn_arena_grow(arena, p, 32, 128));
    ck_assert(pn_arena_hit_cap(arena));
    ck_assert_ptr_nonnull(pn_arena_grow(arena, p, 32, 64));
}
END_TEST

/* ---- err, source, diag ----------------------------------------------------------------- */

START_TEST(err_gains_context)
{
    struct pn_err err = PN_ERR_INIT;
    char filler[2 * PN_ERR_MAX_BYTES];
    ck_assert_int_eq(pn_err_set(&err, -5, "field %s", "a"), -5);
    ck_assert_int_eq(pn_err_wrap(&err, 3, "spec[%d]", 0), 3);
    pn_err_wrap(&err, 0, "x.yaml");
    ck_assert_str_eq(err.text, "x.yaml: spec[0]: field a");
    struct pn_err silent = PN_ERR_INIT;
    pn_err_wrap(&silent, 0, "alone");
    ck_assert_str_eq(silent.text, "alone");
    ck_assert_int_eq(pn_err_set(NULL, 1, "x"), 1);
    ck_assert_int_eq(pn_err_wrap(NULL, 1, "x"), 1);
    memset(filler, 'z', sizeof filler);
    filler[sizeof filler - 1] = '\0';
    pn_err_wrap(&err, 0, "first");
    pn_err_wrap(&err, 0, "%.1000s", filler);
    ck_assert_uint_eq(strlen(err.text), PN_ERR_MAX_BYTES - 1);
    pn_err_wrap(&err, 0, "%s", filler);
    ck_assert_uint_lt(strlen(err.text), PN_ERR_MAX_BYTES);
    pn_err_set(&err, 0, "%s", filler);
    ck_assert_uint_eq(strlen(err.text), PN_ERR_MAX_BYTES - 1);
}
END_TEST

START_TEST(source_counts_lines_and_characters)
{
    static const struct pn_source source = {PN_STR_INIT("f"), PN_STR_INIT("ab\nc\xc3\xa9\xff"
                                                                          "d\r\n\nlast")};
    static const struct {
        size_t offset;
        uint32_t line, column;
        const char *text;
    } cases[] = {
        {0, 1, 1, "ab"},
        {2, 1, 3, "ab"},
        {3, 2, 1,
         "c\xc3\xa9\xff"
         "d"},
        {6, 2, 3,
         "c\xc3\xa9\xff"
         "d"},
        {7, 2, 4,
         "c\xc3\xa9\xff"
         "d"},
        {10, 3, 1, ""},
        {11, 4, 1, "last"},
        {15, 4, 5, "last"},
        {99, 4, 5, "last"},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        struct pn_span span = pn_source_span(&source, cases[i].offset, cases[i].offset + 1);
        ck_assert_msg(span.line == cases[i].line && span.column == cases[i].column,
                      "offset %zu: %u:%u", cases[i].offset, span.line, span.column);
        assert_str(pn_source_line(&source, cases[i].offset), cases[i].text);
        ck_assert_uint_le(span.start, span.end);
    }
    struct pn_source empty = {PN_STR("f"), PN_STR_NULL};
    ck_assert_uint_eq(pn_source_span(&empty, 0, 0).line, 1);
    assert_str(pn_source_line(&empty, 0), "");
}
END_TEST

static void add_at(struct pn_diags *diags, const char *file, size_t offset, const char *text)
{
    struct pn_source source = {pn_str_of(file), PN_STR("one\ntwo\nthree\n")};
    pn_diags_add(diags, PN_SEVERITY_ERROR, "test", &source, pn_source_span(&source, offset, offset),
                 "%s", text);
}

START_TEST(diags_sort_by_place)
{
    static const char *const expected[] = {"none", "a1", "a2", "a3", "a3 too", "b1"};
    struct pn_diags diags = PN_DIAGS_INIT;
    add_at(&diags, "b", 0, "b1");
    add_at(&diags, "a", 8, "a3");
    add_at(&diags, "a", 5, "a2");
    add_at(&diags, "a", 8, "a3 too");
    add_at(&diags, "a", 1, "a1");
    pn_diags_add(&diags, PN_SEVERITY_WARNING, "test", NULL, (struct pn_span){0}, "none");
    pn_diags_help(&diags, "do %s", "this");
    pn_diags_sort(&diags);
    ck_assert_uint_eq(diags.count, PN_COUNT_OF(expected));
    for (size_t i = 0; i < PN_COUNT_OF(expected); i++)
        ck_assert_str_eq(diags.items[i].message, expected[i]);
    ck_assert_str_eq(diags.items[0].help, "do this");
    ck_assert_ptr_null(diags.items[0].file);
    ck_assert_ptr_null(diags.items[0].excerpt);
    ck_assert_ptr_null(diags.items[1].help);
    ck_assert_str_eq(diags.items[2].excerpt, "two");
    ck_assert_uint_eq(diags.items[2].span.column, 2);
    ck_assert_uint_eq(diags.errors, 5);
    pn_diags_deinit(&diags);
    ck_assert_uint_eq(diags.count, 0);
}
END_TEST

START_TEST(diags_are_bounded)
{
    static char line[4 * PN_EXCERPT_MAX_BYTES];
    struct pn_diags diags = PN_DIAGS_INIT;
    memset(line, 'x', sizeof line);
    struct pn_source source = {PN_STR("f"), {line, sizeof line}};
    for (size_t i = 0; i < PN_DIAGS_MAX + 5; i++)
        pn_diags_add(&diags, i % 2 ? PN_SEVERITY_WARNING : PN_SEVERITY_ERROR, "test", &source,
                     pn_source_span(&source, 0, 1), "%zu", i);
    pn_diags_help(&diags, "for a dropped one");
    ck_assert_uint_eq(diags.count, PN_DIAGS_MAX);
    ck_assert_uint_eq(diags.dropped, 5);
    ck_assert_uint_eq(diags.errors, (PN_DIAGS_MAX + 5 + 1) / 2);
    ck_assert_uint_eq(strlen(diags.items[0].excerpt), PN_EXCERPT_MAX_BYTES);
    ck_assert_ptr_null(diags.items[PN_DIAGS_MAX - 1].help);
    ck_assert(!diags.failed);
    pn_diags_deinit(&diags);
}
END_TEST

/* ---- edits ----------------------------------------------------------------------------- */

START_TEST(edits_change_a_text)
{
    PN_CLEANUP(pn_edits_deinit) struct pn_edits edits = PN_EDITS_INIT;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf out = PN_BUF_INIT;
    struct pn_str source = PN_STR("one two three");
    pn_edits_add(&edits, 13, 13, PN_STR("!"));
    pn_edits_add(&edits, 4, 7, PN_STR("2"));
    pn_edits_add(&edits, 0, 0, PN_STR("a "));
    pn_edits_add(&edits, 0, 0, PN_STR("b "));
    pn_edits_add(&edits, 7, 8, PN_STR(""));
    ck_assert_int_eq(pn_edits_apply(&out, &edits, source), 0);
    assert_str(pn_buf_view(&out), "a b one 2three!");
}
END_TEST

START_TEST(edits_that_overlap_are_refused)
{
    static const struct {
        size_t start, end;
    } bad[] = {{4, 6}, {6, 8}, {12, 14}, {9, 8}};
    for (size_t i = 0; i < PN_COUNT_OF(bad); i++) {
        PN_CLEANUP(pn_edits_deinit) struct pn_edits edits = PN_EDITS_INIT;
        PN_CLEANUP(pn_buf_deinit) struct pn_buf out = PN_BUF_INIT;
        pn_edits_add(&edits, 5, 7, PN_STR("x"));
        pn_edits_add(&edits, bad[i].start, bad[i].end, PN_STR("y"));
        ck_assert_int_eq(pn_edits_apply(&out, &edits, PN_STR("one two three")), -EINVAL);
        ck_assert_uint_eq(out.len, 0);
    }
}
END_TEST

/* ---- number ---------------------------------------------------------------------------- */

/* What Go's encoding/json and JavaScript print. */
START_TEST(number_writes_the_shortest)
{
    static const struct {
        double r;
        const char *text;
    } cases[] = {
        {0.0, "0"},
        {-0.0, "-0"},
        {1.0, "1"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {1.0 / 3, "0.3333333333333333"},
        {100.0, "100"},
        {123456789.125, "123456789.125"},
        {1e-6, "0.000001"},
        {9.5e-7, "9.5e-7"},
        {1e20, "100000000000000000000"},
        {1e21, "1e+21"},
        {1.5e300, "1.5e+300"},
        {5e-324, "5e-324"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {9007199254740993.0, "9007199254740992"},
        {0x1p89, "6.189700196426902e+26"}, /* above the nearest of 16 digits */
        {0x1p-76, "1.3234889800848443e-23"},
        {INFINITY, "null"},
        {NAN, "null"},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        struct pn_buf b = PN_BUF_IN_ARENA(arena);
        double back;
        pn_number_write_real(&b, cases[i].r);
        assert_str(pn_buf_view(&b), cases[i].text);
        if (isfinite(cases[i].r)) {
            ck_assert(pn_number_read_real(&back, pn_buf_view(&b)));
            ck_assert(back == cases[i].r);
        }
    }
}
END_TEST

START_TEST(number_reads_integers)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t i;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"007", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999999", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+1", false, 0},
        {"1.0", false, 0},
        {" 1", false, 0},
        {"1e3", false, 0},
        {"\xd9\xa3", false, 0},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        int64_t got = 42;
        ck_assert_msg(pn_number_read_int(&got, pn_str_of(cases[i].text)) == cases[i].ok, "\"%s\"",
                      cases[i].text);
        ck_assert_int_eq(got, cases[i].ok ? cases[i].i : 42);
    }
    int64_t got;
    ck_assert(!pn_number_read_int(&got, PN_STR_NULL));
    ck_assert(!pn_number_read_int(&got, PN_STR("1\0")));
}
END_TEST

START_TEST(number_refuses_what_is_none)
{
    static const char *const cases[] = {"",    "x",    "1e400", "-1e400", "nan",
                                        "inf", "0x10", "1 ",    "1e"};
    double r = 42;
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++)
        ck_assert_msg(!pn_number_read_real(&r, pn_str_of(cases[i])), "\"%s\"", cases[i]);
    ck_assert(!pn_number_read_real(&r, PN_STR("1\0")));
    ck_assert(r == 42);
    ck_assert(pn_number_read_real(&r, PN_STR("-1.25e2")) && r == -125);
    ck_assert(pn_number_read_real(&r, PN_STR("1e-400")) && r == 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, str_compares_bytes);
    tcase_add_test(all, str_cuts_and_finds);
    tcase_add_test(all, str_hashes);
    tcase_add_test(all, str_reads_utf8);
    tcase_add_test(all, str_guesses_what_was_meant);
    tcase_add_test(all, str_is_meant_beyond_doubt);
    tcase_add_test(all, buf_grows);
    tcase_add_test(all, buf_remembers_a_refusal);
    tcase_add_test(all, str_same_looks_at_each_byte);
    tcase_add_test(all, buf_writes_base64);
    tcase_add_test(all, buf_writes_each_digit_of_base64);
    tcase_add_test(all, buf_writes_json_pointers);
    tcase_add_test(all, arena_rewinds_to_a_mark);
    tcase_add_test(all, arena_aligns_and_keeps_apart);
    tcase_add_test(all, arena_holds_its_cap);
    tcase_add_test(all, arena_grows_the_last_block_in_place);
    tcase_add_test(all, err_gains_context);
    tcase_add_test(all, source_counts_lines_and_characters);
    tcase_add_test(all, diags_sort_by_place);
    tcase_add_test(all, diags_are_bounded);
    tcase_add_test(all, edits_change_a_text);
    tcase_add_test(all, edits_that_overlap_are_refused);
    tcase_add_test(all, number_writes_the_shortest);
    tcase_add_test(all, number_reads_integers);
    tcase_add_test(all, number_refuses_what_is_none);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
