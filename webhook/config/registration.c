/* SPDX-License-Identifier: Apache-2.0 */
#include "config/registration.h"

#include <errno.h>

#include "config/union.h"
#include "engine/match.h"
#include "kube/labels.h"
#include "kube/names.h"

/* A Pod waits as long for a server that does not answer. */
enum { TIMEOUT_SECONDS = 3 };
/* Keys that a condition may ask for. An API server compiles it, and bounds what it costs. */
enum { CONDITION_KEYS_MAX = 100 };

/* Builds values; a refused allocation is remembered and asked about once, at the end. */
struct builder {
    const struct pn_registration_options *o;
    struct pn_arena *arena;
    bool failed;
};

static struct pn_value keep(struct builder *b, int code, struct pn_value made)
{
    b->failed = b->failed || code != 0;
    return code == 0 ? made : pn_null();
}

/* Members that are PN_ABSENT are left out. */
static struct pn_value object(struct builder *b, const struct pn_member *members, size_t n)
{
    struct pn_member *kept = pn_arena_alloc(b->arena, n * sizeof *kept);
    struct pn_value made = pn_null();
    size_t count = 0;
    for (size_t i = 0; i < n && kept != NULL; i++) {
        if (members[i].value.kind != PN_ABSENT)
            kept[count++] = members[i];
    }
    int code = kept != NULL ? pn_object_take(&made, b->arena, kept, count) : -ENOMEM;
    return keep(b, code, made);
}

static struct pn_value list(struct builder *b, const struct pn_value *items, size_t n)
{
    struct pn_value made = pn_null();
    int code = pn_array_new(&made, b->arena, items, n);
    return keep(b, code, made);
}

#define OBJECT(b, ...)                                   \
    object((b), (const struct pn_member[]){__VA_ARGS__}, \
           sizeof((const struct pn_member[]){__VA_ARGS__}) / sizeof(struct pn_member))
#define LIST(b, ...)                                  \
    list((b), (const struct pn_value[]){__VA_ARGS__}, \
         sizeof((const struct pn_value[]){__VA_ARGS__}) / sizeof(struct pn_value))
#define MEMBER(literal, value)        \
    {                                 \
        PN_STR_INIT(literal), (value) \
    }
#define TEXT(literal) pn_string(PN_STR(literal))

/* What was written, or an absent value when `text` was refused memory. */
static struct pn_value text_of(struct builder *b, const struct pn_buf *text)
{
    b->failed = b->failed || text->failed;
    return pn_string(pn_buf_view(text));
}

/* ---- selectors -------------------------------------------------------------------------- */

static struct pn_value values_of(struct builder *b, const struct pn_requirement *r)
{
    if (r->count == 0)
        return PN_VALUE_ABSENT;
    struct pn_value *items = pn_arena_alloc(b->arena, r->count * sizeof *items);
    if (items == NULL)
        return keep(b, -ENOMEM, pn_null());
    for (uint32_t i = 0; i < r->count; i++)
        items[i] = pn_string(r->values[i]);
    return list(b, items, r->count);
}

static struct pn_value expression(struct builder *b, const struct pn_requirement *r)
{
    /* The operators of the string form do not occur in documents. */
    static const struct pn_str names[] = {[PN_OP_IN] = PN_STR_INIT("In"),
                                          [PN_OP_NOT_IN] = PN_STR_INIT("NotIn"),
                                          [PN_OP_EXISTS] = PN_STR_INIT("Exists"),
                                          [PN_OP_DOES_NOT_EXIST] = PN_STR_INIT("DoesNotExist")};
    return OBJECT(b, MEMBER("key", pn_string(r->key)), MEMBER("operator", pn_string(names[r->op])),
                  MEMBER("values", values_of(b, r)));
}

/* A LabelSelector; absent when it would match everything. `more`: one further requirement, or NULL.
 */
static struct pn_value selector(struct builder *b, const struct pn_selector *s,
                                const struct pn_requirement *more)
{
    size_t n = s->count + (more != NULL);
    if (n == 0)
        return PN_VALUE_ABSENT;
    struct pn_value *items = pn_arena_alloc(b->arena, n * sizeof *items);
    if (items == NULL)
        return keep(b, -ENOMEM, pn_null());
    for (uint32_t i = 0; i < s->count; i++)
        items[i] = expression(b, &s->requirements[i]);
    if (more != NULL)
        items[s->count] = expression(b, more);
    return OBJECT(b, MEMBER("matchExpressions", list(b, items, n)));
}

/* NotIn the protected namespaces and our own: a webhook must not stand in the way of what it needs
 * to run. */
static struct pn_requirement elsewhere(struct builder *b)
{
    struct pn_requirement r = {.key = pn_namespace_name_label, .op = PN_OP_NOT_IN};
    const struct pn_str *protected = b->o->protected_namespaces;
    size_t n = 0;
    while (protected[n].n > 0)
        n++;
    struct pn_str *values = pn_arena_alloc(b->arena, (n + 1) * sizeof *values);
    if (values == NULL) {
        b->failed = true;
        return r;
    }
    bool is_there = b->o->namespace.s == NULL;
    for (r.count = 0; r.count < n; r.count++) {
        values[r.count] = protected[r.count];
        is_there = is_there || pn_str_eq(protected[r.count], b -> o -> namespace);
    }
    if (!is_there)
        values[r.count++] = b->o->namespace;
    r.values = values;
    return r;
}

/* ---- webhooks --------------------------------------------------------------------------- */

static struct pn_value client_config(struct builder *b, const char *path)
{
    const struct pn_registration_options *o = b->o;
    struct pn_buf url = PN_BUF_IN_ARENA(b->arena), ca = PN_BUF_IN_ARENA(b->arena);
    struct pn_value service = PN_VALUE_ABSENT, address = PN_VALUE_ABSENT;
    if (o->url.s != NULL) {
        pn_buf_str(&url, o->url);
        pn_buf_cstr(&url, path);
        address = text_of(b, &url);
    } else {
        service = OBJECT(
            b, MEMBER("namespace", pn_string(o->namespace)), MEMBER("name", pn_string(o->service)),
            MEMBER("path", pn_string(pn_str_of(path))), MEMBER("port", pn_int(o->port)));
    }
    if (o->ca_pem.s != NULL)
        pn_buf_base64(&ca, o->ca_pem);
    return OBJECT(b, MEMBER("service", service), MEMBER("url", address),
                  MEMBER("caBundle", o->ca_pem.s != NULL ? text_of(b, &ca) : PN_VALUE_ABSENT));
}

static struct pn_value rules(struct builder *b, bool updates)
{
    struct pn_value operations = updates ? LIST(b, TEXT("CREATE"), TEXT("UPDATE"))
                                         : LIST(b, TEXT("CREATE"));
    return LIST(
        b, OBJECT(b, MEMBER("apiGroups", LIST(b, TEXT(""))),
                  MEMBER("apiVersions", LIST(b, TEXT("v1"))), MEMBER("operations", operations),
                  MEMBER("resources", LIST(b, TEXT("pods"))), MEMBER("scope", TEXT("Namespaced"))));
}

/* What distinguishes one webhook from another. */
struct hook {
    struct pn_str name;
    bool validates, must_answer;
    const struct pn_policy_scope *scopes; /* of the policies that it is for */
    size_t count;
};

/* Selectors of all its policies as one. */
static struct pn_selector joined(struct builder *b, const struct hook *h, bool of_namespaces)
{
    struct pn_selector result = {0};
    const struct pn_selector **selectors = pn_arena_alloc(b->arena, h->count * sizeof(void *));
    for (size_t i = 0; i < h->count && selectors != NULL; i++)
        selectors[i] = of_namespaces ? h->scopes[i].namespaces : h->scopes[i].pods;
    if (selectors == NULL || pn_union_of(&result, selectors, h->count, b->arena) != 0)
        b->failed = true;
    return result;
}

/* A label or annotation that a Pod must have. */
struct asked {
    struct pn_str key; /* unset: nothing is asked for */
    const char *map;   /* "labels", "annotations" */
};

static struct asked asked_label(const struct pn_selector *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->requirements[i].op == PN_OP_IN || s->requirements[i].op == PN_OP_EXISTS)
            return (struct asked){s->requirements[i].key, "labels"};
    }
    return (struct asked){PN_STR_NULL, NULL};
}

static struct asked asked_by(const struct pn_policy_scope *scope)
{
    struct asked label = asked_label(scope->pods);
    struct pn_str key = pn_value_member(scope->annotations, 0)->key;
    /* It is written between quotes: nothing that is no key may get there. */
    if (label.key.s != NULL || pn_value_count(scope->annotations) == 0 ||
        !pn_name_is_annotation_key(key))
        return label;
    return (struct asked){key, "annotations"};
}

/* The different ones of all policies; 0 when a policy asks for none, or there are too many. */
static size_t asked_by_all(struct asked all[static CONDITION_KEYS_MAX], const struct hook *h)
{
    size_t n = 0;
    for (size_t i = 0; i < h->count; i++) {
        struct asked one = asked_by(&h->scopes[i]);
        size_t at = 0;
        if (one.key.s == NULL)
            return 0;
        while (at < n && (!pn_str_eq(all[at].key, one.key) || all[at].map != one.map))
            at++;
        if (at == CONDITION_KEYS_MAX)
            return 0;
        all[at] = one;
        n = at == n ? n + 1 : n;
    }
    return n;
}

/* CEL: the object `of` has one of them. */
static void write_any(struct pn_buf *out, const char *of, const struct asked *all, size_t n)
{
    for (size_t i = 0; i < n; i++)
        pn_buf_printf(out, "%s(has(%s.metadata.%s) && '%.*s' in %s.metadata.%s)",
                      i > 0 ? " || " : "", of, all[i].map, PN_STR_ARG(all[i].key), of, all[i].map);
}

/*
 * What a selector cannot say: one of several labels, or an annotation. API servers before 1.27 drop
 * the field and ask about more. None when the selector asks for a label already.
 */
static struct pn_value conditions(struct builder *b, const struct hook *h,
                                  const struct pn_selector *pods)
{
    struct asked all[CONDITION_KEYS_MAX];
    struct pn_buf text = PN_BUF_IN_ARENA(b->arena);
    size_t n = asked_label(pods).key.s == NULL ? asked_by_all(all, h) : 0;
    if (n == 0)
        return PN_VALUE_ABSENT;
    write_any(&text, "object", all, n);
    if (h->validates) { /* what the old Pod had must be in the new one, without the label too */
        pn_buf_cstr(&text, " || (oldObject != null && (");
        write_any(&text, "oldObject", all, n);
        pn_buf_cstr(&text, "))");
    }
    return LIST(b, OBJECT(b, MEMBER("name", TEXT("has-what-policies-ask-for")),
                          MEMBER("expression", text_of(b, &text))));
}

static struct pn_value webhook(struct builder *b, const struct hook *h)
{
    struct pn_selector pods = joined(b, h, false), namespaces = joined(b, h, true);
    struct pn_requirement not_there = elsewhere(b);
    return OBJECT(b, MEMBER("name", pn_string(h->name)), MEMBER("rules", rules(b, h->validates)),
                  MEMBER("clientConfig", client_config(b, h->validates ? "/validate" : "/mutate")),
                  MEMBER("admissionReviewVersions", LIST(b, TEXT("v1"))),
                  MEMBER("sideEffects", TEXT("None")), MEMBER("matchPolicy", TEXT("Equivalent")),
                  MEMBER("reinvocationPolicy", h->validates ? PN_VALUE_ABSENT : TEXT("IfNeeded")),
                  MEMBER("failurePolicy", h->must_answer ? TEXT("Fail") : TEXT("Ignore")),
                  MEMBER("timeoutSeconds", pn_int(TIMEOUT_SECONDS)),
                  MEMBER("namespaceSelector", selector(b, &namespaces, &not_there)),
                  MEMBER("objectSelector", selector(b, &pods, NULL)),
                  MEMBER("matchConditions", conditions(b, h, &pods)));
}

static struct pn_value configuration(struct builder *b, const char *kind, const char *prefix,
                                     struct pn_value webhooks)
{
    struct pn_buf name = PN_BUF_IN_ARENA(b->arena);
    pn_buf_cstr(&name, prefix);
    pn_buf_str(&name, b->o->name);
    struct pn_value labels = OBJECT(b, MEMBER("app.kubernetes.io/name", TEXT("pannier")));
    return OBJECT(
        b, MEMBER("apiVersion", TEXT("admissionregistration.k8s.io/v1")),
        MEMBER("kind", pn_string(pn_str_of(kind))),
        MEMBER("metadata", OBJECT(b, MEMBER("name", text_of(b, &name)), MEMBER("labels", labels))),
        MEMBER("webhooks", webhooks));
}

static int result(struct pn_value *ret, const struct builder *b, struct pn_value made)
{
    if (b->failed)
        return -ENOMEM;
    *ret = made;
    return 0;
}

int pn_registration_mutating(struct pn_value *ret, const struct pn_policy_set *set,
                             const struct pn_registration_options *o, struct pn_arena *a)
{
    struct builder b = {.o = o, .arena = a};
    size_t n = pn_policy_set_policy_count(set);
    struct pn_policy_scope *scopes = pn_arena_alloc(a, n * sizeof *scopes);
    if (scopes == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++)
        pn_policy_set_scope(&scopes[i], set, i);
    const struct hook h = {.name = PN_STR("pods.pannier.dev"), .scopes = scopes, .count = n};
    struct pn_value webhooks = LIST(&b, webhook(&b, &h));
    struct pn_value made = configuration(&b, "MutatingWebhookConfiguration", "zz-", webhooks);
    return result(ret, &b, made);
}

/* ---- what must be there ----------------------------------------------------------------- */

/* The label by which a policy names its namespaces, their name's if it is among them; else unset.
 */
static struct pn_str naming_key(const struct pn_policy_scope *scope)
{
    struct pn_str key = PN_STR_NULL;
    for (uint32_t i = 0; i < scope->namespaces->count; i++) {
        const struct pn_requirement *r = &scope->namespaces->requirements[i];
        if (r->op != PN_OP_IN && r->op != PN_OP_EXISTS)
            continue;
        if (key.s == NULL || pn_str_eq(r->key, pn_namespace_name_label))
            key = r->key;
    }
    return key;
}

bool pn_registration_names_namespaces(const struct pn_policy_scope *scope)
{
    return naming_key(scope).s != NULL;
}

/* The policies that deny, those with one key after the other, without a key last. */
static int by_key(const void *a, const void *b)
{
    struct pn_str x = naming_key(a), y = naming_key(b);
    if ((x.s == NULL) != (y.s == NULL))
        return x.s == NULL ? 1 : -1;
    return pn_str_cmp(x, y);
}

static size_t denying(struct pn_policy_scope *scopes, const struct pn_policy_set *set)
{
    size_t count = 0;
    for (uint32_t i = 0; i < pn_policy_set_policy_count(set); i++) {
        pn_policy_set_scope(&scopes[count], set, i);
        count += scopes[count].denies;
    }
    if (count > 0)
        qsort(scopes, count, sizeof *scopes, by_key);
    return count;
}

/* A selector cannot say "this label or that one", so each label that names namespaces gets a
 * webhook of its own. Names must differ. */
static struct pn_value required(struct builder *b, const struct pn_policy_scope *scopes, size_t n,
                                size_t number)
{
    struct pn_buf name = PN_BUF_IN_ARENA(b->arena);
    struct hook h = {.validates = true,
                     .must_answer = pn_registration_names_namespaces(scopes),
                     .scopes = scopes,
                     .count = n};
    if (!h.must_answer)
        pn_buf_cstr(&name, "required-anywhere.pannier.dev");
    else if (number == 0)
        pn_buf_cstr(&name, "required.pannier.dev");
    else
        pn_buf_printf(&name, "required-%zu.pannier.dev", number + 1);
    b->failed = b->failed || name.failed;
    h.name = pn_buf_view(&name);
    return webhook(b, &h);
}

int pn_registration_validating(struct pn_value *ret, const struct pn_policy_set *set,
                               const struct pn_registration_options *o, struct pn_arena *a)
{
    struct builder b = {.o = o, .arena = a};
    size_t all = pn_policy_set_policy_count(set) + 1, count = 0;
    struct pn_policy_scope *scopes = pn_arena_alloc(a, all * sizeof *scopes);
    struct pn_value *hooks = pn_arena_alloc(a, all * sizeof *hooks);
    if (scopes == NULL || hooks == NULL)
        return -ENOMEM;
    size_t n = denying(scopes, set);
    for (size_t start = 0, end; start < n; start = end) {
        for (end = start + 1; end < n && by_key(&scopes[start], &scopes[end]) == 0;)
            end++;
        hooks[count] = required(&b, &scopes[start], end - start, count);
        count++;
    }
    struct pn_value webhooks = list(&b, hooks, count);
    return result(ret, &b, configuration(&b, "ValidatingWebhookConfiguration", "", webhooks));
}
