/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The engine for the property tests: many requests in one process. Each line of standard input is a
 * request, each line of standard output its answer, both JSON:
 *
 *     {"policies": TEXT}              {"count": N}, or {"faults": ["LINE:COLUMN id: message", ...]}
 *     {"review": TEXT, "flags": N}    {"decision": ..., "used": BYTES, "cap": BYTES},
 *                                     or {"bad": "message"}
 *
 * TEXT is a string, so that every byte of a review is what the caller wrote. Policies stay loaded
 * until others are. Anything that is no request, or an engine that is broken, ends it with exit 2.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "decision.h"
#include "engine/json.h"
#include "yaml/read.h"

struct driver {
    struct pn_policy_set *set;
    struct pn_arena *requests; /* what a line says */
    struct pn_arena *arena;    /* the engine's */
    struct pn_buf out;
};

static void write_faults(struct pn_buf *out, const struct pn_diags *diags)
{
    pn_buf_cstr(out, "{\"faults\":[");
    for (size_t i = 0; i < diags->count; i++) {
        const struct pn_diag *d = &diags->items[i];
        PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
        pn_buf_printf(&text, "%u:%u %s: %s", d->span.line, d->span.column, d->id, d->message);
        if (i > 0)
            pn_buf_char(out, ',');
        pn_json_write_str(out, pn_buf_view(&text));
    }
    pn_buf_cstr(out, "]}");
}

static int load(struct driver *d, struct pn_str text)
{
    PN_CLEANUP(pn_diags_deinit) struct pn_diags diags = PN_DIAGS_INIT;
    const struct pn_source source = {PN_STR("policies.yaml"), text};
    struct pn_document *docs = NULL;
    size_t n = 0;
    pn_policy_set_unref(d->set);
    d->set = NULL;
    int r = pn_yaml_read(&docs, &n, &source, d->requests, &diags);
    if (r == 0)
        r = pn_policy_set_new(&d->set, docs, n, &diags);
    if (r == 0)
        pn_buf_printf(&d->out, "{\"count\":%zu}", pn_policy_set_policy_count(d->set));
    else if (r > 0)
        write_faults(&d->out, &diags);
    return r < 0 ? r : 0;
}

static int review(struct driver *d, struct pn_str text, unsigned flags)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf body = PN_BUF_INIT;
    struct pn_err err = PN_ERR_INIT;
    pn_buf_str(&body, text);
    pn_buf_cstr(&d->out, "{\"decision\":");
    int r = decide_body(&d->out, d->set, flags, &body, d->arena, &err);
    if (r == 0)
        pn_buf_printf(&d->out, ",\"used\":%zu,\"cap\":%zu}", pn_arena_used(d->arena),
                      pn_engine_arena_cap(text.n));
    if (r > 0) {
        pn_buf_reset(&d->out, SIZE_MAX);
        pn_buf_cstr(&d->out, "{\"bad\":");
        pn_json_write_str(&d->out, pn_str_of(err.text));
        pn_buf_char(&d->out, '}');
    }
    if (r < 0)
        fprintf(stderr, "driver: %d: %s\n", r, err.text);
    return r < 0 ? r : 0;
}

static int answer(struct driver *d, struct pn_str line)
{
    struct pn_err err = PN_ERR_INIT;
    struct pn_value request;
    pn_arena_reset(d->requests, 0);
    pn_buf_reset(&d->out, SIZE_MAX);
    if (pn_json_read(&request, line, 0, d->requests, &err) != 0) {
        fprintf(stderr, "driver: %s\n", err.text);
        return 2;
    }
    struct pn_value policies = PN_GET(request, "policies"), text = PN_GET(request, "review");
    int r = 2;
    if (policies.kind == PN_STRING)
        r = load(d, pn_value_str(policies));
    else if (text.kind == PN_STRING && d->set != NULL)
        r = review(d, pn_value_str(text), (unsigned)PN_GET(request, "flags").i);
    pn_buf_char(&d->out, '\n');
    if (r == 0 && !d->out.failed)
        fwrite(d->out.data, 1, d->out.len, stdout);
    return d->out.failed || fflush(stdout) != 0 ? 2 : r;
}

int main(void)
{
    PN_CLEANUP(pn_free_pointer) char *line = NULL;
    struct driver d = {.out = PN_BUF_INIT};
    size_t capacity = 0;
    ssize_t n;
    int r = pn_arena_new(&d.requests, 0);
    if (r == 0)
        r = pn_arena_new(&d.arena, PN_ARENA_KEEP_BYTES);
    while (r == 0 && (n = getline(&line, &capacity, stdin)) > 0)
        r = answer(&d, (struct pn_str){line, (size_t)n});
    pn_policy_set_unref(d.set);
    pn_buf_deinit(&d.out);
    pn_arena_free(d.requests);
    pn_arena_free(d.arena);
    return r == 0 && !ferror(stdin) ? 0 : 2;
}
