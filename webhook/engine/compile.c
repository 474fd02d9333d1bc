/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "base/limits.h"
#include "engine/budget.h"
#include "engine/index.h"
#include "engine/order_check.h"
#include "engine/policy_set.h"
#include "engine/render.h"

/* ---- names: unique, and found by binary search ----------------------------------------- */

static int template_by_name(const void *a, const void *b)
{
    const struct pn_template_draft *x = *(const struct pn_template_draft *const *)a;
    const struct pn_template_draft *y = *(const struct pn_template_draft *const *)b;
    int order = pn_str_cmp(x->template.name, y->template.name);
    return order != 0 ? order : (x > y) - (x < y);
}

static int policy_by_name(const void *a, const void *b)
{
    const struct pn_policy_draft *x = *(const struct pn_policy_draft *const *)a;
    const struct pn_policy_draft *y = *(const struct pn_policy_draft *const *)b;
    int order = pn_str_cmp(x->policy.name, y->policy.name);
    return order != 0 ? order : (x > y) - (x < y);
}

static void fault_twice(struct pn_decoder *d, const char *kind, struct pn_str name,
                        const struct pn_source *source, const struct pn_node *node,
                        const struct pn_source *first_source, const struct pn_node *first_node)
{
    d->source = source;
    pn_decode_fault(d, node, "duplicate-name", "two documents of kind %s are named `%.*s`", kind,
                    PN_STR_ARG(name));
    if (pn_str_eq(source->name, first_source->name) && node->span.start == first_node->span.start)
        pn_diags_help(d->diags, "the file is named twice, perhaps by its directory too");
    else
        pn_diags_help(d->diags, "the other is at %.*s:%u", PN_STR_ARG(first_source->name),
                      first_node->span.line);
}

static void check_template_names(struct pn_decoder *d, struct pn_template_draft **sorted, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const struct pn_template_draft *a = sorted[i - 1], *b = sorted[i];
        if (a->name_node != NULL && b->name_node != NULL &&
            pn_str_eq(a->template.name, b->template.name))
            fault_twice(d, "SidecarTemplate", b->template.name, b->source, b->name_node, a->source,
                        a->name_node);
    }
}

static void check_policy_names(struct pn_decoder *d, struct pn_policy_draft **sorted, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const struct pn_policy_draft *a = sorted[i - 1], *b = sorted[i];
        if (a->name_node != NULL && b->name_node != NULL &&
            pn_str_eq(a->policy.name, b->policy.name))
            fault_twice(d, "InjectionPolicy", b->policy.name, b->source, b->name_node, a->source,
                        a->name_node);
    }
}

struct lookup {
    const struct pn_template *templates; /* the set's, sorted by name */
    size_t count;
    bool is_sound; /* no template has a fault */
};

static const struct pn_template *find_template(const struct lookup *l, struct pn_str name)
{
    size_t low = 0, high = l->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = pn_str_cmp(l->templates[middle].name, name);
        if (order == 0)
            return &l->templates[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* ---- spec.inject ----------------------------------------------------------------------- */

struct inject_item {
    struct {
        struct pn_str name;
    } template_ref;
    const struct pn_node *parameters, *overrides;
};

static const struct pn_field template_ref_fields[] = {
    {"name", PN_FIELD_STRING, 0, true, .help = "Name of a SidecarTemplate"}, {0}};

const struct pn_field pn_inject_fields[] = {
    {"templateRef", PN_FIELD_OBJECT, 0, true, NULL, template_ref_fields,
     .help = "The template that is injected"},
    {"parameters", PN_FIELD_NODE, offsetof(struct inject_item, parameters), .form = PN_FORM_OBJECT,
     .help = "Values for its parameters"},
    {"overrides", PN_FIELD_NODE, offsetof(struct inject_item, overrides), .form = PN_FORM_OBJECT,
     .shape = PN_SCHEMA_LIST, .fields = pn_override_fields,
     .help = "What a Pod's author may choose"},
    {0}};

static void unknown_template(struct pn_decoder *d, const struct pn_node *node, struct pn_str name,
                             const struct lookup *l)
{
    pn_decode_fault(d, node, "unknown-template", "there is no SidecarTemplate `%.*s`",
                    PN_STR_ARG(name));
    const char **names = NULL;
    if (d->diags->dropped == 0) /* a search for a diagnostic that nobody will see */
        names = calloc(l->count + 1, sizeof *names);
    if (names == NULL) {
        d->out_of_memory = d->out_of_memory || d->diags->dropped == 0;
        return;
    }
    for (size_t i = 0; i < l->count; i++)
        names[i] = l->templates[i].name.s != NULL ? l->templates[i].name.s : "";
    const char *near = pn_str_nearest(name, names);
    if (near != NULL)
        pn_diags_help(d->diags, "did you mean `%s`?", near);
    free(names);
}

/* The item of a list that has this name, or absent. */
static struct pn_value find_named(struct pn_value list, struct pn_str name)
{
    for (uint32_t i = 0; i < pn_value_count(list); i++) {
        struct pn_value item = pn_value_at(list, i);
        if (pn_str_eq(pn_value_str(PN_GET(item, "name")), name))
            return item;
    }
    return PN_VALUE_ABSENT;
}

/* Two templates of one policy are injected together, so they must not contradict each other. */
static void check_pair(struct pn_decoder *d, const struct pn_node *node,
                       const struct pn_injection *x, const struct pn_injection *y)
{
    const struct pn_template *a = x->template, *b = y->template;
    if (x->constant == NULL || y->constant == NULL)
        return; /* merging will tell */
    const struct pn_value mine[] = {y->constant->init_containers, y->constant->containers};
    for (size_t list = 0; list < PN_COUNT_OF(mine); list++) {
        for (uint32_t i = 0; i < pn_value_count(mine[list]); i++) {
            struct pn_str name = pn_value_str(PN_GET(pn_value_at(mine[list], i), "name"));
            if (find_named(x->constant->init_containers, name).kind == PN_ABSENT &&
                find_named(x->constant->containers, name).kind == PN_ABSENT)
                continue;
            pn_decode_fault(d, node, "templates-clash",
                            "templates `%.*s` and `%.*s` both add a container `%.*s`",
                            PN_STR_ARG(a->name), PN_STR_ARG(b->name), PN_STR_ARG(name));
        }
    }
    for (uint32_t i = 0; i < pn_value_count(y->constant->annotations); i++) {
        const struct pn_member *m = pn_value_member(y->constant->annotations, i);
        struct pn_value other = pn_value_get(x->constant->annotations, m->key);
        if (other.kind != PN_ABSENT && !pn_value_equal(other, m->value))
            pn_decode_fault(d, node, "templates-clash",
                            "templates `%.*s` and `%.*s` set annotation `%.*s` to different values",
                            PN_STR_ARG(a->name), PN_STR_ARG(b->name), PN_STR_ARG(m->key));
    }
    for (uint32_t i = 0; i < pn_value_count(y->constant->volumes); i++) {
        struct pn_value volume = pn_value_at(y->constant->volumes, i);
        struct pn_value other = find_named(x->constant->volumes,
                                           pn_value_str(PN_GET(volume, "name")));
        if (other.kind == PN_ABSENT || pn_value_equal(other, volume))
            continue;
        pn_decode_fault(d, node, "templates-clash",
                        "templates `%.*s` and `%.*s` add volume `%.*s` with different sources",
                        PN_STR_ARG(a->name), PN_STR_ARG(b->name),
                        PN_STR_ARG(pn_value_str(PN_GET(volume, "name"))));
    }
}

/* Notes what a constant adds: of a Pod and its spec, which are taken apart, each part. */
static int note_constant(const struct pn_schema_type *type, struct pn_value v, struct pn_arena *a)
{
    int r = 0;
    if (type != pn_schema_type(PN_SCHEMA_POD) && type != pn_schema_type(PN_SCHEMA_POD_SPEC))
        return pn_schema_note_value(type, v, a);
    for (uint32_t i = 0; r == 0 && v.kind == PN_OBJECT && i < pn_value_count(v); i++) {
        const struct pn_schema_type *inner = pn_schema_inner(type, pn_value_member(v, i)->key);
        if (inner != NULL)
            r = note_constant(inner, pn_value_member(v, i)->value, a);
    }
    return r;
}

/* Of a template's pod that is folded, notes what is constant in it. */
static int note_constants(const struct pn_schema_type *type, const struct pn_template_expr *t,
                          struct pn_arena *a)
{
    int r = 0;
    if (pn_jsone_is_constant(t))
        return note_constant(type, pn_jsone_constant(t), a);
    for (uint32_t i = 0; r == 0 && i < pn_jsone_count(t); i++) {
        if (pn_jsone_shape(t) == PN_JSONE_ARRAY) {
            r = note_constants(type, pn_jsone_item(t, i), a);
            continue;
        }
        const struct pn_jsone_member m = pn_jsone_member(t, i);
        const struct pn_schema_type *inner = pn_schema_inner(type, m.key);
        if (inner != NULL)
            r = note_constants(inner, m.value, a);
    }
    return r;
}

/* Whether nothing depends on a Pod once all is bound; that is folded for the answer alone. */
static int is_independent(bool *ret, const struct pn_injection *in, struct pn_value bound,
                          struct pn_arena *a)
{
    const struct pn_template_expr *const parts[] = {in->pod, in->app_containers,
                                                    in->append_annotations};
    struct pn_arena_mark mark = pn_arena_mark(a);
    int r = 0;
    *ret = true;
    for (size_t i = 0; r == 0 && *ret && i < PN_COUNT_OF(parts); i++) {
        const struct pn_template_expr *t = parts[i];
        if (t != NULL)
            r = pn_jsone_fold(&t, t, bound, PN_VALUE_ABSENT, NULL, a);
        *ret = t == NULL || pn_jsone_is_constant(t);
    }
    pn_arena_rewind(a, mark);
    return r;
}

/*
 * Renders what Pods get that override nothing. What fails then fails again for each Pod, which is
 * told of it. What it takes is bounded by PN_JSONE_STEPS_MAX (64 bytes for a step at most).
 */
static int render_default(struct pn_injection *in, struct pn_arena *a)
{
    struct pn_value bound;
    struct pn_reason unused;
    const struct pn_fragment *f;
    bool independent = false;
    int r = pn_object_with(&bound, a, in->bound, PN_STR("parameters"), in->parameters);
    if (r == 0)
        r = is_independent(&independent, in, bound, a);
    if (r != 0 || !independent)
        return r;
    struct pn_arena_mark mark = pn_arena_mark(a);
    r = pn_render_in(&f, in, bound, false, a, &unused);
    if (r != 0) {
        pn_arena_rewind(a, mark);
        return r < 0 ? r : 0;
    }
    in->by_default = f;
    r = pn_schema_note_value(pn_schema_type(PN_SCHEMA_CONTAINER), f->init_containers, a);
    if (r == 0)
        r = pn_schema_note_value(pn_schema_type(PN_SCHEMA_CONTAINER), f->containers, a);
    return r == 0 ? pn_schema_note_value(pn_schema_type(PN_SCHEMA_VOLUME), f->volumes, a) : r;
}

/* Binds, folds and, where nothing depends on the Pod, renders one item of spec.inject. */
static void prepare_injection(struct pn_injection *in, struct pn_decoder *d,
                              const struct pn_policy *policy, const struct inject_item *item,
                              const struct pn_node *node)
{
    const struct pn_template *t = in->template;
    struct pn_value partly;
    struct pn_reason reason = {.id = PN_REASON_NONE};
    size_t errors = d->diags->errors;
    pn_overrides_decode(&in->overrides, d, &t->parameters, item->overrides);
    pn_parameters_bind(&in->parameters, d, &t->parameters, item->parameters, &in->overrides, node);
    if (d->diags->errors > errors || t->name.s == NULL)
        return;
    const struct pn_template_expr *const parts[] = {t->pod, t->app_containers,
                                                    t->append_annotations};
    const struct pn_template_expr **folded[] = {&in->pod, &in->app_containers,
                                                &in->append_annotations};
    bool constant = in->overrides.count == 0 && pn_view_is_empty(t->mentions.pod) &&
                    !t->mentions.namespace;
    int r = pn_render_bound(&in->bound, policy, in, d->arena);
    if (r == 0)
        r = pn_render_partly_bound(&partly, in, d->arena);
    for (size_t i = 0; r == 0 && i < PN_COUNT_OF(parts); i++) {
        if (parts[i] != NULL)
            r = pn_jsone_fold(folded[i], parts[i], in->bound, partly, NULL, d->arena);
    }
    if (r == 0 && in->pod != NULL)
        r = note_constants(pn_schema_type(PN_SCHEMA_POD), in->pod, d->arena);
    if (r == 0 && constant)
        r = pn_render_in(&in->constant, in, in->bound, false, d->arena, &reason);
    if (r == 0 && constant)
        in->constant_added = pn_added_fragment(in->constant, false);
    if (r == 0 && in->overrides.count > 0)
        r = render_default(in, d->arena);
    if (r < 0) {
        d->out_of_memory = true;
    } else if (r > 0) {
        PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
        pn_reason_write(&text, &reason);
        pn_decode_fault(d, node, pn_reason_name(reason.id), "%.*s", PN_STR_ARG(pn_buf_view(&text)));
    }
}

static void resolve_item(struct pn_injection *in, struct pn_decoder *d,
                         const struct pn_policy_draft *draft, uint32_t i, const struct lookup *l)
{
    const struct pn_node *node = draft->inject->sequence.items[i];
    struct inject_item item = {0};
    struct pn_err what;
    pn_err_set(&what, 0, "spec.inject[%u]", i);
    pn_decode_object(d, node, what.text, pn_inject_fields, &item);
    if (item.template_ref.name.n == 0)
        return;
    const struct pn_node *name = pn_node_get(pn_node_get(node, "templateRef"), "name");
    in->template = find_template(l, item.template_ref.name);
    if (in->template == NULL)
        unknown_template(d, name, item.template_ref.name, l);
    else if (l->is_sound) /* else the template's own faults are enough to mend */
        prepare_injection(in, d, &draft->policy, &item, name);
}

static void resolve_inject(struct pn_policy_draft *draft, struct pn_decoder *d,
                           const struct lookup *l)
{
    struct pn_policy *p = &draft->policy;
    if (draft->inject == NULL)
        return;
    uint32_t n = draft->inject->sequence.count;
    if (n > PN_TEMPLATES_PER_POLICY_MAX)
        return; /* a fault already */
    struct pn_injection *injections = pn_arena_zalloc(d->arena, n, sizeof *injections);
    if (injections == NULL) {
        d->out_of_memory = true;
        return;
    }
    d->source = draft->source;
    p->injections = injections;
    for (uint32_t i = 0; i < n; i++) {
        struct pn_injection *in = &injections[p->injection_count];
        resolve_item(in, d, draft, i, l);
        if (in->template == NULL)
            continue;
        const struct pn_node *item = draft->inject->sequence.items[i];
        const struct pn_node *name = pn_node_get(pn_node_get(item, "templateRef"), "name");
        for (size_t k = 0; k < p->injection_count; k++)
            check_pair(d, name, &injections[k], in);
        p->injection_count++;
    }
}

/* ---- what concerns all documents
 * ----------------------------------------------------------------- */

/* An annotation that a template writes. */
struct written {
    struct pn_str key;
    const struct pn_template *template;
    bool appended;
};

struct writings {
    struct written *items; /* sorted by key; on the heap */
    size_t count;
};

static int by_key(const void *a, const void *b)
{
    const struct written *x = a, *y = b;
    int order = pn_str_cmp(x->key, y->key);
    if (order == 0)
        order = (x->template > y->template) - (x->template <y->template);
    return order != 0 ? order : (int)x->appended - (int)y->appended;
}

static void add_writings(struct writings *w, const struct pn_node *node,
                         const struct pn_template *t, bool appended)
{
    for (uint32_t i = 0; node != NULL && node->kind == PN_NODE_MAPPING && i < node->mapping.count;
         i++)
        w->items[w->count++] = (struct written){node->mapping.entries[i].key->s, t, appended};
}

static size_t count_entries(const struct pn_node *node)
{
    return node != NULL && node->kind == PN_NODE_MAPPING ? node->mapping.count : 0;
}

static int collect_writings(struct writings *ret, struct pn_template_draft *const *sorted, size_t n)
{
    size_t total = 0;
    for (size_t t = 0; t < n; t++)
        total += count_entries(sorted[t]->annotations) +
                 count_entries(sorted[t]->append_annotations);
    struct writings w = {calloc(total + 1, sizeof *w.items), 0};
    if (w.items == NULL)
        return -ENOMEM;
    for (size_t t = 0; t < n; t++) {
        add_writings(&w, sorted[t]->annotations, &sorted[t]->template, false);
        add_writings(&w, sorted[t]->append_annotations, &sorted[t]->template, true);
    }
    qsort(w.items, w.count, sizeof *w.items, by_key);
    *ret = w;
    return 0;
}

/* The first template that writes `key` (or a key that begins with it), or NULL. */
static const struct written *find_writing(const struct writings *w, struct pn_str key,
                                          enum pn_override_source source)
{
    size_t low = 0, high = w->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (pn_str_cmp(w->items[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == w->count)
        return NULL;
    bool found = source == PN_OVERRIDE_ANNOTATION_PREFIX ? pn_str_has_prefix(w->items[low].key, key)
                                                         : pn_str_eq(w->items[low].key, key);
    return found ? &w->items[low] : NULL;
}

/*
 * An annotation is set or appended to, not both: what was set would not be recognised in the second
 * round of an admission, when words have been appended to it.
 */
static void check_writings(struct pn_decoder *d, const struct writings *w,
                           struct pn_template_draft **sorted)
{
    for (size_t i = 1; i < w->count; i++) {
        const struct written *a = &w->items[i - 1], *b = &w->items[i];
        if (!pn_str_eq(a->key, b->key) || a->appended == b->appended)
            continue;
        const struct pn_template_draft *draft = NULL;
        for (size_t t = 0; draft == NULL; t++) {
            if (pn_str_eq(sorted[t]->template.name, b->template->name))
                draft = sorted[t];
        }
        d->source = draft->source;
        pn_decode_fault(d, draft->name_node, "annotation-set-and-appended",
                        "annotation `%.*s` is set by template `%.*s` and appended to by `%.*s`",
                        PN_STR_ARG(b->key), PN_STR_ARG((a->appended ? b : a)->template->name),
                        PN_STR_ARG((a->appended ? a : b)->template->name));
    }
}

/*
 * A policy that selects on an annotation which a template writes would decide otherwise in the
 * second round.
 */
static void check_selected_annotations(struct pn_decoder *d, const struct pn_policy_draft *draft,
                                       const struct writings *w)
{
    const struct pn_node *node = draft->pod_annotations_node;
    if (node == NULL || node->kind != PN_NODE_MAPPING)
        return;
    d->source = draft->source;
    for (uint32_t i = 0; i < node->mapping.count; i++) {
        const struct pn_node *key = node->mapping.entries[i].key;
        const struct written *writing = find_writing(w, key->s, PN_OVERRIDE_ANNOTATION);
        if (writing == NULL)
            continue;
        pn_decode_fault(d, key, "selects-on-own-annotation",
                        "policy `%.*s` selects on annotation `%.*s`, which template `%.*s` "
                        "writes: it would decide differently when it sees the Pod again",
                        PN_STR_ARG(draft->policy.name), PN_STR_ARG(key->s),
                        PN_STR_ARG(writing->template->name));
    }
}

static int by_text(const void *a, const void *b)
{
    return pn_str_cmp(*(const struct pn_str *)a, *(const struct pn_str *)b);
}

/* The categories of all templates, sorted, each once: what pannier.dev/skip can name. */
static void list_categories(struct pn_policy_set *set, struct pn_decoder *d)
{
    struct pn_str *all = pn_arena_alloc(d->arena, set->template_count * sizeof *all);
    size_t n = 0;
    if (all == NULL) {
        d->out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < set->template_count; i++)
        all[i] = set->templates[i].category;
    if (set->template_count > 0)
        qsort(all, set->template_count, sizeof *all, by_text);
    for (size_t i = 0; i < set->template_count; i++) {
        if (n == 0 || !pn_str_eq(all[n - 1], all[i]))
            all[n++] = all[i];
    }
    set->categories = all;
    set->category_count = n;
}

/* Of what the policy adds: to whom, and since when, is no difference in a Pod that has it. */
static struct pn_str make_rev(struct pn_decoder *d, const struct pn_policy_draft *draft)
{
    uint64_t hash = draft->inject != NULL ? pn_node_hash(d, draft->inject) : PN_HASH_BASIS;
    for (size_t i = 0; i < draft->policy.injection_count; i++) {
        uint64_t part = draft->policy.injections[i].template->hash;
        hash = pn_str_hash(hash, (struct pn_str){(const char *)&part, sizeof part});
    }
    struct pn_str rev = pn_arena_format(d->arena, "%08x",
                                        (unsigned)(hash ^ hash >> 32) & 0xffffffffu);
    if (rev.s == NULL)
        d->out_of_memory = true;
    return rev;
}

/* Deny before Skip, then higher priority, then name: one order that fits in one sentence. Those in
 * mode Audit come last, since they must not change what the others decide. */
static int by_evaluation(const void *a, const void *b)
{
    const struct pn_policy *x = a, *y = b;
    if (x->audit != y->audit)
        return x->audit ? 1 : -1;
    if (x->deny_on_failure != y->deny_on_failure)
        return x->deny_on_failure ? -1 : 1;
    if (x->priority != y->priority)
        return x->priority > y->priority ? -1 : 1;
    return pn_str_cmp(x->name, y->name);
}

/* What a Pod's author overrides from must not be what a template writes. */
static void check_overrides(struct pn_decoder *d, const struct pn_policy_draft *draft,
                            const struct writings *w)
{
    d->source = draft->source;
    for (size_t i = 0; i < draft->policy.injection_count; i++) {
        const struct pn_overrides *overrides = &draft->policy.injections[i].overrides;
        for (size_t k = 0; k < overrides->count; k++) {
            const struct pn_override *o = &overrides->items[k];
            const struct written *writing = o->source != PN_OVERRIDE_LABEL
                                                ? find_writing(w, o->key, o->source)
                                                : NULL;
            if (writing != NULL)
                pn_decode_fault(d, draft->inject, "overrides-from-own-annotation",
                                "parameter `%.*s` is overridden from annotation `%.*s`, which "
                                "template `%.*s` writes",
                                PN_STR_ARG(o->parameter->name), PN_STR_ARG(writing->key),
                                PN_STR_ARG(writing->template->name));
        }
    }
}

static void compile_policies(struct pn_policy_set *set, const struct lookup *lookup,
                             struct pn_template_draft **sorted_templates,
                             struct pn_policy_draft **sorted, size_t n, struct pn_decoder *d)
{
    struct pn_policy *policies = pn_arena_zalloc(d->arena, n, sizeof *policies);
    struct writings writings = {0};
    if (policies == NULL || collect_writings(&writings, sorted_templates, lookup->count) != 0) {
        d->out_of_memory = true;
        return;
    }
    check_writings(d, &writings, sorted_templates);
    for (size_t i = 0; i < n; i++) {
        resolve_inject(sorted[i], d, lookup);
        check_selected_annotations(d, sorted[i], &writings);
        check_overrides(d, sorted[i], &writings);
        sorted[i]->policy.rev = make_rev(d, sorted[i]);
        policies[i] = sorted[i]->policy;
    }
    free(writings.items);
    if (n > 0)
        qsort(policies, n, sizeof *policies, by_evaluation);
    set->policies = policies;
    set->policy_count = n;
}

static void compile(struct pn_policy_set *set, struct pn_template_draft **sorted_templates,
                    size_t template_count, struct pn_policy_draft **sorted_policies,
                    size_t policy_count, struct pn_decoder *d)
{
    struct pn_template *templates = pn_arena_zalloc(d->arena, template_count, sizeof *templates);
    if (templates == NULL) {
        d->out_of_memory = true;
        return;
    }
    check_template_names(d, sorted_templates, template_count);
    check_policy_names(d, sorted_policies, policy_count);
    pn_order_check(d, sorted_templates, template_count);
    for (size_t i = 0; i < template_count; i++)
        templates[i] = sorted_templates[i]->template;
    set->templates = templates;
    set->template_count = template_count;
    list_categories(set, d);
    compile_policies(
        set, &(struct lookup){templates, template_count, d->diags->errors == d->errors_before},
        sorted_templates, sorted_policies, policy_count, d);
    if (!d->out_of_memory && pn_view_zeros_new(&set->zeros, d->arena) != 0)
        d->out_of_memory = true;
    if (!d->out_of_memory && pn_index_new(&set->index, set, d->arena) != 0)
        d->out_of_memory = true;
}

static int budget_by_name(const void *a, const void *b)
{
    const struct pn_budget_draft *x = a, *y = b;
    int order = pn_str_cmp(x->budget.name, y->budget.name);
    return order != 0 ? order : (x > y) - (x < y);
}

static void compile_budgets(struct pn_policy_set *set, struct pn_budget_draft *drafts, size_t n,
                            struct pn_decoder *d)
{
    struct pn_budget *budgets = pn_arena_zalloc(d->arena, n, sizeof *budgets);
    if (budgets == NULL) {
        d->out_of_memory = true;
        return;
    }
    if (n > 0)
        qsort(drafts, n, sizeof *drafts, budget_by_name);
    for (size_t i = 0; i < n; i++) {
        const struct pn_budget_draft *a = i > 0 ? &drafts[i - 1] : NULL, *b = &drafts[i];
        if (a != NULL && a->name_node != NULL && b->name_node != NULL &&
            pn_str_eq(a->budget.name, b->budget.name))
            fault_twice(d, "InjectionBudget", b->budget.name, b->source, b->name_node, a->source,
                        a->name_node);
        budgets[i] = b->budget;
    }
    set->budgets = budgets;
    set->budget_count = n;
}

void pn_compile(struct pn_policy_set *set, const struct pn_drafts *drafts, struct pn_decoder *d)
{
    size_t template_count = drafts->template_count, policy_count = drafts->policy_count;
    struct pn_template_draft **sorted_templates = calloc(template_count + 1, sizeof(void *));
    struct pn_policy_draft **sorted_policies = calloc(policy_count + 1, sizeof(void *));
    if (sorted_templates == NULL || sorted_policies == NULL) {
        d->out_of_memory = true;
    } else {
        for (size_t i = 0; i < template_count; i++)
            sorted_templates[i] = &drafts->templates[i];
        for (size_t i = 0; i < policy_count; i++)
            sorted_policies[i] = &drafts->policies[i];
        if (template_count > 0)
            qsort(sorted_templates, template_count, sizeof(void *), template_by_name);
        if (policy_count > 0)
            qsort(sorted_policies, policy_count, sizeof(void *), policy_by_name);
        compile(set, sorted_templates, template_count, sorted_policies, policy_count, d);
        compile_budgets(set, drafts->budgets, drafts->budget_count, d);
    }
    free(sorted_templates);
    free(sorted_policies);
}
