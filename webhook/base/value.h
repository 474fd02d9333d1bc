/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_BASE_VALUE_H
#define PN_BASE_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/node.h"
#include "base/str.h"

/*
 * The one value type: what templates, planner, validator and patch writer see. 16 bytes, passed by
 * value. Arrays and objects point to blocks in an arena and are immutable once published; strings
 * are borrowed. Objects keep the order of their members and hold no key twice.
 */
enum pn_kind {
    PN_ABSENT, /* not there: absent is neither null nor zero */
    PN_NULL,
    PN_BOOL,
    PN_INT,
    PN_REAL,
    PN_RAW, /* a number kept as it was written: from uint64 to 1.10 and 1e400 */
    PN_STRING,
    PN_ARRAY,
    PN_OBJECT,
    PN_BUILTIN, /* a function of the template language: never in a document, never written */
};

struct pn_block;

struct pn_value {
    uint8_t kind; /* enum pn_kind */
    uint32_t len; /* PN_STRING, PN_RAW: bytes */
    union {
        bool b;
        int64_t i;
        double r;
        const char *s;
        const struct pn_block *block;
        uint32_t builtin; /* PN_BUILTIN: which one; jsone knows */
    };
};

struct pn_member {
    struct pn_str key;
    struct pn_value value;
};

/* What is known of a value that many requests share; see pn_value_note(). */
struct pn_note {
    struct pn_str json; /* as pn_json_write() writes it */
    uint32_t fits;      /* what it was checked to be; a number of whoever checked it */
};

struct pn_block {
    uint32_t count;
    const struct pn_note *note; /* NULL: nothing is known */
    const uint32_t *by_key;     /* objects of more than a few members: indices sorted by key */
    union {
        const struct pn_value *items;
        const struct pn_member *members;
    };
};

#define PN_VALUE_ABSENT ((struct pn_value){.kind = PN_ABSENT})

/* pn_object_take, pn_object_new, pn_value_from_node: a key stands twice. */
#define PN_VALUE_E_DUPLICATE_KEY 1

static inline struct pn_value pn_null(void)
{
    return (struct pn_value){.kind = PN_NULL};
}

static inline struct pn_value pn_bool(bool b)
{
    return (struct pn_value){.kind = PN_BOOL, .b = b};
}

static inline struct pn_value pn_int(int64_t i)
{
    return (struct pn_value){.kind = PN_INT, .i = i};
}

static inline struct pn_value pn_real(double r)
{
    return (struct pn_value){.kind = PN_REAL, .r = r};
}

/* A string value that borrows `text` (at most UINT32_MAX bytes). */
static inline struct pn_value pn_string(struct pn_str text)
{
    return (struct pn_value){.kind = PN_STRING, .len = (uint32_t)text.n, .s = text.s};
}

/* A number as written; borrows `text`. */
static inline struct pn_value pn_raw(struct pn_str text)
{
    return (struct pn_value){.kind = PN_RAW, .len = (uint32_t)text.n, .s = text.s};
}

static inline struct pn_value pn_builtin(uint32_t builtin)
{
    return (struct pn_value){.kind = PN_BUILTIN, .builtin = builtin};
}

/* The bytes of a PN_STRING or PN_RAW; for any other kind a str with s == NULL. */
static inline struct pn_str pn_value_str(struct pn_value v)
{
    return v.kind == PN_STRING || v.kind == PN_RAW ? (struct pn_str){v.s, v.len} : PN_STR_NULL;
}

static inline bool pn_value_is_string(struct pn_value v, const char *text)
{
    return v.kind == PN_STRING && pn_str_is((struct pn_str){v.s, v.len}, text);
}

/* PN_ABSENT or PN_NULL: what Kubernetes treats alike. */
static inline bool pn_value_is_unset(struct pn_value v)
{
    return v.kind == PN_ABSENT || v.kind == PN_NULL;
}

/* Number of items or members; 0 for every other kind. */
static inline uint32_t pn_value_count(struct pn_value v)
{
    return v.kind == PN_ARRAY || v.kind == PN_OBJECT ? v.block->count : 0;
}

/* Item i of an array, i < pn_value_count(); PN_ABSENT when `array` is none. */
static inline struct pn_value pn_value_at(struct pn_value array, uint32_t i)
{
    return array.kind == PN_ARRAY ? array.block->items[i] : PN_VALUE_ABSENT;
}

/* Member i of an object, i < pn_value_count(); one without key and value when it is none. */
static inline const struct pn_member *pn_value_member(struct pn_value object, uint32_t i)
{
    static const struct pn_member none = {{NULL, 0}, {.kind = PN_ABSENT}};
    return object.kind == PN_OBJECT ? &object.block->members[i] : &none;
}

/* The member named `key`, or NULL (also when `object` is no object). */
const struct pn_member *pn_value_find(struct pn_value object, struct pn_str key);

/* Its value, or PN_ABSENT. */
struct pn_value pn_value_get(struct pn_value object, struct pn_str key);

/* The same, for a literal key: PN_GET(pod, "spec"). */
#define PN_GET(object, literal) pn_value_get((object), PN_STR(literal))

/*
 * An array or object from items that are copied to the arena (_new), or that already live there and
 * are handed over (_take). Returns 0, -ENOMEM, or PN_VALUE_E_DUPLICATE_KEY.
 */
int pn_array_new(struct pn_value *ret, struct pn_arena *a, const struct pn_value *items,
                 size_t n) PN_MUST_CHECK;
int pn_array_take(struct pn_value *ret, struct pn_arena *a, struct pn_value *take_items,
                  size_t n) PN_MUST_CHECK;
int pn_object_new(struct pn_value *ret, struct pn_arena *a, const struct pn_member *members,
                  size_t n) PN_MUST_CHECK;
int pn_object_take(struct pn_value *ret, struct pn_arena *a, struct pn_member *take_members,
                   size_t n) PN_MUST_CHECK;

/* The same from members whose keys are known to differ: they are not compared. */
int pn_object_take_distinct(struct pn_value *ret, struct pn_arena *a,
                            struct pn_member *take_members, size_t n) PN_MUST_CHECK;

/*
 * An object with the keys of `like`, an object, in the same order: `take_members` lives in the
 * arena and holds as many. Returns 0 or -ENOMEM.
 */
int pn_object_like(struct pn_value *ret, struct pn_arena *a, struct pn_value like,
                   struct pn_member *take_members) PN_MUST_CHECK;

/*
 * Object `v` with member `key` set (in place, or at the end); `v` may be unset. PN_ABSENT removes
 * the member. Returns 0 or -ENOMEM.
 */
int pn_object_with(struct pn_value *ret, struct pn_arena *a, struct pn_value v, struct pn_str key,
                   struct pn_value value) PN_MUST_CHECK;

/*
 * While a policy set is made, and nobody else sees it: notes of object `v`, which lives in `a`, how
 * it is written and what it fits. A value that is made of it anew knows nothing of that. Returns 0
 * or -ENOMEM.
 */
int pn_value_note(struct pn_value v, uint32_t fits, struct pn_arena *a) PN_MUST_CHECK;

/* True when that was noted of `v`. */
static inline bool pn_value_fits(struct pn_value v, uint32_t fits)
{
    return v.kind == PN_OBJECT && v.block->note != NULL && v.block->note->fits == fits;
}

/* A deep copy whose strings and blocks all live in `a`. Returns 0 or -ENOMEM. */
int pn_value_freeze(struct pn_value *ret, struct pn_value v, struct pn_arena *a) PN_MUST_CHECK;

/* The value of a scalar node, whose text is borrowed; PN_ABSENT for a sequence or mapping. */
struct pn_value pn_value_of_scalar(const struct pn_node *n);

/*
 * The value of a document node. Strings are borrowed from the node's arena. Returns 0 or -ENOMEM;
 * aliased nodes are expanded.
 */
int pn_value_from_node(struct pn_value *ret, const struct pn_node *n,
                       struct pn_arena *a) PN_MUST_CHECK;

/* Deep equality. Objects ignore order; PN_INT, PN_REAL and PN_RAW compare as numbers. */
bool pn_value_equal(struct pn_value a, struct pn_value b);

/* Words for messages: "an object", "a string", "null". */
const char *pn_value_kind_name(struct pn_value v);

/*
 * Writes compact JSON. Control characters, quote and backslash are escaped, all else is copied;
 * bytes that are no UTF-8 become U+FFFD. PN_ABSENT and PN_BUILTIN are written as null. A refused
 * allocation sets out->failed.
 */
void pn_json_write(struct pn_buf *out, struct pn_value v);

/* What stands between the quotes of a string. */
void pn_json_write_text(struct pn_buf *out, struct pn_str text);

/* The same for one string, with its quotes. */
void pn_json_write_str(struct pn_buf *out, struct pn_str text);

#endif
