/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/merge_ports.h"

static struct pn_str protocol_of(struct pn_value port)
{
    struct pn_str protocol = pn_value_str(PN_GET(port, "protocol"));
    return protocol.n > 0 ? protocol : PN_STR("TCP");
}

/* The addresses meet: equal, or one of them stands for all. */
static bool same_host(struct pn_value a, struct pn_value b)
{
    struct pn_str x = pn_value_str(PN_GET(a, "hostIP")), y = pn_value_str(PN_GET(b, "hostIP"));
    bool every = x.n == 0 || y.n == 0 || pn_str_is(x, "0.0.0.0") || pn_str_is(y, "0.0.0.0") ||
                 pn_str_is(x, "::") || pn_str_is(y, "::");
    return every || pn_str_eq(x, y);
}

static bool same_number(struct pn_value x, struct pn_value y, struct pn_value a, struct pn_value b)
{
    return x.kind == PN_INT && x.i != 0 && pn_value_equal(x, y) &&
           pn_str_eq(protocol_of(a), protocol_of(b));
}

/* On the host's network, a port that states none has its own number (SetDefaults_PodSpec). */
static struct pn_value host_port_of(const struct pn_pod *pod, struct pn_value port)
{
    struct pn_value number = PN_GET(port, "hostPort");
    bool stated = number.kind == PN_INT && number.i != 0;
    return !stated && pod->host_network ? PN_GET(port, "containerPort") : number;
}

static struct pn_str number_text(const struct pn_merge *m, struct pn_value port,
                                 struct pn_value number)
{
    return pn_arena_format(m->plan->arena, "%lld/%.*s", (long long)number.i,
                           PN_STR_ARG(protocol_of(port)));
}

/* What two ports clash by, or PN_REASON_NONE. */
static enum pn_reason_id compare_port(const struct pn_pod *pod, struct pn_value ours,
                                      struct pn_value theirs)
{
    struct pn_str name = pn_plan_name(ours);
    if (same_number(PN_GET(ours, "containerPort"), PN_GET(theirs, "containerPort"), ours, theirs))
        return PN_REASON_PORT_TAKEN;
    if (same_number(host_port_of(pod, ours), host_port_of(pod, theirs), ours, theirs) &&
        same_host(ours, theirs))
        return PN_REASON_HOST_PORT_TAKEN;
    if (name.n > 0 && pn_str_eq(name, pn_plan_name(theirs)))
        return PN_REASON_PORT_NAME_TAKEN;
    return PN_REASON_NONE;
}

static int clash(struct pn_merge *m, enum pn_reason_id id, struct pn_value rendered,
                 struct pn_value port, const struct pn_policy *policy, struct pn_value container)
{
    struct pn_str text = id == PN_REASON_PORT_NAME_TAKEN ? pn_plan_name(port)
                         : id == PN_REASON_PORT_TAKEN
                             ? number_text(m, port, PN_GET(port, "containerPort"))
                             : number_text(m, port, host_port_of(m->plan->pod, port));
    struct pn_str other = pn_plan_name(container);
    other = pn_arena_format(m->plan->arena, "container %.*s%s%.*s", PN_STR_ARG(other),
                            policy != NULL ? " of policy " : "",
                            PN_STR_ARG(policy != NULL ? policy->name : PN_STR("")));
    return PN_CLASH(m, id, {"container", pn_plan_name(rendered)}, {"port", text}, {"other", other});
}

static bool has_port(struct pn_value container, struct pn_value port)
{
    struct pn_value ports = PN_GET(container, "ports");
    for (uint32_t i = 0; i < pn_value_count(ports); i++) {
        struct pn_value other = pn_value_at(ports, i);
        if (same_number(PN_GET(port, "containerPort"), PN_GET(other, "containerPort"), port, other))
            return true;
    }
    return false;
}

/* `container` is what `policy` plans, or the Pod's own when that is NULL; the ports of `but`
 * (absent: none) are left out. */
static int compare_ports(struct pn_merge *m, struct pn_value rendered,
                         const struct pn_policy *policy, struct pn_value container,
                         struct pn_value but)
{
    struct pn_value ours = PN_GET(rendered, "ports"), theirs = PN_GET(container, "ports");
    for (uint32_t i = 0; i < pn_value_count(ours); i++) {
        for (uint32_t k = 0; k < pn_value_count(theirs); k++) {
            enum pn_reason_id id = compare_port(m->plan->pod, pn_value_at(ours, i),
                                                pn_value_at(theirs, k));
            if (id != PN_REASON_NONE && !has_port(but, pn_value_at(theirs, k)))
                return clash(m, id, rendered, pn_value_at(ours, i), policy, container);
        }
    }
    return 0;
}

static bool is_planned(const struct pn_plan *plan, bool init, struct pn_str name)
{
    const struct pn_edit *edit = pn_plan_find(plan, PN_EDIT_CONTAINER, name);
    return edit != NULL && edit->init == init && edit->present;
}

/* What the Pod has. The ports that we gave to what is ours are compared when it is planned, unless
 * the plan is strict. */
static int compare_received(struct pn_merge *m, struct pn_value rendered, bool init,
                            const struct pn_own *own)
{
    const struct pn_containers *list = pn_plan_list(m->plan, init);
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < list->count; i++) {
        const struct pn_container *c = &list->items[i];
        bool itself = own->state == PN_OWN_OURS && own->init == init && own->at == i;
        bool ours = m->plan->ours[init][i]; /* restartPolicy may have been stripped */
        if (itself || !pn_plan_runs_for_long(ours ? m->plan->rendered[init][i] : c->value, init))
            continue;
        bool later = ours && (!m->plan->strict || is_planned(m->plan, init, c->name));
        r = compare_ports(m, rendered, NULL, c->value,
                          later ? m->plan->rendered[init][i] : PN_VALUE_ABSENT);
    }
    return r;
}

static int compare_planned(struct pn_merge *m, struct pn_value rendered)
{
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < m->plan->count; i++) {
        const struct pn_edit *edit = &m->plan->edits[i];
        if (edit->kind != PN_EDIT_CONTAINER || !pn_plan_runs_for_long(edit->value, edit->init) ||
            pn_str_eq(pn_plan_name(edit->value), pn_plan_name(rendered)))
            continue;
        r = compare_ports(m, rendered, &m->plan->set->policies[edit->policy], edit->value,
                          PN_VALUE_ABSENT);
    }
    return r;
}

int pn_merge_check_ports(struct pn_merge *m, struct pn_value rendered, bool init,
                         const struct pn_own *own)
{
    if (pn_value_count(PN_GET(rendered, "ports")) == 0 || !pn_plan_runs_for_long(rendered, init))
        return 0;
    int r = compare_received(m, rendered, false, own);
    if (r == 0)
        r = compare_received(m, rendered, true, own);
    return r == 0 ? compare_planned(m, rendered) : r;
}
