/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_JSONE_RUN_H
#define PN_JSONE_RUN_H

#include "jsone/build.h"
#include "jsone/tree.h"

/* One evaluation. Its functions return 0, PN_JSONE_E_TEMPLATE, PN_JSONE_E_LIMIT or -ENOMEM. */
struct pn_run {
    struct pn_arena *arena;
    struct pn_value context;
    int64_t now_ms;
    struct pn_jsone_limits limits;
    uint32_t steps, depth; /* used so far */
    bool folding;          /* the clock, and what else the context will hold, are not known */
    struct pn_jsone_error *error;         /* NULL: nobody asks why */
    const struct pn_template_expr *loose; /* the last name that gave a function, uncalled */
};

/* Variables of $let and of loops, from the inside out. */
struct pn_scope {
    const struct pn_scope *outer;
    const struct pn_str *names; /* later ones win */
    const struct pn_value *values;
    uint32_t count;
    struct pn_value object; /* instead of names: the members of an object */
};

/* ---- eval.c ---------------------------------------------------------------------------- */

/* The value of a node: PN_ABSENT for a delete marker. */
int pn_run_node(struct pn_run *run, const struct pn_template_expr *t, const struct pn_scope *scope,
                struct pn_value *ret) PN_MUST_CHECK;

/* The value of an operator's first child, which is to be a list. */
int pn_run_list(struct pn_run *run, const struct pn_template_expr *t, const struct pn_scope *scope,
                struct pn_value *ret) PN_MUST_CHECK;

/* The value of `name` as the node `at` sees it; PN_ABSENT: there is none. */
int pn_run_lookup(struct pn_run *run, const struct pn_template_expr *at,
                  const struct pn_scope *scope, struct pn_str name, uint8_t builtin,
                  struct pn_value *ret) PN_MUST_CHECK;

/* Checks a finished value: no functions, within steps and depth when written out. */
int pn_run_check(struct pn_run *run, const struct pn_template_expr *at,
                 struct pn_value v) PN_MUST_CHECK;

/* ---- run.c: faults, limits, and what many nodes need ----------------------------------- */

/* Says what is wrong at a node. Returns PN_JSONE_E_TEMPLATE. */
int pn_run_fail(struct pn_run *run, const struct pn_template_expr *at, const char *format, ...)
    PN_PRINTF(3, 4);

/* The same, about byte `offset` of the node's expression. */
int pn_run_fail_at(struct pn_run *run, const struct pn_template_expr *at, size_t offset,
                   const char *format, ...) PN_PRINTF(4, 5);

/* After the arena refused: PN_JSONE_E_LIMIT for its cap, else -ENOMEM. */
int pn_run_refused(struct pn_run *run, const struct pn_template_expr *at);

/* Takes `n` steps. */
int pn_run_charge(struct pn_run *run, const struct pn_template_expr *at, uint64_t n) PN_MUST_CHECK;

/* Takes the steps for `n` bytes of text. */
int pn_run_charge_bytes(struct pn_run *run, const struct pn_template_expr *at,
                        uint64_t n) PN_MUST_CHECK;

/* One level deeper; whoever calls it calls pn_run_leave() when it gave 0. */
int pn_run_enter(struct pn_run *run, const struct pn_template_expr *at) PN_MUST_CHECK;
void pn_run_leave(struct pn_run *run);

/* `count` items in the arena, not initialised; NULL: see pn_run_refused(). */
void *pn_run_alloc(struct pn_run *run, size_t count, size_t size) PN_MUST_CHECK;

/* An array of items that live in the arena; an object from a build. */
int pn_run_array(struct pn_run *run, const struct pn_template_expr *at, struct pn_value *items,
                 size_t n, struct pn_value *ret) PN_MUST_CHECK;
int pn_run_set(struct pn_run *run, const struct pn_template_expr *at, struct pn_build *b,
               struct pn_str key, struct pn_value value) PN_MUST_CHECK;
int pn_run_object(struct pn_run *run, const struct pn_template_expr *at, struct pn_build *b,
                  struct pn_value *ret) PN_MUST_CHECK;

/* Deep equality; functions are equal to themselves. */
int pn_run_equal(struct pn_run *run, const struct pn_template_expr *at, struct pn_value a,
                 struct pn_value b, bool *ret) PN_MUST_CHECK;

/*
 * The text of a string, number, boolean or null (`null_text`) within another text. s == NULL: it is
 * none of these.
 */
int pn_run_text(struct pn_run *run, const struct pn_template_expr *at, struct pn_value v,
                struct pn_str null_text, struct pn_str *ret) PN_MUST_CHECK;

/* Joins `n` pieces with a separator between them. */
int pn_run_join(struct pn_run *run, const struct pn_template_expr *at, const struct pn_str *pieces,
                size_t n, struct pn_str separator, struct pn_value *ret) PN_MUST_CHECK;

/* ---- express.c, access.c, operators.c, merge.c: one function for each kind of node ----- */

int pn_express_unary(struct pn_run *run, const struct pn_template_expr *t,
                     const struct pn_scope *scope, struct pn_value *ret) PN_MUST_CHECK;
int pn_express_chain(struct pn_run *run, const struct pn_template_expr *t,
                     const struct pn_scope *scope, struct pn_value *ret) PN_MUST_CHECK;
int pn_express_power(struct pn_run *run, const struct pn_template_expr *t,
                     const struct pn_scope *scope, struct pn_value *ret) PN_MUST_CHECK;

int pn_access_member(struct pn_run *run, const struct pn_template_expr *t,
                     const struct pn_scope *scope, struct pn_value *ret) PN_MUST_CHECK;
int pn_access_index(struct pn_run *run, const struct pn_template_expr *t,
                    const struct pn_scope *scope, struct pn_value *ret) PN_MUST_CHECK;
int pn_access_slice(struct pn_run *run, const struct pn_template_expr *t,
                    const struct pn_scope *scope, struct pn_value *ret) PN_MUST_CHECK;

int pn_operators_if(struct pn_run *run, const struct pn_template_expr *t,
                    const struct pn_scope *scope, struct pn_value *ret) PN_MUST_CHECK;
int pn_operators_let(struct pn_run *run, const struct pn_template_expr *t,
                     const struct pn_scope *scope, struct pn_value *ret) PN_MUST_CHECK;
int pn_operators_map(struct pn_run *run, const struct pn_template_expr *t,
                     const struct pn_scope *scope, struct pn_value *ret) PN_MUST_CHECK;
int pn_operators_reduce(struct pn_run *run, const struct pn_template_expr *t,
                        const struct pn_scope *scope, struct pn_value *ret) PN_MUST_CHECK;
int pn_operators_find(struct pn_run *run, const struct pn_template_expr *t,
                      const struct pn_scope *scope, struct pn_value *ret) PN_MUST_CHECK;
int pn_operators_match(struct pn_run *run, const struct pn_template_expr *t,
                       const struct pn_scope *scope, struct pn_value *ret) PN_MUST_CHECK;
int pn_operators_switch(struct pn_run *run, const struct pn_template_expr *t,
                        const struct pn_scope *scope, struct pn_value *ret) PN_MUST_CHECK;
int pn_operators_from_now(struct pn_run *run, const struct pn_template_expr *t,
                          const struct pn_scope *scope, struct pn_value *ret) PN_MUST_CHECK;

int pn_merge_sort(struct pn_run *run, const struct pn_template_expr *t,
                  const struct pn_scope *scope, struct pn_value *ret) PN_MUST_CHECK;
int pn_merge_flatten(struct pn_run *run, const struct pn_template_expr *t,
                     const struct pn_scope *scope, struct pn_value *ret) PN_MUST_CHECK;
int pn_merge_reverse(struct pn_run *run, const struct pn_template_expr *t,
                     const struct pn_scope *scope, struct pn_value *ret) PN_MUST_CHECK;
int pn_merge_objects(struct pn_run *run, const struct pn_template_expr *t,
                     const struct pn_scope *scope, struct pn_value *ret) PN_MUST_CHECK;
int pn_merge_json(struct pn_run *run, const struct pn_template_expr *t,
                  const struct pn_scope *scope, struct pn_value *ret) PN_MUST_CHECK;

#endif
