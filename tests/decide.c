/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The engine alone, for the case runner: decides a review with nothing around it and prints the
 * decision as JSON.
 *
 *     decide POLICIES REVIEW.json [--all-reasons | --validate]
 *
 * Exit 0: {"response": ..., "verdicts": [...], "review": ..., "patch": ...}. Exit 1: the policies
 * hold faults, one "file:line:col id" a line. Exit 3: a bad review, its message. Exit 2: anything
 * else.
 */

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "config/load.h"
#include "decision.h"

static int read_file(struct pn_buf *out, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return -1;
    char block[65536];
    size_t n;
    while ((n = fread(block, 1, sizeof block, f)) > 0)
        pn_buf_append(out, block, n);
    int r = ferror(f) != 0 ? -1 : 0;
    fclose(f);
    return r;
}

static int decide(const struct pn_policy_set *set, struct pn_buf *body, unsigned flags)
{
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *arena = NULL;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf out = PN_BUF_INIT;
    struct pn_err err = PN_ERR_INIT;
    if (pn_arena_new(&arena, PN_ARENA_KEEP_BYTES) != 0)
        return 2;
    int r = decide_body(&out, set, flags, body, arena, &err);
    if (r != 0) {
        fprintf(stderr, "%s\n", err.text);
        return r > 0 ? 3 : 2;
    }
    pn_buf_char(&out, '\n');
    fwrite(out.data, 1, out.len, stdout);
    return out.failed || fflush(stdout) != 0 ? 2 : 0;
}

static void print_faults(const struct pn_diags *diags)
{
    for (size_t i = 0; i < diags->count; i++) {
        const struct pn_diag *d = &diags->items[i];
        fprintf(stderr, "%s:%u:%u %s\n", d->file != NULL ? d->file : "", d->span.line,
                d->span.column, d->id);
    }
}

int main(int argc, char **argv)
{
    PN_CLEANUP(pn_policy_set_unref_pointer) struct pn_policy_set *set = NULL;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf body = PN_BUF_INIT;
    PN_CLEANUP(pn_diags_deinit) struct pn_diags diags = PN_DIAGS_INIT;
    if (argc < 3)
        return 2;
    const char *paths[] = {argv[1]};
    int r = pn_load_policies(&set, paths, 1, &diags);
    if (r != 0) {
        pn_diags_sort(&diags);
        print_faults(&diags);
        return r > 0 ? 1 : 2;
    }
    if (read_file(&body, argv[2]) != 0)
        return 2;
    bool all = argc > 3 && strcmp(argv[3], "--all-reasons") == 0;
    bool validate = argc > 3 && strcmp(argv[3], "--validate") == 0;
    return decide(set, &body, all ? PN_DECIDE_ALL_REASONS : validate ? PN_DECIDE_VALIDATE : 0);
}
