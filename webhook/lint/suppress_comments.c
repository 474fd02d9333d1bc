/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/suppress_kit.h"

static const struct pn_str ignore = PN_STR_INIT("pannier:ignore");

/* A comment as it is written. */
struct comment {
    struct pn_suppression suppression; /* its words: the rules, separated by commas */
    struct pn_node place;              /* the words, as a node to point at */
};

/* ---- nodes ----------------------------------------------------------------------------- */

/* The end of a collection's mark may be behind blank lines and comments: its last leaf's is not. */
static size_t end_of(const struct pn_node *n)
{
    size_t end = n->span.start + 1;
    if (n->kind == PN_NODE_MAPPING) {
        for (uint32_t i = 0; i < n->mapping.count; i++) {
            size_t of_key = n->mapping.entries[i].key->span.end;
            size_t of_value = end_of(n->mapping.entries[i].value);
            end = of_key > end ? of_key : end;
            end = of_value > end ? of_value : end;
        }
    } else if (n->kind == PN_NODE_SEQUENCE) {
        for (uint32_t i = 0; i < n->sequence.count; i++) {
            size_t of_item = end_of(n->sequence.items[i]);
            end = of_item > end ? of_item : end;
        }
    }
    return n->span.end > end && n->kind != PN_NODE_MAPPING && n->kind != PN_NODE_SEQUENCE
               ? n->span.end
               : end;
}

struct range {
    size_t start, end; /* end 0: nothing yet */
};

static void widen(struct range *range, size_t start, size_t end)
{
    if (range->end == 0 || start < range->start)
        range->start = start;
    range->end = end > range->end ? end : range->end;
}

/* The part of the document whose first line is `line`: entries of mappings and items of lists. */
static void find_range(struct range *ret, const struct pn_node *n, uint32_t line)
{
    if (n->kind == PN_NODE_MAPPING) {
        for (uint32_t i = 0; i < n->mapping.count; i++) {
            const struct pn_node_entry *e = &n->mapping.entries[i];
            if (e->key->span.line == line)
                widen(ret, e->key->span.start, end_of(e->value));
            else
                find_range(ret, e->value, line);
        }
    } else if (n->kind == PN_NODE_SEQUENCE) {
        for (uint32_t i = 0; i < n->sequence.count; i++) {
            const struct pn_node *item = n->sequence.items[i];
            if (item->span.line == line)
                widen(ret, item->span.start, end_of(item));
            else
                find_range(ret, item, line);
        }
    } else if (n->span.line == line) {
        widen(ret, n->span.start, n->span.end);
    }
}

/* True when byte `offset` is in the text of a scalar: then it begins no comment. */
static bool is_in_scalar(const struct pn_node *n, size_t offset)
{
    bool found = false;
    if (n->kind == PN_NODE_MAPPING) {
        for (uint32_t i = 0; i < n->mapping.count && !found; i++)
            found = is_in_scalar(n->mapping.entries[i].key, offset) ||
                    is_in_scalar(n->mapping.entries[i].value, offset);
    } else if (n->kind == PN_NODE_SEQUENCE) {
        for (uint32_t i = 0; i < n->sequence.count && !found; i++)
            found = is_in_scalar(n->sequence.items[i], offset);
    } else {
        found = offset > n->span.start && offset < n->span.end;
    }
    return found;
}

/* ---- comments -------------------------------------------------------------------------- */

static struct pn_str rest_of_line(struct pn_str bytes, size_t at)
{
    struct pn_str line = {bytes.s + at, bytes.n - at};
    return pn_str_split(&line, '\n');
}

/* The first line from `at` on that is neither blank nor a comment: where it begins, or the end. */
static size_t next_line(const struct pn_source *source, size_t at)
{
    size_t n = source->bytes.n;
    while (at < n) {
        struct pn_str line = pn_str_trim(rest_of_line(source->bytes, at));
        if (line.n > 0 && line.s[0] != '#')
            return at;
        at += rest_of_line(source->bytes, at).n + 1;
    }
    return n;
}

/* The document may have nodes between the bytes `start` and `end` of the source. */
static bool may_hold(const struct pn_document *doc, const struct pn_source *source, size_t start,
                     size_t end)
{
    return doc->source == source && doc->root != NULL && doc->span.start <= end &&
           doc->span.end >= start;
}

static void cover(struct comment *c, const struct pn_lint *l, bool is_alone, size_t line_end)
{
    struct range range = {0, 0};
    const struct pn_source *source = c->suppression.source;
    size_t start = c->place.span.start;
    uint32_t line = c->place.span.line;
    if (is_alone) {
        start = next_line(source, line_end + 1);
        line = start < source->bytes.n ? pn_source_span(source, start, start).line : 0;
    }
    size_t end = start + rest_of_line(source->bytes, start).n;
    for (size_t i = 0; i < pn_suppression_document_count(l); i++) {
        const struct pn_document *doc = pn_suppression_document(l, i);
        if (may_hold(doc, source, start, end))
            find_range(&range, doc->root, line);
    }
    c->suppression.start = range.start;
    c->suppression.end = range.end;
}

static bool is_within_text(const struct pn_lint *l, const struct pn_source *source, size_t offset)
{
    for (size_t i = 0; i < pn_suppression_document_count(l); i++) {
        const struct pn_document *doc = pn_suppression_document(l, i);
        if (may_hold(doc, source, offset, offset) && is_in_scalar(doc->root, offset))
            return true;
    }
    return false;
}

/* What goes with the comment: the line that it has alone, or the blanks before it. */
static void span_comment(struct pn_suppression *s, struct pn_str before, bool is_alone,
                         size_t line_end)
{
    struct pn_str bytes = s->source->bytes;
    s->all_start = (size_t)(before.s - bytes.s);
    s->all_end = line_end < bytes.n ? line_end + 1 : line_end;
    if (is_alone)
        return;
    s->all_start += before.n;
    while (before.n > 0 && strchr(" \t", before.s[--before.n]) != NULL)
        s->all_start--;
    s->all_end = line_end > 0 && bytes.s[line_end - 1] == '\r' ? line_end - 1 : line_end;
}

/* Reads the comment at `at`, where "pannier:ignore" begins; false when it is none. */
static bool read_comment(struct comment *ret, const struct pn_lint *l,
                         const struct pn_source *source, size_t hash, size_t at)
{
    struct pn_str line = rest_of_line(source->bytes, at);
    const struct pn_str file = PN_STR("-file");
    struct pn_str text = {line.s + ignore.n, line.n - ignore.n};
    bool whole = pn_str_has_prefix(text, file);
    if (whole)
        text = (struct pn_str){text.s + file.n, text.n - file.n};
    if (text.n > 0 && text.s[0] != ' ' && text.s[0] != '\t' && text.s[0] != '\r')
        return false;
    text = pn_str_trim(text);
    *ret = (struct comment){
        .suppression = {.source = source, .help = "write `# pannier:ignore PN0401 the reason`"}};
    struct pn_str rest = text;
    struct pn_str words = pn_str_split(&rest, ' ');
    ret->suppression.words = words;
    ret->suppression.reason = rest.s != NULL ? pn_str_trim(rest) : PN_STR_NULL;
    size_t start = words.n > 0 ? (size_t)(words.s - source->bytes.s) : at;
    size_t length = words.n > 0 ? words.n : ignore.n;
    ret->place = (struct pn_node){.kind = PN_NODE_NULL,
                                  .span = pn_source_span(source, start, start + length)};
    ret->suppression.end = source->bytes.n;
    struct pn_str before = pn_source_line(source, hash);
    before.n = (size_t)(source->bytes.s + hash - before.s);
    bool is_alone = pn_str_trim(before).n == 0;
    span_comment(&ret->suppression, before, is_alone, at + line.n);
    if (!whole)
        cover(ret, l, is_alone, at + line.n);
    return true;
}

static void suppress_in(struct pn_lint *l, const struct pn_source *source)
{
    struct pn_str bytes = source->bytes;
    for (size_t at = 0; at + ignore.n <= bytes.n; at++) {
        const char *found = memmem(bytes.s + at, bytes.n - at, ignore.s, ignore.n);
        if (found == NULL)
            return;
        at = (size_t)(found - bytes.s);
        size_t hash = at;
        while (hash > 0 && (bytes.s[hash - 1] == ' ' || bytes.s[hash - 1] == '\t'))
            hash--;
        struct comment c;
        /* A comment begins its line or follows a blank. */
        bool is_comment = hash > 0 && bytes.s[hash - 1] == '#' &&
                          (hash == 1 || strchr(" \t\n", bytes.s[hash - 2]) != NULL);
        if (is_comment && !is_within_text(l, source, hash - 1) &&
            read_comment(&c, l, source, hash - 1, at))
            pn_suppression_apply_all(l, &c.suppression, c.suppression.words,
                                     (struct pn_place){source, &c.place});
    }
}

/* Few files have one; and it takes less to see that than whether a file has been looked into. */
static bool has_any(struct pn_str bytes)
{
    return bytes.n > 0 && memmem(bytes.s, bytes.n, ignore.s, ignore.n) != NULL;
}

/* No document before the i-th is of its source. */
static bool is_first(const struct pn_lint *l, size_t i)
{
    const struct pn_source *source = pn_suppression_document(l, i)->source;
    for (size_t k = 0; k < i; k++) {
        if (pn_suppression_document(l, k)->source == source)
            return false;
    }
    return true;
}

void pn_suppress_by_comments(struct pn_lint *l)
{
    const struct pn_source *before = NULL;
    for (size_t i = 0; i < pn_suppression_document_count(l); i++) {
        const struct pn_source *source = pn_suppression_document(l, i)->source;
        if (source != before && has_any(source->bytes) && is_first(l, i))
            suppress_in(l, source);
        before = source;
    }
}
