/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/edit.h"

#include <errno.h>
#include <stdlib.h>

#include "base/diag.h"
#include "yaml/edit_layout.h"
#include "yaml/edit_text.h"
#include "yaml/edit_value.h"
#include "yaml/read.h"

/* Nodes that are written anew in one go and, for each that turns out wrong, the goes. */
enum { EDIT_MAX_DISTRUSTED = 64, EDIT_MAX_ROUNDS = 8 };

struct round {
    const struct pn_document *doc;
    struct pn_value after;
    bool is_json;
    struct pn_edit_walk walk;
    const struct pn_node *distrusted[EDIT_MAX_DISTRUSTED];
};

/* ---- the document's own style ---------------------------------------------------------- */

static struct pn_str newline_of(struct pn_str bytes)
{
    const char *end = bytes.n > 0 ? memchr(bytes.s, '\n', bytes.n) : NULL;
    return end != NULL && end > bytes.s && end[-1] == '\r' ? PN_STR("\r\n") : PN_STR("\n");
}

/* True for a character that begins an anchor or alias, at least where a document has some. */
static bool has_indicator(struct pn_str text, char indicator)
{
    const char *end = text.s + text.n;
    for (const char *at = text.s; at < end; at++) {
        at = memchr(at, indicator, (size_t)(end - at));
        if (at == NULL)
            return false;
        bool begins = at == text.s || strchr(" \t\r\n[{,:", at[-1]) != NULL;
        if (begins && at + 1 < end && strchr(" \t\r\n&*=>", at[1]) == NULL)
            return true;
    }
    return false;
}

/* What is still looked for; the first place in the document settles it. */
struct style {
    bool knows_step, knows_offset;
};

static void find_style(struct style *style, struct pn_edit_walk *w, const struct pn_node *node)
{
    bool is_mapping = node->kind == PN_NODE_MAPPING;
    uint32_t n = is_mapping                       ? node->mapping.count
                 : node->kind == PN_NODE_SEQUENCE ? node->sequence.count
                                                  : 0;
    if (n == 0 || pn_edit_layout_is_flow(w, node))
        return;
    size_t behind = node->span.start;
    for (uint32_t i = 0; i < n && !(style->knows_step && style->knows_offset); i++) {
        const struct pn_node *inner = is_mapping ? node->mapping.entries[i].value
                                                 : node->sequence.items[i];
        if (inner->span.start < behind || pn_edit_layout_is_flow(w, inner))
            continue; /* the first: an alias */
        behind = inner->span.end;
        unsigned by = inner->span.column - node->span.column;
        if (is_mapping && inner->kind == PN_NODE_MAPPING && inner->mapping.count > 0 &&
            !style->knows_step && by >= 1 && by <= 8) {
            w->step = by;
            style->knows_step = true;
        }
        if (is_mapping && inner->kind == PN_NODE_SEQUENCE && inner->sequence.count > 0 &&
            !style->knows_offset && by <= 8) {
            w->list_offset = by;
            style->knows_offset = true;
        }
        find_style(style, w, inner);
    }
}

/* ---- one go ---------------------------------------------------------------------------- */

/* Finds the edits. PN_EDIT_E_ANEW: there is nothing that could be edited. */
static int walk_document(struct round *round)
{
    struct pn_edit_walk *w = &round->walk;
    const struct pn_node *root = round->doc->root;
    const struct pn_edit_flow json = {.is_json = true};
    const struct pn_edit_place place = {.flow = round->is_json ? &json : NULL};
    if (root == NULL || pn_edit_walk_is_distrusted(w, root))
        return PN_EDIT_E_ANEW;
    const struct pn_slot slot = {.begin = root->span.start,
                                 .value = root,
                                 .open = root->span.start,
                                 .start = root->span.start,
                                 .end = root->span.end};
    w->edits->count = 0;
    w->anew_count = 0;
    pn_anchor_clear(&w->anchors);
    return pn_edit_walk_content(w, &slot, round->after, &place);
}

/* True when the last edit adds a block scalar at the end of the document. */
static bool ends_in_text(const struct pn_edits *edits, size_t end)
{
    const struct pn_edit *last = edits->count > 0 ? &edits->items[edits->count - 1] : NULL;
    return last != NULL && last->end == end &&
           (pn_str_contains(last->text, PN_STR("|\n")) ||
            pn_str_contains(last->text, PN_STR("|\r")));
}

/* Appends the changed text. The edits are those of the document's own text from then on. */
static int write_text(struct pn_buf *out, struct round *round)
{
    struct pn_span span = round->doc->span;
    struct pn_edits *edits = round->walk.edits;
    for (size_t i = 0; i < edits->count; i++) {
        edits->items[i].start -= span.start;
        edits->items[i].end -= span.start;
    }
    struct pn_str text = {round->walk.bytes.s + span.start, span.end - span.start};
    int r = pn_edits_apply(out, edits, text);
    /* What follows begins a line, and a text at the end of a file has its last line break. */
    bool needs_break = span.end < round->walk.bytes.n || ends_in_text(edits, text.n);
    if (r == 0 && needs_break && out->len > 0 && out->data[out->len - 1] != '\n')
        pn_buf_str(out, round->walk.newline);
    return r == -EINVAL ? PN_EDIT_E_ANEW : r;
}

/* True for a document that begins behind its "---", on the same line. */
static bool is_behind_start(const struct round *round)
{
    return !round->is_json && round->doc->span.column > 1;
}

/* ---- what is read again ---------------------------------------------------------------- */

/* Adds a node to those that are written anew; false when it is one already. */
static bool distrust(struct round *round, const struct pn_node *node)
{
    if (pn_edit_walk_is_distrusted(&round->walk, node) ||
        round->walk.distrusted_count == EDIT_MAX_DISTRUSTED)
        return false;
    round->distrusted[round->walk.distrusted_count++] = node;
    return true;
}

static bool distrust_different(struct round *round, const struct pn_node *node,
                               const struct pn_node *again, struct pn_value after);

/* The value of a key, which mostly stands at *at or behind it; *at moves behind it. */
static const struct pn_node *find_entry(const struct pn_node *node, struct pn_str key, uint32_t *at)
{
    for (uint32_t i = 0; i < node->mapping.count; i++) {
        uint32_t k = (*at + i) % node->mapping.count;
        if (!pn_str_eq(node->mapping.entries[k].key->s, key))
            continue;
        *at = k + 1;
        return node->mapping.entries[k].value;
    }
    return NULL;
}

/* Distrusts what differs among the entries; false when that is not one of them. */
static bool distrust_entries(struct round *round, const struct pn_node *node,
                             const struct pn_node *again, struct pn_value after)
{
    bool found = false;
    uint32_t at = 0;
    if (again->mapping.count != pn_value_count(after))
        return false;
    for (uint32_t i = 0; i < node->mapping.count; i++) {
        struct pn_str key = node->mapping.entries[i].key->s;
        struct pn_value value = pn_value_get(after, key);
        const struct pn_node *other = find_entry(again, key, &at);
        if (value.kind == PN_ABSENT || other == NULL || pn_edit_walk_equal(other, value))
            continue;
        if (!distrust_different(round, node->mapping.entries[i].value, other, value))
            return false;
        found = true;
    }
    return found;
}

static bool distrust_items(struct round *round, const struct pn_node *node,
                           const struct pn_node *again, struct pn_value after)
{
    bool found = false;
    uint32_t n = node->sequence.count;
    if (again->sequence.count != n || pn_value_count(after) != n)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (pn_edit_walk_equal(again->sequence.items[i], pn_value_at(after, i)))
            continue;
        if (!distrust_different(round, node->sequence.items[i], again->sequence.items[i],
                                pn_value_at(after, i)))
            return false;
        found = true;
    }
    return found;
}

/* Distrusts the smallest nodes that did not become `after`; false when all around them are
 * distrusted already. */
static bool distrust_different(struct round *round, const struct pn_node *node,
                               const struct pn_node *again, struct pn_value after)
{
    bool found = false;
    if (node->kind == PN_NODE_MAPPING && again->kind == PN_NODE_MAPPING && after.kind == PN_OBJECT)
        found = distrust_entries(round, node, again, after);
    if (node->kind == PN_NODE_SEQUENCE && again->kind == PN_NODE_SEQUENCE && after.kind == PN_ARRAY)
        found = distrust_items(round, node, again, after);
    return found || distrust(round, node);
}

/* The place in the document's text that became `at` in the edited one. */
static size_t place_before(const struct pn_edits *edits, size_t at)
{
    size_t shift_in = 0, shift_out = 0; /* bytes that were added and taken away in front */
    for (size_t i = 0; i < edits->count; i++) {
        const struct pn_edit *e = &edits->items[i];
        if (e->start + shift_in > at + shift_out)
            break;
        if (e->start + shift_in + e->text.n > at + shift_out)
            return e->start;
        shift_in += e->text.n;
        shift_out += e->end - e->start;
    }
    return at + shift_out - shift_in;
}

/* Distrusts the smallest collection before or around `at` that is not distrusted yet. */
static bool distrust_around(struct round *round, const struct pn_node *node, size_t at)
{
    bool is_mapping = node->kind == PN_NODE_MAPPING;
    const struct pn_node *inner = NULL;
    if (!is_mapping && node->kind != PN_NODE_SEQUENCE)
        return false;
    uint32_t n = is_mapping ? node->mapping.count : node->sequence.count;
    for (uint32_t i = 0; i < n; i++) {
        const struct pn_node *other = is_mapping ? node->mapping.entries[i].value
                                                 : node->sequence.items[i];
        if (other->span.start >= node->span.start && other->span.start <= at)
            inner = other;
    }
    return (inner != NULL && distrust_around(round, inner, at)) || distrust(round, node);
}

/* Reads the edited text. When it is not right, more is distrusted now; PN_EDIT_E_ANEW: nothing is
 * left to be distrusted. */
static int read_again(bool *ret_right, struct round *round, struct pn_str text)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf whole = PN_BUF_INIT;
    PN_CLEANUP(pn_diags_deinit) struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_document *docs = NULL;
    size_t n = 0, before = 0;
    if (is_behind_start(round)) {
        pn_buf_cstr(&whole, "---");
        before = whole.len;
        pn_buf_str(&whole, text);
        if (whole.failed)
            return -ENOMEM;
        text = pn_buf_view(&whole);
    }
    const struct pn_source source = {round->doc->source->name, text};
    int r = pn_yaml_read(&docs, &n, &source, round->walk.scratch, &diags);
    if (r < 0)
        return r;
    *ret_right = r == 0 && n == 1 && pn_edit_walk_equal(docs[0].root, round->after);
    if (*ret_right)
        return 0;
    bool more = false;
    if (r == 0 && n == 1)
        more = distrust_different(round, round->doc->root, docs[0].root, round->after);
    else if (diags.count > 0) {
        size_t at = diags.items[0].span.start;
        at = place_before(round->walk.edits, at > before ? at - before : 0);
        more = distrust_around(round, round->doc->root, at + round->doc->span.start);
    }
    return more ? 0 : PN_EDIT_E_ANEW;
}

/* Edits, reads again, and writes more anew until it is right. */
static int edit_until_right(struct pn_buf *out, struct round *round)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    bool is_right = false;
    int r = 0;
    for (unsigned i = 0; r == 0 && !is_right; i++) {
        if (i == EDIT_MAX_ROUNDS)
            return PN_EDIT_E_ANEW;
        pn_buf_reset(&text, SIZE_MAX);
        pn_arena_reset(round->walk.scratch, 0);
        r = walk_document(round);
        if (r == 0)
            r = write_text(&text, round);
        if (r == 0)
            r = read_again(&is_right, round, pn_buf_view(&text));
    }
    if (r == 0)
        pn_buf_str(out, pn_buf_view(&text));
    return r;
}

/* ---- the whole document ---------------------------------------------------------------- */

/* The comments and empty lines at the start of the document. */
static struct pn_str leading_comments(const struct round *round)
{
    const struct pn_node *root = round->doc->root;
    const char *bytes = round->walk.bytes.s;
    size_t start = round->doc->span.start, at = start;
    size_t limit = root != NULL ? root->span.start : start;
    while (at < limit) {
        const char *end = memchr(bytes + at, '\n', limit - at);
        struct pn_str line = {bytes + at, end != NULL ? (size_t)(end - bytes) + 1 - at : 0};
        struct pn_str content = pn_str_trim(line);
        if (end == NULL || (content.n > 0 && content.s[0] != '#'))
            break;
        at += line.n;
    }
    return (struct pn_str){bytes + start, at - start};
}

static int write_anew(struct pn_buf *out, struct round *round)
{
    struct pn_str comments = leading_comments(round);
    bool is_json = round->is_json || (round->doc->root != NULL &&
                                      pn_edit_layout_is_json(&round->walk, round->doc->root));
    pn_buf_str(out, comments);
    if (comments.n == 0 && is_behind_start(round))
        pn_buf_str(out, round->walk.newline);
    return pn_edit_value_document(out, &round->walk, round->after, is_json);
}

static int edit(struct pn_buf *out, enum pn_edit_result *ret_result, struct round *round)
{
    struct style style = {0};
    struct pn_edit_walk *w = &round->walk;
    struct pn_str text = {w->bytes.s + w->span.start, w->span.end - w->span.start};
    w->newline = newline_of(w->bytes);
    w->has_aliases = has_indicator(text, '*') && has_indicator(text, '&');
    const struct pn_node *root = round->doc->root;
    if (root != NULL)
        find_style(&style, w, root);
    int r = 0;
    if (root != NULL && pn_edit_walk_equal(root, round->after))
        pn_buf_str(out, text);
    else
        r = edit_until_right(out, round);
    if (r >= 0 && ret_result != NULL)
        *ret_result = r > 0 ? PN_EDIT_ANEW : w->anew_count > 0 ? PN_EDIT_PARTS : PN_EDIT_PLACES;
    return r > 0 ? write_anew(out, round) : r;
}

int pn_yaml_edit(struct pn_buf *out, enum pn_edit_result *ret_result, const struct pn_document *doc,
                 struct pn_value after, bool is_json)
{
    PN_CLEANUP(pn_edits_deinit) struct pn_edits edits = PN_EDITS_INIT;
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *texts = NULL;
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *scratch = NULL;
    struct round round = {.doc = doc, .after = after, .is_json = is_json};
    int r = pn_arena_new(&texts, 0);
    if (r == 0)
        r = pn_arena_new(&scratch, 0);
    if (r != 0)
        return r;
    round.walk = (struct pn_edit_walk){.bytes = doc->source->bytes,
                                       .span = doc->span,
                                       .edits = &edits,
                                       .texts = texts,
                                       .scratch = scratch,
                                       .step = 2,
                                       .distrusted = round.distrusted};
    r = edit(out, ret_result, &round);
    pn_anchor_deinit(&round.walk.anchors);
    free(round.walk.afters);
    return r == 0 && out->failed ? -ENOMEM : r;
}
