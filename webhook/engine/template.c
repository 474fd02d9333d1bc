/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/policy_set.h"

#include "base/value.h"
#include "engine/fragment_check.h"
#include "engine/kinds.h"
#include "engine/level.h"
#include "engine/mentions.h"
#include "engine/own.h"
#include "engine/place.h"
#include "kube/names.h"

/* spec.pod of a SidecarTemplate: the part of a Pod that a template may add to. */
struct pod_nodes {
    struct {
        const struct pn_node *annotations;
    } metadata;
    struct {
        const struct pn_node *init_containers, *containers, *volumes, *image_pull_secrets;
    } spec;
};

struct spec {
    struct pn_str category;
    struct {
        bool host_network;
        struct pn_strs os;
    } supports;
    struct {
        struct pn_strs image_repositories;
    } identity;
    const struct pn_node *parameters, *literals;
    const struct pn_node *pod, *app_containers, *append_annotations;
    const struct pn_node *placement;
    int token;
    int pod_security;
};

/* In the order of enum pn_token. */
static const char *const token_words[] = {"Default", "Mount", "None", NULL};

static const char *const os_words[] = {"linux", "windows", NULL};

static const struct pn_field supports_fields[] = {
    {"hostNetwork", PN_FIELD_BOOL,
     offsetof(struct spec, supports.host_network) - offsetof(struct spec, supports),
     .help = "Whether Pods that use the node's network may have it; default false"},
    {"os", PN_FIELD_STRING_LIST,
     offsetof(struct spec, supports.os) - offsetof(struct spec, supports), .words = os_words,
     .help = "Operating systems that it runs on: linux, which is the default, or windows"},
    {0}};

static const struct pn_field identity_fields[] = {
    {"imageRepositories", PN_FIELD_STRING_LIST, 0,
     .help = "Repositories, without tag, that a container of ours may have its image from when a "
             "Pod is read back; default: that of the image"},
    {0}};

static const struct pn_field pod_metadata_fields[] = {
    {"annotations", PN_FIELD_NODE, 0, .form = PN_FORM_STRING, .shape = PN_SCHEMA_MAP,
     .computed = true, .help = "Annotations of the Pod; values may be computed"},
    {0}};

static const struct pn_field pod_spec_fields[] = {
    {"initContainers", PN_FIELD_NODE,
     offsetof(struct pod_nodes, spec.init_containers) - offsetof(struct pod_nodes, spec),
     .form = PN_FORM_KUBERNETES, .shape = PN_SCHEMA_LIST, .computed = true,
     .root = PN_SCHEMA_CONTAINER,
     .help = "Native sidecars (restartPolicy Always), and init containers that end"},
    {"containers", PN_FIELD_NODE,
     offsetof(struct pod_nodes, spec.containers) - offsetof(struct pod_nodes, spec),
     .form = PN_FORM_KUBERNETES, .shape = PN_SCHEMA_LIST, .computed = true,
     .root = PN_SCHEMA_CONTAINER, .help = "Classic sidecars"},
    {"volumes", PN_FIELD_NODE,
     offsetof(struct pod_nodes, spec.volumes) - offsetof(struct pod_nodes, spec),
     .form = PN_FORM_KUBERNETES, .shape = PN_SCHEMA_LIST, .computed = true,
     .root = PN_SCHEMA_VOLUME, .help = "Volumes of the Pod"},
    {"imagePullSecrets", PN_FIELD_NODE,
     offsetof(struct pod_nodes, spec.image_pull_secrets) - offsetof(struct pod_nodes, spec),
     .form = PN_FORM_KUBERNETES, .shape = PN_SCHEMA_LIST, .computed = true,
     .root = PN_SCHEMA_LOCAL_OBJECT_REFERENCE, .help = "Secrets to pull the images with"},
    {0}};

static const struct pn_field pod_fields[] = {
    {"metadata", PN_FIELD_OBJECT, offsetof(struct pod_nodes, metadata), false, NULL,
     pod_metadata_fields, .help = "What is added to the Pod's metadata"},
    {"spec", PN_FIELD_OBJECT, offsetof(struct pod_nodes, spec), false, NULL, pod_spec_fields,
     .help = "What is added to the Pod's spec"},
    {0}};

struct app_rule_nodes {
    const struct pn_node *names, *init_containers, *volume_mounts, *env, *env_from;
};

static const struct pn_field app_rule_fields[] = {
    {"names", PN_FIELD_NODE, offsetof(struct app_rule_nodes, names), true, .form = PN_FORM_STRING,
     .shape = PN_SCHEMA_LIST, .computed = true,
     .help = "Names of containers; * is every one that is the app's own"},
    {"initContainers", PN_FIELD_NODE, offsetof(struct app_rule_nodes, init_containers),
     .form = PN_FORM_BOOL, .computed = true,
     .help = "Whether the app's init containers are meant too; default false"},
    {"volumeMounts", PN_FIELD_NODE, offsetof(struct app_rule_nodes, volume_mounts),
     .form = PN_FORM_KUBERNETES, .shape = PN_SCHEMA_LIST, .computed = true,
     .root = PN_SCHEMA_VOLUME_MOUNT, .help = "Mounts that they receive"},
    {"env", PN_FIELD_NODE, offsetof(struct app_rule_nodes, env), .form = PN_FORM_KUBERNETES,
     .shape = PN_SCHEMA_LIST, .computed = true, .root = PN_SCHEMA_ENV_VAR,
     .help = "Variables that they receive"},
    {"envFrom", PN_FIELD_NODE, offsetof(struct app_rule_nodes, env_from),
     .form = PN_FORM_KUBERNETES, .shape = PN_SCHEMA_LIST, .computed = true,
     .root = PN_SCHEMA_ENV_FROM_SOURCE, .help = "Sources of variables that they receive"},
    {0}};

struct placement_nodes {
    struct pn_str container;
    int position;
    struct pn_strs before, after;
};

static const struct pn_field placement_fields[] = {
    {"container", PN_FIELD_STRING, offsetof(struct placement_nodes, container), true,
     .help = "Name of an init container of this template"},
    {"position", PN_FIELD_ENUM, offsetof(struct placement_nodes, position), false,
     pn_position_words, .help = "Where it would like to stand; default Last"},
    {"before", PN_FIELD_STRING_LIST, offsetof(struct placement_nodes, before),
     .help = "Names of init containers that it must stand before, ours or others'"},
    {"after", PN_FIELD_STRING_LIST, offsetof(struct placement_nodes, after),
     .help = "Names of init containers that it must stand behind, ours or others'"},
    {0}};

static const struct pn_field spec_fields[] = {
    {"category", PN_FIELD_STRING, offsetof(struct spec, category), true,
     .help = "What pannier.dev/skip names, and a budget's perCategory counts; a DNS label"},
    {"supports", PN_FIELD_OBJECT, offsetof(struct spec, supports), false, NULL, supports_fields,
     .help = "Which Pods can have it"},
    {"podSecurity", PN_FIELD_ENUM, offsetof(struct spec, pod_security), false, pn_level_words,
     .help = "Level of the Pod Security Standards that all of it satisfies by itself"},
    {"parameters", PN_FIELD_NODE, offsetof(struct spec, parameters), .form = PN_FORM_OBJECT,
     .shape = PN_SCHEMA_LIST, .fields = pn_parameter_fields,
     .help = "Values that policies, and Pods where a policy allows it, may give"},
    {"identity", PN_FIELD_OBJECT, offsetof(struct spec, identity), false, NULL, identity_fields,
     .help = "What counts as ours when a Pod is read back"},
    {"literals", PN_FIELD_NODE, offsetof(struct spec, literals), .form = PN_FORM_OBJECT,
     .help = "Text or data without expressions, for literals.NAME: scripts, configuration"},
    {"pod", PN_FIELD_NODE, offsetof(struct spec, pod), .form = PN_FORM_OBJECT, .fields = pod_fields,
     .help = "A fragment of a Pod in Kubernetes' own words, and in JSON-e"},
    {"appContainers", PN_FIELD_NODE, offsetof(struct spec, app_containers), .form = PN_FORM_OBJECT,
     .shape = PN_SCHEMA_LIST, .computed = true, .fields = app_rule_fields,
     .help = "What the Pod's own containers receive"},
    {"appendAnnotations", PN_FIELD_NODE, offsetof(struct spec, append_annotations),
     .form = PN_FORM_STRING, .shape = PN_SCHEMA_MAP, .computed = true,
     .help = "Words to add to annotations that are sets of words, separated by commas"},
    {"placement", PN_FIELD_NODE, offsetof(struct spec, placement), .form = PN_FORM_OBJECT,
     .shape = PN_SCHEMA_LIST, .fields = placement_fields,
     .help = "Where init containers stand among those of the Pod"},
    {"serviceAccountToken", PN_FIELD_ENUM, offsetof(struct spec, token), false, token_words,
     .help = "Whether our containers have the Pod's token: as the API server does it, mounted by "
             "us, or an empty directory in its place"},
    {0}};

const struct pn_document_kind pn_template_kind = {"SidecarTemplate", "What can be added to a Pod",
                                                  pn_document_fields, spec_fields};

/* A list of strings; NULL: told already. */
static void check_names(struct pn_decoder *d, const struct pn_node *list, const char *what)
{
    if (list == NULL || pn_is_computed(list))
        return;
    if (list->kind != PN_NODE_SEQUENCE || list->sequence.count == 0) {
        pn_decode_fault(d, list, "empty-value",
                        "%s.names: expected a list of container names, or [\"*\"]", what);
        return;
    }
    for (uint32_t i = 0; i < list->sequence.count; i++) {
        const struct pn_node *item = list->sequence.items[i];
        if (item->kind != PN_NODE_STRING && !pn_is_computed(item))
            pn_decode_fault(d, item, "wrong-type", "%s.names: expected strings in the list, got %s",
                            what, pn_node_kind_name(item));
    }
}

/* What can be said of one rule before it is rendered. */
static void check_app_rule(struct pn_decoder *d, const struct pn_node *item, const char *what,
                           const struct pn_node *volumes)
{
    struct app_rule_nodes nodes = {0};
    if (pn_is_computed(item))
        return;
    pn_decode_object(d, item, what, app_rule_fields, &nodes);
    if (item->kind != PN_NODE_MAPPING)
        return;
    pn_check_mounts(d, nodes.volume_mounts, volumes, what);
    pn_check_forbidden_mounts(d, nodes.volume_mounts);
    pn_check_env(d, nodes.env, what);
    pn_check_objects(d, nodes.env_from, what, "envFrom");
    pn_check_schema(d, nodes.volume_mounts, PN_SCHEMA_VOLUME_MOUNT, "volumeMounts");
    pn_check_schema(d, nodes.env, PN_SCHEMA_ENV_VAR, "env");
    pn_check_schema(d, nodes.env_from, PN_SCHEMA_ENV_FROM_SOURCE, "envFrom");
    check_names(d, nodes.names, what);
    if (nodes.init_containers != NULL && !pn_is_computed(nodes.init_containers) &&
        nodes.init_containers->kind != PN_NODE_BOOL)
        pn_decode_fault(d, nodes.init_containers, "wrong-type",
                        "%s.initContainers: expected true or false, got %s", what,
                        pn_node_kind_name(nodes.init_containers));
    if (nodes.volume_mounts == NULL && nodes.env == NULL && nodes.env_from == NULL)
        pn_decode_fault(d, item, "empty-value", "%s: gives nothing", what);
}

static void check_app_rules(struct pn_decoder *d, const struct pn_node *list,
                            const struct pn_node *volumes)
{
    struct pn_err what;
    if (list == NULL || pn_is_computed(list) ||
        pn_decode_list(d, list, "spec.appContainers") == NULL)
        return;
    for (uint32_t i = 0; i < list->sequence.count; i++) {
        pn_err_set(&what, 0, "spec.appContainers[%u]", i);
        check_app_rule(d, list->sequence.items[i], what.text, volumes);
    }
}

static bool is_container_of(const struct pn_node *list, struct pn_str name)
{
    for (uint32_t i = 0; list != NULL && list->kind == PN_NODE_SEQUENCE && i < list->sequence.count;
         i++) {
        if (pn_str_eq(pn_node_str(pn_node_get(list->sequence.items[i], "name")), name))
            return true;
    }
    return false;
}

/* False when the list, an item or a name is computed. */
static bool all_names_are_known(const struct pn_node *list)
{
    for (uint32_t i = 0; list != NULL && list->kind == PN_NODE_SEQUENCE && i < list->sequence.count;
         i++) {
        const struct pn_node *name = pn_node_get(list->sequence.items[i], "name");
        if (pn_is_computed(list->sequence.items[i]) || (name != NULL && pn_is_computed(name)))
            return false;
    }
    return list == NULL || !pn_is_computed(list);
}

static void decode_placement(struct pn_template *t, struct pn_decoder *d,
                             const struct pn_node *list, const struct pod_nodes *pod)
{
    if (list == NULL || pn_decode_list(d, list, "spec.placement") == NULL)
        return;
    uint32_t n = list->sequence.count;
    struct pn_placement *placements = pn_arena_zalloc(d->arena, n, sizeof *placements);
    if (placements == NULL) {
        d->out_of_memory = true;
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct pn_node *item = list->sequence.items[i];
        struct placement_nodes nodes = {.position = PN_POSITION_LAST};
        pn_decode_object(d, item, "spec.placement", placement_fields, &nodes);
        if (is_container_of(pod->spec.containers, nodes.container))
            pn_decode_fault(d, item, "placement-of-container",
                            "container `%.*s` is no init container: order means nothing to it",
                            PN_STR_ARG(nodes.container));
        else if (nodes.container.n > 0 && all_names_are_known(pod->spec.init_containers) &&
                 !is_container_of(pod->spec.init_containers, nodes.container))
            pn_decode_fault(d, item, "unknown-container",
                            "the template has no init container `%.*s`",
                            PN_STR_ARG(nodes.container));
        for (uint32_t k = 0; k < i; k++) {
            if (nodes.container.n > 0 && pn_str_eq(placements[k].container, nodes.container))
                pn_decode_fault(d, item, "duplicate-name", "container `%.*s` is placed twice",
                                PN_STR_ARG(nodes.container));
        }
        placements[i] = (struct pn_placement){nodes.container, (enum pn_position)nodes.position,
                                              nodes.before, nodes.after};
    }
    t->placements = placements;
    t->placement_count = n;
}

static void decode_os(struct pn_template *t, struct pn_decoder *d, const struct pn_node *spec,
                      struct pn_strs os)
{
    t->supports_linux = os.items == NULL;
    if (os.items != NULL && os.count == 0)
        pn_decode_fault(d, pn_node_get(pn_node_get(spec, "supports"), "os"), "empty-value",
                        "spec.supports.os: the template would support nothing");
    for (size_t i = 0; i < os.count; i++) {
        if (pn_str_is(os.items[i], "linux"))
            t->supports_linux = true;
        else if (pn_str_is(os.items[i], "windows"))
            t->supports_windows = true;
        else
            pn_decode_fault(d, pn_node_get(pn_node_get(spec, "supports"), "os"), "unknown-value",
                            "spec.supports.os: unknown value `%.*s`; expected linux or windows",
                            PN_STR_ARG(os.items[i]));
    }
}

/* What pannier.dev/skip can name, and what a repository looks like. */
static void check_words(const struct pn_template *t, struct pn_decoder *d,
                        const struct pn_node *spec)
{
    if (t->category.n > 0 && !pn_name_is_dns_label(t->category)) {
        pn_decode_fault(d, pn_node_get(spec, "category"), "invalid-name",
                        "spec.category: `%.*s` cannot be named in pannier.dev/skip",
                        PN_STR_ARG(t->category));
        pn_diags_help(d->diags, "expected " PN_NAME_DNS_LABEL_RULE);
    }
    for (size_t i = 0; i < t->image_repositories.count; i++) {
        struct pn_str repository = t->image_repositories.items[i];
        if (!pn_str_eq(pn_own_repository(repository), repository))
            pn_decode_fault(d, pn_node_get(pn_node_get(spec, "identity"), "imageRepositories"),
                            "invalid-name", "`%.*s` is an image: leave out its tag and digest",
                            PN_STR_ARG(repository));
    }
}

static void decode_literals(struct pn_template *t, struct pn_decoder *d, const struct pn_node *node)
{
    struct pn_value borrowed;
    if (node == NULL)
        return;
    if (node->kind != PN_NODE_MAPPING) {
        pn_decode_fault(d, node, "wrong-type", "spec.literals: expected a mapping, got %s",
                        pn_node_kind_name(node));
        return;
    }
    if (pn_value_from_node(&borrowed, node, d->arena) != 0 ||
        pn_value_freeze(&t->literals, borrowed, d->arena) != 0)
        d->out_of_memory = true;
}

static const struct pn_template_expr *compile(struct pn_template *t, struct pn_decoder *d,
                                              const struct pn_node *node)
{
    const struct pn_template_expr *e = NULL;
    if (node == NULL)
        return NULL;
    if (pn_jsone_compile(&e, d->source, node, d->arena, d->diags) < 0)
        d->out_of_memory = true;
    pn_mentions_check(&t->mentions, d, e, t);
    return e;
}

static bool is_empty(const struct pn_node *node)
{
    return node == NULL || node->kind == PN_NODE_NULL ||
           (node->kind == PN_NODE_MAPPING && node->mapping.count == 0) ||
           (node->kind == PN_NODE_SEQUENCE && node->sequence.count == 0);
}

/*
 * The mapping is written out: what it holds may be computed, not which members it has. Which
 * annotations a template writes must be known before it is rendered.
 */
static bool need_written_out(struct pn_decoder *d, const struct pn_node *node, const char *what)
{
    if (node == NULL || !pn_is_computed(node))
        return true;
    pn_decode_fault(d, node, "computed-mapping", "%s: its members must be written out", what);
    pn_diags_help(d->diags, "use expressions for the values, or for the lists below");
    return false;
}

/* What of spec.pod can be checked before it is rendered. */
static void check_pod(const struct pn_template *t, struct pn_decoder *d, const struct pn_node *node,
                      struct pod_nodes *pod)
{
    const struct pn_node *metadata = pn_node_get(node, "metadata");
    if (node == NULL || !need_written_out(d, node, "spec.pod") ||
        !need_written_out(d, metadata, "spec.pod.metadata") ||
        !need_written_out(d, pn_node_get(node, "spec"), "spec.pod.spec") ||
        !need_written_out(d, pn_node_get(metadata, "annotations"), "spec.pod.metadata.annotations"))
        return;
    pn_decode_object(d, node, "spec.pod", pod_fields, pod);
    pn_check_annotations(d, pod->metadata.annotations, "spec.pod.metadata.annotations");
    pn_check_schema(d, pod->spec.init_containers, PN_SCHEMA_CONTAINER, "initContainers");
    pn_check_schema(d, pod->spec.containers, PN_SCHEMA_CONTAINER, "containers");
    pn_check_schema(d, pod->spec.volumes, PN_SCHEMA_VOLUME, "volumes");
    pn_check_schema(d, pod->spec.image_pull_secrets, PN_SCHEMA_LOCAL_OBJECT_REFERENCE,
                    "imagePullSecrets");
    pn_check_volumes(d, pod->spec.volumes);
    pn_check_containers(d, pod->spec.init_containers, pod->spec.containers, pod->spec.volumes);
    pn_check_named_objects(d, pod->spec.image_pull_secrets, "spec.pod.spec", "imagePullSecrets");
    pn_level_check_containers(d, t, pod->spec.init_containers, "initContainers");
    pn_level_check_containers(d, t, pod->spec.containers, "containers");
    pn_level_check_volumes(d, t, pod->spec.volumes);
    pn_level_check_annotations(d, t, pod->metadata.annotations);
}

void pn_template_decode(struct pn_template_draft *ret, struct pn_decoder *d,
                        const struct pn_document *doc)
{
    struct spec nodes = {0};
    struct pod_nodes pod = {0};
    struct pn_template *t = &ret->template;
    *ret = (struct pn_template_draft){.source = doc->source};
    pn_metadata_decode(&t->name, &ret->name_node, d, doc);
    const struct pn_node *spec = pn_node_get(doc->root, "spec");
    if (spec == NULL) {
        pn_decode_fault(d, doc->root, "missing-field", "field `spec` is required");
        return;
    }
    pn_decode_object(d, spec, "spec", spec_fields, &nodes);
    t->category = nodes.category;
    t->supports_host_network = nodes.supports.host_network;
    t->token = nodes.token;
    t->pod_security = nodes.pod_security;
    t->image_repositories = nodes.identity.image_repositories;
    decode_os(t, d, spec, nodes.supports.os);
    check_words(t, d, spec);
    pn_parameters_decode(&t->parameters, d, nodes.parameters);
    decode_literals(t, d, nodes.literals);
    check_pod(t, d, nodes.pod, &pod);
    check_app_rules(d, nodes.app_containers, pod.spec.volumes);
    if (need_written_out(d, nodes.append_annotations, "spec.appendAnnotations"))
        pn_check_annotations(d, nodes.append_annotations, "spec.appendAnnotations");
    pn_level_check_annotations(d, t, nodes.append_annotations);
    decode_placement(t, d, nodes.placement, &pod);
    if (is_empty(nodes.pod) && is_empty(nodes.app_containers) && is_empty(nodes.append_annotations))
        pn_decode_fault(d, spec, "empty-template", "the template adds nothing to a Pod");
    t->pod = compile(t, d, nodes.pod);
    t->app_containers = compile(t, d, nodes.app_containers);
    t->append_annotations = compile(t, d, nodes.append_annotations);
    t->hash = pn_node_hash(d, spec);
    ret->annotations = pod.metadata.annotations;
    ret->append_annotations = nodes.append_annotations;
    ret->placement = t->placement_count > 0 ? nodes.placement : NULL;
}
