/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/resources.h"

#include <errno.h>

#include "kube/resources_lines.h"

/* ---- amounts --------------------------------------------------------------------------- */

struct amount {
    struct pn_quantity q;
    bool there;
    bool out_of_range; /* q says nothing */
};

static int read_amount(struct amount *ret, const struct pn_resource_lines *lines,
                       const struct pn_resource_line *line)
{
    struct pn_value v = line->member->value;
    struct amount x = {.there = true};
    int r = pn_quantity_from_value(&x.q, v, NULL);
    if (r == PN_QUANTITY_E_INVALID &&
        pn_quantity_from_value(&x.q, v, lines->err) != 0) /* again, to hear why */
        return pn_resource_lines_invalid(lines, line);
    x.out_of_range = r == PN_QUANTITY_E_RANGE;
    *ret = x;
    return 0;
}

static void add(struct amount *to, const struct amount *x)
{
    if (!to->there)
        *to = *x;
    else if (x->there)
        to->out_of_range = to->out_of_range || x->out_of_range ||
                           pn_quantity_add(&to->q, &to->q, &x->q) != 0;
}

static void raise_to(struct amount *to, const struct amount *x)
{
    bool is_more = x->there && !to->out_of_range &&
                   (x->out_of_range || pn_quantity_cmp(&x->q, &to->q) > 0);
    if (!to->there || is_more)
        *to = *x;
}

static void set_default(struct amount *to, const struct amount *x)
{
    if (!to->there)
        *to = *x;
}

/* ---- one resource ---------------------------------------------------------------------- */

/* Of one kind over the containers so far. */
struct sums {
    struct amount total;    /* app containers and sidecars; at the end the result */
    struct amount sidecars; /* those that run */
    struct amount peak;     /* the most that is there while init containers run */
};

struct resource {
    struct pn_str name;
    bool is_cpu_or_memory, is_of_pods; /* the latter: spec.resources can state it */
    struct sums sums[PN_RESOURCE_KINDS];
    struct sums exact[PN_RESOURCE_KINDS]; /* not rounded: defaulting adds up before it rounds */
    struct amount above_zero[PN_RESOURCE_KINDS];
    uint32_t containers[PN_RESOURCE_KINDS], containers_above_zero[PN_RESOURCE_KINDS];
    struct amount pod_level[PN_RESOURCE_KINDS], overhead;
};

static void init_resource(struct resource *s, struct pn_str name)
{
    bool is_cpu_or_memory = pn_str_is(name, "cpu") || pn_str_is(name, "memory");
    *s = (struct resource){.name = name,
                           .is_cpu_or_memory = is_cpu_or_memory,
                           .is_of_pods = is_cpu_or_memory || pn_resource_is_hugepages(name)};
}

static void add_to_sums(struct sums *s, enum pn_resource_owner owner, const struct amount *x)
{
    struct amount running = *x;
    if (owner != PN_OWNER_INIT)
        add(&s->total, x);
    if (owner == PN_OWNER_APP)
        return;
    if (owner == PN_OWNER_SIDECAR) {
        add(&s->sidecars, x);
        running = s->sidecars;
    } else {
        add(&running, &s->sidecars);
    }
    raise_to(&s->peak, &running);
}

static void add_container(struct resource *s, enum pn_resource_kind kind,
                          enum pn_resource_owner owner, struct amount x, bool exact_too)
{
    if (exact_too)
        add_to_sums(&s->exact[kind], owner, &x);
    pn_quantity_round_milli(&x.q);
    add_to_sums(&s->sums[kind], owner, &x);
    s->containers[kind]++;
    if (x.out_of_range || x.q.mantissa > 0) {
        add(&s->above_zero[kind], &x);
        s->containers_above_zero[kind]++;
    }
}

static bool is_request_of_same(const struct pn_resource_line *a, const struct pn_resource_line *b)
{
    return a->kind == PN_REQUESTS && a->owner == b->owner && a->index == b->index;
}

/* Adds up the `n` lines of one name. */
static int read_resource(struct resource *s, const struct pn_resource_lines *lines,
                         const struct pn_resource_line *items, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct amount x;
        enum pn_resource_kind kind = (enum pn_resource_kind)items[i].kind;
        enum pn_resource_owner owner = (enum pn_resource_owner)items[i].owner;
        int r = read_amount(&x, lines, &items[i]);
        if (r != 0)
            return r;
        if (owner == PN_OWNER_POD) {
            s->pod_level[kind] = x;
        } else if (owner == PN_OWNER_OVERHEAD) {
            s->overhead = x;
        } else {
            add_container(s, kind, owner, x, lines->has_pod_level);
            if (kind == PN_LIMITS && (i == 0 || !is_request_of_same(&items[i - 1], &items[i])))
                add_container(s, PN_REQUESTS, owner, x, lines->has_pod_level);
        }
    }
    for (int kind = 0; kind < PN_RESOURCE_KINDS; kind++) {
        raise_to(&s->sums[kind].total, &s->sums[kind].peak);
        raise_to(&s->exact[kind].total, &s->exact[kind].peak);
    }
    return 0;
}

/* defaultHugePagePodLimits, defaultPodRequests, SetDefaults_ResourceList. */
static void default_pod_level(struct resource *s, const struct pn_resource_lines *lines)
{
    struct amount *requests = &s->pod_level[PN_REQUESTS], *limits = &s->pod_level[PN_LIMITS];
    if (lines->has_pod_level && !s->is_cpu_or_memory && s->is_of_pods && !requests->there)
        set_default(limits, &s->exact[PN_LIMITS].total);
    if (lines->has_pod_limits && s->is_cpu_or_memory)
        set_default(requests, &s->exact[PN_REQUESTS].total);
    if (lines->has_pod_limits && s->is_of_pods)
        set_default(requests, limits);
    pn_quantity_round_milli(&requests->q);
    pn_quantity_round_milli(&limits->q);
    pn_quantity_round_milli(&s->overhead.q);
}

/* ---- the lists ------------------------------------------------------------------------- */

struct list {
    struct pn_resource *items;
    uint32_t count;
};

enum which { EFFECTIVE, CONTAINERS, POD_LEVEL, ABOVE_ZERO, WHICH_COUNT };

struct lists {
    struct list of[WHICH_COUNT][PN_RESOURCE_KINDS];
};

static void list_amount(struct list *list, struct pn_str name, const struct amount *x,
                        uint32_t containers)
{
    if (!x->there)
        return;
    struct pn_resource *item = &list->items[list->count++];
    *item = (struct pn_resource){
        .name = name, .out_of_range = x->out_of_range, .containers = containers};
    if (!x->out_of_range)
        item->quantity = x->q;
}

static void list_resource(struct lists *lists, const struct resource *s)
{
    for (int kind = 0; kind < PN_RESOURCE_KINDS; kind++) {
        uint32_t containers = s->containers[kind];
        struct amount effective = s->sums[kind].total;
        list_amount(&lists->of[CONTAINERS][kind], s->name, &effective, containers);
        list_amount(&lists->of[POD_LEVEL][kind], s->name, &s->pod_level[kind], 0);
        if (s->is_cpu_or_memory)
            list_amount(&lists->of[ABOVE_ZERO][kind], s->name, &s->above_zero[kind],
                        s->containers_above_zero[kind]);
        if (s->is_of_pods && s->pod_level[kind].there)
            effective = s->pod_level[kind];
        bool is_zero = !effective.out_of_range && effective.q.mantissa == 0;
        if (s->overhead.there && (kind == PN_REQUESTS || !is_zero))
            add(&effective, &s->overhead);
        list_amount(&lists->of[EFFECTIVE][kind], s->name, &effective, containers);
    }
}

static int new_lists(struct lists *ret, const struct pn_resource_lines *lines)
{
    uint32_t names = 0;
    for (uint32_t i = 0; i < lines->count; i++)
        names += pn_resource_lines_starts(lines, i);
    for (int which = 0; which < WHICH_COUNT; which++) {
        uint32_t most = names;
        if (which == POD_LEVEL && !lines->has_pod_level)
            most = 0;
        if (which == ABOVE_ZERO && names > 2)
            most = 2;
        for (int kind = 0; kind < PN_RESOURCE_KINDS; kind++) {
            struct list *list = &ret->of[which][kind];
            list->items = pn_arena_alloc(lines->arena, most * sizeof *list->items);
            if (list->items == NULL)
                return pn_err_set(lines->err, -ENOMEM, "out of memory");
        }
    }
    return 0;
}

/* How many of the lines from `i` on have the name of that one. */
static uint32_t count_same(const struct pn_resource_lines *lines, uint32_t i)
{
    uint32_t n = 1;
    while (i + n < lines->count && !pn_resource_lines_starts(lines, i + n))
        n++;
    return n;
}

static int make_lists(struct lists *ret, struct pn_resource_lines *lines)
{
    int r = pn_resource_lines_sort(lines);
    if (r == 0)
        r = new_lists(ret, lines);
    for (uint32_t i = 0, n; i < lines->count && r == 0; i += n) {
        struct resource s;
        n = count_same(lines, i);
        init_resource(&s, lines->items[i].member->key);
        r = read_resource(&s, lines, lines->items + i, n);
        if (r == 0) {
            default_pod_level(&s, lines);
            list_resource(ret, &s);
        }
    }
    return r;
}

static struct pn_requirements requirements_of(const struct lists *lists, enum which which)
{
    const struct list *requests = &lists->of[which][PN_REQUESTS];
    const struct list *limits = &lists->of[which][PN_LIMITS];
    return (struct pn_requirements){{requests->items, requests->count},
                                    {limits->items, limits->count}};
}

int pn_resources_of_spec(struct pn_pod_resources *ret, struct pn_value spec, struct pn_arena *a,
                         struct pn_err *err)
{
    struct pn_resource_lines lines = {.arena = a, .err = err, .app_path = "/containers"};
    struct lists lists = {0};
    int r = pn_resource_lines_of_spec(&lines, spec);
    if (r == 0)
        r = make_lists(&lists, &lines);
    if (r != 0)
        return r;
    *ret = (struct pn_pod_resources){.effective = requirements_of(&lists, EFFECTIVE),
                                     .containers = requirements_of(&lists, CONTAINERS),
                                     .pod = requirements_of(&lists, POD_LEVEL),
                                     .has_pod_level = !pn_value_is_unset(lines.pod_level),
                                     .above_zero = requirements_of(&lists, ABOVE_ZERO),
                                     .container_count = lines.container_count};
    return 0;
}

/* A sum that goes on from an earlier one. */
struct running_sum {
    struct list lists[PN_RESOURCE_KINDS];
    struct pn_resource_list rest[PN_RESOURCE_KINDS]; /* of the earlier one: not taken over yet */
};

/* Takes over what stands before `name` in the earlier sum; NULL: all of it. */
static void take_over(struct running_sum *s, int kind, const struct pn_str *name)
{
    struct pn_resource_list *rest = &s->rest[kind];
    for (; rest->count > 0 && (name == NULL || pn_str_cmp(rest->items->name, *name) < 0);
         rest->items++, rest->count--)
        s->lists[kind].items[s->lists[kind].count++] = *rest->items;
}

/* What the earlier sum says of `name`, taken out of it. */
static struct amount take_out(struct running_sum *s, int kind, struct pn_str name,
                              uint32_t *ret_containers)
{
    struct pn_resource_list *rest = &s->rest[kind];
    *ret_containers = 0;
    take_over(s, kind, &name);
    if (rest->count == 0 || !pn_str_eq(rest->items->name, name))
        return (struct amount){.there = false};
    const struct pn_resource *item = rest->items++;
    rest->count--;
    *ret_containers = item->containers;
    return (struct amount){item->quantity, true, item->out_of_range};
}

/* Adds the `n` lines of one name, whoever states them. */
static int sum_lines(struct running_sum *s, const struct pn_resource_lines *lines,
                     const struct pn_resource_line *items, uint32_t n)
{
    struct pn_str name = items[0].member->key;
    struct amount sums[PN_RESOURCE_KINDS];
    uint32_t containers[PN_RESOURCE_KINDS];
    for (int kind = 0; kind < PN_RESOURCE_KINDS; kind++)
        sums[kind] = take_out(s, kind, name, &containers[kind]);
    for (uint32_t i = 0; i < n; i++) {
        struct amount x;
        int r = read_amount(&x, lines, &items[i]);
        if (r != 0)
            return r;
        pn_quantity_round_milli(&x.q);
        bool both = items[i].kind == PN_LIMITS &&
                    (i == 0 || !is_request_of_same(&items[i - 1], &items[i]));
        for (int kind = 0; kind < PN_RESOURCE_KINDS; kind++) {
            if (kind == items[i].kind || both) {
                add(&sums[kind], &x);
                containers[kind]++;
            }
        }
    }
    for (int kind = 0; kind < PN_RESOURCE_KINDS; kind++)
        list_amount(&s->lists[kind], name, &sums[kind], containers[kind]);
    return 0;
}

int pn_resources_add(struct pn_requirements *ret, const struct pn_requirements *to,
                     const struct pn_value *containers, uint32_t n, struct pn_arena *a,
                     struct pn_err *err)
{
    struct pn_resource_lines lines = {.arena = a, .err = err, .app_path = ""};
    struct running_sum s = {.rest = {to->requests, to->limits}};
    int r = pn_resource_lines_of_containers(&lines, containers, n);
    if (r == 0)
        r = pn_resource_lines_sort(&lines);
    for (int kind = 0; kind < PN_RESOURCE_KINDS && r == 0; kind++) {
        size_t most = (size_t)lines.count + s.rest[kind].count;
        s.lists[kind].items = pn_arena_alloc(a, most * sizeof *s.lists[kind].items);
        if (s.lists[kind].items == NULL)
            r = pn_err_set(err, -ENOMEM, "out of memory");
    }
    for (uint32_t i = 0, same; i < lines.count && r == 0; i += same) {
        same = count_same(&lines, i);
        r = sum_lines(&s, &lines, lines.items + i, same);
    }
    if (r != 0)
        return r;
    for (int kind = 0; kind < PN_RESOURCE_KINDS; kind++)
        take_over(&s, kind, NULL);
    *ret = (struct pn_requirements){{s.lists[PN_REQUESTS].items, s.lists[PN_REQUESTS].count},
                                    {s.lists[PN_LIMITS].items, s.lists[PN_LIMITS].count}};
    return 0;
}

int pn_resources_sum(struct pn_requirements *ret, const struct pn_value *containers, uint32_t n,
                     struct pn_arena *a, struct pn_err *err)
{
    const struct pn_requirements nothing = {{NULL, 0}, {NULL, 0}};
    return pn_resources_add(ret, &nothing, containers, n, a, err);
}
