/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/edit_layout.h"
#include "yaml/edit_match.h"
#include "yaml/edit_text.h"
#include "yaml/edit_value.h"

static unsigned column_of(const struct pn_node *node)
{
    return node->span.column - 1;
}

/* ---- content that is written anew ------------------------------------------------------ */

static bool is_collection(struct pn_value v)
{
    return pn_value_count(v) > 0;
}

/* Takes away the value's tag, which need not fit what comes. */
static int drop_tag(struct pn_edit_walk *w, const struct pn_slot *slot)
{
    return slot->tag < slot->tag_end ? pn_edit_walk_add(w, slot->tag, slot->tag_end, PN_STR(""))
                                     : 0;
}

/* Where a collection goes that stands below its key or dash. */
static struct pn_edit_place place_below(const struct pn_edit_walk *w, struct pn_value after,
                                        const struct pn_edit_place *outer)
{
    struct pn_edit_place place = *outer;
    if (outer->is_item)
        place.column += 2;
    else
        place.column += after.kind == PN_ARRAY ? outer->list_offset : w->step;
    return place;
}

/* A scalar in the place of what stands on the line of its key or dash. */
static int put_scalar(struct pn_edit_walk *w, const struct pn_slot *slot, struct pn_value after,
                      const struct pn_edit_place *place)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf lines = PN_BUF_INIT;
    size_t tail = 0, below = 0;
    if (slot->start == slot->end)
        pn_buf_char(&text, ' ');
    int r = pn_edit_text_tail(&tail, NULL, w, slot->end);
    if (r == 0)
        r = pn_edit_text_below(&below, w, slot->end, place->column + 1);
    bool has_lines = r == 0 && below == tail; /* a comment would become a part of the text */
    if (r >= 0)
        r = pn_edit_value_scalar(&text, has_lines ? &lines : NULL, w, after, place->column + 2);
    if (r == 0)
        r = pn_edit_walk_add_buf(w, slot->start, slot->end, &text);
    if (r == 0 && lines.len > 0)
        r = pn_edit_walk_add_buf(w, tail, tail, &lines);
    return r;
}

/* A collection in the place of what stands on the line of its key or dash: below that line. */
static int put_below(struct pn_edit_walk *w, const struct pn_slot *slot, struct pn_value after,
                     const struct pn_edit_place *outer)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    const struct pn_edit_place place = place_below(w, after, outer);
    bool has_comment, has_properties = slot->anchor.s != NULL || slot->tag < slot->tag_end;
    size_t tail = 0, below = 0;
    int r = pn_edit_text_tail(&tail, &has_comment, w, slot->end);
    if (r == 0)
        r = pn_edit_text_below(&below, w, slot->end, outer->column + 1);
    if (r == 0 && outer->is_item && !has_properties && !has_comment && below == tail) {
        struct pn_edit_place in_line = place; /* on the dash's own line */
        in_line.column = slot->start < slot->end ? pn_edit_text_column(w, slot->start)
                                                 : place.column;
        pn_buf_cstr(&text, slot->start < slot->end ? "" : " ");
        r = pn_edit_value_block(&text, w, after, &in_line, true);
        return r == 0 ? pn_edit_walk_add_buf(w, slot->start, slot->end, &text) : r;
    }
    if (r == 0)
        r = pn_edit_value_block(&text, w, after, &place, false);
    if (r == 0 && slot->open < slot->end)
        r = pn_edit_walk_add(w, slot->open, slot->end, PN_STR(""));
    return r == 0 ? pn_edit_walk_add_buf(w, below, below, &text) : r;
}

/* A collection in the place of what begins a line below its key or dash. */
static int put_lines(struct pn_edit_walk *w, const struct pn_slot *slot, struct pn_value after,
                     const struct pn_edit_place *outer)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    struct pn_edit_place place = place_below(w, after, outer);
    bool has_comment;
    size_t tail, line = pn_edit_text_line_start(w, slot->start);
    unsigned column = pn_edit_text_column(w, slot->start);
    int r = pn_edit_text_tail(&tail, &has_comment, w, slot->end);
    if (r != 0 || !pn_edit_text_begins_line(w, slot->start))
        return PN_EDIT_E_ANEW;
    if (column > outer->column || (after.kind == PN_ARRAY && !outer->is_item))
        place.column = column;
    for (unsigned i = 0; i < place.column; i++)
        pn_buf_char(&text, ' ');
    r = pn_edit_value_block(&text, w, after, &place, true);
    if (has_comment) { /* behind the last line it could become a part of a text */
        pn_buf_str(&text, w->newline);
        for (unsigned i = 0; i < place.column; i++)
            pn_buf_char(&text, ' ');
        pn_buf_str(&text, pn_str_trim((struct pn_str){w->bytes.s + slot->end, tail - slot->end}));
    }
    return r == 0 ? pn_edit_walk_add_buf(w, line, has_comment ? tail : slot->end, &text) : r;
}

/* A scalar in the place of what begins a line below its key or dash: on the line of those. */
static int pull_up(struct pn_edit_walk *w, const struct pn_slot *slot, struct pn_value after)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    size_t line = pn_edit_text_line_before(w, slot->start);
    if (!pn_edit_text_begins_line(w, slot->start))
        return PN_EDIT_E_ANEW;
    pn_buf_char(&text, ' ');
    int r = pn_edit_value_scalar(&text, NULL, w, after, 0);
    if (r == 0)
        r = pn_edit_walk_add_buf(w, slot->open, slot->open, &text);
    return r == 0 ? pn_edit_walk_add(w, line, slot->end, PN_STR("")) : r;
}

int pn_edit_block_replace(struct pn_edit_walk *w, const struct pn_slot *slot, struct pn_value after,
                          const struct pn_edit_place *place)
{
    int r = drop_tag(w, slot);
    if (r != 0)
        return r;
    bool is_below = pn_edit_text_has_break(w, slot->open, slot->start);
    if (!is_collection(after))
        return is_below ? pull_up(w, slot, after) : put_scalar(w, slot, after, place);
    return is_below ? put_lines(w, slot, after, place) : put_below(w, slot, after, place);
}

/* ---- entries --------------------------------------------------------------------------- */

/* Takes away the first entry of an item, which stands behind its dash; the next one, which stays,
 * moves there unless a comment of its own is in between. */
static int remove_first(struct pn_edit_walk *w, const struct pn_slot *slot,
                        const struct pn_slot *next)
{
    size_t start = slot->begin, end;
    int r = pn_edit_text_tail(&end, NULL, w, slot->end);
    if (r != 0)
        return r;
    if (pn_edit_text_is_all_blank(w, end, next->begin))
        return pn_edit_walk_add(w, start, next->begin, PN_STR(""));
    while (pn_edit_text_is_blank(w->bytes.s[start - 1]))
        start--;
    return pn_edit_walk_add(w, start, end, PN_STR(""));
}

/* Takes the lines of an entry away, each with the break in front; the first ones of the document
 * with the one behind. */
static int remove_lines(struct pn_edit_walk *w, const struct pn_slot *slot)
{
    size_t tail, line = pn_edit_text_line_start(w, slot->begin);
    int r = pn_edit_text_tail(&tail, NULL, w, slot->end);
    if (r != 0 || !pn_edit_text_begins_line(w, slot->begin))
        return PN_EDIT_E_ANEW;
    const struct pn_edit *before = w->edits->count > 0 ? &w->edits->items[w->edits->count - 1]
                                                       : NULL;
    bool is_first = line == w->span.start || (before != NULL && before->end == line);
    return is_first ? pn_edit_walk_add(w, line, pn_edit_text_next_line(w, tail), PN_STR(""))
                    : pn_edit_walk_add(w, pn_edit_text_line_before(w, line), tail, PN_STR(""));
}

/* Takes an entry away, with the comments on its lines. `next`: the one behind it if that stays. */
static int remove_slot(struct pn_edit_walk *w, const struct pn_slot *slot,
                       const struct pn_slot *next)
{
    int r = pn_edit_walk_lose(w, slot);
    if (r != 0)
        return r;
    if (next != NULL && !pn_edit_text_begins_line(w, slot->begin))
        return remove_first(w, slot, next);
    return remove_lines(w, slot);
}

/* Lines of a new collection behind the slot. */
static int add_below(struct pn_edit_walk *w, const struct pn_slot *slot, struct pn_value new,
                     const struct pn_edit_place *place)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    size_t at;
    int r = pn_edit_text_below(&at, w, slot->end, place->column);
    if (r == 0)
        r = pn_edit_value_block(&text, w, new, place, false);
    return r == 0 ? pn_edit_walk_add_buf(w, at, at, &text) : r;
}

/* ---- mappings -------------------------------------------------------------------------- */

/* Whether the values of this mapping's lists are indented; else what is usual in the document. */
static unsigned list_offset_in(const struct pn_edit_walk *w, const struct pn_layout *l,
                               unsigned column)
{
    for (uint32_t i = 0; i < l->count; i++) {
        const struct pn_slot *slot = &l->slots[i];
        if (slot->value != NULL && slot->alias.s == NULL && slot->value->kind == PN_NODE_SEQUENCE &&
            !pn_edit_layout_is_flow(w, slot->value))
            return column_of(slot->value) - column;
    }
    return w->list_offset;
}

/* An alias of a key is a text. */
static int note_key(struct pn_edit_walk *w, const struct pn_slot *slot)
{
    return slot->key_anchor.s != NULL
               ? pn_edit_walk_anchor(w, slot->key_anchor, slot->key, pn_string(slot->key->s))
               : 0;
}

int pn_edit_block_mapping(struct pn_edit_walk *w, const struct pn_slot *slot, struct pn_value after)
{
    struct pn_layout l;
    struct pn_value new;
    bool *stays;
    uint32_t last = UINT32_MAX;
    int r = pn_edit_layout_read(&l, w, slot->value);
    if (r == 0)
        r = pn_edit_layout_plan(&new, &stays, w, &l, after);
    if (r != 0)
        return r;
    struct pn_edit_place place = {.column = column_of(slot->value)};
    place.list_offset = list_offset_in(w, &l, place.column);
    for (uint32_t i = 0; i < l.count; i++)
        last = stays[i] ? i : last;
    if (last == UINT32_MAX)
        return PN_EDIT_E_ANEW;
    for (uint32_t i = 0; r == 0 && i < l.count; i++) {
        const struct pn_slot *s = &l.slots[i];
        if (s->key != NULL)
            r = note_key(w, s);
        if (r == 0 && !stays[i])
            r = remove_slot(w, s, i + 1 < l.count && stays[i + 1] ? s + 1 : NULL);
        else if (r == 0 && s->key != NULL)
            r = pn_edit_walk_slot(w, s, pn_value_get(after, s->key->s), &place);
        if (r == 0 && i == last && pn_value_count(new) > 0)
            r = add_below(w, s, new, &place);
    }
    return r;
}

/* ---- sequences ------------------------------------------------------------------------- */

/* New items in front of the first one. */
static int add_in_front(struct pn_edit_walk *w, const struct pn_slot *slot,
                        const struct pn_slot *first, struct pn_value new,
                        const struct pn_edit_place *place)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    bool is_below = pn_edit_text_has_break(w, slot->open, first->begin);
    size_t at = first->begin;
    int r = is_below ? pn_edit_text_tail(&at, NULL, w, slot->open) : 0;
    if (r == 0)
        r = pn_edit_value_block(&text, w, new, place, !is_below);
    if (!is_below) {
        pn_buf_str(&text, w->newline);
        for (unsigned i = 0; i < place->column; i++)
            pn_buf_char(&text, ' ');
    }
    return r == 0 ? pn_edit_walk_add_buf(w, at, at, &text) : r;
}

/* Items [from, to) of `after` behind `previous`, or in front of all. */
static int add_items(struct pn_edit_walk *w, const struct pn_slot *slot, const struct pn_layout *l,
                     const struct pn_slot *previous, struct pn_value after, uint32_t from,
                     uint32_t to, const struct pn_edit_place *place)
{
    struct pn_value new;
    if (from == to)
        return 0;
    int r = pn_array_new(&new, w->scratch, after.block->items + from, to - from);
    if (r != 0)
        return r;
    return previous != NULL ? add_below(w, previous, new, place)
                            : add_in_front(w, slot, &l->slots[0], new, place);
}

/* Takes the items [from, to) away. */
static int remove_items(struct pn_edit_walk *w, const struct pn_layout *l, uint32_t from,
                        uint32_t to)
{
    int r = 0;
    for (; r == 0 && from < to; from++)
        r = remove_slot(w, &l->slots[from], NULL);
    return r;
}

static int edit_items(struct pn_edit_walk *w, const struct pn_slot *slot, const struct pn_layout *l,
                      const uint32_t *match, struct pn_value after,
                      const struct pn_edit_place *place)
{
    uint32_t n = pn_value_count(after), done = 0, next = 0;
    const struct pn_slot *previous = NULL;
    int r = 0;
    for (uint32_t j = 0; r == 0 && j <= n; j++) {
        if (j < n && match[j] == PN_EDIT_MATCH_NONE)
            continue;
        uint32_t i = j < n ? match[j] : l->count;
        r = add_items(w, slot, l, previous, after, done, j, place);
        if (r == 0)
            r = remove_items(w, l, next, i);
        if (r == 0 && j < n)
            r = pn_edit_walk_slot(w, &l->slots[i], pn_value_at(after, j), place);
        previous = j < n ? &l->slots[i] : NULL;
        done = j + 1;
        next = i + 1;
    }
    return r;
}

int pn_edit_block_sequence(struct pn_edit_walk *w, const struct pn_slot *slot,
                           struct pn_value after)
{
    struct pn_layout l;
    uint32_t *match = NULL;
    bool stays = false;
    struct pn_edit_place place = {
        .is_item = true, .column = column_of(slot->value), .list_offset = w->list_offset};
    int r = pn_edit_layout_read(&l, w, slot->value);
    if (r == 0)
        r = pn_edit_match_items(&match, w, slot->value, after);
    for (uint32_t j = 0; r == 0 && j < pn_value_count(after); j++)
        stays = stays || match[j] != PN_EDIT_MATCH_NONE;
    if (r != 0 || !stays)
        return r != 0 ? r : PN_EDIT_E_ANEW;
    return edit_items(w, slot, &l, match, after, &place);
}
