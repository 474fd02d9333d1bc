/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "cli/object.h"
#include "cli/suite.h"
#include "engine/decode.h"
#include "yaml/read.h"

/* The object of a case, among all that its manifest holds. */

struct candidate {
    struct pn_value object;
    const struct pn_workload *workload;
    struct pn_str kind, name;
};

struct search {
    struct pn_str kind, name; /* n == 0: any */
    struct candidate found;
    size_t matches, all;
    struct pn_buf names; /* "Deployment/web, Job/migrate": what there is */
};

static void look_at(struct search *s, struct pn_value v)
{
    struct pn_value metadata = PN_GET(v, "metadata"), items = PN_GET(v, "items");
    struct candidate c = {.object = v, .kind = pn_value_str(PN_GET(v, "kind"))};
    if (pn_object_is_list(c.kind, v)) {
        for (uint32_t i = 0; i < pn_value_count(items); i++)
            look_at(s, pn_value_at(items, i));
        return;
    }
    c.workload = pn_workload_find(pn_value_str(PN_GET(v, "apiVersion")), c.kind);
    if (c.workload == NULL)
        return;
    c.name = pn_value_str(PN_GET(metadata, "name"));
    if (c.name.n == 0)
        c.name = pn_value_str(PN_GET(metadata, "generateName"));
    pn_buf_printf(&s->names, "%s%.*s/%.*s", s->all > 0 ? ", " : "", PN_STR_ARG(c.kind),
                  PN_STR_ARG(c.name));
    s->all++;
    if (s->kind.n > 0 && !(pn_str_eq(s->kind, c.kind) && pn_str_eq(s->name, c.name)))
        return;
    s->found = c;
    s->matches++;
}

/* ---- where it comes from --------------------------------------------------------------- */

/* All documents of a file. */
static int read_file(struct search *s, struct pn_suite *suite, struct pn_decoder *d,
                     const struct pn_node *path)
{
    if (path->kind != PN_NODE_STRING || path->s.n == 0) {
        pn_decode_fault(d, path, "wrong-type", "object: expected a path, got %s",
                        pn_node_kind_name(path));
        pn_diags_help(d->diags, "an object itself goes into `manifest`");
        return PN_SUITE_E_FAULTS;
    }
    struct pn_str name = pn_input_path_beside(d->source, path->s, d->arena);
    const struct pn_flag_list names = {&name.s, 1};
    struct pn_input *input = &suite->inputs[suite->input_count];
    size_t errors = d->diags->errors;
    if (name.s == NULL)
        return -ENOMEM;
    suite->input_count++;
    int r = pn_input_read(input, &names, false, d->diags);
    for (size_t i = 0; i < input->file_count && r == 0; i++) {
        for (size_t j = 0; j < input->files[i].doc_count && r == 0; j++) {
            struct pn_value v;
            r = pn_input_value(&v, &input->files[i], j, input->arena);
            if (r == 0)
                look_at(s, v);
        }
    }
    if (r == 0 && d->diags->errors > errors) {
        pn_decode_fault(d, path, "faulty-object", "object: the file cannot be used");
        return PN_SUITE_E_FAULTS;
    }
    return r;
}

/* Text of a manifest: its places are lines of the text. */
static int read_text(struct search *s, struct pn_decoder *d, const struct pn_node *node)
{
    PN_CLEANUP(pn_diags_deinit) struct pn_diags inner = PN_DIAGS_INIT;
    struct pn_source *source = pn_arena_zalloc(d->arena, 1, sizeof *source);
    struct pn_document *docs = NULL;
    size_t n = 0;
    if (source == NULL)
        return -ENOMEM;
    *source = (struct pn_source){PN_STR("manifest"), node->s};
    int r = pn_yaml_read(&docs, &n, source, d->arena, &inner);
    if (r == PN_YAML_E_INVALID) {
        pn_decode_fault(d, node, "yaml-syntax", "manifest: line %u of it: %s",
                        inner.count > 0 ? inner.items[0].span.line : 0,
                        inner.count > 0 ? inner.items[0].message : "not YAML");
        return PN_SUITE_E_FAULTS;
    }
    for (size_t i = 0; i < n && r == 0; i++) {
        struct pn_value v;
        r = pn_value_from_node(&v, docs[i].root, d->arena);
        if (r == 0)
            look_at(s, v);
    }
    return r;
}

static int read_manifest(struct search *s, struct pn_decoder *d, const struct pn_node *node)
{
    struct pn_value v;
    if (node->kind == PN_NODE_STRING)
        return read_text(s, d, node);
    if (node->kind != PN_NODE_MAPPING) {
        pn_decode_fault(d, node, "wrong-type", "manifest: expected an object or text, got %s",
                        pn_node_kind_name(node));
        return PN_SUITE_E_FAULTS;
    }
    int r = pn_value_from_node(&v, node, d->arena);
    if (r == 0)
        look_at(s, v);
    return r;
}

/* ---- which one it is ------------------------------------------------------------------- */

/* KIND/NAME. */
static bool read_select(struct search *s, struct pn_decoder *d, const struct pn_node *node)
{
    if (node == NULL)
        return true;
    struct pn_str rest = pn_node_str(node);
    s->kind = pn_str_split(&rest, '/');
    s->name = rest;
    if (s->kind.n > 0 && s->name.n > 0)
        return true;
    pn_decode_fault(d, node, "wrong-type", "select: expected KIND/NAME");
    return false;
}

static int judge(struct search *s, struct pn_decoder *d, const struct pn_node *at,
                 const struct pn_node *select)
{
    struct pn_str names = pn_buf_view(&s->names);
    if (s->names.failed)
        return -ENOMEM;
    if (s->matches == 1)
        return 0;
    if (s->all == 0) {
        pn_decode_fault(d, at, "no-object", "there is no object with a Pod");
        pn_diags_help(d->diags, "a Pod, or a workload such as a Deployment, with its apiVersion");
    } else if (s->matches == 0) {
        pn_decode_fault(d, select, "no-object", "select: there is no %.*s/%.*s",
                        PN_STR_ARG(s->kind), PN_STR_ARG(s->name));
        pn_diags_help(d->diags, "there is %.*s", PN_STR_ARG(names));
    } else {
        pn_decode_fault(d, select != NULL ? select : at, "no-object",
                        "%zu objects; a case is about one", s->matches);
        pn_diags_help(d->diags, "name one as `select: KIND/NAME`: %.*s", PN_STR_ARG(names));
    }
    return PN_SUITE_E_FAULTS;
}

/* Whether a Pod can be made of it; what is wrong is told here, not in every run. */
static int check_object(const struct candidate *c, struct pn_decoder *d, const struct pn_node *at)
{
    struct pn_err err = PN_ERR_INIT;
    struct pn_value pod;
    int r = pn_workload_pod(&pod, c->workload, c->object, PN_STR("default"), d->arena, &err);
    if (r == PN_WORKLOAD_E_INVALID) {
        pn_decode_fault(d, at, "invalid-object", "%.*s/%.*s: %s", PN_STR_ARG(c->kind),
                        PN_STR_ARG(c->name), err.text);
        return PN_SUITE_E_FAULTS;
    }
    return r;
}

int pn_suite_find_object(struct pn_case *ret, struct pn_suite *suite, struct pn_decoder *d,
                         const struct pn_node *manifest, const struct pn_node *path,
                         const struct pn_node *select)
{
    struct search s = {.names = PN_BUF_IN_ARENA(d->arena)};
    const struct pn_node *at = manifest != NULL ? manifest : path;
    if ((manifest == NULL) == (path == NULL)) {
        pn_decode_fault(d, at != NULL ? at : ret->node, "missing-field",
                        "expected `object` or `manifest`%s", at != NULL ? ", not both" : "");
        return PN_SUITE_E_FAULTS;
    }
    if (!read_select(&s, d, select))
        return PN_SUITE_E_FAULTS;
    int r = manifest != NULL ? read_manifest(&s, d, manifest) : read_file(&s, suite, d, path);
    if (r == 0)
        r = judge(&s, d, at, select);
    if (r == 0)
        r = check_object(&s.found, d, at);
    if (r != 0)
        return r;
    ret->object_span = at->span;
    ret->object = s.found.object;
    ret->workload = s.found.workload;
    ret->kind = s.found.kind;
    ret->object_name = s.found.name;
    return 0;
}
