/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/cleanup.h"
#include "jsone/chars.h"
#include "jsone/compile.h"
#include "jsone/sort.h"

/* Where a child of an operator's node comes from, and what it is. */
enum source { ARGUMENT, FIRST, SECOND, BODY };
enum nature { TEMPLATE, EXPRESSION, VERBATIM };

struct part {
    enum source source;
    enum nature nature;
    bool or_nothing; /* left out, it is a delete marker; other parts are then left out too */
};

/* One operator: what may stand beside it in its object, and what its node is made of. */
static const struct form {
    const char *name;
    enum pn_tree_kind kind;
    const char *property[2]; /* FIRST, SECOND */
    const char *binder;      /* "each(x)", "by(x)": its value is the BODY */
    uint8_t names_min, names_max;
    bool needs_first, needs_body;
    const char *takes; /* all this in words */
    struct part parts[3];
    uint8_t part_count; /* 0: conditions and results */
} forms[] = {
    {.name = "$eval", .kind = PN_TREE_NAME, .parts = {{ARGUMENT, EXPRESSION}}, .part_count = 1},
    {.name = "$if",
     .kind = PN_TREE_IF,
     .property = {"then", "else"},
     .takes = "`then` and `else`",
     .parts = {{ARGUMENT, EXPRESSION}, {FIRST, TEMPLATE, true}, {SECOND, TEMPLATE, true}},
     .part_count = 3},
    {.name = "$let",
     .kind = PN_TREE_LET,
     .property = {"in"},
     .needs_first = true,
     .takes = "`in`",
     .parts = {{ARGUMENT, TEMPLATE}, {FIRST, TEMPLATE}},
     .part_count = 2},
    {.name = "$map",
     .kind = PN_TREE_MAP,
     .binder = "each",
     .names_min = 1,
     .names_max = 2,
     .needs_body = true,
     .takes = "each(x) or each(x,i)",
     .parts = {{ARGUMENT, TEMPLATE}, {BODY, TEMPLATE}},
     .part_count = 2},
    {.name = "$reduce",
     .kind = PN_TREE_REDUCE,
     .property = {"initial"},
     .binder = "each",
     .names_min = 2,
     .names_max = 3,
     .needs_first = true,
     .needs_body = true,
     .takes = "`initial`, and each(acc,x) or each(acc,x,i)",
     .parts = {{ARGUMENT, TEMPLATE}, {FIRST, VERBATIM}, {BODY, TEMPLATE}},
     .part_count = 3},
    {.name = "$find",
     .kind = PN_TREE_FIND,
     .binder = "each",
     .names_min = 1,
     .names_max = 2,
     .needs_body = true,
     .takes = "each(x) or each(x,i)",
     .parts = {{ARGUMENT, TEMPLATE}, {BODY, EXPRESSION}},
     .part_count = 2},
    {.name = "$sort",
     .kind = PN_TREE_SORT,
     .binder = "by",
     .names_min = 1,
     .names_max = 1,
     .takes = "by(x)",
     .parts = {{ARGUMENT, TEMPLATE}, {BODY, EXPRESSION}},
     .part_count = 2},
    {.name = "$fromNow",
     .kind = PN_TREE_FROM_NOW,
     .property = {"from"},
     .takes = "`from`",
     .parts = {{ARGUMENT, TEMPLATE}, {FIRST, TEMPLATE}},
     .part_count = 2},
    {.name = "$match", .kind = PN_TREE_MATCH},
    {.name = "$switch", .kind = PN_TREE_SWITCH},
    {.name = "$flatten", .kind = PN_TREE_FLATTEN, .parts = {{ARGUMENT, TEMPLATE}}, .part_count = 1},
    {.name = "$flattenDeep",
     .kind = PN_TREE_FLATTEN_DEEP,
     .parts = {{ARGUMENT, TEMPLATE}},
     .part_count = 1},
    {.name = "$json", .kind = PN_TREE_JSON, .parts = {{ARGUMENT, TEMPLATE}}, .part_count = 1},
    {.name = "$merge", .kind = PN_TREE_MERGE, .parts = {{ARGUMENT, TEMPLATE}}, .part_count = 1},
    {.name = "$mergeDeep",
     .kind = PN_TREE_MERGE_DEEP,
     .parts = {{ARGUMENT, TEMPLATE}},
     .part_count = 1},
    {.name = "$reverse", .kind = PN_TREE_REVERSE, .parts = {{ARGUMENT, TEMPLATE}}, .part_count = 1},
};

/* What stands in the object of an operator. */
struct found {
    const struct form *form;
    const struct pn_node *key;   /* the operator's */
    const struct pn_node *at[4]; /* by enum source; NULL: left out */
    struct pn_str names[PN_TREE_NAMES_MAX];
    uint8_t name_count;
};

static const struct form *find_form(struct pn_str name)
{
    for (size_t i = 0; i < PN_COUNT_OF(forms); i++) {
        if (pn_str_is(name, forms[i].name))
            return &forms[i];
    }
    return NULL;
}

enum pn_tree_kind pn_compile_find_operator(struct pn_str name)
{
    const struct form *form = find_form(name);
    return form != NULL ? form->kind : PN_TREE_KINDS;
}

const char *pn_compile_nearest_operator(struct pn_str name)
{
    const char *names[PN_COUNT_OF(forms) + 1];
    for (size_t i = 0; i < PN_COUNT_OF(forms); i++)
        names[i] = forms[i].name + 1; /* the $ is no likeness */
    names[PN_COUNT_OF(forms)] = NULL;
    return pn_str_nearest((struct pn_str){name.s + 1, name.n - 1}, names);
}

/* ---- properties ------------------------------------------------------------------------ */

static bool take_prefix(struct pn_str *rest, const char *prefix)
{
    struct pn_str p = pn_str_of(prefix);
    if (!pn_str_has_prefix(*rest, p))
        return false;
    rest->s += p.n;
    rest->n -= p.n;
    return true;
}

/* "each(a, b)": names with commas, and white space behind a comma only. */
static bool parse_binder(struct found *f, struct pn_str text)
{
    struct pn_str names[PN_TREE_NAMES_MAX];
    const struct form *form = f->form;
    uint8_t count = 0;
    if (form->binder == NULL || !take_prefix(&text, form->binder) || !take_prefix(&text, "("))
        return false;
    do {
        for (size_t n = pn_chars_space(text); count > 0 && n > 0; n = pn_chars_space(text))
            text = (struct pn_str){text.s + n, text.n - n};
        size_t n = pn_chars_name(text);
        if (n == 0 || count == form->names_max)
            return false;
        names[count++] = (struct pn_str){text.s, n};
        text = (struct pn_str){text.s + n, text.n - n};
    } while (take_prefix(&text, ","));
    if (!pn_str_is(text, ")") || count < form->names_min)
        return false;
    memcpy(f->names, names, count * sizeof *names);
    f->name_count = count;
    return true;
}

static bool take_property(struct found *f, const struct pn_node_entry *entry)
{
    const struct form *form = f->form;
    for (size_t i = 0; i < PN_COUNT_OF(form->property); i++) {
        if (form->property[i] != NULL && pn_str_is(entry->key->s, form->property[i])) {
            f->at[FIRST + i] = entry->value;
            return true;
        }
    }
    if (f->at[BODY] != NULL || !parse_binder(f, entry->key->s))
        return false;
    f->at[BODY] = entry->value;
    return true;
}

static void report_property(struct pn_compile *c, const struct form *form,
                            const struct pn_node *key)
{
    pn_diags_add(c->diags, PN_SEVERITY_ERROR, PN_JSONE_DIAG_TEMPLATE, c->source, key->span,
                 "`%s` has no property `%.*s`", form->name, PN_STR_ARG(key->s));
    if (form->takes != NULL)
        pn_diags_help(c->diags, "it takes %s", form->takes);
    else
        pn_diags_help(c->diags, "it stands alone in its object");
}

/* False when something is wrong with the properties, which was reported. */
static bool collect(struct pn_compile *c, const struct pn_node *n, struct found *f)
{
    const struct form *form = f->form;
    bool is_good = true;
    for (uint32_t i = 0; i < n->mapping.count; i++) {
        const struct pn_node_entry *entry = &n->mapping.entries[i];
        if (entry->key == f->key) {
            f->at[ARGUMENT] = entry->value;
        } else if (!take_property(f, entry)) {
            report_property(c, form, entry->key);
            is_good = false;
        }
    }
    bool is_complete = (f->at[FIRST] != NULL || !form->needs_first) &&
                       (f->at[BODY] != NULL || !form->needs_body);
    if (is_good && !is_complete)
        pn_diags_add(c->diags, PN_SEVERITY_ERROR, PN_JSONE_DIAG_TEMPLATE, c->source, f->key->span,
                     "`%s` needs %s", form->name, form->takes);
    return is_good && is_complete;
}

/* ---- nodes ----------------------------------------------------------------------------- */

/* Children of an operator, which are in the set. */
static const struct pn_template_expr **new_children(struct pn_compile *c, size_t count)
{
    return pn_arena_zalloc(c->set, count, sizeof(struct pn_template_expr *));
}

static int copy_names(struct pn_compile *c, struct pn_template_expr *t, const struct found *f)
{
    struct pn_str *names = pn_arena_zalloc(c->set, f->name_count, sizeof *names);
    if (names == NULL)
        return -ENOMEM;
    for (uint8_t i = 0; i < f->name_count; i++) {
        names[i] = pn_arena_dup(c->set, f->names[i]);
        if (names[i].s == NULL)
            return -ENOMEM;
    }
    t->names = names;
    t->name_count = f->name_count;
    return 0;
}

static void report_let_name(struct pn_compile *c, const struct pn_template_expr *key)
{
    pn_diags_add(c->diags, PN_SEVERITY_ERROR, PN_JSONE_DIAG_TEMPLATE, c->source, pn_jsone_span(key),
                 "`%.*s` cannot be a name in $let", PN_STR_ARG(pn_value_str(key->value)));
    pn_diags_help(c->diags, "names are made of a-z, A-Z, 0-9 and _, and begin with no digit");
}

/* What an object of constant keys defines; computed ones leave it open. *ret: NULL for bad names.
 */
static int let_names(struct pn_compile *c, struct pn_template_expr *t,
                     const struct pn_template_expr **ret)
{
    const struct pn_template_expr *values = t->children[0];
    uint32_t count = values->kind == PN_TREE_OBJECT ? values->count / 2 : 0;
    struct pn_str *names = pn_arena_zalloc(c->set, count, sizeof *names);
    if (names == NULL)
        return -ENOMEM;
    *ret = t;
    t->open = values->kind != PN_TREE_OBJECT || count > UINT8_MAX;
    for (uint32_t i = 0; i < count; i++) {
        const struct pn_template_expr *key = values->children[2 * i];
        t->open = t->open || !key->constant;
        names[i] = pn_value_str(key->value);
        if (key->constant && !pn_chars_is_name(names[i])) {
            report_let_name(c, key);
            *ret = NULL;
        }
    }
    if (!t->open) {
        t->names = names;
        t->name_count = (uint8_t)count;
    }
    return 0;
}

/* A value that is taken as it stands: it is no template. */
static int compile_verbatim(struct pn_compile *c, const struct pn_node *n,
                            const struct pn_template_expr **ret)
{
    struct pn_value value;
    int r = pn_value_from_node(&value, n, c->set);
    if (r == 0)
        r = pn_value_freeze(&value, value, c->set);
    return r == 0 ? pn_compile_constant(c, n->span, value, ret) : -ENOMEM;
}

static int compile_part(struct pn_compile *c, const struct pn_node *n, const struct part *part,
                        const struct found *f, const struct pn_template_expr **ret)
{
    const struct pn_node *at = f->at[part->source];
    if (at == NULL)
        return pn_compile_constant(c, n->span, PN_VALUE_ABSENT, ret);
    switch (part->nature) {
    case EXPRESSION:
        return pn_compile_scalar(c, at, f->form->name, ret);
    case VERBATIM:
        return compile_verbatim(c, at, ret);
    default:
        return pn_compile_node(c, at, ret);
    }
}

static int compile_parts(struct pn_compile *c, const struct pn_node *n, const struct found *f,
                         const struct pn_template_expr **ret)
{
    const struct form *form = f->form;
    struct pn_template_expr *t = NULL;
    const struct pn_template_expr **children = new_children(c, form->part_count);
    uint8_t count = 0;
    if (children == NULL)
        return -ENOMEM;
    for (uint8_t i = 0; i < form->part_count; i++) {
        if (f->at[form->parts[i].source] == NULL && !form->parts[i].or_nothing)
            continue;
        int r = compile_part(c, n, &form->parts[i], f, &children[count++]);
        if (r != 0)
            return r;
    }
    if (form->kind == PN_TREE_NAME) { /* $eval is its expression */
        *ret = children[0];
        return 0;
    }
    int r = pn_compile_make(c, form->kind, n->span, children, count, &t);
    *ret = t;
    if (r != 0 || t == NULL)
        return r;
    return form->kind == PN_TREE_LET ? let_names(c, t, ret) : copy_names(c, t, f);
}

/* ---- $match and $switch ---------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
    return pn_str_cmp(((const struct pn_node_entry *)a)->key->s,
                      ((const struct pn_node_entry *)b)->key->s);
}

/* Conditions in their order, $default (of $switch) apart. */
static int sort_conditions(struct pn_compile *c, const struct pn_node *choices, bool has_default,
                           const struct pn_node_entry **ret, size_t *ret_n,
                           const struct pn_node **ret_default)
{
    uint32_t count = choices->mapping.count;
    struct pn_node_entry *sorted = pn_arena_zalloc(c->set, count, sizeof *sorted);
    struct pn_node_entry *scratch = pn_arena_zalloc(c->set, count, sizeof *scratch);
    size_t n = 0;
    if (sorted == NULL || scratch == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        const struct pn_node_entry *entry = &choices->mapping.entries[i];
        if (has_default && pn_str_is(entry->key->s, "$default"))
            *ret_default = entry->value;
        else
            sorted[n++] = *entry;
    }
    pn_sort_stable(sorted, scratch, n, sizeof *sorted, by_key);
    *ret = sorted;
    *ret_n = n;
    return 0;
}

static int compile_choices(struct pn_compile *c, const struct pn_node *n, const struct found *f,
                           const struct pn_template_expr **ret)
{
    const struct pn_node_entry *entries = NULL;
    const struct pn_node *otherwise = NULL;
    struct pn_template_expr *t = NULL;
    size_t count = 0;
    int r = sort_conditions(c, f->at[ARGUMENT], f->form->kind == PN_TREE_SWITCH, &entries, &count,
                            &otherwise);
    const struct pn_template_expr **children = new_children(c, 2 * count + 1);
    if (r != 0 || children == NULL)
        return -ENOMEM;
    for (size_t i = 0; r == 0 && i < count; i++) {
        r = pn_compile_scalar(c, entries[i].key, f->form->name, &children[2 * i]);
        if (r == 0)
            r = pn_compile_node(c, entries[i].value, &children[2 * i + 1]);
    }
    if (r == 0 && otherwise != NULL)
        r = pn_compile_node(c, otherwise, &children[2 * count]);
    count = 2 * count + (otherwise != NULL);
    if (r == 0)
        r = pn_compile_make(c, f->form->kind, n->span, children, count, &t);
    *ret = t;
    return r;
}

int pn_compile_operator(struct pn_compile *c, const struct pn_node *n, const struct pn_node *key,
                        const struct pn_template_expr **ret)
{
    struct found f = {.form = find_form(key->s), .key = key};
    bool is_choice = f.form->part_count == 0;
    *ret = NULL;
    if (!collect(c, n, &f))
        return 0;
    if ((is_choice || f.form->kind == PN_TREE_LET) && f.at[ARGUMENT]->kind != PN_NODE_MAPPING) {
        pn_diags_add(c->diags, PN_SEVERITY_ERROR, PN_JSONE_DIAG_TEMPLATE, c->source,
                     f.at[ARGUMENT]->span, "the value of `%s` must be a mapping of %s, not %s",
                     f.form->name, is_choice ? "conditions to results" : "names to values",
                     pn_node_kind_name(f.at[ARGUMENT]));
        return 0;
    }
    return is_choice ? compile_choices(c, n, &f, ret) : compile_parts(c, n, &f, ret);
}
