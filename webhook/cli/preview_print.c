/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "cli/preview.h"
#include "report/diff.h"
#include "report/json.h"
#include "report/term.h"
#include "yaml/edit.h"
#include "yaml/emit.h"

/* ---- standard error -------------------------------------------------------------------- */

void pn_preview_begin_message(struct pn_buf *out, const struct pn_preview_object *object,
                              struct pn_span span)
{
    pn_term_write(out, object->source->name);
    pn_buf_printf(out, ":%u:%u: ", span.line, span.column);
    pn_term_write(out, object->kind);
    pn_buf_char(out, '/');
    pn_term_write(out, object->name);
}

static void end_message(struct pn_buf *out, const char *what, struct pn_str text)
{
    pn_buf_cstr(out, what);
    pn_term_write(out, text);
    pn_buf_char(out, '\n');
}

/* A denial, a Pod that will be refused anyway, and what the API server would show its user as
 * warnings. */
void pn_preview_note(const struct pn_preview_object *object, const struct pn_effect *effect)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf reason = PN_BUF_INIT;
    const struct pn_decision *d = object->after.decision;
    const struct pn_str *warnings = effect != NULL ? effect->new_warnings : d->warnings;
    size_t warning_count = effect != NULL ? effect->new_warning_count : d->warning_count;
    if (!d->allowed && (effect == NULL || effect->before != PN_OUTCOME_DENIED)) {
        pn_preview_begin_message(&text, object, object->span);
        end_message(&text, " denied: ", d->message);
    }
    if (d->review.id == PN_REASON_POD_ALREADY_INVALID) {
        pn_reason_write(&reason, &d->review);
        pn_preview_begin_message(&text, object, object->span);
        end_message(&text, " left alone: ", pn_buf_view(&reason));
    }
    for (size_t i = 0; i < warning_count; i++) {
        pn_preview_begin_message(&text, object, object->span);
        end_message(&text, ": warning: ", warnings[i]);
    }
    if (text.len > 0)
        pn_out_note(pn_buf_view(&text));
}

static void note_explanation(const struct pn_preview *preview)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    pn_preview_write_explain(&text, preview, "");
    pn_out_note(pn_buf_view(&text));
}

/* ---- the formats ----------------------------------------------------------------------- */

int pn_preview_write_diff(struct pn_buf *out, const struct pn_preview_object *object,
                          struct pn_value before, struct pn_value after, const char *result,
                          bool color)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf old_text = PN_BUF_INIT;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf new_text = PN_BUF_INIT;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf name = PN_BUF_INIT;
    int r = pn_yaml_write(&old_text, before);
    if (r == 0)
        r = pn_yaml_write(&new_text, after);
    if (r != 0)
        return r;
    pn_term_write(&name, object->kind);
    pn_buf_char(&name, '/');
    pn_term_write(&name, object->name);
    pn_buf_cstr(&name, "  ");
    size_t stem = name.len;
    pn_term_write(&name, object->source->name);
    pn_buf_printf(&name, ":%u", object->span.line);
    size_t old_end = name.len;
    pn_buf_append(&name, name.data, name.failed ? 0 : stem);
    pn_buf_cstr(&name, result);
    if (old_text.failed || new_text.failed || name.failed)
        return -ENOMEM;
    struct pn_str old_name = {name.data, old_end};
    struct pn_str new_name = {name.data + old_end, name.len - old_end};
    return pn_diff_write(out, old_name, pn_buf_view(&old_text), new_name, pn_buf_view(&new_text),
                         color);
}

static int print_diff(struct pn_preview_run *run, const struct pn_preview_object *object)
{
    if (object->after.decision->patch.n == 0)
        return 0;
    run->differing++;
    return pn_preview_write_diff(&run->out.buf, object, object->before, object->after.object,
                                 pn_outcome_name(pn_preview_outcome(object->after.decision)),
                                 run->color_out);
}

static void print_patch(struct pn_preview_run *run, const struct pn_decision *decision)
{
    pn_buf_str(&run->out.buf, decision->patch.n > 0 ? decision->patch : PN_STR("[]"));
    pn_buf_char(&run->out.buf, '\n');
}

void pn_preview_print_name(struct pn_preview_run *run, const struct pn_preview_object *object)
{
    struct pn_buf *out = &run->out.buf;
    struct pn_str rest = object->api_version;
    struct pn_str group = pn_str_split(&rest, '/');
    for (size_t i = 0; i < object->kind.n; i++) {
        char c = object->kind.s[i];
        pn_buf_char(out, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
    }
    if (rest.s != NULL) {
        pn_buf_char(out, '.');
        pn_buf_str(out, group);
    }
    pn_buf_char(out, '/');
    pn_term_write(out, object->name);
    pn_buf_char(out, '\n');
}

/* What was asked, as the API server would ask it. */
static void print_request(struct pn_preview_run *run, const struct pn_preview_object *object)
{
    struct pn_buf *out = &run->out.buf;
    if (object->review.kind == PN_ABSENT) {
        pn_decide_write_review(out, &run->decider, object->pod, object->namespace);
        return;
    }
    pn_json_write(out, object->review);
    pn_buf_char(out, '\n');
}

/* Names of the policies whose content is in the Pod, or those that were left out with their reason,
 * joined by commas. */
static void add_policies(struct pn_table *table, const struct pn_decision *d, bool left_out)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    for (size_t i = 0; i < d->verdict_count; i++) {
        const struct pn_reason *reason = &d->verdicts[i].reason;
        enum pn_reason_class class = pn_reason_class_of(reason->id);
        if (class != (left_out ? PN_CLASS_FAILURE : PN_CLASS_SUCCESS) || (!left_out && !d->allowed))
            continue; /* a Pod that is denied has nothing of anybody */
        pn_buf_cstr(&text, text.len > 0 ? ", " : "");
        pn_buf_str(&text, pn_policy_set_policy_name(d->set, d->verdicts[i].policy));
        if (reason->id != PN_REASON_INJECTED)
            pn_buf_printf(&text, " (%s)", pn_reason_name(reason->id));
    }
    pn_table_add_buf(table, &text);
}

static void add_row(struct pn_table *table, const struct pn_preview *preview)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf name = PN_BUF_INIT;
    const struct pn_decision *d = preview->decision;
    pn_preview_write_name(&name, preview);
    pn_table_add(table, preview->namespace);
    pn_table_add_buf(table, &name);
    pn_table_add(table, pn_str_of(pn_outcome_name(pn_preview_outcome(d))));
    add_policies(table, d, false);
    add_policies(table, d, true);
}

static void start_table(struct pn_table *table, bool has_effects)
{
    static const char *const heads[] = {"NAMESPACE", "OBJECT", "RESULT", "POLICIES", "LEFT OUT"};
    static const char *const of_effects[] = {"NAMESPACE",  "OBJECT",   "RESULT", "POLICIES",
                                             "CONTAINERS", "REQUESTS", "QOS"};
    pn_table_init(table, has_effects ? PN_COUNT_OF(of_effects) : PN_COUNT_OF(heads));
    pn_table_add_heads(table, has_effects ? of_effects : heads);
}

int pn_preview_print(struct pn_preview_run *run, const struct pn_preview_object *object)
{
    struct pn_preview preview = {
        .file = object->source->name,
        .line = object->span.line,
        .column = object->span.column,
        .api_version = object->api_version,
        .kind = object->kind,
        .namespace = object->namespace,
        .name = object->name,
        .decision = object->after.decision,
        .after = object->after.object,
    };
    bool in_result = !pn_preview_has_effects(run) &&
                     (run->o->format == PN_PREVIEW_DIFF || run->o->format == PN_PREVIEW_JSON);
    if (run->o->explain && !in_result)
        note_explanation(&preview);
    if (pn_preview_has_effects(run))
        return pn_preview_print_effect(run, object, &preview);
    if (run->o->format == PN_PREVIEW_FILES) {
        pn_preview_note(object, NULL);
        return pn_preview_files_add(run->files, object);
    }
    if (run->o->format != PN_PREVIEW_JSON)
        pn_preview_note(object, NULL);
    switch (run->o->format) {
    case PN_PREVIEW_DIFF:
        if (run->o->explain)
            pn_preview_write_explain(&run->out.buf, &preview, "# ");
        return print_diff(run, object);
    case PN_PREVIEW_PATCH:
        print_patch(run, object->after.decision);
        return 0;
    case PN_PREVIEW_JSON:
        return pn_json_write_preview(&run->out.buf, &preview, pn_preview_decided(&run->counts) == 1,
                                     run->values);
    case PN_PREVIEW_NAME:
        if (object->after.decision->patch.n > 0)
            pn_preview_print_name(run, object);
        return 0;
    case PN_PREVIEW_TABLE:
        add_row(&run->table, &preview);
        return 0;
    case PN_PREVIEW_REVIEW:
        pn_respond_write(&run->out.buf, object->after.decision);
        return 0;
    case PN_PREVIEW_REQUEST:
        print_request(run, object);
        return 0;
    default: /* -o yaml goes by documents */
        return 0;
    }
}

void pn_preview_print_start(struct pn_preview_run *run)
{
    if (run->o->format == PN_PREVIEW_JSON)
        pn_json_begin_preview(&run->out.buf);
    if (run->o->format == PN_PREVIEW_TABLE)
        start_table(&run->table, pn_preview_has_effects(run));
}

bool pn_preview_has_seen_any(const struct pn_preview_counts *counts)
{
    return pn_preview_decided(counts) + counts->invalid + counts->other > 0;
}

void pn_preview_summarise(struct pn_preview_run *run, const struct pn_buf *summary)
{
    if (!pn_preview_has_seen_any(&run->counts) || run->o->quiet)
        return;
    if (run->o->format == PN_PREVIEW_YAML) /* may still be withheld */
        pn_out_note(pn_buf_view(summary));
    else
        pn_out_summarise(&run->out, summary);
}

int pn_preview_print_end(struct pn_preview_run *run)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf summary = PN_BUF_INIT;
    if (pn_preview_has_effects(run))
        return pn_preview_end_effects(run);
    if (run->o->format == PN_PREVIEW_FILES)
        return pn_preview_files_compare(run->files);
    int r = 0;
    if (run->o->format == PN_PREVIEW_JSON)
        r = pn_json_end_preview(&run->out.buf, &run->counts);
    else if (run->o->format == PN_PREVIEW_TABLE && pn_preview_decided(&run->counts) > 0)
        r = pn_table_write(&run->out.buf, &run->table);
    if (r != 0)
        return r;
    pn_preview_write_summary(&summary, &run->counts);
    pn_preview_summarise(run, &summary);
    return 0;
}

/* ---- -o yaml --------------------------------------------------------------------------- */

static void pass_on(struct pn_preview_run *run, struct pn_str text)
{
    if (text.n == 0)
        return;
    pn_buf_str(&run->out.buf, text);
    run->has_written = true;
    run->last_byte = text.s[text.n - 1];
}

static void begin_line(struct pn_preview_run *run)
{
    if (run->has_written && run->last_byte != '\n')
        pass_on(run, PN_STR("\n"));
}

/* The line at the start of `text`, its break included. */
static struct pn_str first_line(struct pn_str text)
{
    const char *end = memchr(text.s, '\n', text.n);
    return (struct pn_str){text.s, end != NULL ? (size_t)(end - text.s) + 1 : text.n};
}

static bool is_comment(struct pn_str line)
{
    struct pn_str text = pn_str_trim(line);
    return text.n == 0 || text.s[0] == '#';
}

/* The comments and empty lines at the start of `text`. */
static struct pn_str leading_comments(struct pn_str text)
{
    struct pn_str rest = text;
    while (rest.n > 0 && is_comment(first_line(rest))) {
        size_t n = first_line(rest).n;
        rest.s += n;
        rest.n -= n;
    }
    return (struct pn_str){text.s, text.n - rest.n};
}

void pn_preview_yaml_start(struct pn_preview_run *run, const struct pn_input_file *file,
                           bool is_only_file)
{
    struct pn_str bytes = file->source.bytes;
    run->copied = 0;
    if (is_only_file)
        return;
    /* Within a stream a byte order mark would be a character, and a file needs its separator;
     * the first one too when it is JSON: kubectl takes what begins with a brace for JSON only. */
    if (pn_str_has_prefix(bytes, PN_STR("\xef\xbb\xbf")))
        run->copied = 3;
    struct pn_str text = {bytes.s + run->copied, bytes.n - run->copied};
    size_t comments = leading_comments(text).n;
    struct pn_str content = {text.s + comments, text.n - comments};
    if (text.n > 0)
        begin_line(run);
    if (content.n == 0)
        return;
    if (content.s[0] == '%')
        pass_on(run, run->has_document ? PN_STR("...\n") : PN_STR(""));
    else if (!pn_str_has_prefix(content, PN_STR("---")) &&
             (run->has_document || content.s[0] == '{'))
        pass_on(run, PN_STR("---\n"));
    run->has_document = true;
}

int pn_preview_yaml_document(struct pn_preview_run *run, const struct pn_document *doc,
                             struct pn_value after, bool is_json)
{
    struct pn_str bytes = doc->source->bytes;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf document = PN_BUF_INIT;
    int r = pn_yaml_edit(&document, NULL, doc, after, is_json);
    if (r != 0)
        return r;
    pass_on(run, (struct pn_str){bytes.s + run->copied, doc->span.start - run->copied});
    pass_on(run, pn_buf_view(&document));
    run->copied = doc->span.end;
    return 0;
}

void pn_preview_yaml_end(struct pn_preview_run *run, const struct pn_input_file *file)
{
    struct pn_str bytes = file->source.bytes;
    if (bytes.n > run->copied)
        pass_on(run, (struct pn_str){bytes.s + run->copied, bytes.n - run->copied});
}
