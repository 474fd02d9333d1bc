/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/decide.h"

#include <errno.h>

#include "base/limits.h"
#include "engine/json.h"
#include "kube/jsonpatch.h"

/* Memory for the reason of one policy; only preview asks for all of them. */
enum { REASON_BYTES = 1024 };

static int decide_body(struct pn_decision **ret, struct pn_decider *d, struct pn_err *err)
{
    size_t len = d->body.len;
    if (len > PN_REVIEW_MAX_BYTES) /* as the server would */
        return pn_err_set(err, PN_ENGINE_E_TOO_DENSE, "the review has more than %u bytes",
                          PN_REVIEW_MAX_BYTES);
    size_t cap = pn_engine_arena_cap(len);
    char *padding = pn_buf_reserve(&d->body, PN_ENGINE_BODY_PADDING);
    if (padding == NULL)
        return -ENOMEM;
    memset(padding, 0, PN_ENGINE_BODY_PADDING);
    if (d->flags & PN_DECIDE_ALL_REASONS)
        cap += pn_policy_set_policy_count(d->set) * REASON_BYTES;
    pn_arena_reset(d->arena, cap);
    return pn_engine_decide(ret, d->set, &d->env, d->flags, d->body.data, len, d->arena, err);
}

int pn_decide_review(struct pn_decision **ret, struct pn_decider *d, struct pn_str bytes,
                     struct pn_err *err)
{
    pn_buf_reset(&d->body, PN_ARENA_KEEP_BYTES);
    pn_buf_str(&d->body, bytes);
    return decide_body(ret, d, err);
}

const char *const pn_operation_words[] = {"CREATE", "UPDATE", "DELETE", NULL};

/* The kinds of their options. */
static const char *const options[] = {"CreateOptions", "UpdateOptions", "DeleteOptions"};

/* In front of the namespace. */
static const char review_start[] =
    "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\",\"request\":{"
    "\"uid\":\"preview\",\"kind\":{\"group\":\"\",\"version\":\"v1\",\"kind\":\"Pod\"},"
    "\"resource\":{\"group\":\"\",\"version\":\"v1\",\"resource\":\"pods\"},"
    "\"requestKind\":{\"group\":\"\",\"version\":\"v1\",\"kind\":\"Pod\"},"
    "\"requestResource\":{\"group\":\"\",\"version\":\"v1\",\"resource\":\"pods\"},"
    "\"namespace\":";

/* `"name":` and the Pod, or null. */
static void write_object(struct pn_buf *out, const char *name, bool has_it, struct pn_value pod)
{
    pn_buf_printf(out, ",\"%s\":", name);
    pn_json_write(out, has_it ? pod : pn_null());
}

void pn_decide_write_review(struct pn_buf *out, const struct pn_decider *d, struct pn_value pod,
                            struct pn_str namespace)
{
    pn_buf_cstr(out, review_start);
    pn_json_write_str(out, namespace);
    pn_buf_printf(out, ",\"operation\":\"%s\",\"userInfo\":", pn_operation_words[d->operation]);
    if (d->user_info.kind == PN_OBJECT)
        pn_json_write(out, d->user_info);
    else
        pn_buf_cstr(out, "{}");
    write_object(out, "object", d->operation != PN_OPERATION_DELETE, pod);
    write_object(out, "oldObject", d->operation != PN_OPERATION_CREATE, pod);
    pn_buf_printf(out,
                  ",\"dryRun\":true,"
                  "\"options\":{\"kind\":\"%s\",\"apiVersion\":\"meta.k8s.io/v1\"}}}\n",
                  options[d->operation]);
}

int pn_decide_pod(struct pn_decision **ret, struct pn_decider *d, struct pn_value pod,
                  struct pn_str namespace, struct pn_err *err)
{
    pn_buf_reset(&d->body, PN_ARENA_KEEP_BYTES);
    pn_decide_write_review(&d->body, d, pod, namespace);
    return decide_body(ret, d, err);
}

int pn_decide_apply(struct pn_value *ret, const struct pn_decision *decision,
                    struct pn_value object, struct pn_arena *a, struct pn_err *err)
{
    struct pn_value patch;
    if (decision->patch.n == 0) {
        *ret = object;
        return 0;
    }
    int r = pn_json_read(&patch, decision->patch, PN_JSON_NUMBERS_RAW, a, err);
    if (r == 0)
        r = pn_jsonpatch_apply(ret, object, patch, a, err);
    return r > 0 ? PN_DECIDE_E_PATCH : r;
}
