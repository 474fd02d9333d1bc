/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lint_fix.h"

#include <errno.h>
#include <stdlib.h>

#include "base/edits.h"
#include "cli/out.h"
#include "report/diff.h"
#include "yaml/read.h"

/* A repair may uncover something that has one; more rounds than that go in a circle. */
enum { ROUNDS_MAX = 10 };

void pn_lint_fixes_deinit(struct pn_lint_fixes *fixes)
{
    for (size_t i = 0; i < fixes->count; i++) {
        free(fixes->items[i].path);
        pn_buf_deinit(&fixes->items[i].before);
        pn_buf_deinit(&fixes->items[i].now);
    }
    free(fixes->items);
    *fixes = (struct pn_lint_fixes){0};
}

static const char *path_of(const struct pn_input_file *file)
{
    return file->path != NULL ? file->path : "-";
}

static struct pn_lint_text *find_text(const struct pn_lint_fixes *fixes, const char *path)
{
    for (size_t i = 0; i < fixes->count; i++) {
        if (strcmp(fixes->items[i].path, path) == 0)
            return &fixes->items[i];
    }
    return NULL;
}

/* What is remembered of a file; its bytes as they are now, when it is new. NULL: out of memory. */
static struct pn_lint_text *remember(struct pn_lint_fixes *fixes, const struct pn_input_file *file)
{
    struct pn_lint_text *old = find_text(fixes, path_of(file));
    if (old != NULL)
        return old;
    struct pn_lint_text *items = reallocarray(fixes->items, fixes->count + 1, sizeof *fixes->items);
    if (items == NULL)
        return NULL;
    fixes->items = items;
    struct pn_lint_text *text = &items[fixes->count];
    *text = (struct pn_lint_text){
        .path = strdup(path_of(file)), .before = PN_BUF_INIT, .now = PN_BUF_INIT};
    if (text->path == NULL)
        return NULL;
    fixes->count++;
    pn_buf_str(&text->before, file->source.bytes);
    pn_buf_str(&text->now, file->source.bytes);
    return text->before.failed || text->now.failed ? NULL : text;
}

/* Standard input can be read only once, by whoever it is for. */
static int remember_stdin(struct pn_lint_fixes *fixes, const struct pn_lint_result *result)
{
    const struct pn_input *const inputs[] = {&result->paths, &result->manifests};
    for (size_t i = 0; i < PN_COUNT_OF(inputs); i++) {
        for (size_t k = 0; k < inputs[i]->file_count; k++) {
            if (inputs[i]->files[k].path == NULL && remember(fixes, &inputs[i]->files[k]) == NULL)
                return -ENOMEM;
        }
    }
    return 0;
}

/* ---- one round ------------------------------------------------------------------------- */

/* True when none of the finding's edits touches one that is taken already. */
static bool is_free(const struct pn_edits *taken, const struct pn_diag *d)
{
    for (size_t i = 0; i < d->edit_count; i++) {
        for (size_t k = 0; k < taken->count; k++) {
            if (d->edits[i].start <= taken->items[k].end &&
                taken->items[k].start <= d->edits[i].end)
                return false;
        }
    }
    return d->edit_count > 0;
}

static bool concerns(const struct pn_diag *d, struct pn_str name)
{
    return d->file != NULL && pn_str_is(name, d->file);
}

static void take(struct pn_edits *edits, const struct pn_diag *d)
{
    for (size_t k = 0; k < d->edit_count; k++)
        pn_edits_add(edits, d->edits[k].start, d->edits[k].end, pn_str_of(d->edits[k].text));
}

/* Takes a finding's edits out again; they have been sorted since. */
static void give_back(struct pn_edits *edits, const struct pn_diag *d)
{
    size_t n = 0;
    for (size_t i = 0; i < edits->count; i++) {
        bool is_its = false;
        for (size_t k = 0; k < d->edit_count && !is_its; k++)
            is_its = edits->items[i].text.s == d->edits[k].text;
        if (!is_its)
            edits->items[n++] = edits->items[i];
    }
    edits->count = n;
}

/* The text with the edits; *ret_reads says whether that is YAML still: two keys may have become
 * one. */
static int apply(struct pn_buf *ret, bool *ret_reads, struct pn_edits *edits,
                 const struct pn_source *source)
{
    PN_CLEANUP(pn_diags_deinit) struct pn_diags faults = PN_DIAGS_INIT;
    struct pn_arena *arena = NULL;
    struct pn_document *docs;
    size_t n;
    pn_buf_reset(ret, SIZE_MAX);
    int r = pn_edits_apply(ret, edits, source->bytes);
    if (r == 0)
        r = pn_arena_new(&arena, 0);
    struct pn_source fixed = {source->name, pn_buf_view(ret)};
    if (r == 0)
        r = pn_yaml_read(&docs, &n, &fixed, arena, &faults);
    pn_arena_free(arena);
    *ret_reads = r == 0 && faults.errors == 0;
    return r < 0 ? r : 0;
}

/* All repairs of a file at once, or else those of them that leave it YAML, one after another. */
static int repair(struct pn_buf *ret, size_t *ret_n, const struct pn_input_file *file,
                  const struct pn_diags *diags)
{
    PN_CLEANUP(pn_edits_deinit) struct pn_edits edits = PN_EDITS_INIT;
    bool reads = true;
    int r = 0;
    *ret_n = 0;
    for (size_t i = 0; i < diags->count; i++) {
        if (!concerns(&diags->items[i], file->source.name) || !is_free(&edits, &diags->items[i]))
            continue;
        take(&edits, &diags->items[i]);
        ++*ret_n;
    }
    if (*ret_n > 0)
        r = apply(ret, &reads, &edits, &file->source);
    if (r != 0 || reads)
        return r;
    edits.count = *ret_n = 0;
    for (size_t i = 0; i < diags->count && r == 0; i++) {
        if (!concerns(&diags->items[i], file->source.name) || !is_free(&edits, &diags->items[i]))
            continue;
        take(&edits, &diags->items[i]);
        r = apply(ret, &reads, &edits, &file->source);
        *ret_n += reads;
        if (!reads)
            give_back(&edits, &diags->items[i]);
    }
    return r == 0 && *ret_n > 0 ? apply(ret, &reads, &edits, &file->source) : r;
}

static int fix_file(struct pn_lint_fixes *fixes, size_t *ret_fixed,
                    const struct pn_input_file *file, const struct pn_diags *diags)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf fixed = PN_BUF_INIT;
    size_t n;
    int r = repair(&fixed, &n, file, diags);
    if (r != 0 || n == 0)
        return r;
    struct pn_lint_text *text = remember(fixes, file);
    if (text == NULL)
        return -ENOMEM;
    struct pn_buf old = text->now;
    text->now = fixed;
    fixed = old;
    *ret_fixed += n;
    return 0;
}

/* True when a file of that name stands before it: one that is named twice is one. */
static bool is_repeated(const struct pn_input *input, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (strcmp(path_of(&input->files[k]), path_of(&input->files[i])) == 0)
            return true;
    }
    return false;
}

static bool has_repairs(const struct pn_diags *diags)
{
    for (size_t i = 0; i < diags->count; i++) {
        if (diags->items[i].edit_count > 0)
            return true;
    }
    return false;
}

static int fix_round(struct pn_lint_fixes *fixes, size_t *ret_fixed,
                     const struct pn_lint_result *result)
{
    int r = remember_stdin(fixes, result);
    if (r != 0 || !has_repairs(&result->diags))
        return r;
    for (size_t i = 0; i < result->paths.file_count && r == 0; i++) {
        if (!is_repeated(&result->paths, i))
            r = fix_file(fixes, ret_fixed, &result->paths.files[i], &result->diags);
    }
    return r;
}

/* ---- rounds ---------------------------------------------------------------------------- */

static int examine(struct pn_lint_result *ret, const struct pn_lint_job *job,
                   const struct pn_lint_fixes *fixes)
{
    PN_CLEANUP(pn_free_pointer)
    struct pn_input_text *texts = calloc(fixes->count + 1, sizeof *texts);
    struct pn_lint_job again = *job;
    if (texts == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < fixes->count; i++)
        texts[i] = (struct pn_input_text){fixes->items[i].path, pn_buf_view(&fixes->items[i].now)};
    again.texts = texts;
    again.text_count = fixes->count;
    return pn_lint_examine(ret, &again);
}

int pn_lint_fix(struct pn_lint_fixes *ret, struct pn_lint_result *ret_result,
                const struct pn_lint_job *job)
{
    for (int round = 0;; round++) {
        size_t fixed = 0;
        int r = examine(ret_result, job, ret);
        if (r == 0 && round < ROUNDS_MAX)
            r = fix_round(ret, &fixed, ret_result);
        ret->fixed += fixed;
        if (r != 0 || fixed == 0)
            return r;
        pn_lint_result_deinit(ret_result);
        *ret_result = (struct pn_lint_result){0};
    }
}

/* ---- what comes of it ------------------------------------------------------------------ */

static bool is_changed(const struct pn_lint_text *text)
{
    return !pn_str_eq(pn_buf_view(&text->before), pn_buf_view(&text->now));
}

static bool print(struct pn_str text)
{
    struct pn_out out = PN_OUT_INIT;
    pn_buf_str(&out.buf, text);
    return pn_out_finish(&out);
}

bool pn_lint_fixes_write(const struct pn_lint_fixes *fixes, bool prints_stdin)
{
    bool is_written = true;
    for (size_t i = 0; i < fixes->count; i++) {
        const struct pn_lint_text *text = &fixes->items[i];
        if (strcmp(text->path, "-") == 0) {
            is_written = (!prints_stdin || print(pn_buf_view(&text->now))) && is_written;
            continue;
        }
        if (is_changed(text))
            is_written = pn_out_file(text->path, &text->now, 0) && is_written;
    }
    return is_written;
}

int pn_lint_fixes_diff(struct pn_buf *out, const struct pn_lint_fixes *fixes, bool color)
{
    int n = 0;
    for (size_t i = 0; i < fixes->count; i++) {
        const struct pn_lint_text *text = &fixes->items[i];
        struct pn_str name = pn_str_of(pn_input_name(text->path));
        if (!is_changed(text))
            continue;
        n++;
        if (pn_diff_write(out, name, pn_buf_view(&text->before), name, pn_buf_view(&text->now),
                          color) != 0)
            return -ENOMEM;
    }
    return n;
}
