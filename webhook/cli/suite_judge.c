/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/suite_judge.h"

#include <errno.h>
#include <stdarg.h>

#include "report/diff.h"
#include "yaml/emit.h"

/* Values of which each takes no more than this are told in the message, not as a difference. */
enum { SHORT_BYTES = 100 };

/* ---- failures -------------------------------------------------------------------------- */

static int add_failure(struct pn_judge *j, struct pn_span at, struct pn_failure failure)
{
    struct pn_arena *a = j->run->results;
    if (j->count == j->cap) {
        size_t cap = 2 * j->cap + 4, size = sizeof *j->failures;
        struct pn_failure *grown = pn_arena_grow(a, j->failures, j->cap * size, cap * size);
        if (grown == NULL)
            return -ENOMEM;
        j->failures = grown;
        j->cap = cap;
    }
    failure.line = at.line;
    failure.column = at.column;
    failure.what = pn_arena_dup(a, failure.what);
    j->failures[j->count++] = failure;
    return failure.what.s != NULL && failure.message.s != NULL ? 0 : -ENOMEM;
}

int pn_judge_fail(struct pn_judge *j, struct pn_span at, struct pn_str what, const char *format,
                  ...)
{
    struct pn_err text = PN_ERR_INIT;
    va_list args;
    va_start(args, format);
    pn_err_setv(&text, 0, format, args);
    va_end(args);
    struct pn_str message = pn_arena_dup(j->run->results, pn_str_of(text.text));
    return add_failure(j, at, (struct pn_failure){.what = what, .message = message});
}

/* A string as itself, all else as YAML. */
static int write_lines(struct pn_buf *out, struct pn_value v)
{
    if (v.kind != PN_STRING)
        return pn_yaml_write(out, v);
    pn_buf_str(out, pn_value_str(v));
    pn_buf_char(out, '\n');
    return 0;
}

int pn_judge_fail_with(struct pn_judge *j, struct pn_span at, struct pn_str what,
                       struct pn_value expected, struct pn_value got)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf left = PN_BUF_INIT;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf right = PN_BUF_INIT;
    struct pn_buf diff = PN_BUF_IN_ARENA(j->run->results);
    pn_json_write(&left, expected);
    pn_json_write(&right, got);
    if (left.len <= SHORT_BYTES && right.len <= SHORT_BYTES)
        return pn_judge_fail(j, at, what, "expected %.*s, got %.*s", PN_STR_ARG(pn_buf_view(&left)),
                             PN_STR_ARG(pn_buf_view(&right)));
    left.len = right.len = 0;
    int r = write_lines(&left, expected);
    if (r == 0)
        r = write_lines(&right, got);
    if (r == 0)
        r = pn_diff_write(&diff, PN_STR("expected"), pn_buf_view(&left), PN_STR("got"),
                          pn_buf_view(&right), false);
    if (r != 0 || left.failed || right.failed || diff.failed)
        return -ENOMEM;
    return add_failure(j, at,
                       (struct pn_failure){.what = what,
                                           .message = PN_STR("another value than expected"),
                                           .diff = pn_buf_view(&diff)});
}

/* ---- result and reasons ---------------------------------------------------------------- */

/* "port-taken: container ... would listen on ..." */
static struct pn_str describe(const struct pn_judge *j, const struct pn_reason *reason)
{
    struct pn_buf text = PN_BUF_IN_ARENA(j->run->values);
    pn_buf_printf(&text, "%s: ", pn_reason_name(reason->id));
    pn_reason_write(&text, reason);
    return pn_buf_view(&text);
}

static int check_result(struct pn_judge *j)
{
    const struct pn_expect *e = &j->c->expect;
    enum pn_outcome got = pn_preview_outcome(j->decision);
    bool not_injected = got == PN_OUTCOME_ANNOTATED || got == PN_OUTCOME_UNCHANGED;
    if (e->result == PN_EXPECT_NONE || e->result == (int)got ||
        (e->result == PN_EXPECT_NOT_INJECTED && not_injected))
        return 0;
    return pn_judge_fail(j, e->result_node->span, PN_STR("result"), "expected %.*s, got %s%s%.*s",
                         PN_STR_ARG(e->result_node->s), pn_outcome_name(got),
                         j->decision->allowed ? "" : ": ",
                         PN_STR_ARG(j->decision->allowed ? PN_STR("") : j->decision->message));
}

static int check_reason(struct pn_judge *j)
{
    const struct pn_expect *e = &j->c->expect;
    const struct pn_reason *got = &j->decision->review;
    if (e->reason == PN_REASON_NONE || e->reason == got->id)
        return 0;
    struct pn_str text = got->id != PN_REASON_NONE ? describe(j, got)
                                                   : PN_STR("none: policies were evaluated");
    return pn_judge_fail(j, e->reason_node->span, PN_STR("reason"), "expected %s, got %.*s",
                         pn_reason_name(e->reason), PN_STR_ARG(text));
}

static int check_reasons(struct pn_judge *j)
{
    const struct pn_expect *e = &j->c->expect;
    for (size_t i = 0; i < e->reason_count; i++) {
        const struct pn_expect_reason *expected = &e->reasons[i];
        const struct pn_verdict *v = pn_decision_verdict(j->decision, expected->policy);
        const struct pn_reason *got = v != NULL ? &v->reason : &j->decision->review;
        if (got->id == expected->id)
            continue;
        struct pn_str what = pn_arena_format(j->run->values, "reasons.%.*s",
                                             PN_STR_ARG(expected->policy));
        int r = pn_judge_fail(j, expected->node->span, what, "expected %s, got %.*s",
                              pn_reason_name(expected->id), PN_STR_ARG(describe(j, got)));
        if (r != 0)
            return r;
    }
    return 0;
}

static bool has_note(const struct pn_judge *j, struct pn_str name)
{
    const struct pn_decision *d = j->decision;
    for (size_t i = 0; i < d->verdict_count; i++) {
        if (pn_str_is(name, pn_reason_name(d->verdicts[i].note.id)))
            return true;
    }
    for (size_t i = 0; i < d->note_count; i++) {
        if (pn_str_is(name, pn_reason_name(d->notes[i].id)))
            return true;
    }
    return false;
}

static int check_notes(struct pn_judge *j)
{
    const struct pn_node *notes = j->c->expect.notes;
    for (uint32_t i = 0; notes != NULL && i < notes->sequence.count; i++) {
        const struct pn_node *note = notes->sequence.items[i];
        int r = has_note(j, note->s) ? 0
                                     : pn_judge_fail(j, note->span, PN_STR("notes"),
                                                     "%.*s was not noted", PN_STR_ARG(note->s));
        if (r != 0)
            return r;
    }
    return 0;
}

/* ---- what was added -------------------------------------------------------------------- */

/* Compares a list in the test with one that came out. */
static int check_list(struct pn_judge *j, const struct pn_node *node, const char *what,
                      const struct pn_value *items, size_t n)
{
    struct pn_value expected, got;
    int r = pn_value_from_node(&expected, node, j->run->values);
    if (r == 0)
        r = pn_array_new(&got, j->run->values, items, n);
    if (r != 0 || pn_value_equal(expected, got))
        return r;
    return pn_judge_fail_with(j, node->span, pn_str_of(what), expected, got);
}

static bool is_applied(const struct pn_judge *j, const struct pn_verdict *v)
{
    return j->decision->allowed && pn_reason_class_of(v->reason.id) == PN_CLASS_SUCCESS &&
           v->reason.id != PN_REASON_WOULD_INJECT && v->reason.id != PN_REASON_WOULD_DENY;
}

static int check_policies(struct pn_judge *j)
{
    const struct pn_decision *d = j->decision;
    const struct pn_node *node = j->c->expect.policies;
    if (node == NULL)
        return 0;
    size_t n = 0;
    struct pn_value *names = pn_arena_zalloc(j->run->values, d->verdict_count + 1, sizeof *names);
    if (names == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < d->verdict_count; i++) {
        if (is_applied(j, &d->verdicts[i]))
            names[n++] = pn_string(pn_policy_set_policy_name(d->set, d->verdicts[i].policy));
    }
    return check_list(j, node, "policies", names, n);
}

static bool holds_name(struct pn_value containers, struct pn_value name)
{
    for (uint32_t i = 0; i < pn_value_count(containers); i++) {
        if (pn_value_equal(PN_GET(pn_value_at(containers, i), "name"), name))
            return true;
    }
    return false;
}

/* Names of containers in list `key` of the Pod that were not in it. */
static int check_containers(struct pn_judge *j, const struct pn_node *node, const char *what,
                            const char *key)
{
    struct pn_value before = pn_value_get(PN_GET(j->before, "spec"), pn_str_of(key));
    struct pn_value after = pn_value_get(PN_GET(j->after, "spec"), pn_str_of(key));
    size_t n = 0;
    if (node == NULL)
        return 0;
    struct pn_value *names = pn_arena_zalloc(j->run->values, pn_value_count(after) + 1,
                                             sizeof *names);
    if (names == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < pn_value_count(after); i++) {
        struct pn_value name = PN_GET(pn_value_at(after, i), "name");
        if (!holds_name(before, name))
            names[n++] = name;
    }
    return check_list(j, node, what, names, n);
}

int pn_judge_expected(struct pn_judge *j)
{
    const struct pn_expect *e = &j->c->expect;
    int r = check_result(j);
    if (r == 0)
        r = check_reason(j);
    if (r == 0)
        r = check_policies(j);
    if (r == 0)
        r = check_reasons(j);
    if (r == 0)
        r = check_notes(j);
    if (r == 0)
        r = check_containers(j, e->added, "containers.added", "containers");
    if (r == 0)
        r = check_containers(j, e->init_added, "containers.initAdded", "initContainers");
    if (r == 0)
        r = pn_judge_asserts(j);
    return r == 0 ? pn_judge_golden(j) : r;
}
