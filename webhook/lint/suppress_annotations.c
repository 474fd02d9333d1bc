/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/suppress_kit.h"

/* metadata.annotations["pannier.dev/ignore"]: "PN0604, PN0302: the reason". */

static const struct pn_node *annotation_of(const struct pn_node *object)
{
    const struct pn_node *metadata = pn_node_get(object, "metadata");
    return pn_node_get(pn_node_get(metadata, "annotations"), "pannier.dev/ignore");
}

/* The bytes of a document of several objects that belong to one of them: up to the next. */
struct object {
    const struct pn_source *source;
    const struct pn_node *root;
    size_t end;
};

/* Where the words are written; s == NULL when they are written with escapes. */
static struct pn_str find_in_source(const struct pn_source *source, const struct pn_node *value,
                                    struct pn_str words)
{
    const char *text = source->bytes.s + value->span.start;
    const char *found = words.n > 0
                            ? memmem(text, value->span.end - value->span.start, words.s, words.n)
                            : NULL;
    return found != NULL ? (struct pn_str){found, words.n} : PN_STR_NULL;
}

static void apply(struct pn_lint *l, const struct object *o, const struct pn_node *value)
{
    struct pn_suppression s = {
        .source = o->source,
        .start = o->root->span.start,
        .end = o->end,
        .help = "write pannier.dev/ignore: \"PN0401: the reason\"",
    };
    struct pn_str rest = pn_node_str(value);
    struct pn_str words = rest.s != NULL ? pn_str_split(&rest, ':') : PN_STR("");
    s.words = find_in_source(o->source, value, words);
    s.reason = rest.s != NULL ? pn_str_trim(rest) : PN_STR_NULL;
    pn_suppression_apply_all(l, &s, words, (struct pn_place){o->source, value});
}

/* A workload's own annotation, and that of the Pods that it makes, hold for the workload. */
static void read_object(struct pn_lint *l, const struct object *o)
{
    const struct pn_node *spec = pn_node_get(o->root, "spec");
    const struct pn_node *job = pn_node_get(pn_node_get(spec, "jobTemplate"), "spec");
    const struct pn_node *const places[] = {
        o->root,
        pn_node_get(o->root, "template"), /* a PodTemplate */
        pn_node_get(spec, "template"),
        pn_node_get(job, "template"),
    };
    for (size_t i = 0; i < PN_COUNT_OF(places); i++) {
        const struct pn_node *value = annotation_of(places[i]);
        if (value != NULL)
            apply(l, o, value);
    }
}

void pn_suppress_by_annotations(struct pn_lint *l)
{
    for (size_t i = 0; i < pn_suppression_document_count(l); i++) {
        const struct pn_document *doc = pn_suppression_document(l, i);
        struct object o = {doc->source, doc->root, doc->span.end};
        if (doc->root == NULL)
            continue;
        read_object(l, &o);
        const struct pn_node *items = pn_node_get(doc->root, "items");
        uint32_t n = items != NULL && items->kind == PN_NODE_SEQUENCE ? items->sequence.count : 0;
        for (uint32_t k = 0; k < n; k++) {
            o.root = items->sequence.items[k];
            o.end = k + 1 < n ? items->sequence.items[k + 1]->span.start : doc->span.end;
            read_object(l, &o);
        }
    }
}
