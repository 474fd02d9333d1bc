/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance.h"

#include "kube/qos.h"

/* {"cpu":"100m",...}, as Kubernetes writes a list of resources. */
static void write_list(struct pn_buf *out, const struct pn_resource_list *list)
{
    pn_buf_char(out, '{');
    for (uint32_t i = 0; i < list->count; i++) {
        struct pn_buf text = PN_BUF_IN_ARENA(out->arena);
        pn_quantity_write(&text, &list->items[i].quantity);
        if (i > 0)
            pn_buf_char(out, ',');
        pn_json_write_str(out, list->items[i].name);
        pn_buf_char(out, ':');
        pn_json_write_str(out, list->items[i].out_of_range ? PN_STR("out of range")
                                                           : pn_buf_view(&text));
    }
    pn_buf_char(out, '}');
}

/* The same of what is expected, whose members need not be in order. */
static bool is_list(struct pn_value expected, const struct pn_resource_list *list)
{
    bool same = pn_value_count(expected) == list->count;
    for (uint32_t i = 0; i < list->count && same; i++) {
        struct pn_buf text = PN_BUF_INIT;
        struct pn_str quantity = pn_value_str(pn_value_get(expected, list->items[i].name));
        pn_quantity_write(&text, &list->items[i].quantity);
        same = !list->items[i].out_of_range && pn_str_eq(quantity, pn_buf_view(&text));
        pn_buf_deinit(&text);
    }
    return same;
}

enum outcome check_resources(struct run *run)
{
    struct pn_value requests = PN_GET(run->input, "requests"),
                    limits = PN_GET(run->input, "limits");
    struct pn_value pod = PN_GET(run->input, "pod"), class = PN_GET(run->input, "qosClass");
    struct pn_pod_resources got;
    struct pn_err err = PN_ERR_INIT;
    if (pod.kind != PN_OBJECT || requests.kind != PN_OBJECT || limits.kind != PN_OBJECT ||
        class.kind != PN_STRING)
        return BROKEN;
    pn_buf_printf(&run->expected, "%.*s, requests ", PN_STR_ARG(pn_value_str(class)));
    pn_json_write(&run->expected, requests);
    pn_buf_cstr(&run->expected, ", limits ");
    pn_json_write(&run->expected, limits);
    if (pn_resources_of_spec(&got, PN_GET(pod, "spec"), run->a, &err) != 0) {
        pn_buf_printf(&run->got, "error (%s)", err.text);
        return FAILED;
    }
    const char *qos = pn_qos_name(pn_qos_compute(&got));
    pn_buf_printf(&run->got, "%s, requests ", qos);
    write_list(&run->got, &got.effective.requests);
    pn_buf_cstr(&run->got, ", limits ");
    write_list(&run->got, &got.effective.limits);
    return verdict(pn_value_is_string(class, qos) && is_list(requests, &got.effective.requests) &&
                   is_list(limits, &got.effective.limits));
}
