/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/rules.h"

#define E PN_SEVERITY_ERROR
#define W PN_SEVERITY_WARNING
#define I PN_SEVERITY_INFO

/* In the order of the enum, which is that of the codes; behind them the loader's, likewise. */
static const struct pn_rule rules[] = {
    {"PN0011", "invalid-pod", E, false, "What is added is refused by the API server"},
    {"PN0080", "invalid-workload", E, false,
     "A workload is refused by the API server before policies matter"},

    {"PN0101", "match-everything", W, false, "A policy selects every Pod of every namespace"},
    {"PN0104", "unsatisfiable-selector", E, false, "No Pod can satisfy the selector"},
    {"PN0107", "shadowed-policy", W, false, "Another policy is always in its way"},
    {"PN0108", "ambiguous-order", W, false,
     "Only their names decide which of several policies a budget leaves out"},
    {"PN0109", "controller-managed-label", W, false,
     "A label is selected on that a controller changes at each rollout"},
    {"PN0110", "selector-matches-nothing", I, false, "A policy selects none of the manifests"},
    {"PN0111", "label-on-wrong-level", W, false,
     "A workload has the label that is selected on itself, not on its Pods"},
    {"PN0113", "negative-only-selector", W, false,
     "A selector only excludes: Pods without labels are selected everywhere"},
    {"PN0114", "host-network-not-excluded", W, false,
     "A policy selects Pods on the network of the node, which its template does not support"},
    {"PN0115", "windows-not-excluded", I, false,
     "A policy selects Windows Pods, which its template does not support"},
    {"PN0116", "deny-in-all-namespaces", W, false,
     "A policy that refuses Pods holds in every namespace"},
    {"PN0117", "deny-can-be-avoided", W, false,
     "A Pod's author or its name decides whether a policy that denies is asked"},
    {"PN0118", "deny-is-asked-for", I, false,
     "A policy that denies is asked only where a Pod's author wrote a label or annotation"},
    {"PN0119", "rollout-of-nothing", W, false, "A rollout of 0 per cent selects no Pod"},
    {"PN0120", "label-of-no-policy", W, false,
     "A workload has a label that is almost one that a policy asks for"},
    {"PN0121", "needs-namespace-labels", I, false,
     "A policy asks for labels of namespaces that the server has to be told"},
    {"PN0122", "workload-denied", E, false, "A policy that denies refuses the Pods of a workload"},
    {"PN0123", "policy-fails-on-workload", W, false,
     "A policy is selected for a workload, and left out of it for another reason"},
    {"PN0124", "selects-protected-namespace", W, false,
     "A policy names a namespace that no policy reaches"},
    {"PN0125", "opt-out-without-effect", W, false, "A workload tries to opt out, and does not"},
    {"PN0126", "constant-condition", W, false,
     "The condition of a policy does not depend on the Pod"},
    {"PN0127", "audit-only", I, true, "A policy tells what it would do, and does nothing"},

    {"PN0201", "init-never-exits", W, false,
     "An init container does not look as if it ended, so the app would never start"},
    {"PN0202", "classic-sidecar", W, false,
     "A sidecar among the app's containers is left out of Pods that end, such as those of Jobs"},
    {"PN0203", "no-startup-probe", W, false,
     "The app starts before a sidecar that it speaks to is there"},
    {"PN0204", "readiness-gates-pod", I, false,
     "An observer that is not ready takes the app out of its Service"},
    {"PN0208", "prestop-exceeds-grace", W, false,
     "A preStop hook sleeps for as long as the Pod has time to stop, or longer"},
    {"PN0209", "sidecar-stops-with-app", I, false,
     "A proxy among the app's containers is told to stop together with the app"},
    {"PN0210", "identical-probes", I, false, "Liveness and readiness probe are the same"},
    {"PN0211", "init-order", W, false,
     "An init container speaks to a sidecar that starts after it"},
    {"PN0212", "probe-port-undeclared", E, false, "A probe names a port that is not declared"},
    {"PN0214", "startup-blocks-app", W, false,
     "A startup probe may hold back the app for many minutes"},
    {"PN0215", "installs-packages", W, false, "A container installs packages when it starts"},
    {"PN0216", "eager-liveness", W, false, "A liveness probe gives up within seconds"},
    {"PN0219", "runs-download", W, false, "A container runs a script that it has just downloaded"},

    {"PN0302", "missing-memory-limit", W, false, "A container has no memory limit"},
    {"PN0304", "fractional-bytes", W, false,
     "An amount of memory or storage is not a whole number of bytes"},
    {"PN0305", "qos-downgrade", W, false,
     "A Guaranteed Pod becomes Burstable, because the budget allows it"},
    {"PN0306", "budget-exceeded", E, false, "A policy alone is beyond a budget"},
    {"PN0307", "combined-budget-exceeded", W, false,
     "Policies that may select one Pod are together beyond a budget"},
    {"PN0308", "heavy-sidecars", I, false,
     "The sidecars of a workload request more than it does itself"},
    {"PN0309", "unbounded-empty-dir", I, false, "An emptyDir has no sizeLimit"},
    {"PN0310", "blocks-scale-down", W, false,
     "A local volume keeps the cluster autoscaler from removing the node"},
    {"PN0311", "budget-allows-nothing", W, false, "A budget has no room for any sidecar"},
    {"PN0312", "budget-trims-workload", W, false, "A budget leaves a policy out of a workload"},
    {"PN0313", "pod-level-resources-exceeded", W, false,
     "The resources of a workload's Pods have no room for what is added"},
    {"PN0314", "workload-loses-guaranteed", W, false,
     "A Guaranteed workload becomes Burstable by what is added"},
    {"PN0315", "app-requests-nothing", I, false,
     "A budget gives a share of what the app requests, and it requests nothing"},
    {"PN0316", "budget-of-nothing", W, false, "A budget holds for no Pod that a policy selects"},
    {"PN0317", "share-without-floor", I, false,
     "A budget gives a share of what the app requests, and nothing to an app without requests"},
    {"PN0318", "implausible-quantity", W, false,
     "A container has next to no memory, or dozens of cores"},

    {"PN0401", "mutable-tag", W, false, "An image has no tag, or one that moves"},
    {"PN0402", "no-digest", I, true, "An image is not pinned by digest"},
    {"PN0403", "pull-policy-mismatch", W, false,
     "An image with a tag that moves is not pulled again"},
    {"PN0406", "invalid-image", E, false, "An image reference is none"},
    {"PN0407", "version-skew", W, false, "Two templates run different versions of one image"},

    {"PN0501", "privileged", E, false, "A container is privileged"},
    {"PN0502", "runtime-socket", E, false, "The socket of the container runtime is mounted"},
    {"PN0503", "host-path", W, false, "A volume is a directory of the node"},
    {"PN0504", "writable-host-path", W, false, "A container may write to a directory of the node"},
    {"PN0505", "may-run-as-root", W, false, "A container runs as root, or may"},
    {"PN0506", "writable-root", I, true, "A container may write to its image's files"},
    {"PN0507", "privilege-escalation", W, false,
     "A container may gain more privileges than it was started with"},
    {"PN0508", "added-capability", W, false, "A container gets a Linux capability"},
    {"PN0509", "capabilities-not-dropped", I, true, "A container keeps the default capabilities"},
    {"PN0510", "no-seccomp-profile", I, true, "A container states no seccomp profile"},
    {"PN0512", "host-port", W, false, "A container takes a port of the node"},
    {"PN0516", "breaks-baseline", E, false,
     "What is added is refused by Pod Security in namespaces of level baseline"},
    {"PN0517", "mesh-user", W, false, "A container runs as the user of a mesh's proxy"},
    {"PN0519", "docker-in-docker", E, false, "A container runs Docker within the Pod"},
    {"PN0520", "enters-node", W, false, "A container wants to enter the namespaces of the node"},
    {"PN0521", "level-understated", I, false,
     "A template is of a higher level of Pod Security than it declares"},
    {"PN0522", "remote-shell", W, false, "A container is a server for remote shells"},

    {"PN0601", "container-collision", E, false,
     "Two policies add different containers of one name to one Pod"},
    {"PN0602", "volume-conflict", E, false,
     "Two policies add different volumes of one name to one Pod"},
    {"PN0603", "mount-conflict", E, false,
     "Two policies mount at one path, or one within the other's"},
    {"PN0604", "port-collision", E, false, "Containers of two policies listen on one port"},
    {"PN0605", "port-name-collision", E, false, "Ports of two policies have one name"},
    {"PN0606", "env-conflict", E, false,
     "Two policies set one env variable of the app to different values"},
    {"PN0607", "annotation-conflict", E, false,
     "Two policies set one annotation to different values"},
    {"PN0611", "unused-volume", W, false, "A volume is mounted by nobody"},
    {"PN0612", "namespaced-reference", I, false,
     "A ConfigMap, Secret or claim must exist in each namespace that a policy reaches"},
    {"PN0613", "default-container-changed", W, false,
     "A template makes its own container the one that kubectl takes for the Pod"},
    {"PN0620", "app-has-container", W, false,
     "A workload has a container with the name of one that is added"},
    {"PN0621", "app-has-volume", W, false,
     "A workload has a volume with the name of one that is added"},
    {"PN0622", "app-has-mount", W, false,
     "A workload mounts something at the path that it is to receive, or within it"},
    {"PN0623", "app-has-port", W, false, "A workload listens on the port of a sidecar"},
    {"PN0624", "app-has-host-port", W, false,
     "A workload takes the port of the node that a sidecar takes"},
    {"PN0625", "app-has-port-name", W, false, "A workload names a port like a sidecar does"},
    {"PN0626", "app-has-env", W, false,
     "A workload sets a variable that it is to receive to something else"},
    {"PN0627", "app-has-annotation", W, false,
     "A workload sets an annotation that it is to receive to something else"},
    {"PN0628", "app-container-missing", W, false,
     "A template gives something to a container that a workload does not have"},

    {"PN0701", "redundant-observers", W, false,
     "Pods always get two sidecars that do one thing: logs, metrics or traces"},
    {"PN0702", "too-many-sidecars", W, false, "A workload gets more than three sidecars"},
    {"PN0703", "unused-template", W, false, "No policy injects the template"},
    {"PN0704", "unused-parameter", W, false, "A parameter is declared and never read"},
    {"PN0705", "redundant-value", I, false, "A policy gives a parameter its default"},
    {"PN0706", "parameter-refused", W, false,
     "A workload gives a parameter no value, or one that is not allowed"},
    {"PN0707", "redundant-policy", W, false, "Another policy does all that a policy does"},
    {"PN0708", "network-twice", W, false, "Two policies program the network of one Pod"},
    {"PN0709", "several-programs", W, false,
     "A container runs a supervisor or a clock, which starts other programs"},
    {"PN0710", "override-without-effect", W, false,
     "An override reads a label or annotation that is never there, or always the same"},
    {"PN0711", "override-prefixes-collide", W, false,
     "One annotation gives values to two parameters"},
    {"PN0713", "node-agent", I, false,
     "A sidecar does what one program for each node would do better"},
    {"PN0714", "several-writers", I, false, "Two sidecars may write to one volume"},

    {"PN0901", "unknown-suppression", W, false, "A suppression names a rule that does not exist"},
    {"PN0902", "unused-suppression", W, false, "A suppression suppresses nothing"},
    {"PN0903", "suppression-without-reason", I, true, "A suppression gives no reason"},

    /* What the loader finds, by the names of its diagnostics; docs/rules/load.md. */
    {"PN0001", "yaml-syntax", E, false, "The file is no YAML"},
    {"PN0002", "yaml-duplicate-key", E, false, "A key stands twice in a mapping"},
    {"PN0003", "unknown-field", E, false, "There is no such field"},
    {"PN0004", "wrong-type", E, false, "A value has the wrong type"},
    {"PN0005", "missing-field", E, false, "A required field is missing"},
    {"PN0007", "duplicate-name", E, false, "A name stands twice"},
    {"PN0008", "invalid-name", E, false, "A name is not legal in Kubernetes"},
    {"PN0009", "empty-template", E, false, "A template adds nothing"},
    {"PN0010", "invalid-quantity", E, false, "A quantity is none"},
    {"PN0012", "yaml-limit", E, false, "The file is too large, too deep, or an alias bomb"},
    {"PN0013", "empty-value", E, false, "A value is empty"},
    {"PN0014", "unknown-value", E, false, "A value is none of those that are allowed"},
    {"PN0015", "out-of-range", E, false, "A number is out of range"},
    {"PN0016", "not-a-policy", E, false, "The document is none of pannier's"},
    {"PN0017", "pod-security-violation", E, false,
     "A template is not of the level that it declares"},
    {"PN0018", "unknown-template", E, false, "A policy names a template that is not there"},
    {"PN0019", "unknown-parameter", E, false, "There is no such parameter"},
    {"PN0020", "unknown-container", E, false, "A placement names a container that is not there"},
    {"PN0021", "unknown-volume", E, false, "A mount names a volume that is not there"},
    {"PN0022", "volume-source", E, false, "A volume has no source, or several"},
    {"PN0023", "env-source", E, false, "An env variable has a value and a source"},
    {"PN0024", "invalid-path", E, false, "A path is not legal"},
    {"PN0025", "forbidden-path", E, false, "Nothing may be mounted there in an app container"},
    {"PN0026", "invalid-pattern", E, false, "A pattern is no regular expression"},
    {"PN0027", "invalid-selector", E, false, "A label selector is not legal"},
    {"PN0028", "parameter-bounds", E, false, "A bound does not fit the parameter's type"},
    {"PN0029", "parameter-invalid", E, false, "A value does not fit its parameter"},
    {"PN0030", "parameter-missing", E, false, "A parameter has no value"},
    {"PN0031", "override-source", E, false, "An override has no source, or several"},
    {"PN0032", "unsafe-override", E, false, "An override would let a Pod's author write anything"},
    {"PN0033", "overrides-from-own-annotation", E, false,
     "An override reads an annotation that a template writes"},
    {"PN0034", "selects-on-own-annotation", E, false,
     "A policy selects on an annotation that a template writes"},
    {"PN0035", "order-cycle", E, false, "Containers are to stand before each other in a circle"},
    {"PN0036", "placement-of-container", E, false, "A placement is of no init container"},
    {"PN0037", "templates-clash", E, false, "Templates of one policy clash"},
    {"PN0038", "reserved-annotation", E, false, "The annotation is pannier's own"},
    {"PN0039", "reserved-name", E, false, "The name is reserved"},
    {"PN0040", "annotation-set-and-appended", E, false, "An annotation is set and appended to"},
    {"PN0041", "computed-mapping", E, false, "The members of a mapping must be written out"},
    {"PN0042", "missing-requests", E, false, "A container requests no cpu or memory"},
    {"PN0043", "literal-secret", E, false, "A secret stands in an env value"},
    {"PN0044", "expression-syntax", E, false, "An expression cannot be read"},
    {"PN0045", "template-syntax", E, false, "An operator of the template is used in a wrong way"},
    {"PN0046", "unknown-name", E, false, "An expression speaks of something that is not there"},
    {"PN0047", "unknown-literal", E, false, "There is no such literal"},
    {"PN0048", "hidden-field", E, false, "Templates do not see this field of a Pod"},
    {"PN0049", "field-too-new", E, false, "The field is newer than the Pod schema"},
    {"PN0050", "invalid-time", E, false, "A time is not legal"},
    {"PN0051", "file-unreadable", E, false, "A file cannot be read"},
    {"PN0052", "file-not-regular", E, false, "A file is no regular file"},
    {"PN0053", "file-too-large", E, false, "A file is too large"},
    {"PN0054", "rendered-invalid", E, false, "What a policy makes of a template is not legal"},
    {"PN0055", "not-a-namespace", E, false, "A file of namespaces has something else in it"},
};

#undef E
#undef W
#undef I

size_t pn_rule_count(void)
{
    return PN_COUNT_OF(rules);
}

const struct pn_rule *pn_rule_at(size_t i)
{
    /* Two runs, each in order. */
    size_t ours = 0, loaders = PN_RULE_COUNT;
    for (;;) {
        bool is_ours = loaders == PN_COUNT_OF(rules) ||
                       (ours < PN_RULE_COUNT && strcmp(rules[ours].code, rules[loaders].code) < 0);
        const struct pn_rule *next = &rules[is_ours ? ours++ : loaders++];
        if (i-- == 0)
            return next;
    }
}

size_t pn_rule_index(const struct pn_rule *rule)
{
    return (size_t)(rule - rules);
}

const struct pn_rule *pn_rule_of(enum pn_rule_id id)
{
    return &rules[id];
}

const struct pn_rule *pn_rule_of_diagnostic(const char *id)
{
    for (size_t i = PN_RULE_COUNT; i < PN_COUNT_OF(rules); i++) {
        if (strcmp(rules[i].name, id) == 0)
            return &rules[i];
    }
    return NULL;
}

const struct pn_rule *pn_rule_find(struct pn_str word)
{
    for (size_t i = 0; i < PN_COUNT_OF(rules); i++) {
        if (pn_str_is(word, rules[i].code) || pn_str_is(word, rules[i].name))
            return &rules[i];
    }
    return NULL;
}

bool pn_rule_is_meant(const struct pn_rule *rule, struct pn_str word)
{
    return pn_str_is(word, "ALL") || pn_str_is(word, rule->name) ||
           (word.n >= 3 && pn_str_has_prefix(word, PN_STR("PN")) &&
            pn_str_has_prefix(pn_str_of(rule->code), word));
}

/* What rules are called by; room for all and a NULL. */
static void list_words(const char **ret)
{
    for (size_t i = 0; i < PN_COUNT_OF(rules); i++) {
        ret[2 * i] = rules[i].code;
        ret[2 * i + 1] = rules[i].name;
    }
    ret[2 * PN_COUNT_OF(rules)] = NULL;
}

const char *pn_rule_nearest(struct pn_str word)
{
    const char *words[2 * PN_COUNT_OF(rules) + 1];
    list_words(words);
    return pn_str_nearest(word, words);
}

const char *pn_rule_meant(struct pn_str word)
{
    const char *words[2 * PN_COUNT_OF(rules) + 1];
    list_words(words);
    return pn_str_meant(word, words);
}
