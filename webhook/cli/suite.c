/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/suite.h"

#include <errno.h>
#include <stdlib.h>

#include "config/load.h"
#include "engine/decode.h"
#include "kube/names.h"

bool pn_suite_is_one(const struct pn_document *doc)
{
    return pn_policy_is_ours(doc) &&
           pn_str_is(pn_node_str(pn_node_get(doc->root, "kind")), "PolicyTest");
}

void pn_suite_deinit(struct pn_suite *suite)
{
    for (size_t i = 0; i < suite->input_count; i++)
        pn_input_deinit(&suite->inputs[i]);
    free(suite->inputs);
    pn_policy_set_unref(suite->set);
    *suite = (struct pn_suite){0};
}

/* ---- the document ---------------------------------------------------------------------- */

struct namespace_fields {
    struct pn_str name;
    struct pn_value labels;
};

static const struct pn_field namespace_fields[] = {
    {"name", PN_FIELD_STRING, offsetof(struct namespace_fields, name),
     .help = "Its name; default: that of the object, else default"},
    {"labels", PN_FIELD_STRING_MAP, offsetof(struct namespace_fields, labels),
     .help = "Its labels; without them nobody knows any but kubernetes.io/metadata.name"},
    {0}};

struct request_fields {
    int operation;
    const struct pn_node *user_info;
};

static const struct pn_field request_fields[] = {
    {"operation", PN_FIELD_ENUM, offsetof(struct request_fields, operation),
     .words = pn_operation_words, .help = "What is done to the Pod; default CREATE"},
    {"userInfo", PN_FIELD_NODE, offsetof(struct request_fields, user_info), .form = PN_FORM_ANY,
     .help = "Who does it, as in an AdmissionRequest"},
    {0}};

struct case_fields {
    struct pn_str name;
    const struct pn_node *object, *manifest, *select, *expect;
    struct namespace_fields namespace;
    struct request_fields request;
};

static const struct pn_field case_fields[] = {
    {"name", PN_FIELD_STRING, offsetof(struct case_fields, name), true,
     .help = "What it shows; each name once in a document"},
    {"object", PN_FIELD_NODE, offsetof(struct case_fields, object), .form = PN_FORM_STRING,
     .help = "A file with manifests, from the directory of this file"},
    {"manifest", PN_FIELD_NODE, offsetof(struct case_fields, manifest), .form = PN_FORM_MANIFEST,
     .help = "The object itself, as a mapping or as text"},
    {"select", PN_FIELD_NODE, offsetof(struct case_fields, select), .form = PN_FORM_STRING,
     .help = "KIND/NAME, when there are several objects"},
    {"namespace", PN_FIELD_OBJECT, offsetof(struct case_fields, namespace),
     .fields = namespace_fields, .help = "The namespace of the object"},
    {"request", PN_FIELD_OBJECT, offsetof(struct case_fields, request), .fields = request_fields,
     .help = "The request that the API server makes"},
    {"expect", PN_FIELD_NODE, offsetof(struct case_fields, expect), true, .form = PN_FORM_OBJECT,
     .fields = pn_expect_fields, .help = "What must come out; what is left out is not looked at"},
    {0}};

struct metadata {
    struct pn_str name;
    const struct pn_node *labels, *annotations;
};

static const struct pn_field metadata_fields[] = {
    {"name", PN_FIELD_STRING, offsetof(struct metadata, name), true,
     .help = "Name of the test; a DNS subdomain"},
    {"labels", PN_FIELD_NODE, offsetof(struct metadata, labels),
     .help = "Labels; pannier takes no notice of them"},
    {"annotations", PN_FIELD_NODE, offsetof(struct metadata, annotations),
     .help = "Annotations; pannier takes no notice of them"},
    {0}};

struct header {
    const struct pn_node *api_version, *kind, *metadata, *policies, *cases;
};

static const struct pn_field header_fields[] = {
    {"apiVersion", PN_FIELD_NODE, offsetof(struct header, api_version), true,
     .form = PN_FORM_STRING, .help = "Always pannier.dev/v1alpha1"},
    {"kind", PN_FIELD_NODE, offsetof(struct header, kind), true, .form = PN_FORM_STRING,
     .help = "What the document is"},
    {"metadata", PN_FIELD_NODE, offsetof(struct header, metadata), true, .form = PN_FORM_OBJECT,
     .fields = metadata_fields, .help = "Name, and what others want to note"},
    {"policies", PN_FIELD_NODE, offsetof(struct header, policies), .form = PN_FORM_STRING,
     .shape = PN_SCHEMA_LIST,
     .help = "Files and directories of policies, from the directory of this file; those in this "
             "file are used as well"},
    {"cases", PN_FIELD_NODE, offsetof(struct header, cases), true, .form = PN_FORM_OBJECT,
     .shape = PN_SCHEMA_LIST, .fields = case_fields, .help = "What is tested"},
    {0}};

const struct pn_document_kind pn_suite_kind = {"PolicyTest", "What policies must do to objects",
                                               header_fields, NULL};

static void decode_header(struct header *ret, struct pn_suite *suite, struct pn_decoder *d)
{
    struct metadata metadata = {0};
    pn_decode_object(d, suite->doc->root, "document", header_fields, ret);
    if (ret->api_version != NULL && !pn_str_is(ret->api_version->s, "pannier.dev/v1alpha1"))
        pn_decode_fault(d, ret->api_version, "unknown-value",
                        "unknown apiVersion `%.*s`; expected pannier.dev/v1alpha1",
                        PN_STR_ARG(ret->api_version->s));
    if (ret->metadata == NULL)
        return;
    pn_decode_object(d, ret->metadata, "metadata", metadata_fields, &metadata);
    suite->name = metadata.name;
    if (metadata.name.n > 0 && !pn_name_is_dns_subdomain(metadata.name)) {
        pn_decode_fault(d, pn_node_get(ret->metadata, "name"), "invalid-name",
                        "metadata.name: `%.*s` is no legal name", PN_STR_ARG(metadata.name));
        pn_diags_help(d->diags, "expected " PN_NAME_DNS_SUBDOMAIN_RULE);
    }
}

/* ---- policies -------------------------------------------------------------------------- */

/* Paths of the field `policies`, from where we stand. */
static int read_paths(const char ***ret, size_t *ret_n, struct pn_decoder *d,
                      const struct pn_node *node)
{
    const struct pn_node *list = node != NULL ? pn_decode_list(d, node, "policies") : NULL;
    size_t n = 0, count = list != NULL ? list->sequence.count : 0;
    const char **paths = pn_arena_zalloc(d->arena, count + 1, sizeof *paths);
    if (paths == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct pn_node *item = list->sequence.items[i];
        if (item->kind != PN_NODE_STRING || item->s.n == 0) {
            pn_decode_fault(d, item, "wrong-type", "policies: expected paths, got %s",
                            pn_node_kind_name(item));
            continue;
        }
        struct pn_str path = pn_input_path_beside(d->source, item->s, d->arena);
        if (path.s == NULL)
            return -ENOMEM;
        paths[n++] = path.s;
    }
    *ret = paths;
    *ret_n = n;
    return 0;
}

/* The policies that `policies` names, and those of the file. */
static int load_policies(struct pn_suite *suite, struct pn_decoder *d, const struct pn_node *node,
                         const struct pn_document *docs, size_t n)
{
    PN_CLEANUP(pn_free_pointer) struct pn_document *ours = calloc(n + 1, sizeof *ours);
    const char **paths = NULL;
    size_t path_count = 0, own = 0;
    int r = ours != NULL ? read_paths(&paths, &path_count, d, node) : -ENOMEM;
    for (size_t i = 0; i < n && r == 0; i++) {
        if (pn_policy_is_ours(&docs[i]) && !pn_suite_is_one(&docs[i]))
            ours[own++] = docs[i];
    }
    if (r == 0)
        r = pn_load_policies_and(&suite->set, paths, path_count, ours, own, d->diags);
    const struct pn_node *at = node != NULL ? node : suite->doc->root;
    if (r == PN_LOAD_E_FAULTS)
        pn_decode_fault(d, at, "faulty-policies", "the policies of this test hold faults");
    else if (r == 0 && pn_policy_set_policy_count(suite->set) == 0)
        pn_decode_fault(d, at, "missing-field", "no policies to test");
    if (r == 0 && pn_policy_set_policy_count(suite->set) == 0)
        pn_diags_help(d->diags, "name their files in `policies`, or put them into this file");
    return r < 0 ? r : 0;
}

/* ---- cases ----------------------------------------------------------------------------- */

/* The object's namespace, the test's, or "default"; both at once must agree. */
static int decode_namespace(struct pn_case *c, struct pn_decoder *d,
                            const struct namespace_fields *given)
{
    struct pn_str own = pn_value_str(PN_GET(PN_GET(c->object, "metadata"), "namespace"));
    if (own.n > 0 && given->name.n > 0 && !pn_str_eq(own, given->name)) {
        const struct pn_node *node = pn_node_get(pn_node_get(c->node, "namespace"), "name");
        pn_decode_fault(d, node, "namespace-mismatch",
                        "namespace.name: the object says \"%.*s\" itself", PN_STR_ARG(own));
    }
    c->pod_namespace = own.n > 0 ? own : given->name.n > 0 ? given->name : PN_STR("default");
    if (given->labels.kind == PN_ABSENT)
        return 0;
    const struct pn_member member = {c->pod_namespace, given->labels};
    return pn_object_new(&c->namespace_labels, d->arena, &member, 1);
}

static int decode_case(struct pn_case *c, struct pn_suite *suite, struct pn_decoder *d,
                       const struct pn_node *node, const char *what)
{
    struct case_fields fields = {.name = PN_STR_NULL};
    size_t errors = d->diags->errors;
    pn_decode_object(d, node, what, case_fields, &fields);
    c->node = node;
    c->name = fields.name;
    c->operation = (enum pn_operation)fields.request.operation;
    for (const struct pn_case *other = suite->cases; other < c; other++) {
        if (c->name.n > 0 && pn_str_eq(other->name, c->name))
            pn_decode_fault(d, pn_node_get(node, "name"), "duplicate-name",
                            "another case has the name \"%.*s\" too", PN_STR_ARG(c->name));
    }
    if (fields.expect != NULL && suite->set != NULL)
        pn_expect_decode(&c->expect, d, fields.expect, suite->set);
    if (d->diags->errors > errors && fields.object == NULL && fields.manifest == NULL)
        return 0; /* told enough: it is perhaps no mapping */
    int r = 0;
    if (fields.request.user_info != NULL)
        r = pn_value_from_node(&c->user_info, fields.request.user_info, d->arena);
    if (r == 0)
        r = pn_suite_find_object(c, suite, d, fields.manifest, fields.object, fields.select);
    if (r == PN_SUITE_E_FAULTS)
        return 0;
    return r == 0 ? decode_namespace(c, d, &fields.namespace) : r;
}

static int decode_cases(struct pn_suite *suite, struct pn_decoder *d, const struct pn_node *node)
{
    const struct pn_node *list = pn_decode_list(d, node, "cases");
    size_t n = list != NULL ? list->sequence.count : 0;
    suite->cases = pn_arena_zalloc(d->arena, n + 1, sizeof *suite->cases);
    suite->inputs = calloc(n + 1, sizeof *suite->inputs);
    if (suite->cases == NULL || suite->inputs == NULL)
        return -ENOMEM;
    if (list != NULL && n == 0)
        pn_decode_fault(d, node, "empty-value", "cases: there are none");
    for (size_t i = 0; i < n; i++) {
        struct pn_err what = PN_ERR_INIT;
        pn_err_set(&what, 0, "cases[%zu]", i);
        int r = decode_case(&suite->cases[i], suite, d, list->sequence.items[i], what.text);
        if (r < 0)
            return r;
        suite->case_count++;
    }
    return 0;
}

int pn_suite_init(struct pn_suite *ret, const struct pn_document *doc,
                  const struct pn_document *docs, size_t n, struct pn_arena *a,
                  struct pn_diags *diags)
{
    struct pn_decoder d = {.source = doc->source, .arena = a, .diags = diags};
    struct header header = {0};
    size_t errors = diags->errors;
    *ret = (struct pn_suite){.doc = doc};
    decode_header(&header, ret, &d);
    int r = load_policies(ret, &d, header.policies, docs, n);
    if (r == 0 && header.cases != NULL)
        r = decode_cases(ret, &d, header.cases);
    if (r < 0 || d.out_of_memory)
        return -ENOMEM;
    return diags->errors > errors ? PN_SUITE_E_FAULTS : 0;
}
