/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/order_check.h"

#include <stdlib.h>

/* "`first` stands before `second`", as a placement says. */
struct edge {
    struct pn_str first, second;
    const struct pn_source *source;
    const struct pn_node *node;
};

struct graph {
    struct edge *edges; /* sorted by `first` */
    size_t count;
    enum { UNSEEN, OPEN, DONE } * states; /* of the edges: OPEN ones make up the path */
};

static size_t count_edges(struct pn_template_draft *const *drafts, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t p = 0; p < drafts[i]->template.placement_count; p++)
            count += drafts[i]->template.placements[p].before.count +
                     drafts[i]->template.placements[p].after.count;
    }
    return count;
}

static void add_edges(struct graph *g, const struct pn_template_draft *draft, size_t p)
{
    const struct pn_placement *placement = &draft->template.placements[p];
    const struct pn_node *node = draft->placement->sequence.items[p];
    for (size_t i = 0; i < placement->before.count; i++)
        g->edges[g->count++] = (struct edge){placement->container, placement->before.items[i],
                                             draft->source, node};
    for (size_t i = 0; i < placement->after.count; i++)
        g->edges[g->count++] = (struct edge){placement->after.items[i], placement->container,
                                             draft->source, node};
}

static int by_first(const void *a, const void *b)
{
    return pn_str_cmp(((const struct edge *)a)->first, ((const struct edge *)b)->first);
}

/* The first edge that leaves `name`, or g->count. */
static size_t find(const struct graph *g, struct pn_str name)
{
    size_t low = 0, high = g->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (pn_str_cmp(g->edges[middle].first, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < g->count && pn_str_eq(g->edges[low].first, name) ? low : g->count;
}

static void tell(struct pn_decoder *d, const struct graph *g, const size_t *path, size_t depth,
                 size_t begin)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    const struct edge *last = &g->edges[path[depth - 1]];
    for (size_t i = begin; i < depth; i++) {
        pn_buf_str(&text, g->edges[path[i]].first);
        pn_buf_cstr(&text, ", ");
    }
    pn_buf_str(&text, last->second);
    d->source = last->source;
    pn_decode_fault(d, last->node, "order-cycle",
                    "spec.placement: these containers are to stand before each other in a circle: "
                    "%.*s",
                    PN_STR_ARG(pn_buf_view(&text)));
}

/* Follows the edges from one, depth first, with the path in `path`. */
static void follow(struct pn_decoder *d, struct graph *g, size_t start, size_t *path, size_t *next)
{
    size_t depth = 1;
    path[0] = start;
    next[0] = find(g, g->edges[start].second);
    g->states[start] = OPEN;
    while (depth > 0) {
        size_t at = next[depth - 1];
        const struct edge *from = &g->edges[path[depth - 1]];
        if (at == g->count || !pn_str_eq(g->edges[at].first, from->second)) {
            g->states[path[--depth]] = DONE;
            continue;
        }
        next[depth - 1]++;
        if (g->states[at] == OPEN) {
            size_t begin = 0;
            while (path[begin] != at)
                begin++;
            tell(d, g, path, depth, begin);
        } else if (g->states[at] == UNSEEN) {
            g->states[at] = OPEN;
            path[depth] = at;
            next[depth++] = find(g, g->edges[at].second);
        }
    }
}

void pn_order_check(struct pn_decoder *d, struct pn_template_draft *const *drafts, size_t n)
{
    size_t total = count_edges(drafts, n);
    struct graph g = {0};
    if (total == 0)
        return;
    size_t *path = calloc(total, sizeof *path), *next = calloc(total, sizeof *next);
    g.edges = calloc(total, sizeof *g.edges);
    g.states = calloc(total, sizeof *g.states);
    if (path == NULL || next == NULL || g.edges == NULL || g.states == NULL) {
        d->out_of_memory = true;
    } else {
        for (size_t i = 0; i < n; i++) {
            for (size_t p = 0; p < drafts[i]->template.placement_count; p++)
                add_edges(&g, drafts[i], p);
        }
        qsort(g.edges, g.count, sizeof *g.edges, by_first);
        for (size_t i = 0; i < g.count; i++) {
            if (g.states[i] == UNSEEN)
                follow(d, &g, i, path, next);
        }
    }
    free(path);
    free(next);
    free(g.edges);
    free(g.states);
}
