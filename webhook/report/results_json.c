/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "report/json.h"
#include "report/results.h"

/* The document is built as a value, and written like every other one. */

static struct pn_value text_of(const char *text)
{
    return pn_string(pn_str_of(text));
}

static int make(struct pn_value *ret, struct pn_arena *a, const struct pn_member *members, size_t n)
{
    return pn_object_new(ret, a, members, n);
}

/* OBJECT(ret, arena, {PN_STR_INIT("key"), value}, ...) */
#define OBJECT(ret, a, ...)                                   \
    make((ret), (a), (const struct pn_member[]){__VA_ARGS__}, \
         PN_COUNT_OF(((const struct pn_member[]){__VA_ARGS__})))

#define KEY(literal) PN_STR_INIT(literal)

static int failure_value(struct pn_value *ret, const struct pn_failure *f, struct pn_arena *a)
{
    int r = OBJECT(ret, a, {KEY("what"), pn_string(f->what)}, {KEY("line"), pn_int(f->line)},
                   {KEY("column"), pn_int(f->column)}, {KEY("message"), pn_string(f->message)});
    if (r == 0 && f->diff.n > 0)
        r = pn_object_with(ret, a, *ret, PN_STR("diff"), pn_string(f->diff));
    return r;
}

static int failures_value(struct pn_value *ret, const struct pn_case_result *c, struct pn_arena *a)
{
    struct pn_value *items = pn_arena_zalloc(a, c->failure_count + 1, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < c->failure_count; i++) {
        int r = failure_value(&items[i], &c->failures[i], a);
        if (r != 0)
            return r;
    }
    return pn_array_take(ret, a, items, c->failure_count);
}

static int verdicts_value(struct pn_value *ret, const struct pn_case_result *c, struct pn_arena *a)
{
    struct pn_value *items = pn_arena_zalloc(a, c->verdict_count + 1, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < c->verdict_count; i++) {
        const struct pn_case_verdict *v = &c->verdicts[i];
        int r = OBJECT(&items[i], a, {KEY("name"), pn_string(v->policy)},
                       {KEY("reason"), text_of(pn_reason_name(v->reason))},
                       {KEY("text"), pn_string(v->text)});
        if (r != 0)
            return r;
    }
    return pn_array_take(ret, a, items, c->verdict_count);
}

static int case_value(struct pn_value *ret, const struct pn_case_result *c, struct pn_arena *a)
{
    struct pn_value policies, failures;
    int r = verdicts_value(&policies, c, a);
    if (r == 0)
        r = failures_value(&failures, c, a);
    if (r != 0)
        return r;
    return OBJECT(ret, a, {KEY("file"), pn_string(c->file)}, {KEY("line"), pn_int(c->line)},
                  {KEY("column"), pn_int(c->column)}, {KEY("test"), pn_string(c->suite)},
                  {KEY("case"), pn_string(c->name)},
                  {KEY("passed"), pn_bool(c->failure_count == 0)},
                  {KEY("result"), text_of(pn_outcome_name(c->outcome))},
                  {KEY("policies"), policies}, {KEY("failures"), failures});
}

/* {"count", "missed"} of names that were reached or not. */
static int reached_value(struct pn_value *ret, const struct pn_value *missed, size_t n,
                         size_t count, struct pn_arena *a)
{
    struct pn_value list;
    int r = pn_array_new(&list, a, missed, n);
    if (r != 0)
        return r;
    return OBJECT(ret, a, {KEY("count"), pn_int((int64_t)count)}, {KEY("missed"), list});
}

static int coverage_value(struct pn_value *ret, const struct pn_coverage *c, struct pn_arena *a)
{
    struct pn_value policies, reasons, names[PN_REASON_COUNT];
    struct pn_value *missed = pn_arena_zalloc(a, c->policy_count + 1, sizeof *missed);
    size_t n = 0, m = 0;
    if (missed == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < c->policy_count; i++) {
        if (!c->is_selected[i])
            missed[n++] = pn_string(c->policies[i]);
    }
    for (unsigned i = PN_REASON_NONE + 1; i < PN_REASON_COUNT; i++) {
        if (!c->reasons[i])
            names[m++] = text_of(pn_reason_name((enum pn_reason_id)i));
    }
    int r = reached_value(&policies, missed, n, c->policy_count, a);
    if (r == 0)
        r = reached_value(&reasons, names, m, PN_REASON_COUNT - 1, a);
    if (r != 0)
        return r;
    return OBJECT(ret, a, {KEY("policies"), policies}, {KEY("reasons"), reasons});
}

static int cases_value(struct pn_value *ret, const struct pn_results *results, struct pn_arena *a)
{
    struct pn_value *items = pn_arena_zalloc(a, results->count + 1, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < results->count; i++) {
        int r = case_value(&items[i], &results->cases[i], a);
        if (r != 0)
            return r;
    }
    return pn_array_take(ret, a, items, results->count);
}

int pn_results_write_json(struct pn_buf *out, const struct pn_results *results,
                          struct pn_arena *scratch)
{
    struct pn_value cases, summary, document, coverage = PN_VALUE_ABSENT;
    int r = cases_value(&cases, results, scratch);
    if (r == 0)
        r = OBJECT(&summary, scratch, {KEY("cases"), pn_int((int64_t)results->count)},
                   {KEY("passed"), pn_int((int64_t)(results->count - results->failed))},
                   {KEY("failed"), pn_int((int64_t)results->failed)});
    if (r == 0 && results->coverage != NULL)
        r = coverage_value(&coverage, results->coverage, scratch);
    if (r == 0)
        r = OBJECT(&document, scratch, {KEY("schemaVersion"), pn_int(1)}, {KEY("cases"), cases});
    if (r == 0 && coverage.kind == PN_OBJECT)
        r = pn_object_with(&document, scratch, document, PN_STR("coverage"), coverage);
    if (r == 0)
        r = pn_object_with(&document, scratch, document, PN_STR("summary"), summary);
    return r == 0 ? pn_json_write_document(out, document) : r;
}
