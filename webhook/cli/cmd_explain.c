/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "cli/explain.h"
#include "cli/out.h"

struct explain_page {
    const char *name, *alias; /* alias: empty when there is none */
    const char *text;
};

#include "cli/explain_pages.h" /* made by meson of the indices of reasons and rules */

const char *pn_explain_name(size_t i, const char **ret_alias)
{
    if (i >= PN_COUNT_OF(explain_pages))
        return NULL;
    *ret_alias = explain_pages[i].alias;
    return explain_pages[i].name;
}

static const struct explain_page *find_page(const char *name)
{
    for (size_t i = 0; i < PN_COUNT_OF(explain_pages); i++) {
        if (strcmp(explain_pages[i].name, name) == 0 ||
            (name[0] != '\0' && strcmp(explain_pages[i].alias, name) == 0))
            return &explain_pages[i];
    }
    return NULL;
}

static enum pn_exit unknown_name(const char *name)
{
    const char *names[2 * PN_COUNT_OF(explain_pages) + 1] = {NULL};
    for (size_t i = 0; i < PN_COUNT_OF(explain_pages); i++) {
        names[2 * i] = explain_pages[i].name;
        names[2 * i + 1] = explain_pages[i].alias;
    }
    const char *near = pn_str_nearest(pn_str_of(name), names);
    if (near != NULL)
        pn_out_error("no reason and no rule is called \"%s\"; did you mean \"%s\"?", name, near);
    else
        pn_out_error("no reason and no rule is called \"%s\"", name);
    pn_program_note("See 'pannier explain' for all of them.\n");
    return PN_EXIT_FAILED;
}

static enum pn_exit run(const void *options, char **operands, size_t n)
{
    struct pn_out out = PN_OUT_INIT;
    const struct explain_page *page = n > 0 ? find_page(operands[0]) : NULL;
    (void)options;
    if (n > 0 && page == NULL)
        return unknown_name(operands[0]);
    pn_buf_cstr(&out.buf, page != NULL ? page->text : explain_index);
    return pn_out_finish(&out) ? PN_EXIT_OK : PN_EXIT_FAILED;
}

const struct pn_cmd pn_cmd_explain = {
    .name = "explain",
    .summary = "Explain a reason or a rule of lint",
    .about = "Prints what a reason means, what the Pod's author and the platform team can do about "
             "it, and an example; or why a rule of 'pannier lint' is there, with a bad and a good "
             "example. Without an argument, lists all reasons by their class, and all rules.",
    .usage = "[REASON|RULE]",
    .examples = "  # Why was the sidecar left out?\n"
                "  pannier explain port-taken\n"
                "  # What is wrong with a port of two policies?\n"
                "  pannier explain PN0604\n",
    .operands_max = 1,
    .run = run,
};
