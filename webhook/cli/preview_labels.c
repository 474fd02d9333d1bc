/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "cli/preview.h"
#include "kube/names.h"

/* --namespace-labels. */

static int read_pair(struct pn_value *labels_inout, struct pn_str pair, struct pn_arena *a,
                     struct pn_err *err)
{
    struct pn_str value = pair;
    struct pn_str key = pn_str_split(&value, '=');
    if (value.s == NULL)
        return pn_err_set(err, PN_PREVIEW_E_LABELS, "\"%.*s\": expected KEY=VALUE",
                          PN_STR_ARG(pair));
    if (!pn_name_is_qualified(key))
        return pn_err_set(err, PN_PREVIEW_E_LABELS, "\"%.*s\" is no legal label key",
                          PN_STR_ARG(key));
    if (!pn_name_is_label_value(value))
        return pn_err_set(err, PN_PREVIEW_E_LABELS, "\"%.*s\" is no legal label value",
                          PN_STR_ARG(value));
    if (pn_value_get(*labels_inout, key).kind != PN_ABSENT)
        return pn_err_set(err, PN_PREVIEW_E_LABELS, "label \"%.*s\" is there twice",
                          PN_STR_ARG(key));
    return pn_object_with(labels_inout, a, *labels_inout, key, pn_string(value));
}

int pn_preview_labels_read(struct pn_value *ret, const char *text, struct pn_arena *a,
                           struct pn_err *err)
{
    struct pn_value labels;
    int r = pn_object_new(&labels, a, NULL, 0);
    for (struct pn_str rest = pn_str_of(text); rest.n > 0 && r == 0;)
        r = read_pair(&labels, pn_str_split(&rest, ','), a, err);
    if (r == 0)
        *ret = labels;
    return r;
}

int pn_preview_know_namespace(struct pn_preview_run *run, struct pn_str namespace)
{
    run->known = run->by_namespace;
    if (run->given_labels.kind == PN_OBJECT &&
        pn_value_get(run->by_namespace, namespace).kind == PN_ABSENT) {
        int r = pn_object_with(&run->known, run->values, run->by_namespace, namespace,
                               run->given_labels);
        if (r != 0)
            return r;
    }
    run->decider.env.namespace_labels = pn_value_count(run->known) > 0 ? &run->known : NULL;
    run->base.env.namespace_labels = run->decider.env.namespace_labels;
    return 0;
}
