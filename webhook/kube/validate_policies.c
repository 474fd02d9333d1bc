/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/validate_walk.h"

/* When containers are started again: restartPolicy, restartPolicyRules, resizePolicy. */

enum { RULES_MAX = 20, EXIT_CODES_MAX = 255 };

static void walk_exit_codes(struct pn_validate *v, const struct pn_at *at, struct pn_value codes)
{
    static const struct pn_field rows[] = {
        PN_FIELD("operator", STRING),
        PN_FIELD("values", LIST),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    if (codes.kind != PN_OBJECT) {
        pn_validate_add(v, at, PN_VALIDATE_REQUIRED, "must be given");
        return;
    }
    PN_PICK(v, at, codes, rows, f);
    pn_validate_choice(v, PN_AT(at, "operator"), pn_value_str(f[0]), "In,NotIn");
    if (pn_value_count(f[1]) > EXIT_CODES_MAX)
        pn_validate_add(v, PN_AT(at, "values"), PN_VALIDATE_TOO_MANY, "must have at most %d",
                        EXIT_CODES_MAX);
}

/* validateContainerRestartPolicy; for init containers, validateInitContainerRestartPolicy around
 * it. */
void pn_validate_restart_policy(struct pn_validate *v, const struct pn_at *container,
                                const struct pn_value *fields, enum pn_container_list which)
{
    static const struct pn_field rows[] = {
        PN_FIELD("action", STRING),
        PN_FIELD("exitCodes", OBJECT),
    };
    struct pn_value policy = fields[PN_C_RESTART_POLICY], rules = fields[PN_C_RESTART_RULES];
    const struct pn_at *at = PN_AT(container, "restartPolicyRules");
    if (policy.kind == PN_STRING)
        pn_validate_choice(v, PN_AT(container, "restartPolicy"), pn_value_str(policy),
                           "Always,Never,OnFailure");
    else if (pn_value_count(rules) > 0)
        pn_validate_add(v, PN_AT(container, "restartPolicy"), PN_VALIDATE_REQUIRED,
                        "must be given beside restartPolicyRules");
    if (policy.kind != PN_STRING && which == PN_INIT_CONTAINERS)
        return;
    if (pn_value_count(rules) > RULES_MAX)
        pn_validate_add(v, at, PN_VALIDATE_TOO_MANY, "must have at most %d", RULES_MAX);
    for (uint32_t i = 0; i < pn_value_count(rules) && !v->done; i++) {
        struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
        const struct pn_at *rule = PN_AT_ITEM(at, i);
        PN_PICK(v, rule, pn_value_at(rules, i), rows, f);
        pn_validate_choice(v, PN_AT(rule, "action"), pn_value_str(f[0]),
                           "Restart,RestartAllContainers");
        walk_exit_codes(v, PN_AT(rule, "exitCodes"), f[1]);
    }
}

/* A word that is missing or not known is told of the list. */
static void walk_word(struct pn_validate *v, const struct pn_at *list, struct pn_str word,
                      const char *words)
{
    if (word.n == 0)
        pn_validate_require(v, list, word);
    else
        pn_validate_choice(v, list, word, words);
}

/* validateResizePolicy, and what validateInitContainers says of it. */
void pn_validate_resize_policy(struct pn_validate *v, const struct pn_at *container,
                               const struct pn_value *fields, enum pn_container_list which)
{
    static const struct pn_field rows[] = {
        PN_FIELD("resourceName", STRING),
        PN_FIELD("restartPolicy", STRING),
    };
    struct pn_value list = fields[PN_C_RESIZE_POLICY];
    const struct pn_at *at = PN_AT(container, "resizePolicy");
    struct pn_names names = pn_names_start(v, PN_NAMES_SCRATCH);
    bool classic_init = which == PN_INIT_CONTAINERS &&
                        !pn_value_is_string(fields[PN_C_RESTART_POLICY], "Always");
    for (uint32_t i = 0; i < pn_value_count(list) && !v->done; i++) {
        struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
        const struct pn_at *item = PN_AT_ITEM(at, i);
        PN_PICK(v, item, pn_value_at(list, i), rows, f);
        struct pn_str policy = pn_value_str(f[1]);
        bool restarts = pn_str_is(policy, "RestartContainer");
        pn_names_add(v, &names, pn_value_str(f[0]));
        walk_word(v, at, pn_value_str(f[0]), "cpu,memory");
        walk_word(v, at, policy, "NotRequired,RestartContainer");
        if (v->restarts_never && !pn_str_is(policy, "NotRequired"))
            pn_validate_add(v, at, PN_VALIDATE_INVALID,
                            "must be NotRequired when the Pod's restartPolicy is Never");
        if (classic_init && restarts)
            pn_validate_add(v, PN_AT(item, "restartPolicy"), PN_VALIDATE_INVALID,
                            "must not be RestartContainer for an init container");
    }
    pn_names_sort(v, &names);
    for (uint32_t i = 0; i < names.count && !v->done; i++) {
        if (pn_names_first(&names, names.items[i]) < i)
            pn_validate_add(v, PN_AT_ITEM(at, i), PN_VALIDATE_DUPLICATE,
                            "the resource stands twice");
    }
}
