/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lint_baseline.h"

#include <errno.h>
#include <stdlib.h>

#include "cli/out.h"
#include "engine/decode.h"

void pn_lint_baseline_deinit(struct pn_lint_baseline *baseline)
{
    pn_buf_deinit(&baseline->file.bytes);
    pn_arena_free(baseline->arena);
    *baseline = (struct pn_lint_baseline){0};
}

/* ---- reading --------------------------------------------------------------------------- */

struct top {
    int32_t version;
    const struct pn_node *findings;
};

static const struct pn_field top_fields[] = {
    {"schemaVersion", PN_FIELD_INT32, offsetof(struct top, version), true},
    {"findings", PN_FIELD_NODE, offsetof(struct top, findings), true},
    {0}};

static const struct pn_field finding_fields[] = {
    {"rule", PN_FIELD_STRING, offsetof(struct pn_known_finding, rule), true},
    {"object", PN_FIELD_STRING, offsetof(struct pn_known_finding, object)},
    {"pointer", PN_FIELD_STRING, offsetof(struct pn_known_finding, pointer)},
    {"message", PN_FIELD_STRING, offsetof(struct pn_known_finding, message), true},
    {0}};

static void decode(struct pn_lint_baseline *b, struct pn_decoder *d, const struct pn_node *root)
{
    struct top top = {0, NULL};
    pn_decode_object(d, root, "document", top_fields, &top);
    if (top.version != 1 && d->diags->errors == d->errors_before)
        pn_decode_fault(d, root, "unknown-value", "schemaVersion: expected 1, got %d", top.version);
    const struct pn_node *list = top.findings != NULL ? pn_decode_list(d, top.findings, "findings")
                                                      : NULL;
    if (list == NULL)
        return;
    b->items = pn_arena_zalloc(d->arena, list->sequence.count + 1, sizeof *b->items);
    d->out_of_memory = d->out_of_memory || b->items == NULL;
    for (uint32_t i = 0; i < list->sequence.count && b->items != NULL; i++) {
        struct pn_known_finding *k = &b->items[b->count++];
        pn_decode_object(d, list->sequence.items[i], "findings", finding_fields, k);
        k->span = list->sequence.items[i]->span;
    }
}

int pn_lint_baseline_read(struct pn_lint_baseline *ret, const char *path, struct pn_diags *diags)
{
    struct pn_document *docs = NULL;
    size_t n = 0;
    ret->path = path;
    int r = pn_arena_new(&ret->arena, 0);
    if (r == 0)
        r = pn_load_file(&docs, &n, &ret->file, path, ret->arena, diags);
    if (r == 0 && ret->file.bytes.len == 0 && diags->errors > 0)
        pn_diags_help(diags, "--write-baseline makes it");
    if (r < 0 || diags->errors > 0)
        return r;
    struct pn_decoder d = {.source = &ret->file.source, .arena = ret->arena, .diags = diags};
    if (n != 1)
        pn_diags_add(diags, PN_SEVERITY_ERROR, "wrong-type", &ret->file.source, (struct pn_span){0},
                     "this is no baseline; --write-baseline makes one");
    else
        decode(ret, &d, docs[0].root);
    return d.out_of_memory || diags->failed ? -ENOMEM : 0;
}

/* ---- what is known --------------------------------------------------------------------- */

static bool is_same(const struct pn_known_finding *k, const struct pn_diag *d)
{
    return pn_str_is(k->rule, d->code) && pn_str_eq(k->object, pn_str_of(d->object)) &&
           pn_str_eq(k->pointer, pn_str_of(d->pointer)) && pn_str_is(k->message, d->message);
}

static void mark(struct pn_diag *d, struct pn_diags *diags, const char *path)
{
    free(d->suppressed);
    d->suppressed = pn_diags_copy(diags, pn_str_of(path));
    d->suppressed_by = PN_SUPPRESSED_BY_BASELINE;
}

/* Each of them is one finding: what was there once and is there twice now counts once. */
static bool mark_one(struct pn_diags *diags, const struct pn_known_finding *k, const char *path)
{
    for (size_t i = 0; i < diags->count; i++) {
        struct pn_diag *d = &diags->items[i];
        if (d->suppressed == NULL && pn_findings_is_baselined(d) && is_same(k, d)) {
            mark(d, diags, path);
            return true;
        }
    }
    return false;
}

int pn_lint_baseline_apply(struct pn_known_finding **ret_gone, size_t *ret_count,
                           const struct pn_lint_baseline *baseline, struct pn_diags *diags)
{
    struct pn_known_finding *gone = calloc(baseline->count + 1, sizeof *gone);
    size_t n = 0;
    if (gone == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < baseline->count; i++) {
        if (!mark_one(diags, &baseline->items[i], baseline->path))
            gone[n++] = baseline->items[i];
    }
    *ret_gone = gone;
    *ret_count = n;
    return diags->failed ? -ENOMEM : 0;
}

bool pn_lint_baseline_write(const char *path, const struct pn_findings *f, struct pn_diags *diags)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf bytes = PN_BUF_INIT;
    bool is_written = pn_out_file(path, &bytes, pn_findings_write_baseline(&bytes, f));
    for (size_t i = 0; i < diags->count && is_written; i++) {
        if (pn_findings_is_baselined(&diags->items[i]))
            mark(&diags->items[i], diags, path);
    }
    return is_written;
}
