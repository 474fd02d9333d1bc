/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "cli/preview.h"
#include "report/json.h"

/* What changes from the base policies to those of -p, in all formats; and -o markdown, which shows
 * the same without a base. */

bool pn_preview_has_effects(const struct pn_preview_run *run)
{
    return run->base.set != NULL || run->o->format == PN_PREVIEW_MARKDOWN;
}

/* ---- one object ------------------------------------------------------------------------ */

static int write_diff(struct pn_buf *out, const struct pn_preview_object *object,
                      const struct pn_effect *effect, bool color)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf result = PN_BUF_INIT;
    pn_effect_write_result(&result, effect);
    pn_buf_char(&result, '\0');
    if (result.failed)
        return -ENOMEM;
    return pn_preview_write_diff(out, object, object->base.object, object->after.object,
                                 result.data, color);
}

static int print_diff(struct pn_preview_run *run, const struct pn_preview_object *object,
                      const struct pn_effect *effect)
{
    run->differing += effect->differs;
    return write_diff(&run->out.buf, object, effect, run->color_out);
}

static int add_to_report(struct pn_preview_run *run, const struct pn_preview_object *object,
                         const struct pn_preview *preview, const struct pn_effect *effect)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf diff = PN_BUF_INIT;
    int r = effect->changes ? write_diff(&diff, object, effect, false) : 0;
    if (r == 0)
        pn_markdown_report_add(&run->report, preview, effect, pn_buf_view(&diff));
    return r;
}

/* The table escapes its cells itself. */
static const struct pn_effect_style plain = {pn_buf_str, "~"};

static void add_row(struct pn_table *table, const struct pn_preview *preview,
                    const struct pn_effect *effect)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf cell = PN_BUF_INIT;
    pn_table_add(table, preview->namespace);
    pn_preview_write_name(&cell, preview);
    pn_table_add_buf(table, &cell);
    pn_effect_write_result(&cell, effect);
    pn_table_add_buf(table, &cell);
    pn_effect_write_policies(&cell, effect, &plain);
    pn_table_add_buf(table, &cell);
    pn_effect_write_containers(&cell, effect, &plain);
    pn_table_add_buf(table, &cell);
    pn_effect_write_requests(&cell, effect, &plain);
    pn_table_add_buf(table, &cell);
    pn_effect_write_qos(&cell, effect);
    pn_table_add_buf(table, &cell);
}

int pn_preview_print_effect(struct pn_preview_run *run, const struct pn_preview_object *object,
                            const struct pn_preview *preview)
{
    struct pn_effect effect;
    int r = pn_effect_make(&effect, &object->base, &object->after, run->values);
    if (r != 0)
        return r;
    pn_effect_count(&run->totals, &effect);
    if (run->o->format == PN_PREVIEW_JSON)
        return pn_json_write_effect(&run->out.buf, preview, object->base.decision, &effect,
                                    pn_preview_decided(&run->counts) == 1);
    pn_preview_note(object, &effect);
    if (run->o->format == PN_PREVIEW_MARKDOWN)
        return add_to_report(run, object, preview, &effect);
    if (run->o->format == PN_PREVIEW_FILES)
        return pn_preview_files_add(run->files, object);
    if (!effect.changes)
        return 0;
    if (run->o->format == PN_PREVIEW_TABLE)
        add_row(&run->table, preview, &effect);
    else if (run->o->format == PN_PREVIEW_NAME)
        pn_preview_print_name(run, object);
    else
        return print_diff(run, object, &effect);
    return 0;
}

/* ---- all of them ----------------------------------------------------------------------- */

int pn_preview_end_effects(struct pn_preview_run *run)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf summary = PN_BUF_INIT;
    run->totals.compares = run->base.set != NULL;
    int r = pn_effect_write_summary(&summary, &run->totals, &run->counts);
    pn_buf_char(&summary, '\n');
    if (r != 0)
        return r;
    if (run->o->format == PN_PREVIEW_FILES)
        return pn_preview_files_compare(run->files);
    if (run->o->format == PN_PREVIEW_JSON)
        r = pn_json_end_effects(&run->out.buf, &run->totals, &run->counts);
    else if (run->o->format == PN_PREVIEW_MARKDOWN)
        r = pn_markdown_report_write(&run->out.buf, &run->report, &run->totals, &run->counts);
    else if (run->o->format == PN_PREVIEW_TABLE && run->totals.changed > 0)
        r = pn_table_write(&run->out.buf, &run->table);
    if (r == 0)
        pn_preview_summarise(run, &summary);
    return r;
}
