/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The spec of a Pod in JSON. Lists must be in order, whatever is limited is requested, and to add
 * up the app containers alone must give what a Pod of them alone has.
 */

#include <assert.h>
#include <errno.h>

#include "engine/json.h"
#include "kube/qos.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY_BYTES = 256 << 20 };

static void check_order(const struct pn_resource_list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        assert(i == 0 || pn_str_cmp(list->items[i - 1].name, list->items[i].name) < 0);
        assert(pn_resources_find(list, list->items[i].name) == &list->items[i]);
        assert(!list->items[i].out_of_range || list->items[i].quantity.mantissa == 0);
    }
}

static void check_requirements(const struct pn_requirements *stated)
{
    check_order(&stated->requests);
    check_order(&stated->limits);
}

static void check_same(const struct pn_resource_list *a, const struct pn_resource_list *b)
{
    assert(a->count == b->count);
    for (uint32_t i = 0; i < a->count; i++) {
        assert(a->items[i].out_of_range == b->items[i].out_of_range);
        assert(pn_quantity_cmp(&a->items[i].quantity, &b->items[i].quantity) == 0);
        assert(a->items[i].containers == b->items[i].containers);
    }
}

static void check_containers(struct pn_value list, struct pn_arena *a)
{
    struct pn_member member = {PN_STR("containers"), list};
    struct pn_value spec, containers[16];
    struct pn_pod_resources pod;
    struct pn_requirements sum;
    uint32_t n = 0;
    for (; n < pn_value_count(list) && n < PN_COUNT_OF(containers); n++)
        containers[n] = pn_value_at(list, n);
    if (n < pn_value_count(list) || pn_object_new(&spec, a, &member, 1) != 0 ||
        pn_resources_of_spec(&pod, spec, a, NULL) != 0 ||
        pn_resources_sum(&sum, containers, n, a, NULL) != 0)
        return;
    check_same(&sum.requests, &pod.effective.requests);
    check_same(&sum.limits, &pod.effective.limits);
}

static void check_spec(struct pn_value spec, struct pn_arena *a)
{
    struct pn_pod_resources got;
    struct pn_err err = PN_ERR_INIT;
    int r = pn_resources_of_spec(&got, spec, a, &err);
    assert(r == 0 || r == -ENOMEM || (r == PN_RESOURCES_E_INVALID && err.text[0] != '\0'));
    if (r != 0)
        return;
    check_requirements(&got.effective);
    check_requirements(&got.containers);
    check_requirements(&got.pod);
    check_requirements(&got.above_zero);
    for (uint32_t i = 0; i < got.containers.limits.count; i++) {
        const struct pn_resource *limit = &got.containers.limits.items[i];
        const struct pn_resource *request = pn_resources_find(&got.containers.requests,
                                                              limit->name);
        assert(request != NULL && request->containers >= limit->containers);
    }
    assert(pn_qos_name(pn_qos_compute(&got)) != NULL);
    check_containers(PN_GET(spec, "containers"), a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pn_arena *a = NULL;
    struct pn_value spec;
    struct pn_str text = {(const char *)data, size};
    if (pn_arena_new(&a, 1 << 16) != 0)
        return 0;
    for (unsigned flags = 0; flags <= PN_JSON_NUMBERS_RAW; flags++) {
        pn_arena_reset(a, MEMORY_BYTES);
        if (pn_json_read(&spec, text, flags, a, NULL) == 0)
            check_spec(spec, a);
    }
    pn_arena_free(a);
    return 0;
}
