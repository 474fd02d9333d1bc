/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "jsone/chars.h"
#include "jsone/compile.h"
#include "jsone/parse.h"
#include "jsone/place.h"

/* A scalar whose expressions are compiled. */
struct scalar {
    struct pn_compile *c;
    struct pn_span span;
    struct pn_str text; /* in the set */
};

/* ---- faults ---------------------------------------------------------------------------- */

/* Of a message, so that it stays one line that people read. */
enum { SHOWN_MAX_BYTES = 60 };

static void show(char out[static SHOWN_MAX_BYTES + 1], struct pn_str text)
{
    size_t n = pn_str_utf8_cut(text, SHOWN_MAX_BYTES);
    memcpy(out, text.s, n);
    out[n] = '\0';
    pn_chars_flatten(out);
}

/*
 * Reports what is wrong with the expression at `offset` of the scalar. Where the file does not show
 * it as it reads, the message shows it.
 */
static void report(const struct scalar *s, size_t offset, const struct pn_parse_fault *fault)
{
    struct pn_span span = s->span;
    struct pn_str expression = {s->text.s + offset, s->text.n - offset};
    char shown[SHOWN_MAX_BYTES + 1];
    size_t start = offset + fault->start, length = fault->end - fault->start;
    if (pn_jsone_place_find(&span, s->c->source, s->span, s->text, start, length)) {
        pn_diags_add(s->c->diags, PN_SEVERITY_ERROR, PN_JSONE_DIAG_EXPRESSION, s->c->source, span,
                     "%s", fault->what.text);
        return;
    }
    struct pn_str before = {expression.s, fault->start};
    show(shown, expression);
    pn_diags_add(s->c->diags, PN_SEVERITY_ERROR, PN_JSONE_DIAG_EXPRESSION, s->c->source, span,
                 "%s (character %zu of `%s`)", fault->what.text, pn_chars_count(before) + 1, shown);
}

/* ${NAME:-word}, ${#NAME}, ${1%.*} and the like. */
static bool looks_like_shell(struct pn_str text)
{
    if (text.n > 0 && text.s[0] == '#')
        return true;
    size_t n = text.n > 0 && text.s[0] == '!' ? 1 : 0;
    n += pn_chars_name((struct pn_str){text.s + n, text.n - n});
    while (n < text.n && pn_chars_is_digit(text.s[n]))
        n++;
    return n < text.n && text.s[n] != '\0' && strchr(":-+=?%#/^,@*", text.s[n]) != NULL;
}

static void help_with_dollar(const struct scalar *s, size_t offset)
{
    struct pn_str text = {s->text.s + offset, s->text.n - offset};
    if (text.n > 0 && text.s[0] == '{')
        pn_diags_help(s->c->diags, "`${{` is for another tool? Then write `$${{`, or put the text "
                                   "under `literals`; in JSON-e it begins an object");
    else if (looks_like_shell(text))
        pn_diags_help(s->c->diags, "this looks like the shell's; to keep a `${` as it is write "
                                   "`$${`, or put the text under `literals`");
    else
        pn_diags_help(s->c->diags, "a `${` that is not for JSON-e is written `$${`, or its text is "
                                   "put under `literals`");
}

/* ---- expressions ----------------------------------------------------------------------- */

/* Where the expression [offset, offset + length) of the scalar stands. */
static struct pn_tree_place *new_place(const struct scalar *s, size_t offset, size_t length)
{
    struct pn_tree_place *place = pn_compile_place(s->c, s->span);
    if (place == NULL)
        return NULL;
    place->exact = pn_jsone_place_find(&place->span, s->c->source, s->span, s->text, offset,
                                       length);
    place->text = (struct pn_str){s->text.s + offset, length};
    return place;
}

static int begin(struct scalar *s, struct pn_compile *c, const struct pn_node *n)
{
    *s = (struct scalar){.c = c, .span = n->span, .text = pn_arena_dup(c->set, n->s)};
    return s->text.s != NULL ? 0 : -ENOMEM;
}

static void report_kind(struct pn_compile *c, const struct pn_node *n, const char *owner)
{
    pn_diags_add(c->diags, PN_SEVERITY_ERROR, PN_JSONE_DIAG_TEMPLATE, c->source, n->span,
                 "%s takes an expression, which is a string, not %s", owner, pn_node_kind_name(n));
    if (n->kind != PN_NODE_SEQUENCE && n->kind != PN_NODE_MAPPING)
        pn_diags_help(c->diags, "put it in quotes");
}

int pn_compile_scalar(struct pn_compile *c, const struct pn_node *n, const char *owner,
                      const struct pn_template_expr **ret)
{
    struct scalar s;
    struct pn_parse_fault fault;
    *ret = NULL;
    if (n->kind != PN_NODE_STRING) {
        report_kind(c, n, owner);
        return 0;
    }
    int r = begin(&s, c, n);
    const struct pn_tree_place *place = r == 0 ? new_place(&s, 0, s.text.n) : NULL;
    if (place == NULL)
        return -ENOMEM;
    r = pn_parse_whole(ret, place, c->set, &fault);
    if (r != PN_JSONE_E_TEMPLATE)
        return r;
    report(&s, 0, &fault);
    if (fault.help != NULL)
        pn_diags_help(c->diags, "%s", fault.help);
    return 0;
}

/* ---- text with ${...} ------------------------------------------------------------------ */

struct parts {
    const struct pn_template_expr **items;
    size_t n, cap;
    bool failed; /* a fault was reported */
};

static int append(const struct scalar *s, struct parts *parts, const struct pn_template_expr *t)
{
    if (parts->n == parts->cap) {
        size_t cap = parts->cap > 0 ? 2 * parts->cap : 4;
        const struct pn_template_expr **items = pn_arena_grow(
            s->c->set, parts->items, parts->cap * sizeof *items, cap * sizeof *items);
        if (items == NULL)
            return -ENOMEM;
        parts->items = items;
        parts->cap = cap;
    }
    parts->items[parts->n++] = t;
    return 0;
}

static int append_literal(const struct scalar *s, struct parts *parts, size_t start, size_t end)
{
    const struct pn_template_expr *t;
    if (start == end)
        return 0;
    struct pn_str piece = {s->text.s + start, end - start};
    int r = pn_compile_constant(s->c, s->span, pn_string(piece), &t);
    return r != 0 ? r : append(s, parts, t);
}

/* After a fault, the next text begins behind the next `}`: there may be more to report. */
static size_t resume_at(const struct scalar *s, size_t at)
{
    const char *close = at < s->text.n ? memchr(s->text.s + at, '}', s->text.n - at) : NULL;
    return close != NULL ? (size_t)(close - s->text.s) + 1 : s->text.n;
}

/* The expression whose ${ ends at *at; moves *at behind its }. */
static int append_expression(const struct scalar *s, struct parts *parts, size_t *at)
{
    struct pn_parse_fault fault;
    const struct pn_template_expr *t;
    size_t start = *at;
    struct pn_tree_place *place = new_place(s, start, s->text.n - start);
    if (place == NULL)
        return -ENOMEM;
    place->in_text = true;
    int r = pn_parse_embedded(&t, place, (struct pn_str){s->text.s + start, s->text.n - start},
                              s->c->set, &fault);
    if (r == 0) {
        place->span.end = place->exact ? place->span.start + place->text.n : place->span.end;
        *at = start + place->text.n + 1;
        return append(s, parts, t);
    }
    if (r != PN_JSONE_E_TEMPLATE)
        return r;
    parts->failed = true;
    report(s, start, &fault);
    if (fault.help != NULL)
        pn_diags_help(s->c->diags, "%s", fault.help);
    else
        help_with_dollar(s, start);
    *at = resume_at(s, start + fault.start);
    return 0;
}

/* The next `${` at or behind `at`, or the end. */
static size_t find_dollar(struct pn_str text, size_t at)
{
    const char *found = at < text.n ? memmem(text.s + at, text.n - at, "${", 2) : NULL;
    return found != NULL ? (size_t)(found - text.s) : text.n;
}

static int split_text(const struct scalar *s, struct parts *parts)
{
    size_t done = 0, at = 0;
    int r = 0;
    while (r == 0 && (at = find_dollar(s->text, at)) < s->text.n) {
        if (at > done && s->text.s[at - 1] == '$') { /* $${ stands for ${ */
            r = append_literal(s, parts, done, at - 1);
            done = at;
            at += 2;
            continue;
        }
        r = append_literal(s, parts, done, at);
        at += 2;
        if (r == 0)
            r = append_expression(s, parts, &at);
        done = at;
    }
    return r != 0 ? r : append_literal(s, parts, done, s->text.n);
}

/* Text without expressions, in one piece or in several around its $${. */
static int join_literals(const struct scalar *s, const struct parts *parts,
                         const struct pn_template_expr **ret)
{
    struct pn_buf text = PN_BUF_IN_ARENA(s->c->set);
    if (parts->n == 1) {
        *ret = parts->items[0];
        return 0;
    }
    for (size_t i = 0; i < parts->n; i++)
        pn_buf_str(&text, pn_value_str(parts->items[i]->value));
    if (text.failed)
        return -ENOMEM;
    struct pn_str joined = text.len > 0 ? pn_buf_view(&text) : PN_STR("");
    return pn_compile_constant(s->c, s->span, pn_string(joined), ret);
}

int pn_compile_text(struct pn_compile *c, const struct pn_node *n,
                    const struct pn_template_expr **ret)
{
    struct scalar s;
    struct parts parts = {0};
    struct pn_template_expr *t = NULL;
    bool is_literal = true;
    *ret = NULL;
    int r = begin(&s, c, n);
    if (r == 0)
        r = split_text(&s, &parts);
    if (r != 0 || parts.failed)
        return r;
    for (size_t i = 0; i < parts.n; i++)
        is_literal = is_literal && parts.items[i]->place->text.s == NULL;
    if (is_literal)
        return join_literals(&s, &parts, ret);
    r = pn_compile_make(c, PN_TREE_TEXT, n->span, parts.items, parts.n, &t);
    *ret = t;
    return r;
}
