/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/reason.h"

#include "base/limits.h"

/* `text` is one sentence; {name} stands for the argument of that name. */
static const struct {
    const char *name;
    enum pn_reason_class class;
    const char *text;
} catalogue[PN_REASON_COUNT] = {
    [PN_REASON_NONE] = {"", PN_CLASS_NOTE, ""},

    [PN_REASON_NOT_A_POD] = {"not-a-pod", PN_CLASS_REVIEW, "the review is about {resource}"},
    [PN_REASON_NOT_CREATE] = {"not-create", PN_CLASS_REVIEW,
                              "the operation is {operation}; Pods are changed on CREATE only"},
    [PN_REASON_SUBRESOURCE] = {"subresource", PN_CLASS_REVIEW,
                               "the review is about the subresource pods/{subresource}"},
    [PN_REASON_MIRROR_POD] = {"mirror-pod", PN_CLASS_REVIEW,
                              "the kubelet deletes a mirror Pod that differs from its static Pod"},
    [PN_REASON_PROTECTED_NAMESPACE] = {"protected-namespace", PN_CLASS_REVIEW,
                                       "no policy reaches namespace {namespace}"},
    [PN_REASON_POD_ALREADY_INVALID] = {"pod-already-invalid", PN_CLASS_REVIEW,
                                       "the API server will refuse this Pod: {detail}"},
    [PN_REASON_NO_POLICY_SELECTED] = {"no-policy-selected", PN_CLASS_REVIEW,
                                      "no policy selects this Pod"},

    [PN_REASON_INJECTED] = {"injected", PN_CLASS_SUCCESS, "added {content}"},
    [PN_REASON_ALREADY_INJECTED] = {"already-injected", PN_CLASS_SUCCESS,
                                    "everything is there: {content}"},
    [PN_REASON_REPAIRED] = {"repaired", PN_CLASS_SUCCESS, "completed {missing}"},

    [PN_REASON_INJECTED_OVER_BUDGET] = {"injected-over-budget", PN_CLASS_SUCCESS,
                                        "{content} goes beyond a budget: {detail}"},
    [PN_REASON_WOULD_INJECT] = {"would-inject", PN_CLASS_SUCCESS,
                                "in mode Enforce: {reason}: {detail}"},
    [PN_REASON_WOULD_DENY] = {"would-deny", PN_CLASS_SUCCESS,
                              "in mode Enforce the Pod would be refused: {reason}: {detail}"},

    [PN_REASON_NAMESPACE_SELECTOR_MISMATCH] = {"namespace-selector-mismatch", PN_CLASS_NOT_SELECTED,
                                               "namespace {namespace} does not have {requirement}"},
    [PN_REASON_POD_SELECTOR_MISMATCH] = {"pod-selector-mismatch", PN_CLASS_NOT_SELECTED,
                                         "the Pod does not have {requirement}"},
    [PN_REASON_POD_ANNOTATION_MISMATCH] = {"pod-annotation-mismatch", PN_CLASS_NOT_SELECTED,
                                           "the Pod does not have the annotation {requirement}"},
    [PN_REASON_CONDITION_FALSE] = {"condition-false", PN_CLASS_NOT_SELECTED,
                                   "the policy's condition does not hold: {condition}"},
    [PN_REASON_OUTSIDE_ROLLOUT] = {"outside-rollout", PN_CLASS_NOT_SELECTED,
                                   "workload {workload} is at {point} of 10000, and the rollout "
                                   "takes those below {below}"},
    [PN_REASON_OPTED_OUT] = {"opted-out", PN_CLASS_NOT_SELECTED,
                             "the Pod's annotation {annotation} opts out"},

    [PN_REASON_NAMESPACE_LABELS_UNKNOWN] =
        {"namespace-labels-unknown", PN_CLASS_FAILURE,
         "the labels of namespace {namespace} are not known here; "
         "the policy asks for {requirement}"},
    [PN_REASON_CONDITION_ERROR] = {"condition-error", PN_CLASS_FAILURE,
                                   "the policy's condition cannot be evaluated: {detail}"},
    [PN_REASON_PARAMETER_MISSING] = {"parameter-missing", PN_CLASS_FAILURE,
                                     "parameter {parameter} has no default, and the Pod gives no "
                                     "value"},
    [PN_REASON_PARAMETER_INVALID] = {"parameter-invalid", PN_CLASS_FAILURE,
                                     "parameter {parameter}{about} from {source}: expected "
                                     "{expected}"},
    [PN_REASON_TEMPLATE_ERROR] = {"template-error", PN_CLASS_FAILURE,
                                  "template {template} cannot be rendered: {detail}"},
    [PN_REASON_TEMPLATE_LIMIT] = {"template-limit", PN_CLASS_FAILURE,
                                  "template {template} takes too much to render: {detail}"},
    [PN_REASON_RENDERED_INVALID] = {"rendered-invalid", PN_CLASS_FAILURE,
                                    "template {template} renders what Kubernetes would not take: "
                                    "{detail}"},
    [PN_REASON_HOST_NETWORK] = {"host-network", PN_CLASS_FAILURE,
                                "template {template} does not support Pods with hostNetwork"},
    [PN_REASON_WINDOWS_POD] = {"windows-pod", PN_CLASS_FAILURE,
                               "template {template} does not support {os} Pods"},
    [PN_REASON_JOB_WOULD_NOT_COMPLETE] =
        {"job-would-not-complete", PN_CLASS_FAILURE,
         "container {container} of template {template} runs for ever, and the Pod is to end "
         "(restartPolicy OnFailure or Never): make it a native sidecar"},
    [PN_REASON_APP_CONTAINER_NOT_FOUND] = {"app-container-not-found", PN_CLASS_FAILURE,
                                           "template {template} asks for container {container}, "
                                           "which the Pod does not have"},
    [PN_REASON_ORDER_UNSATISFIABLE] = {"order-unsatisfiable", PN_CLASS_FAILURE,
                                       "container {container} cannot stand {order}"},
    [PN_REASON_CONTAINER_NAME_TAKEN] = {"container-name-taken", PN_CLASS_FAILURE,
                                        "container {container} exists already: {other}"},
    [PN_REASON_SIDECAR_TAMPERED] =
        {"sidecar-tampered", PN_CLASS_FAILURE,
         "container {container} is ours, but its {field} is not what we set"},
    [PN_REASON_VOLUME_NAME_TAKEN] = {"volume-name-taken", PN_CLASS_FAILURE,
                                     "volume {volume} exists already with another source: {other}"},
    [PN_REASON_MOUNT_PATH_TAKEN] = {"mount-path-taken", PN_CLASS_FAILURE,
                                    "container {container} mounts {other} at {path} already"},
    [PN_REASON_MOUNT_PATH_OVERLAP] = {"mount-path-overlap", PN_CLASS_FAILURE,
                                      "container {container} mounts {other} at {there}; {path} "
                                      "would hide part of one of them"},
    [PN_REASON_PORT_TAKEN] = {"port-taken", PN_CLASS_FAILURE,
                              "container {container} would listen on {port}, and so does {other}"},
    [PN_REASON_HOST_PORT_TAKEN] = {"host-port-taken", PN_CLASS_FAILURE,
                                   "container {container} would take port {port} of the node, and "
                                   "so does {other}"},
    [PN_REASON_PORT_NAME_TAKEN] = {"port-name-taken", PN_CLASS_FAILURE,
                                   "container {container} would name a port {port}, and so does "
                                   "{other}"},
    [PN_REASON_ENV_TAKEN] = {"env-taken", PN_CLASS_FAILURE,
                             "container {container} sets {env} to something else already"},
    [PN_REASON_ANNOTATION_TAKEN] = {"annotation-taken", PN_CLASS_FAILURE,
                                    "annotation {annotation} is set to something else already"},
    [PN_REASON_BUDGET_SIDECARS] = {"budget-sidecars", PN_CLASS_FAILURE,
                                   "budget {budget}: sidecars: {would}; allowed: {most}"},
    [PN_REASON_BUDGET_CATEGORY] = {"budget-category", PN_CLASS_FAILURE,
                                   "budget {budget}: templates of category {category}: {would}; "
                                   "allowed: {most}"},
    [PN_REASON_BUDGET_ADDED] = {"budget-added", PN_CLASS_FAILURE,
                                "budget {budget}: {would} of {resource} would be added, and {most} "
                                "is allowed"},
    [PN_REASON_BUDGET_POD_GROWTH] = {"budget-pod-growth", PN_CLASS_FAILURE,
                                     "budget {budget}: the Pod's {resource} would grow by {would}, "
                                     "and {most} is allowed"},
    [PN_REASON_BUDGET_SHARE_OF_APP] =
        {"budget-share-of-app", PN_CLASS_FAILURE,
         "budget {budget}: {would} of {resource} would be added to an app of {app}, and {most} is "
         "allowed"},
    [PN_REASON_GUARANTEED_QOS_LOST] =
        {"guaranteed-qos-lost", PN_CLASS_FAILURE,
         "the Pod's QoS class would be {class} instead of Guaranteed"},
    [PN_REASON_POD_LEVEL_RESOURCES_EXCEEDED] =
        {"pod-level-resources-exceeded", PN_CLASS_FAILURE,
         "the containers would request {would} of {resource}, and the Pod's spec.resources has "
         "{most}"},
    [PN_REASON_POD_WOULD_BE_INVALID] = {"pod-would-be-invalid", PN_CLASS_FAILURE,
                                        "the API server would refuse the Pod: {detail}"},
    [PN_REASON_POD_SECURITY_VIOLATION] = {"pod-security-violation", PN_CLASS_FAILURE,
                                          "template {template} declares Pod Security {level}, and "
                                          "{culprit} fails its check {check}: "
                                          "{detail}"},
    [PN_REASON_PATCH_TOO_LARGE] = {"patch-too-large", PN_CLASS_FAILURE,
                                   "the Pod would have {detail}"},

    [PN_REASON_OPT_OUT_REFUSED] = {"opt-out-refused", PN_CLASS_NOTE,
                                   "policy {policy} does not allow the Pod's annotation "
                                   "{annotation} to opt out"},
    [PN_REASON_ANNOTATION_INVALID] = {"annotation-invalid", PN_CLASS_NOTE,
                                      "annotation {annotation} has the value {value}; expected "
                                      "{expected}"},
    [PN_REASON_APP_REQUESTS_UNKNOWN] = {"app-requests-unknown", PN_CLASS_NOTE,
                                        "the app requests no {resource}: a share of it is the "
                                        "budget's floor"},
    [PN_REASON_REQUESTS_RAISED] = {"requests-raised", PN_CLASS_NOTE,
                                   "requests of the sidecars are raised to their limits, so that "
                                   "the Pod stays Guaranteed"},
    [PN_REASON_POD_LEVEL_RESOURCES_RAISED] = {"pod-level-resources-raised", PN_CLASS_NOTE,
                                              "the Pod's spec.resources are raised by what the "
                                              "sidecars need: {detail}"},
    [PN_REASON_ORDER_NEIGHBOUR_ABSENT] = {"order-neighbour-absent", PN_CLASS_NOTE,
                                          "container {container} is ordered by {other}, which the "
                                          "Pod does not have"},
};

const char *pn_reason_name(enum pn_reason_id id)
{
    return id < PN_REASON_COUNT ? catalogue[id].name : "";
}

enum pn_reason_class pn_reason_class_of(enum pn_reason_id id)
{
    return id < PN_REASON_COUNT ? catalogue[id].class : PN_CLASS_NOTE;
}

static void write_argument(struct pn_buf *out, struct pn_value value)
{
    if (value.kind == PN_STRING)
        pn_buf_str(out, pn_value_str(value));
    else if (value.kind == PN_ABSENT)
        pn_buf_char(out, '?');
    else
        pn_json_write(out, value);
}

void pn_reason_write(struct pn_buf *out, const struct pn_reason *reason)
{
    if (reason->id >= PN_REASON_COUNT)
        return;
    struct pn_str text = pn_str_of(catalogue[reason->id].text);
    while (text.s != NULL) {
        pn_buf_str(out, pn_str_split(&text, '{'));
        if (text.s == NULL)
            break;
        struct pn_str name = pn_str_split(&text, '}');
        write_argument(out, pn_value_get(reason->arguments, name));
    }
}

/* A prefix of the text that says that it is one. */
static struct pn_str shorten(struct pn_arena *a, struct pn_str text)
{
    struct pn_buf cut = PN_BUF_IN_ARENA(a);
    if (text.n <= PN_REASON_ARGUMENT_MAX_BYTES)
        return text;
    text.n = pn_str_utf8_cut(text, PN_REASON_ARGUMENT_MAX_BYTES);
    pn_buf_str(&cut, text);
    pn_buf_cstr(&cut, "...");
    return cut.failed ? text : pn_buf_view(&cut);
}

struct pn_str pn_reason_lack(const struct pn_reason *reason)
{
    const char *name = reason->id == PN_REASON_REPAIRED ? "missing" : "content";
    return pn_value_str(pn_value_get(reason->arguments, pn_str_of(name)));
}

struct pn_reason pn_reason_make(struct pn_arena *a, enum pn_reason_id id,
                                const struct pn_argument *arguments, size_t n)
{
    struct pn_reason reason = {.id = id, .arguments = PN_VALUE_ABSENT};
    struct pn_member members[PN_REASON_ARGUMENTS_MAX];
    if (n > PN_COUNT_OF(members))
        n = PN_COUNT_OF(members);
    for (size_t i = 0; i < n; i++)
        members[i] = (struct pn_member){pn_str_of(arguments[i].name),
                                        pn_string(shorten(a, arguments[i].value))};
    if (pn_object_new(&reason.arguments, a, members, n) != 0)
        reason.arguments = PN_VALUE_ABSENT;
    return reason;
}
