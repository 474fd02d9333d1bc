/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "report/fleet.h"
#include "report/json_kit.h"

#define DROP PN_CLEANUP(pn_json_drop)

static json_t *requests_json(const struct pn_running_requests *requests)
{
    DROP json_t *object = json_object();
    bool stored = PN_JSON_SET(object, "cpuMilli", json_integer(requests->cpu_milli)) &&
                  PN_JSON_SET(object, "memoryBytes", json_integer(requests->memory_bytes));
    return stored ? PN_TAKE(object) : NULL;
}

/* ---- one Pod ---------------------------------------------------------------------------- */

static bool set_text(json_t *object, const char *key, struct pn_str text)
{
    return text.s == NULL || pn_json_set(object, pn_str_of(key), pn_json_string(text));
}

static json_t *policy_json(const struct pn_running_policy *p)
{
    DROP json_t *object = json_object();
    struct pn_str state = pn_str_of(pn_standing_name(p->standing));
    bool stored = set_text(object, "name", p->policy) && set_text(object, "state", state) &&
                  set_text(object, "rev", p->rev) &&
                  set_text(object, "recordedRev", p->recorded_rev) &&
                  PN_JSON_SET(object, "text", pn_json_string(p->text)) &&
                  PN_JSON_SET(object, "containers",
                              pn_json_strings(p->containers, p->container_count)) &&
                  PN_JSON_SET(object, "requests", requests_json(&p->requests));
    if (stored && p->reason.id != PN_REASON_NONE)
        stored = PN_JSON_SET(object, "decision", pn_json_of_reason(&p->reason));
    return stored ? PN_TAKE(object) : NULL;
}

static json_t *policies_json(const struct pn_running *running)
{
    DROP json_t *array = json_array();
    for (size_t i = 0; i < running->policy_count; i++) {
        if (!pn_json_append(array, policy_json(&running->policies[i])))
            return NULL;
    }
    return PN_TAKE(array);
}

static json_t *owner_json(const struct pn_fleet_pod *pod)
{
    DROP json_t *object = json_object();
    bool stored = set_text(object, "kind", pod->owner_kind) &&
                  set_text(object, "name", pod->owner_name);
    return stored ? PN_TAKE(object) : NULL;
}

static json_t *pod_requests_json(const struct pn_running *running)
{
    DROP json_t *object = json_object();
    bool stored = PN_JSON_SET(object, "sidecars", requests_json(&running->sidecars)) &&
                  PN_JSON_SET(object, "app", requests_json(&running->app));
    return stored ? PN_TAKE(object) : NULL;
}

static json_t *pod_json(const struct pn_fleet_pod *pod)
{
    DROP json_t *object = json_object();
    struct pn_str state = pn_str_of(pn_standing_name(pod->running->standing));
    bool stored = set_text(object, "file", pod->file) &&
                  set_text(object, "namespace", pod->namespace) &&
                  set_text(object, "name", pod->name);
    if (stored && pod->owner_kind.n > 0)
        stored = PN_JSON_SET(object, "owner", owner_json(pod));
    stored = stored && set_text(object, "workload", pod->workload) &&
             set_text(object, "state", state) &&
             PN_JSON_SET(object, "policies", policies_json(pod->running)) &&
             PN_JSON_SET(object, "requests", pod_requests_json(pod->running));
    return stored ? PN_TAKE(object) : NULL;
}

void pn_fleet_json_begin(struct pn_buf *out)
{
    pn_json_begin_parts(out, "pods");
}

int pn_fleet_json_pod(struct pn_buf *out, const struct pn_fleet_pod *pod, bool is_first)
{
    DROP json_t *object = pod_json(pod);
    return pn_json_write_part(out, object, is_first);
}

/* ---- all of them ------------------------------------------------------------------------ */

static json_t *percent_json(const struct pn_fleet_sum *sum)
{
    DROP json_t *object = json_object();
    int64_t cpu = pn_fleet_percent(sum->sidecars.cpu_milli, sum->app.cpu_milli);
    int64_t memory = pn_fleet_percent(sum->sidecars.memory_bytes, sum->app.memory_bytes);
    bool stored = PN_JSON_SET(object, "cpu", cpu < 0 ? json_null() : json_integer(cpu)) &&
                  PN_JSON_SET(object, "memory", memory < 0 ? json_null() : json_integer(memory));
    return stored ? PN_TAKE(object) : NULL;
}

static json_t *sum_json(const struct pn_fleet_sum *sum)
{
    DROP json_t *object = json_object();
    bool stored = set_text(object, "name", sum->policy) &&
                  PN_JSON_SET(object, "pods", pn_json_count(sum->pods)) &&
                  PN_JSON_SET(object, "sidecars", requests_json(&sum->sidecars)) &&
                  PN_JSON_SET(object, "app", requests_json(&sum->app)) &&
                  PN_JSON_SET(object, "percentOfApp", percent_json(sum));
    return stored ? PN_TAKE(object) : NULL;
}

static json_t *sums_json(const struct pn_fleet *fleet)
{
    DROP json_t *array = json_array();
    DROP json_t *object = sum_json(&fleet->all);
    for (size_t i = 0; i < fleet->sum_count; i++) {
        if (!pn_json_append(array, sum_json(&fleet->sums[i])))
            return NULL;
    }
    return PN_JSON_SET(object, "policies", PN_TAKE(array)) ? PN_TAKE(object) : NULL;
}

static json_t *states_json(const struct pn_fleet *fleet)
{
    DROP json_t *object = json_object();
    for (unsigned i = 0; i < PN_STANDING_COUNT; i++) {
        struct pn_str name = pn_str_of(pn_standing_name((enum pn_standing)i));
        if (!pn_json_set(object, name, pn_json_count(fleet->standings[i])))
            return NULL;
    }
    return PN_TAKE(object);
}

static json_t *skipped_json(const struct pn_fleet *fleet)
{
    DROP json_t *object = json_object();
    for (unsigned i = 0; i < PN_FLEET_SKIP_COUNT; i++) {
        struct pn_str name = pn_str_of(pn_fleet_skip_name((enum pn_fleet_skip)i));
        if (!pn_json_set(object, name, pn_json_count(fleet->skipped[i])))
            return NULL;
    }
    return PN_TAKE(object);
}

int pn_fleet_json_end(struct pn_buf *out, const struct pn_fleet *fleet)
{
    DROP json_t *summary = json_object();
    bool stored = PN_JSON_SET(summary, "pods", pn_json_count(fleet->pods)) &&
                  PN_JSON_SET(summary, "states", states_json(fleet)) &&
                  PN_JSON_SET(summary, "skipped", skipped_json(fleet)) &&
                  PN_JSON_SET(summary, "otherObjects", pn_json_count(fleet->other)) &&
                  PN_JSON_SET(summary, "invalid", pn_json_count(fleet->invalid)) &&
                  PN_JSON_SET(summary, "requests", sums_json(fleet));
    return stored ? pn_json_end_parts(out, summary) : -ENOMEM;
}
