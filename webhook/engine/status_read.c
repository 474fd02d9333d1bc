/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/json.h"
#include "engine/status.h"

/* The annotation read back. Users can write it: nothing in it is taken for granted. */

static bool are_strings(struct pn_value list)
{
    for (uint32_t i = 0; i < pn_value_count(list); i++) {
        if (pn_value_at(list, i).kind != PN_STRING)
            return false;
    }
    return true;
}

static bool is_claim(struct pn_value v)
{
    struct pn_value containers = PN_GET(v, "containers");
    return v.kind == PN_OBJECT && PN_GET(v, "rev").kind == PN_STRING &&
           (containers.kind == PN_ABSENT || containers.kind == PN_ARRAY) && are_strings(containers);
}

static bool is_reason(struct pn_value v)
{
    return v.kind == PN_STRING;
}

/* An object whose members are all as they should be, or nothing where counts are enough. */
static int check(struct pn_value members, const char *name, bool (*is_one)(struct pn_value),
                 struct pn_err *err)
{
    if (members.kind != PN_ABSENT && members.kind != PN_OBJECT)
        return pn_err_set(err, PN_STATUS_E_INVALID, "%s: expected an object, got %s", name,
                          pn_value_kind_name(members));
    for (uint32_t i = 0; i < pn_value_count(members); i++) {
        const struct pn_member *m = pn_value_member(members, i);
        if (!is_one(m->value))
            return pn_err_set(err, PN_STATUS_E_INVALID, "%s: what it says of %.*s is none of ours",
                              name, PN_STR_ARG(m->key));
    }
    return 0;
}

int pn_status_read(struct pn_status_record *ret, struct pn_value metadata, struct pn_arena *a,
                   struct pn_err *err)
{
    struct pn_value text = pn_value_get(PN_GET(metadata, "annotations"), pn_status_annotation);
    struct pn_value record;
    if (text.kind == PN_ABSENT) {
        *ret = (struct pn_status_record){.is_there = false};
        return 0;
    }
    if (text.kind != PN_STRING)
        return pn_err_set(err, PN_STATUS_E_INVALID, "expected a string, got %s",
                          pn_value_kind_name(text));
    int r = pn_json_read(&record, pn_value_str(text), 0, a, err);
    if (r != 0)
        return r > 0 ? PN_STATUS_E_INVALID : r;
    struct pn_value version = PN_GET(record, "v");
    if (version.kind != PN_INT || version.i != 1)
        return pn_err_set(err, PN_STATUS_E_INVALID, "v: expected 1");
    struct pn_value applied = PN_GET(record, "applied"), skipped = PN_GET(record, "skipped");
    r = check(applied, "applied", is_claim, err);
    if (r == 0)
        r = check(skipped, "skipped", is_reason, err);
    if (r == 0)
        *ret = (struct pn_status_record){true, applied, skipped};
    return r;
}
