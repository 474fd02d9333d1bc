/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/names.h"
#include "kube/quantity.h"
#include "kube/validate_walk.h"

/* ---- quantities ------------------------------------------------------------------------ */

/* Digits, then m or Ki, Mi, Gi: what nearly all quantities look like, without the arithmetic of
 * the others. */
static bool read_plain(pn_milli *ret, struct pn_str text)
{
    int64_t number = 0, unit = 1000;
    size_t n = 0;
    while (n < text.n && n < 15 && text.s[n] >= '0' && text.s[n] <= '9')
        number = number * 10 + (text.s[n++] - '0');
    if (n == 0 || text.n - n > 2)
        return false;
    if (text.n - n == 2 && text.s[n + 1] == 'i')
        unit = text.s[n] == 'K'   ? INT64_C(1000) << 10
               : text.s[n] == 'M' ? INT64_C(1000) << 20
               : text.s[n] == 'G' ? INT64_C(1000) << 30
                                  : 0;
    else if (text.n - n == 1 && text.s[n] == 'm')
        unit = 1;
    else if (text.n > n)
        return false;
    *ret = (pn_milli)number * unit;
    return unit != 0;
}

static pn_milli milli_of(const struct pn_quantity *q)
{
    enum { MILLI_EXP10 = -3 };
    pn_milli milli = q->mantissa;
    int64_t exp10 = q->exp10 - MILLI_EXP10;
    bool cut = false;
    for (; exp10 < 0; exp10++) {
        cut = cut || milli % 10 != 0;
        milli /= 10;
    }
    for (; exp10 > 0 && milli != 0 && milli < PN_MILLI_MAX && milli > -PN_MILLI_MAX; exp10--)
        milli = milli > PN_MILLI_MAX / 10    ? PN_MILLI_MAX
                : milli < -PN_MILLI_MAX / 10 ? -PN_MILLI_MAX
                                             : milli * 10;
    if (cut)
        milli += q->mantissa > 0 ? 1 : -1;
    return milli > PN_MILLI_MAX ? PN_MILLI_MAX : milli < -PN_MILLI_MAX ? -PN_MILLI_MAX : milli;
}

bool pn_validate_milli(struct pn_validate *v, const struct pn_at *at, struct pn_value quantity,
                       pn_milli *ret)
{
    if (quantity.kind == PN_STRING && read_plain(ret, pn_value_str(quantity)))
        return true;
    struct pn_err err = PN_ERR_INIT;
    struct pn_quantity q;
    int r = pn_quantity_from_value(&q, quantity, &err);
    if (r == 0)
        *ret = milli_of(&q);
    else if (r == PN_QUANTITY_E_INVALID)
        pn_validate_add(v, at, PN_VALIDATE_TYPE_INVALID, "%s", err.text);
    else if (r < 0)
        v->failed = v->done = true;
    return r == 0;
}

/* ---- names ----------------------------------------------------------------------------- */

#define HUGE_PAGES "hugepages-"

static bool has_slash(struct pn_str name)
{
    return name.n > 0 && memchr(name.s, '/', name.n) != NULL;
}

/* IsNativeResource. */
static bool is_native(struct pn_str name)
{
    return !has_slash(name) || pn_str_contains(name, PN_STR("kubernetes.io/"));
}

/* IsExtendedResourceName. */
static bool is_extended(struct pn_str name)
{
    static const char quota[] = "requests.";
    char text[PN_NAME_DNS_SUBDOMAIN_MAX_BYTES + 1 + PN_NAME_QUALIFIED_MAX_BYTES];
    size_t n = sizeof quota - 1 + name.n;
    if (is_native(name) || pn_str_has_prefix(name, PN_STR("requests.")) || n > sizeof text)
        return false;
    memcpy(text, quota, sizeof quota - 1);
    memcpy(text + sizeof quota - 1, name.s, name.n);
    return pn_name_is_qualified((struct pn_str){text, n});
}

/* IsIntegerResourceName. */
static bool is_integer(struct pn_str name)
{
    return is_extended(name) ||
           pn_validate_is_word(
               name, "pods,resourcequotas,services,replicationcontrollers,secrets,configmaps,"
                     "persistentvolumeclaims,services.nodeports,services.loadbalancers");
}

/* What validateContainerResourceName wants. */
static bool is_of_containers(struct pn_str name, bool huge)
{
    if (!pn_name_is_qualified(name))
        return false;
    return has_slash(name) ? is_native(name) || is_extended(name) : huge;
}

/* What validateResourceName wants. */
static bool is_known(struct pn_str name)
{
    if (!pn_name_is_qualified(name))
        return false;
    return has_slash(name) || pn_str_has_prefix(name, PN_STR(HUGE_PAGES)) ||
           pn_str_has_prefix(name, PN_STR("requests." HUGE_PAGES)) || is_integer(name) ||
           pn_validate_is_word(
               name, "ephemeral-storage,storage,requests.cpu,requests.memory,"
                     "requests.ephemeral-storage,requests.storage,limits.cpu,limits.memory,"
                     "limits.ephemeral-storage");
}

/* ---- one requirement ------------------------------------------------------------------- */

/* The two maps being compared, with what the rules ask about them. */
struct requirements {
    struct pn_validate *v;
    const struct pn_at *at;
    bool of_pod;
    bool basic, huge; /* there is cpu or memory; there are huge pages */
};

static void walk_resource_name(const struct requirements *r, const struct pn_at *at,
                               struct pn_str name, bool huge)
{
    if (r->of_pod && !is_known(name))
        pn_validate_add(r->v, at, PN_VALIDATE_INVALID, "must be the name of a resource");
    else if (r->of_pod && !huge)
        pn_validate_add(r->v, at, PN_VALIDATE_NOT_SUPPORTED,
                        "must be one of cpu, memory, hugepages-SIZE");
    else if (!r->of_pod && !pn_str_is(name, "ephemeral-storage") && !is_of_containers(name, huge))
        pn_validate_add(r->v, at, PN_VALIDATE_INVALID,
                        "must be cpu, memory, ephemeral-storage, hugepages-SIZE or DOMAIN/NAME");
}

/* IsHugePageResourceValueDivisible. */
static bool is_multiple_of_page(struct pn_str name, pn_milli milli)
{
    struct pn_quantity q;
    struct pn_err err = PN_ERR_INIT;
    struct pn_str text = {name.s + sizeof HUGE_PAGES - 1, name.n - (sizeof HUGE_PAGES - 1)};
    if (pn_quantity_parse(&q, text, &err) != 0)
        return false;
    pn_milli page = milli_of(&q);
    pn_milli units = (milli + (milli > 0 ? 999 : -999)) / 1000;
    return page > 0 && page % 1000 == 0 && units % (page / 1000) == 0;
}

/* Name and value of one entry; true: *ret is the value. */
static bool walk_entry(struct requirements *r, const struct pn_at *at, struct pn_str name,
                       struct pn_value quantity, pn_milli *ret)
{
    bool basic = pn_str_is(name, "cpu") || pn_str_is(name, "memory");
    bool huge = !basic && pn_str_has_prefix(name, PN_STR(HUGE_PAGES));
    r->basic = r->basic || basic;
    r->huge = r->huge || huge;
    if (!basic)
        walk_resource_name(r, at, name, huge);
    if (!pn_validate_milli(r->v, at, quantity, ret))
        return false;
    if (*ret < 0)
        pn_validate_add(r->v, at, PN_VALIDATE_INVALID, "must not be negative");
    if (!basic && *ret % 1000 != 0 && is_integer(name))
        pn_validate_add(r->v, at, PN_VALIDATE_INVALID, "must be an integer");
    if (huge && !is_multiple_of_page(name, *ret))
        pn_validate_add(r->v, at, PN_VALIDATE_INVALID, "must be a multiple of the page's size");
    return true;
}

/* IsOvercommitAllowed: what a container may request less of than it may use. */
static bool may_differ(struct pn_str name)
{
    return is_native(name) && !pn_str_has_prefix(name, PN_STR(HUGE_PAGES));
}

static void walk_request(struct requirements *r, const struct pn_member *request,
                         struct pn_value limits)
{
    const struct pn_at *at = PN_AT(r->at, "requests");
    struct pn_value limit = pn_value_get(limits, request->key);
    pn_milli milli = 0, limit_milli = 0;
    bool known = walk_entry(r, PN_AT_KEY(at, request->key), request->key, request->value, &milli);
    if (limit.kind == PN_ABSENT && !may_differ(request->key)) {
        pn_validate_add(r->v, PN_AT(r->at, "limits"), PN_VALIDATE_REQUIRED,
                        "must have %.*s too, which cannot be overcommitted",
                        PN_STR_ARG(request->key));
        return;
    }
    if (limit.kind == PN_ABSENT || !known ||
        !pn_validate_milli(r->v, PN_AT_KEY(PN_AT(r->at, "limits"), request->key), limit,
                           &limit_milli))
        return;
    if (milli > limit_milli)
        pn_validate_add(r->v, at, PN_VALIDATE_INVALID, "%.*s must not be more than its limit",
                        PN_STR_ARG(request->key));
    else if (milli < limit_milli && !may_differ(request->key))
        pn_validate_add(r->v, at, PN_VALIDATE_INVALID, "%.*s must be equal to its limit",
                        PN_STR_ARG(request->key));
}

/* validateResourceRequirements. A missing request is the limit, so what is wrong with the one is
 * wrong with the other. */
void pn_validate_requirements(struct pn_validate *v, const struct pn_at *at, struct pn_value limits,
                              struct pn_value requests, bool of_pod, bool defaulted)
{
    struct requirements r = {.v = v, .at = at, .of_pod = of_pod};
    pn_milli unused = 0;
    for (uint32_t i = 0; i < pn_value_count(limits) && !v->done; i++) {
        const struct pn_member *m = pn_value_member(limits, i);
        uint32_t before = v->found;
        walk_entry(&r, PN_AT_KEY(PN_AT(at, "limits"), m->key), m->key, m->value, &unused);
        if (v->found != before && defaulted && pn_value_get(requests, m->key).kind == PN_ABSENT)
            walk_entry(&r, PN_AT_KEY(PN_AT(at, "requests"), m->key), m->key, m->value, &unused);
    }
    for (uint32_t i = 0; i < pn_value_count(requests) && !v->done; i++)
        walk_request(&r, pn_value_member(requests, i), limits);
    if (r.huge && !r.basic)
        pn_validate_add(v, at, PN_VALIDATE_FORBIDDEN,
                        "must not have huge pages without cpu or "
                        "memory");
}

/* ---- claims ---------------------------------------------------------------------------- */

/* Adds "NAME" or "NAME/REQUEST". */
static void add_claim_key(struct pn_validate *v, struct pn_names *keys, struct pn_str name,
                          struct pn_str request)
{
    struct pn_buf key = PN_BUF_IN_ARENA(v->arena);
    if (request.n == 0) {
        pn_names_add(v, keys, name);
        return;
    }
    pn_buf_str(&key, name);
    pn_buf_char(&key, '/');
    pn_buf_str(&key, request);
    if (key.failed)
        v->failed = v->done = true;
    else
        pn_names_add(v, keys, pn_buf_view(&key));
}

/* One name again: by the key of an earlier one, which may have been the whole claim, or as the
 * whole of a claim of which a request was used. */
static void walk_repeated_claim(struct pn_validate *v, const struct pn_at *item, uint32_t i,
                                const struct pn_names *keys, const struct pn_names *in_part)
{
    struct pn_str key = keys->items[i], claim = in_part->items[i];
    struct pn_str name = claim.n > 0 ? claim : key, request = PN_STR_NULL;
    bool whole_used = pn_names_first(keys, name) < i;
    if (name.n == 0)
        return;
    if (claim.n > 0)
        request = (struct pn_str){key.s + claim.n + 1, key.n - claim.n - 1};
    if (!whole_used && claim.n > 0 && !pn_name_is_dns_label(request))
        pn_validate_add(v, PN_AT(item, "request"), PN_VALIDATE_INVALID, "must be %s",
                        PN_NAME_DNS_LABEL_RULE);
    if (whole_used || pn_names_first(keys, key) < i ||
        (claim.n == 0 && pn_names_first(in_part, name) < i))
        pn_validate_add(v, item, PN_VALIDATE_DUPLICATE, "\"%.*s\" is used already",
                        PN_STR_ARG(key));
}

void pn_validate_used_claims(struct pn_validate *v, const struct pn_at *at, struct pn_value list)
{
    static const struct pn_field rows[] = {
        PN_FIELD("name", STRING),
        PN_FIELD("request", STRING),
    };
    struct pn_names keys = pn_names_start(v, PN_NAMES_SCRATCH);
    struct pn_names in_part = pn_names_start(v, PN_NAMES_SCRATCH + 1); /* claims with a request */
    uint32_t n = pn_value_count(list);
    for (uint32_t i = 0; i < n && !v->done; i++) {
        struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
        const struct pn_at *item = PN_AT_ITEM(at, i);
        PN_PICK(v, item, pn_value_at(list, i), rows, f);
        struct pn_str name = pn_value_str(f[0]), request = pn_value_str(f[1]);
        bool part = name.n > 0 && request.n > 0;
        add_claim_key(v, &keys, name, part ? request : PN_STR_NULL);
        pn_names_add(v, &in_part, part ? name : PN_STR_NULL);
        pn_validate_require(v, item, name);
        if (name.n > 0 && pn_names_first(&v->claims, name) == PN_NAMES_NONE)
            pn_validate_add(v, item, PN_VALIDATE_NOT_FOUND,
                            "there is no \"%.*s\" in spec.resourceClaims", PN_STR_ARG(name));
    }
    pn_names_sort(v, &keys);
    pn_names_sort(v, &in_part);
    for (uint32_t i = 0; i < n && !v->done; i++)
        walk_repeated_claim(v, PN_AT_ITEM(at, i), i, &keys, &in_part);
}

void pn_validate_resources(struct pn_validate *v, const struct pn_at *at, struct pn_value resources,
                           enum pn_container_list which)
{
    static const struct pn_field rows[] = {
        PN_FIELD("limits", OBJECT),
        PN_FIELD("requests", OBJECT),
        PN_FIELD("claims", LIST),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    PN_PICK(v, at, resources, rows, f);
    pn_validate_requirements(v, at, f[0], f[1], false, which != PN_EPHEMERAL_CONTAINERS);
    if (pn_value_count(f[2]) > 0)
        pn_validate_used_claims(v, PN_AT(at, "claims"), f[2]);
}
