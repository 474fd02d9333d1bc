/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/object.h"

struct pn_object_header pn_object_header(struct pn_value value, struct pn_object_header from_list)
{
    struct pn_str api_version = pn_value_str(PN_GET(value, "apiVersion"));
    struct pn_str kind = pn_value_str(PN_GET(value, "kind"));
    return (struct pn_object_header){api_version.n > 0 ? api_version : from_list.api_version,
                                     kind.n > 0 ? kind : from_list.kind};
}

struct pn_object_header pn_object_header_of_items(struct pn_object_header list)
{
    return pn_str_is(list.kind, "List")
               ? PN_OBJECT_HEADER_NONE
               : (struct pn_object_header){list.api_version,
                                           {list.kind.s, list.kind.n - strlen("List")}};
}

bool pn_object_is_list(struct pn_str kind, struct pn_value object)
{
    return pn_str_has_suffix(kind, PN_STR("List")) && PN_GET(object, "items").kind == PN_ARRAY;
}

int pn_object_check(struct pn_value value, struct pn_object_header header, struct pn_err *err)
{
    if (value.kind != PN_OBJECT)
        return pn_err_set(err, PN_OBJECT_E_OTHER, "expected a Kubernetes object, got %s",
                          pn_value_kind_name(value));
    if (header.kind.n == 0 || header.api_version.n == 0)
        return pn_err_set(err, PN_OBJECT_E_OTHER,
                          "expected a Kubernetes object; %s is missing or no string",
                          header.kind.n == 0 ? "kind" : "apiVersion");
    return 0;
}
