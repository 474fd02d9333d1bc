/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The whole engine on hostile bytes, with policies that use every part of a template. What it
 * answers must hold together: a patch applies to the object that was sent, and the patched object
 * decided again gives no patch.
 */

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "engine/engine.h"
#include "engine/json.h"
#include "kube/jsonpatch.h"
#include "yaml/read.h"

static const char policies[] =
    "apiVersion: pannier.dev/v1alpha1\n"
    "kind: SidecarTemplate\n"
    "metadata: {name: t}\n"
    "spec:\n"
    "  category: c\n"
    "  supports: {hostNetwork: true, os: [linux, windows]}\n"
    "  pod:\n"
    "    metadata: {annotations: {a: b}}\n"
    "    spec:\n"
    "      initContainers: [{name: s, restartPolicy: Always, image: i, args: [x], volumeMounts: "
    "[{name: v, mountPath: /v}], resources: {requests: {cpu: 1, memory: 1}}}]\n"
    "      containers: [{name: k, image: i, env: [{name: A, value: b}], "
    "resources: {requests: {cpu: 1, memory: 1}}}]\n"
    "      volumes: [{name: v, emptyDir: {sizeLimit: 1Gi}}]\n"
    "      imagePullSecrets: [{name: p}]\n"
    "  appContainers: [{names: ['*'], initContainers: true, volumeMounts: [{name: v, mountPath: "
    "/a}], env: [{name: E, value: f}], envFrom: [{configMapRef: {name: c}}]}]\n"
    "  appendAnnotations: {l: 'x,z'}\n"
    "  placement: [{container: s, position: AfterInit}]\n"
    "---\n"
    "apiVersion: pannier.dev/v1alpha1\n"
    "kind: InjectionPolicy\n"
    "metadata: {name: p}\n"
    "spec: {match: {podSelector: {}}, inject: [{templateRef: {name: t}}]}\n"
    "---\n"
    "apiVersion: pannier.dev/v1alpha1\n"
    "kind: SidecarTemplate\n"
    "metadata: {name: e}\n"
    "spec:\n"
    "  category: e\n"
    "  supports: {hostNetwork: true, os: [linux, windows]}\n"
    "  parameters: [{name: num, type: integer, default: 5, maximum: 9}, {name: s, type: map, "
    "default: "
    "{}, pattern: '[a-z]*', keyPattern: '[a-z.-]*'}]\n"
    "  pod: {metadata: {annotations: {e: '${parameters.num} ${len(pod.spec.initContainers)}'}}, "
    "spec: "
    "{volumes: [{name: e, configMap: {name: 'c-${pod.metadata.namespace}'}}]}}\n"
    "  appContainers: [{names: ['*'], env: [{name: EE, value: {$json: {$eval: parameters.s}}}]}]\n"
    "---\n"
    "apiVersion: pannier.dev/v1alpha1\n"
    "kind: InjectionPolicy\n"
    "metadata: {name: e}\n"
    "spec: {match: {podSelector: {}, when: 'pod.spec.priority < 5 || len(pod.spec.containers) > "
    "1'}, "
    "inject: [{templateRef: {name: e}, overrides: [{parameter: num, podLabel: team}, {parameter: "
    "s, "
    "podAnnotationPrefix: vault.}]}]}\n";

static struct pn_policy_set *load(void)
{
    struct pn_arena *a = NULL;
    struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_source source = {PN_STR("policies"), PN_STR(policies)};
    struct pn_document *docs = NULL;
    struct pn_policy_set *set = NULL;
    size_t n = 0;
    if (pn_arena_new(&a, 0) != 0 || pn_yaml_read(&docs, &n, &source, a, &diags) != 0 ||
        pn_policy_set_new(&set, docs, n, &diags) != 0)
        abort();
    pn_arena_free(a);
    pn_diags_deinit(&diags);
    return set;
}

/* Decides a copy of the bytes; *ret_body must outlive the decision. */
static int decide(struct pn_decision **ret, char **ret_body, const struct pn_policy_set *set,
                  struct pn_str bytes, struct pn_arena *a)
{
    struct pn_err err = PN_ERR_INIT;
    char *body = calloc(1, bytes.n + PN_ENGINE_BODY_PADDING);
    if (body == NULL)
        abort();
    if (bytes.n > 0)
        memcpy(body, bytes.s, bytes.n);
    *ret_body = body;
    pn_arena_reset(a, pn_engine_arena_cap(bytes.n));
    return pn_engine_decide(ret, set, NULL, 0, body, bytes.n, a, &err);
}

/* The review with its object patched, as the API server sends it in the second round. */
static bool patched_review(struct pn_buf *out, struct pn_str bytes, struct pn_str patch,
                           struct pn_arena *a)
{
    struct pn_value review, operations, object, request;
    struct pn_err err = PN_ERR_INIT;
    if (pn_json_read(&review, bytes, 0, a, &err) != 0)
        return false; /* duplicate keys outside of what the engine looks at */
    if (pn_json_read(&operations, patch, 0, a, &err) != 0)
        abort();
    request = PN_GET(review, "request");
    if (pn_jsonpatch_apply(&object, PN_GET(request, "object"), operations, a, &err) != 0)
        abort();
    if (pn_object_with(&request, a, request, PN_STR("object"), object) != 0 ||
        pn_object_with(&review, a, review, PN_STR("request"), request) != 0)
        abort();
    pn_json_write(out, review);
    return !out->failed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pn_policy_set *set;
    static struct pn_arena *arena, *scratch;
    struct pn_str bytes = {(const char *)data, size};
    struct pn_decision *first = NULL, *second = NULL;
    char *body = NULL, *body_again = NULL;
    struct pn_buf response = PN_BUF_INIT, again = PN_BUF_INIT;
    if (set == NULL) {
        set = load();
        if (pn_arena_new(&arena, PN_ARENA_KEEP_BYTES) != 0 || pn_arena_new(&scratch, 0) != 0)
            abort();
    }
    if (decide(&first, &body, set, bytes, arena) == 0) {
        pn_respond_write(&response, first);
        pn_arena_reset(scratch, 0);
        if (first->patch.n > 0 && patched_review(&again, bytes, first->patch, scratch)) {
            if (decide(&second, &body_again, set, pn_buf_view(&again), arena) != 0 ||
                second->patch.n > 0)
                abort();
        }
    }
    free(body);
    free(body_again);
    pn_buf_deinit(&response);
    pn_buf_deinit(&again);
    return 0;
}
