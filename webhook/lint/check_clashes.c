/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/plan.h"
#include "lint/lone.h"
#include "lint/observers.h"
#include "lint/overlap.h"

/* Two policies that some Pod satisfies at once, in the order of evaluation: `b` is merged last. */
struct pair {
    struct pn_lint *l;
    const struct pn_lint_policy *a, *b;
    const struct pn_lint_injection *of_a, *of_b;
    struct pn_str witness;
    bool found; /* a clash, whatever its kind */
};

static bool is_certain(const struct pn_trace *t)
{
    return t != NULL && t->kind != PN_TRACE_UNKNOWN && !t->maybe;
}

/* What is known of both, and differs for certain. */
static bool differ(struct pair *p, const struct pn_trace *x, const struct pn_trace *y)
{
    struct pn_value a, b;
    bool whole = true;
    if (pn_trace_value(&a, &whole, x, p->l->arena) != 0 ||
        pn_trace_value(&b, &whole, y, p->l->arena) != 0) {
        p->l->out_of_memory = true;
        return false;
    }
    return whole && !pn_value_equal(a, b);
}

/* One template's value clashes with itself under other values: then the policies are the place. */
static struct pn_place place_in(const struct pn_lint_injection *in, struct pn_place at,
                                struct pn_place other)
{
    if (at.node != other.node || in->policy == NULL)
        return at;
    return (struct pn_place){in->policy->at.source, in->node};
}

static void report(struct pair *p, enum pn_rule_id id, struct pn_place x, struct pn_place y,
                   const char *reason, const char *text)
{
    struct pn_lint *l = p->l;
    struct pn_place theirs = place_in(p->of_a, x, y), ours = place_in(p->of_b, y, x);
    p->found = true;
    if (!pn_lint_report(l, id, ours, "policies `%.*s` and `%.*s` %s", PN_STR_ARG(p->b->name),
                        PN_STR_ARG(p->a->name), text))
        return;
    pn_lint_label(l, "policy `%.*s`", PN_STR_ARG(p->b->name));
    pn_lint_also(l, theirs, "policy `%.*s`", PN_STR_ARG(p->a->name));
    pn_lint_note(l, "both select a Pod %.*s", PN_STR_ARG(p->witness));
    pn_lint_note(l, "`%.*s` comes first, and `%.*s` %s: %s", PN_STR_ARG(p->a->name),
                 PN_STR_ARG(p->b->name),
                 p->b->denies ? "refuses such a Pod" : "is left out of such a Pod", reason);
}

#define REPORT(p, id, x, y, reason, ...)                                   \
    do {                                                                   \
        struct pn_str text_ = pn_arena_format((p)->l->arena, __VA_ARGS__); \
        if (text_.s != NULL)                                               \
            report((p), (id), (x), (y), (reason), text_.s);                \
    } while (0)

/* ---- containers ------------------------------------------------------------------------ */

static bool is_other_image(const struct pn_lint_container *x, const struct pn_lint_container *y)
{
    struct pn_str a = pn_trace_str(pn_trace_get(x->trace, "image"));
    struct pn_str b = pn_trace_str(pn_trace_get(y->trace, "image"));
    return a.n > 0 && b.n > 0 && !pn_str_eq(a, b);
}

/* True when one is in the way of the other. */
static bool compare_containers(struct pair *p, const struct pn_lint_container *x,
                               const struct pn_lint_container *y)
{
    if (x->name.n == 0 || !pn_str_eq(x->name, y->name) || x->trace->maybe || y->trace->maybe)
        return false;
    if (x->init == y->init && !differ(p, x->trace, y->trace) && !is_other_image(x, y))
        return false;
    REPORT(p, PN_RULE_CONTAINER_COLLISION, pn_trace_get(x->trace, "name")->at,
           pn_trace_get(y->trace, "name")->at, "container-name-taken",
           "add different containers `%.*s` to one Pod", PN_STR_ARG(x->name));
    pn_lint_help(p->l, "give one of them another name, or make the selectors disjoint");
    return true;
}

static struct pn_str protocol_of(const struct pn_trace *port)
{
    struct pn_str protocol = pn_trace_str(pn_trace_get(port, "protocol"));
    return protocol.n > 0 ? protocol : PN_STR("TCP");
}

static void compare_port(struct pair *p, const struct pn_lint_container *x,
                         const struct pn_lint_container *y, const struct pn_trace *a,
                         const struct pn_trace *b)
{
    const struct pn_trace *number_a = pn_trace_get(a, "containerPort"),
                          *number_b = pn_trace_get(b, "containerPort");
    const struct pn_trace *name_a = pn_trace_get(a, "name"), *name_b = pn_trace_get(b, "name");
    int64_t m, n;
    struct pn_str name = pn_trace_str(name_a);
    if (pn_trace_int(&m, number_a) && pn_trace_int(&n, number_b) && m == n &&
        pn_str_eq(protocol_of(a), protocol_of(b))) {
        REPORT(p, PN_RULE_PORT_COLLISION, number_a->at, number_b->at, "port-taken",
               "let `%.*s` and `%.*s` listen on one port, %lld/%.*s", PN_STR_ARG(y->name),
               PN_STR_ARG(x->name), (long long)m, PN_STR_ARG(protocol_of(a)));
        pn_lint_help(p->l, "give one of them another port, or make the selectors disjoint");
    } else if (name.n > 0 && pn_str_eq(name, pn_trace_str(name_b))) {
        REPORT(p, PN_RULE_PORT_NAME_COLLISION, name_a->at, name_b->at, "port-name-taken",
               "name ports of `%.*s` and `%.*s` alike, `%.*s`", PN_STR_ARG(y->name),
               PN_STR_ARG(x->name), PN_STR_ARG(name));
        pn_lint_help(p->l, "give one of them another name: a Service finds a port by it");
    }
}

static void compare_ports(struct pair *p, const struct pn_lint_container *x,
                          const struct pn_lint_container *y)
{
    const struct pn_trace *a = pn_trace_get(x->trace, "ports"),
                          *b = pn_trace_get(y->trace, "ports");
    if (!pn_lone_runs_for_long(x) || !pn_lone_runs_for_long(y) || x->trace->maybe ||
        y->trace->maybe || pn_str_eq(x->name, y->name))
        return;
    for (uint32_t i = 0; i < pn_trace_count(a); i++) {
        for (uint32_t k = 0; k < pn_trace_count(b); k++) {
            if (is_certain(pn_trace_item(a, i)) && is_certain(pn_trace_item(b, k)))
                compare_port(p, x, y, pn_trace_item(a, i), pn_trace_item(b, k));
        }
    }
}

/* ---- volumes, annotations -------------------------------------------------------------- */

static void compare_volumes(struct pair *p)
{
    const struct pn_trace *a = pn_trace_path(p->of_a->pod, "spec.volumes");
    const struct pn_trace *b = pn_trace_path(p->of_b->pod, "spec.volumes");
    for (uint32_t i = 0; i < pn_trace_count(a); i++) {
        const struct pn_trace *x = pn_trace_item(a, i), *name_x = pn_trace_get(x, "name");
        struct pn_str name = pn_trace_str(name_x);
        for (uint32_t k = 0; k < pn_trace_count(b) && name.n > 0; k++) {
            const struct pn_trace *y = pn_trace_item(b, k), *name_y = pn_trace_get(y, "name");
            if (!is_certain(x) || !is_certain(y) || !pn_str_eq(name, pn_trace_str(name_y)) ||
                !differ(p, x, y))
                continue;
            REPORT(p, PN_RULE_VOLUME_CONFLICT, name_x->at, name_y->at, "volume-name-taken",
                   "add different volumes `%.*s` to one Pod", PN_STR_ARG(name));
            pn_lint_help(p->l, "give one of them another name");
        }
    }
}

static void compare_annotations(struct pair *p)
{
    const struct pn_trace *a = pn_trace_path(p->of_a->pod, "metadata.annotations");
    const struct pn_trace *b = pn_trace_path(p->of_b->pod, "metadata.annotations");
    for (uint32_t i = 0; i < pn_trace_count(a); i++) {
        for (uint32_t k = 0; k < pn_trace_count(b); k++) {
            const struct pn_trace_entry *x = &a->entries[i], *y = &b->entries[k];
            if (!pn_str_eq(x->key, y->key) || !is_certain(x->value) || !is_certain(y->value) ||
                !differ(p, x->value, y->value))
                continue;
            REPORT(p, PN_RULE_ANNOTATION_CONFLICT, x->value->at, y->value->at, "annotation-taken",
                   "set annotation `%.*s` to different values", PN_STR_ARG(x->key));
            pn_lint_help(p->l, "leave it to one of them, or make the selectors disjoint");
        }
    }
}

/* ---- what the app's containers receive ------------------------------------------------- */

static bool name_one_container(const struct pn_trace *a, const struct pn_trace *b)
{
    const struct pn_trace *x = pn_trace_get(a, "names"), *y = pn_trace_get(b, "names");
    for (uint32_t i = 0; i < pn_trace_count(x); i++) {
        for (uint32_t k = 0; k < pn_trace_count(y); k++) {
            struct pn_str m = pn_trace_str(pn_trace_item(x, i));
            struct pn_str n = pn_trace_str(pn_trace_item(y, k));
            if (m.n > 0 && n.n > 0 && (pn_str_eq(m, n) || pn_str_is(m, "*") || pn_str_is(n, "*")))
                return true;
        }
    }
    return false;
}

static struct pn_str path_of(const struct pn_trace *mount)
{
    return pn_plan_path(pn_trace_str(pn_trace_get(mount, "mountPath")));
}

static bool is_inside(struct pn_str inner, struct pn_str outer)
{
    return pn_str_has_prefix(inner, outer) && inner.n > outer.n && inner.s[outer.n] == '/';
}

static void compare_mount(struct pair *p, const struct pn_trace *a, const struct pn_trace *b)
{
    struct pn_str x = path_of(a), y = path_of(b);
    if (x.n == 0 || y.n == 0 || !is_certain(a) || !is_certain(b))
        return;
    if (pn_str_eq(x, y) && differ(p, a, b))
        REPORT(p, PN_RULE_MOUNT_CONFLICT, pn_trace_get(a, "mountPath")->at,
               pn_trace_get(b, "mountPath")->at, "mount-path-taken",
               "mount different volumes at %.*s of the app's containers", PN_STR_ARG(x));
    else if (is_inside(x, y) || is_inside(y, x))
        REPORT(p, PN_RULE_MOUNT_CONFLICT, pn_trace_get(a, "mountPath")->at,
               pn_trace_get(b, "mountPath")->at, "mount-path-overlap",
               "mount %.*s and %.*s in the app's containers, one within the other", PN_STR_ARG(y),
               PN_STR_ARG(x));
    else
        return;
    pn_lint_help(p->l, "mount one of them elsewhere, or make the selectors disjoint");
}

static void compare_env(struct pair *p, const struct pn_trace *a, const struct pn_trace *b)
{
    struct pn_str name = pn_trace_str(pn_trace_get(a, "name"));
    if (name.n == 0 || !pn_str_eq(name, pn_trace_str(pn_trace_get(b, "name"))) || !is_certain(a) ||
        !is_certain(b) || !differ(p, a, b))
        return;
    const struct pn_trace *x = pn_trace_get(a, "value"), *y = pn_trace_get(b, "value");
    REPORT(p, PN_RULE_ENV_CONFLICT, is_certain(x) ? x->at : a->at, is_certain(y) ? y->at : b->at,
           "env-taken", "set `%.*s` of the app's containers to different values", PN_STR_ARG(name));
    pn_lint_help(p->l, "leave it to one of them, or make the selectors disjoint");
}

static void
compare_lists(struct pair *p, const struct pn_trace *a, const struct pn_trace *b, const char *field,
              void (*compare)(struct pair *, const struct pn_trace *, const struct pn_trace *))
{
    const struct pn_trace *x = pn_trace_get(a, field), *y = pn_trace_get(b, field);
    for (uint32_t i = 0; i < pn_trace_count(x); i++) {
        for (uint32_t k = 0; k < pn_trace_count(y); k++)
            compare(p, pn_trace_item(x, i), pn_trace_item(y, k));
    }
}

static void compare_rules(struct pair *p)
{
    for (uint32_t i = 0; i < pn_trace_count(p->of_a->app); i++) {
        for (uint32_t k = 0; k < pn_trace_count(p->of_b->app); k++) {
            const struct pn_trace *a = pn_trace_item(p->of_a->app, i);
            const struct pn_trace *b = pn_trace_item(p->of_b->app, k);
            if (!is_certain(a) || !is_certain(b) || !name_one_container(a, b))
                continue;
            compare_lists(p, a, b, "volumeMounts", compare_mount);
            compare_lists(p, a, b, "env", compare_env);
        }
    }
}

/* ---- pairs ----------------------------------------------------------------------------- */

static void compare_observers(struct pair *p, const struct pn_lint_container *x,
                              const struct pn_lint_container *y)
{
    struct pn_arena *a = p->l->arena;
    uint32_t both = pn_observer_of(p->of_a, x) & pn_observer_of(p->of_b, y);
    if (both == 0 || !pn_lone_runs_for_long(x) || !pn_lone_runs_for_long(y) || x->name.n == 0 ||
        y->name.n == 0 || pn_str_eq(x->name, y->name) ||
        (!pn_overlap_policy_implies(p->b, p->a, a) && !pn_overlap_policy_implies(p->a, p->b, a)))
        return;
    pn_lint_report(p->l, PN_RULE_REDUNDANT_OBSERVERS, pn_trace_get(y->trace, "name")->at,
                   "`%.*s` and `%.*s` both collect %s, and all Pods of one policy get both",
                   PN_STR_ARG(y->name), PN_STR_ARG(x->name), pn_observes_name(both));
    pn_lint_label(p->l, "policy `%.*s`", PN_STR_ARG(p->b->name));
    pn_lint_also(p->l, pn_trace_get(x->trace, "name")->at, "policy `%.*s`", PN_STR_ARG(p->a->name));
    pn_lint_note(p->l, "such as a Pod %.*s", PN_STR_ARG(p->witness));
    pn_lint_help(p->l,
                 "one collector can take all signals of a Pod, and one per node those of all");
}

/* The capability by which an init container programs the Pod's network, or NULL. */
static const struct pn_trace *find_net_admin(const struct pn_lint_container *c)
{
    const struct pn_trace *add = pn_trace_path(c->trace, "securityContext.capabilities.add");
    for (uint32_t i = 0; i < pn_trace_count(add); i++) {
        if (pn_str_is(pn_trace_str(pn_trace_item(add, i)), "NET_ADMIN"))
            return pn_trace_item(add, i);
    }
    return NULL;
}

static void compare_networks(struct pair *p, const struct pn_lint_container *x,
                             const struct pn_lint_container *y)
{
    const struct pn_trace *a = find_net_admin(x), *b = find_net_admin(y);
    if (a == NULL || b == NULL || pn_lone_runs_for_long(x) || pn_lone_runs_for_long(y) ||
        !is_certain(x->trace) || !is_certain(y->trace) || pn_str_eq(x->name, y->name))
        return;
    pn_lint_report(p->l, PN_RULE_NETWORK_TWICE, b->at,
                   "init containers `%.*s` and `%.*s` both program the network of one Pod",
                   PN_STR_ARG(y->name), PN_STR_ARG(x->name));
    pn_lint_label(p->l, "policy `%.*s`", PN_STR_ARG(p->b->name));
    pn_lint_also(p->l, a->at, "policy `%.*s`", PN_STR_ARG(p->a->name));
    pn_lint_note(p->l, "both select a Pod %.*s", PN_STR_ARG(p->witness));
    pn_lint_note(p->l, "a connection that both redirect is redirected by one of them, or in a "
                       "circle");
    pn_lint_help(p->l, "let a Pod have one mesh: make the selectors disjoint");
}

static void compare_injections(struct pair *p)
{
    const struct pn_lint_injection *a = p->of_a, *b = p->of_b;
    bool is_taken = false;
    for (size_t i = 0; i < a->container_count; i++) {
        for (size_t k = 0; k < b->container_count; k++)
            is_taken = compare_containers(p, &a->containers[i], &b->containers[k]) || is_taken;
    }
    if (is_taken)
        return; /* the rest follows from it */
    for (size_t i = 0; i < a->container_count; i++) {
        for (size_t k = 0; k < b->container_count; k++) {
            compare_ports(p, &a->containers[i], &b->containers[k]);
            compare_observers(p, &a->containers[i], &b->containers[k]);
            compare_networks(p, &a->containers[i], &b->containers[k]);
        }
    }
    compare_volumes(p);
    compare_annotations(p);
    compare_rules(p);
}

/* True when `b` is left out wherever `a` is not. */
static bool check_shadow(struct pair *p)
{
    struct pn_lint *l = p->l;
    if (!p->found || !pn_overlap_policy_implies(p->b, p->a, l->arena))
        return false;
    pn_lint_report(l, PN_RULE_SHADOWED_POLICY, p->b->name_at,
                   "policy `%.*s` applies only where `%.*s` fails: that one selects all its Pods, "
                   "comes first, and is in its way",
                   PN_STR_ARG(p->b->name), PN_STR_ARG(p->a->name));
    pn_lint_also(l, p->a->name_at, "this policy takes its place");
    pn_lint_help(l, "give it a higher priority, exclude its Pods from `%.*s`, or remove it",
                 PN_STR_ARG(p->a->name));
    return true;
}

/* `both` is the memory of one comparison after the other. */
static void compare_policies(struct pn_lint *l, const struct pn_lint_policy *a,
                             struct pn_lint_policy *b, struct pn_overlap *both)
{
    struct pn_buf witness = PN_BUF_IN_ARENA(l->arena);
    pn_overlap_cut(both, 0, PN_STR_NULL, true);
    pn_overlap_add_policy(both, a);
    pn_overlap_add_policy(both, b);
    l->out_of_memory = l->out_of_memory || both->out_of_memory;
    if (!pn_overlap_is_possible(both))
        return;
    pn_overlap_write_witness(&witness, both);
    struct pair p = {.l = l, .a = a, .b = b, .witness = pn_buf_view(&witness)};
    for (size_t i = 0; i < a->injection_count; i++) {
        for (size_t k = 0; k < b->injection_count; k++) {
            p.of_a = &a->injections[i];
            p.of_b = &b->injections[k];
            compare_injections(&p);
        }
    }
    b->is_shadowed = check_shadow(&p) || b->is_shadowed;
    if (p.found)
        pn_lint_mark_clash(l, a, b);
    else
        pn_lint_check_redundancy(l, a, b);
}

void pn_lint_check_clashes(struct pn_lint *l)
{
    struct pn_overlap both;
    pn_overlap_init(&both, l->arena);
    for (size_t b = 1; b < l->policy_count; b++) {
        for (size_t a = 0; a < b && !l->out_of_memory; a++) {
            /* What is shadowed itself is in nobody's way. */
            if (!l->policies[a].audits && !l->policies[a].is_shadowed && !l->policies[b].audits)
                compare_policies(l, &l->policies[a], &l->policies[b], &both);
        }
    }
}
