/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"
#include "cli/lint_config.h"
#include "cli/out.h"
#include "cli/suite.h"
#include "engine/kinds.h"
#include "report/schema.h"

static const struct pn_document_kind *const kinds[] = {&pn_template_kind, &pn_policy_kind,
                                                       &pn_budget_kind, &pn_suite_kind, NULL};

/* What is no document of a kind: .pannier.yaml. */
static const struct pn_document_kind *const config = &pn_lint_config_kind;

static const struct pn_document_kind *find_kind(const char *name)
{
    const char *names[PN_COUNT_OF(kinds)] = {NULL};
    if (strcmp(name, config->name) == 0)
        return config;
    for (size_t i = 0; kinds[i] != NULL; i++) {
        names[i] = kinds[i]->name;
        if (strcmp(name, names[i]) == 0)
            return kinds[i];
    }
    const char *near = pn_str_nearest(pn_str_of(name), names);
    if (near != NULL)
        pn_out_error("unknown kind \"%s\"; did you mean \"%s\"?", name, near);
    else
        pn_out_error("unknown kind \"%s\"; expected SidecarTemplate, InjectionPolicy, "
                     "InjectionBudget, PolicyTest or config",
                     name);
    return NULL;
}

static enum pn_exit run(const void *options, char **operands, size_t n)
{
    struct pn_out out = PN_OUT_INIT;
    const struct pn_document_kind *one[] = {n > 0 ? find_kind(operands[0]) : NULL, NULL};
    (void)options;
    if (n > 0 && one[0] == NULL)
        return PN_EXIT_FAILED;
    int r = pn_schema_write_document(&out.buf, n > 0 ? one : kinds);
    if (r < 0)
        pn_out_error("%s", strerror(-r));
    return pn_out_finish(&out) && r == 0 ? PN_EXIT_OK : PN_EXIT_FAILED;
}

const struct pn_cmd pn_cmd_schema = {
    .name = "schema",
    .summary = "Print the JSON Schema of policies",
    .about = "For editors: names, types and descriptions of all fields of a kind, as JSON Schema "
             "draft-07. KIND is SidecarTemplate, InjectionPolicy, InjectionBudget, PolicyTest, or "
             "config for .pannier.yaml. Without it, one schema for all documents, which goes by "
             "the field 'kind'. It accepts what 'pannier lint' accepts as far as "
             "fields and their types go.",
    .usage = "[KIND]",
    .examples = "  # For editors with yaml-language-server, with this line in each file:\n"
                "  #   # yaml-language-server: $schema=pannier.schema.json\n"
                "  pannier schema > pannier.schema.json\n",
    .operands_max = 1,
    .run = run,
};
