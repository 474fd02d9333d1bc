/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The whole engine on Pods that its policies have much to do with: the first byte chooses the
 * policies (each file of policies/, and the shipped templates) and whether labels of namespaces are
 * known, the others make the review (grammar.c). Held are:
 *  - the policies that the index finds are those that a look at each of them finds, and what they
 *    say and do is the same;
 *  - the patch applies, by another implementation too, and both make the same Pod of it;
 *  - that Pod is the planned one: it has the requests and the QoS class that were explained;
 *  - decided again it gets no patch, and /validate answers.
 */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "config/load.h"
#include "engine/engine.h"
#include "engine/json.h"
#include "grammar.h"
#include "kube/jsonpatch.h"
#include "kube/qos.h"
#include "second_patch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const policy_paths[] = {
    PN_FUZZ_POLICIES "/0.yaml", PN_FUZZ_POLICIES "/1.yaml", PN_FUZZ_POLICIES "/2.yaml",
    PN_FUZZ_POLICIES "/3.yaml", PN_FUZZ_POLICIES "/4.yaml", PN_FUZZ_POLICIES "/5.yaml",
    PN_FUZZ_POLICIES "/6.yaml", PN_FUZZ_TEMPLATES,
};

/* All that is kept from input to input. */
static struct {
    struct pn_policy_set *sets[PN_COUNT_OF(policy_paths)];
    struct pn_arena *plain, *all, *again, *scratch, *labels;
    struct pn_value namespace_labels;
} kept;

static const char namespace_labels[] =
    "{\"default\":{\"team\":\"a\"},\"shop\":{\"tier\":\"front\",\"team\":\"b\"},\"payments\":{}}";

static void init(void)
{
    struct pn_diags diags = PN_DIAGS_INIT;
    for (size_t i = 0; i < PN_COUNT_OF(policy_paths); i++) {
        if (pn_load_policies(&kept.sets[i], &policy_paths[i], 1, &diags) != 0) {
            fprintf(stderr, "%s does not load\n", policy_paths[i]);
            abort();
        }
    }
    pn_diags_deinit(&diags);
    if (pn_arena_new(&kept.plain, PN_ARENA_KEEP_BYTES) != 0 || pn_arena_new(&kept.all, 0) != 0 ||
        pn_arena_new(&kept.again, 0) != 0 || pn_arena_new(&kept.scratch, 0) != 0 ||
        pn_arena_new(&kept.labels, 0) != 0 ||
        pn_json_read(&kept.namespace_labels, PN_STR(namespace_labels), 0, kept.labels, NULL) != 0)
        abort();
}

/* What the inputs choose. */
struct scene {
    const struct pn_policy_set *set;
    struct pn_env env;
};

/* Decides a copy of the bytes, which `body` keeps. */
static const struct pn_decision *decide(const struct scene *scene, struct pn_str bytes,
                                        unsigned flags, struct pn_buf *body, struct pn_arena *a)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf response = PN_BUF_INIT;
    struct pn_decision *decision = NULL;
    struct pn_err err = PN_ERR_INIT;
    pn_buf_str(body, bytes);
    pn_buf_append(body, "\0\0\0\0", PN_ENGINE_BODY_PADDING);
    assert(!body->failed);
    pn_arena_reset(a, pn_engine_arena_cap(bytes.n));
    int r = pn_engine_decide(&decision, scene->set, &scene->env, flags, body->data, bytes.n, a,
                             &err);
    assert(r == 0); /* the grammar makes no bad reviews */
    pn_respond_write(&response, decision);
    assert(!response.failed && response.len > 0);
    return decision;
}

/* ---- index = scan ---------------------------------------------------------------------------- */

static bool is_mismatch(enum pn_reason_id id)
{
    return id == PN_REASON_NAMESPACE_SELECTOR_MISMATCH || id == PN_REASON_POD_SELECTOR_MISMATCH ||
           id == PN_REASON_POD_ANNOTATION_MISMATCH;
}

static void check_same_reason(const struct pn_reason *a, const struct pn_reason *b)
{
    assert(a->id == b->id);
    assert(pn_value_equal(a->arguments, b->arguments));
}

/* `all` looked at every policy, `plain` asked the index. */
static void check_index(const struct pn_decision *plain, const struct pn_decision *all)
{
    size_t n = 0;
    check_same_reason(&plain->review, &all->review);
    for (size_t i = 0; i < all->verdict_count; i++) {
        const struct pn_verdict *v = &all->verdicts[i], *found = &plain->verdicts[n];
        if (is_mismatch(v->reason.id))
            continue;
        assert(n++ < plain->verdict_count);
        assert(v->policy == found->policy && v->audit == found->audit);
        check_same_reason(&v->reason, &found->reason);
        if (v->note.id != PN_REASON_ORDER_NEIGHBOUR_ABSENT) /* which is for preview */
            check_same_reason(&v->note, &found->note);
    }
    assert(n == plain->verdict_count);
    assert(plain->allowed == all->allowed && pn_str_eq(plain->patch, all->patch));
    assert(plain->warning_count == all->warning_count && plain->note_count == all->note_count);
}

/* ---- the patch ------------------------------------------------------------------------------- */

static struct pn_str write_json(struct pn_value v, struct pn_arena *a)
{
    struct pn_buf text = PN_BUF_IN_ARENA(a);
    pn_json_write(&text, v);
    assert(!text.failed);
    return pn_buf_view(&text);
}

/* Both implementations make the same of it. */
static void check_second(struct pn_value before, struct pn_str patch, struct pn_value after,
                         struct pn_arena *a)
{
    json_t *doc = second_read(write_json(before, a)), *operations = second_read(patch);
    json_t *wanted = second_read(write_json(after, a));
    assert(doc != NULL && operations != NULL && wanted != NULL);
    enum second_result r = second_patch_apply(&doc, operations);
    assert(r == SECOND_APPLIED);
    assert(json_equal(doc, wanted));
    json_decref(doc);
    json_decref(operations);
    json_decref(wanted);
}

/* Where spec.resources leave a request to defaulting, that has been done before a webhook is asked:
 * the class is then that of a Pod which is not here. */
static bool states_requests(struct pn_value spec)
{
    struct pn_value resources = PN_GET(spec, "resources");
    struct pn_value limits = PN_GET(resources, "limits");
    for (uint32_t i = 0; i < pn_value_count(limits); i++) {
        struct pn_str name = pn_value_member(limits, i)->key;
        if (pn_value_is_unset(pn_value_get(PN_GET(resources, "requests"), name)))
            return false;
    }
    return true;
}

/* What was explained is what the Pod has. */
static void check_planned(const struct pn_explanation *explained, struct pn_value spec,
                          struct pn_arena *a)
{
    struct pn_pod_resources got;
    struct pn_quantity wanted;
    if (explained->qos_after == NULL || pn_resources_of_spec(&got, spec, a, NULL) != 0)
        return;
    const char *qos = pn_qos_name(pn_qos_compute(&got));
    assert(!states_requests(spec) || strcmp(explained->qos_after, qos) == 0);
    for (size_t i = 0; i < explained->request_count; i++) {
        const struct pn_change *change = &explained->requests[i];
        const struct pn_resource *have = pn_resources_find(&got.effective.requests, change->what);
        int r = pn_quantity_parse(&wanted, change->after, NULL);
        assert(r == 0);
        assert(have != NULL ? pn_quantity_cmp(&have->quantity, &wanted) == 0
                            : wanted.mantissa == 0);
    }
}

/* The review as it comes back. */
static struct pn_str patched(struct pn_str bytes, const struct pn_decision *plain,
                             const struct pn_explanation *explained, struct pn_arena *a)
{
    struct pn_value review, operations, object;
    struct pn_err err = PN_ERR_INIT;
    int r = pn_json_read(&review, bytes, PN_JSON_NUMBERS_RAW, a, &err);
    if (r == 0)
        r = pn_json_read(&operations, plain->patch, PN_JSON_NUMBERS_RAW, a, &err);
    assert(r == 0);
    struct pn_value request = PN_GET(review, "request"), before = PN_GET(request, "object");
    r = pn_jsonpatch_apply(&object, before, operations, a, &err);
    assert(r == 0);
    check_second(before, plain->patch, object, a);
    check_planned(explained, PN_GET(object, "spec"), a);
    r = pn_object_with(&request, a, request, PN_STR("object"), object);
    if (r == 0)
        r = pn_object_with(&review, a, review, PN_STR("request"), request);
    assert(r == 0);
    return write_json(review, a);
}

/* ---------------------------------------------------------------------------------------------- */

static void check(const struct scene *scene, struct pn_str bytes)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf body = PN_BUF_INIT;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf body_of_all = PN_BUF_INIT;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf body_again = PN_BUF_INIT;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf body_validate = PN_BUF_INIT;
    const struct pn_decision *plain = decide(scene, bytes, 0, &body, kept.plain);
    const struct pn_decision *all = decide(scene, bytes, PN_DECIDE_ALL_REASONS, &body_of_all,
                                           kept.all);
    check_index(plain, all);
    pn_arena_reset(kept.scratch, 0);
    struct pn_str again = bytes;
    if (plain->patch.n > 0) {
        again = patched(bytes, plain, &all->explanation, kept.scratch);
        const struct pn_decision *second = decide(scene, again, 0, &body_again, kept.again);
        assert(second->patch.n == 0);
    }
    const struct pn_decision *valid = decide(scene, again, PN_DECIDE_VALIDATE, &body_validate,
                                             kept.again);
    assert(valid->patch.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct choices choices = {data, size};
    PN_CLEANUP(pn_buf_deinit) struct pn_buf review = PN_BUF_INIT;
    if (kept.plain == NULL)
        init();
    unsigned first = choose(&choices, 2 * PN_COUNT_OF(policy_paths));
    struct scene scene = {.set = kept.sets[first % PN_COUNT_OF(policy_paths)]};
    if (first >= PN_COUNT_OF(policy_paths))
        scene.env.namespace_labels = &kept.namespace_labels;
    write_review(&review, &choices);
    assert(!review.failed);
    check(&scene, pn_buf_view(&review));
    return 0;
}
