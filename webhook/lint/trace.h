/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_LINT_TRACE_H
#define PN_LINT_TRACE_H

#include "base/arena.h"
#include "base/node.h"
#include "base/value.h"

/*
 * What a template makes of the values that a policy gives it, with the place where each part was
 * written. What depends on the Pod is unknown, and rules say nothing about it.
 */
struct pn_place {
    const struct pn_source *source;
    const struct pn_node *node;
};

enum pn_trace_kind {
    PN_TRACE_UNKNOWN,
    PN_TRACE_SCALAR, /* null too */
    PN_TRACE_LIST,
    PN_TRACE_MAP,
};

struct pn_trace;

struct pn_trace_entry {
    struct pn_str key; /* of a PN_TRACE_MAP */
    struct pn_place key_at;
    const struct pn_trace *value;
};

struct pn_trace {
    enum pn_trace_kind kind;
    bool maybe;         /* whether it is there depends on the Pod */
    bool open;          /* there may be more items or members than are known */
    struct pn_place at; /* where the value was written: a parameter's default, perhaps */
    struct pn_value scalar;
    const struct pn_trace_entry *entries;
    uint32_t count;
};

/* Something unknown, of no place. */
extern const struct pn_trace pn_trace_unknown;

/* A value that a template's expressions may use. */
struct pn_trace_parameter {
    struct pn_str name;
    struct pn_place at;
};

struct pn_trace_scope {
    struct pn_arena *arena;
    const struct pn_source *source; /* of the template */
    struct pn_value context;        /* what expressions see; without `pod` and `namespace` */
    const struct pn_trace_parameter *parameters;
    size_t parameter_count;
    bool out_of_memory;
};

/* Never NULL but for node == NULL; lives in the scope's arena. */
const struct pn_trace *pn_trace_of(struct pn_trace_scope *scope, const struct pn_node *node);

/* The member of a map: NULL when it is not there; what is unknown when it may be there. */
const struct pn_trace *pn_trace_get(const struct pn_trace *t, const char *key);

/* A path of members, separated by dots. */
const struct pn_trace *pn_trace_path(const struct pn_trace *t, const char *path);

/* Items of a list or members of a map; 0 for NULL and all else. */
uint32_t pn_trace_count(const struct pn_trace *t);
const struct pn_trace *pn_trace_item(const struct pn_trace *t, uint32_t i);

/* The text of a known string, or s == NULL. */
struct pn_str pn_trace_str(const struct pn_trace *t);

/* A known number, or false. */
bool pn_trace_int(int64_t *ret, const struct pn_trace *t);

/* True when it is a known boolean of that value. */
bool pn_trace_is_bool(const struct pn_trace *t, bool b);

/* True when it is known not to be there: NULL, or null. */
bool pn_trace_is_unset(const struct pn_trace *t);

/* True when all of it is known, also that it is not there: NULL. */
bool pn_trace_is_whole(const struct pn_trace *t);

/* The value, without what is unknown; *ret_whole, true before, is cleared when anything is. Returns
 * 0 or -ENOMEM. */
int pn_trace_value(struct pn_value *ret, bool *ret_whole, const struct pn_trace *t,
                   struct pn_arena *a) PN_MUST_CHECK;

#endif
