/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/cmd.h"
#include "cli/out.h"

/* A page of docs/reasons. */
struct page {
    const char *name, *class, *summary, *text;
};

static const struct page pages[] = {
#include "cli/reason_pages.h" /* made by meson, sorted by name */
};

static const struct page *find_page(const char *name)
{
    for (size_t i = 0; i < PN_COUNT_OF(pages); i++) {
        if (strcmp(pages[i].name, name) == 0)
            return &pages[i];
    }
    return NULL;
}

static void unknown_reason(const char *name)
{
    const char *names[PN_COUNT_OF(pages) + 1] = {NULL};
    for (size_t i = 0; i < PN_COUNT_OF(pages); i++)
        names[i] = pages[i].name;
    const char *near = pn_str_nearest(pn_str_of(name), names);
    if (near != NULL)
        pn_out_error("there is no reason \"%s\"; did you mean \"%s\"?", name, near);
    else
        pn_out_error("there is no reason \"%s\"; 'pannier explain' lists them", name);
}

/* All of them, class by class, each with the sentence that its page begins with. */
static void write_list(struct pn_buf *out)
{
    static const char *const classes[] = {"failure", "note", "not selected", "success",
                                          "the review: no policy was evaluated"};
    for (size_t c = 0; c < PN_COUNT_OF(classes); c++) {
        pn_buf_printf(out, "%s%s\n", c > 0 ? "\n" : "", classes[c]);
        for (size_t i = 0; i < PN_COUNT_OF(pages); i++) {
            if (strcmp(pages[i].class, classes[c]) == 0)
                pn_buf_printf(out, "  %-30s%s\n", pages[i].name, pages[i].summary);
        }
    }
}

static enum pn_exit run(const void *options, char **operands, size_t n)
{
    struct pn_out out = PN_OUT_INIT;
    bool known = true;
    (void)options;
    if (n == 0)
        write_list(&out.buf);
    for (size_t i = 0; i < n; i++) {
        const struct page *page = find_page(operands[i]);
        if (page == NULL) {
            unknown_reason(operands[i]);
            known = false;
            continue;
        }
        pn_buf_cstr(&out.buf, out.buf.len > 0 ? "\n" : "");
        pn_buf_cstr(&out.buf, page->text);
    }
    return pn_out_finish(&out) && known ? PN_EXIT_OK : PN_EXIT_FAILED;
}

const struct pn_cmd pn_cmd_explain = {
    .name = "explain",
    .summary = "Say what a reason means",
    .about = "Every decision about a Pod has a reason with a stable id: in warnings, the Pod's "
             "annotation pannier.dev/status, logs and metrics. This tells what it means, and what "
             "to do about it. Without a reason it lists them all.",
    .usage = "[REASON...]",
    .examples = "  pannier explain sidecar-tampered\n",
    .operands_max = 16,
    .run = run,
};
