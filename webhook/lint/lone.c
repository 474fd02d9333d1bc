/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/lone.h"

#include "kube/quantity.h"
#include "lint/image.h"
#include "lint/words.h"

bool pn_lone_runs_for_long(const struct pn_lint_container *c)
{
    return !c->init || c->native;
}

size_t pn_lone_count_sidecars(const struct pn_lint_policy *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->injection_count; i++) {
        for (size_t k = 0; k < p->injections[i].container_count; k++) {
            const struct pn_lint_container *c = &p->injections[i].containers[k];
            n += pn_lone_runs_for_long(c) && !c->trace->maybe;
        }
    }
    return n;
}

bool pn_lone_nano(__int128 *ret, struct pn_value quantity)
{
    struct pn_quantity q;
    struct pn_err err = PN_ERR_INIT;
    return pn_quantity_from_value(&q, quantity, &err) == 0 && pn_quantity_nano(ret, &q);
}

struct pn_str pn_lone_image(const struct pn_lint_container *c)
{
    struct pn_str image = pn_trace_str(pn_trace_get(c->trace, "image"));
    return pn_image_name(pn_image_parse(image).repository);
}

struct pn_place pn_lone_place(const struct pn_lint_container *c)
{
    const struct pn_trace *name = pn_trace_get(c->trace, "name");
    return name != NULL && name->at.node != NULL ? name->at : c->trace->at;
}

/* True when request and limit of cpu and memory are known to be no Guaranteed container's. */
static bool is_lesser(const struct pn_lint_container *c)
{
    static const char *const paths[][2] = {
        {"resources.requests.cpu", "resources.limits.cpu"},
        {"resources.requests.memory", "resources.limits.memory"}};
    for (size_t i = 0; i < PN_COUNT_OF(paths); i++) {
        const struct pn_trace *request = pn_trace_path(c->trace, paths[i][0]);
        const struct pn_trace *limit = pn_trace_path(c->trace, paths[i][1]);
        __int128 x, y;
        if (limit == NULL)
            return true;
        if (request == NULL || request->kind != PN_TRACE_SCALAR || limit->kind != PN_TRACE_SCALAR)
            continue;
        if (pn_lone_nano(&x, request->scalar) && pn_lone_nano(&y, limit->scalar) && x != y)
            return true;
    }
    return false;
}

const struct pn_lint_container *pn_lone_lesser(const struct pn_lint_injection *in)
{
    for (size_t i = 0; i < in->container_count; i++) {
        const struct pn_lint_container *c = &in->containers[i];
        const struct pn_trace *resources = pn_trace_get(c->trace, "resources");
        if (resources != NULL && resources->kind == PN_TRACE_MAP && is_lesser(c))
            return c;
    }
    return NULL;
}

bool pn_lone_is_proxy(struct pn_str category)
{
    static const char *const words[] = {"mesh", "proxy", "ambassador", "secrets", "sql-proxy"};
    for (size_t i = 0; i < PN_COUNT_OF(words); i++) {
        if (pn_str_has_prefix(category, pn_str_of(words[i])))
            return true;
    }
    return false;
}

int64_t pn_lone_probe_number(const struct pn_trace *probe, const char *field, int64_t otherwise)
{
    const struct pn_trace *t = pn_trace_get(probe, field);
    int64_t n = 0;
    if (t == NULL)
        return otherwise;
    return pn_trace_int(&n, t) ? n : 0;
}

/* The number behind the first "sleep " of a command, or -1. */
static int64_t sleep_in(struct pn_str text)
{
    const struct pn_str word = PN_STR("sleep ");
    for (size_t i = 0; i + word.n < text.n; i++) {
        struct pn_str rest = {text.s + i, text.n - i};
        int64_t n = 0;
        size_t k = word.n;
        bool starts = i == 0 || strchr(" \t\n;&|(/", text.s[i - 1]) != NULL;
        if (!starts || !pn_str_has_prefix(rest, word))
            continue;
        for (; k < rest.n && k < word.n + 9 && rest.s[k] >= '0' && rest.s[k] <= '9'; k++)
            n = n * 10 + (rest.s[k] - '0');
        bool ends = k == rest.n || rest.s[k] == 's' || strchr(" \t\n;&|)", rest.s[k]) != NULL;
        if (k > word.n && ends)
            return n;
    }
    return -1;
}

bool pn_lone_stop_delay(int64_t *ret_seconds, struct pn_place *ret_at,
                        const struct pn_lint_container *c)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf all = PN_BUF_INIT;
    const struct pn_trace *command = pn_trace_path(c->trace, "lifecycle.preStop.exec.command");
    pn_words_join(&all, command);
    *ret_seconds = all.failed ? -1 : sleep_in(pn_buf_view(&all));
    if (*ret_seconds < 0)
        return false;
    *ret_at = command->at;
    return true;
}
