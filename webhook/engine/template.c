/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/policy_set.h"

#include "base/value.h"
#include "engine/fragment_check.h"
#include "engine/own.h"
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
    struct pod_nodes pod;
    const struct pn_node *app_containers;
    struct pn_value append_annotations;
    const struct pn_node *placement;
};

static const struct pn_field supports_fields[] = {
    {"hostNetwork", PN_FIELD_BOOL,
     offsetof(struct spec, supports.host_network) - offsetof(struct spec, supports)},
    {"os", PN_FIELD_STRING_LIST,
     offsetof(struct spec, supports.os) - offsetof(struct spec, supports)},
    {0}};

static const struct pn_field identity_fields[] = {{"imageRepositories", PN_FIELD_STRING_LIST, 0},
                                                  {0}};

static const struct pn_field pod_metadata_fields[] = {{"annotations", PN_FIELD_NODE, 0}, {0}};

static const struct pn_field pod_spec_fields[] = {
    {"initContainers", PN_FIELD_NODE,
     offsetof(struct pod_nodes, spec.init_containers) - offsetof(struct pod_nodes, spec)},
    {"containers", PN_FIELD_NODE,
     offsetof(struct pod_nodes, spec.containers) - offsetof(struct pod_nodes, spec)},
    {"volumes", PN_FIELD_NODE,
     offsetof(struct pod_nodes, spec.volumes) - offsetof(struct pod_nodes, spec)},
    {"imagePullSecrets", PN_FIELD_NODE,
     offsetof(struct pod_nodes, spec.image_pull_secrets) - offsetof(struct pod_nodes, spec)},
    {0}};

static const struct pn_field pod_fields[] = {
    {"metadata", PN_FIELD_OBJECT, offsetof(struct pod_nodes, metadata), false, NULL,
     pod_metadata_fields},
    {"spec", PN_FIELD_OBJECT, offsetof(struct pod_nodes, spec), false, NULL, pod_spec_fields},
    {0}};

static const struct pn_field spec_fields[] = {
    {"category", PN_FIELD_STRING, offsetof(struct spec, category), true},
    {"supports", PN_FIELD_OBJECT, offsetof(struct spec, supports), false, NULL, supports_fields},
    {"podSecurity", PN_FIELD_LATER},
    {"parameters", PN_FIELD_LATER},
    {"identity", PN_FIELD_OBJECT, offsetof(struct spec, identity), false, NULL, identity_fields},
    {"literals", PN_FIELD_LATER},
    {"pod", PN_FIELD_OBJECT, offsetof(struct spec, pod), false, NULL, pod_fields},
    {"appContainers", PN_FIELD_NODE, offsetof(struct spec, app_containers)},
    {"appendAnnotations", PN_FIELD_STRING_MAP, offsetof(struct spec, append_annotations)},
    {"placement", PN_FIELD_NODE, offsetof(struct spec, placement)},
    {0}};

struct app_rule_nodes {
    struct pn_strs names;
    bool init_containers;
    const struct pn_node *volume_mounts, *env, *env_from;
};

static const struct pn_field app_rule_fields[] = {
    {"names", PN_FIELD_STRING_LIST, offsetof(struct app_rule_nodes, names), true},
    {"initContainers", PN_FIELD_BOOL, offsetof(struct app_rule_nodes, init_containers)},
    {"volumeMounts", PN_FIELD_NODE, offsetof(struct app_rule_nodes, volume_mounts)},
    {"env", PN_FIELD_NODE, offsetof(struct app_rule_nodes, env)},
    {"envFrom", PN_FIELD_NODE, offsetof(struct app_rule_nodes, env_from)},
    {0}};

static const char *const position_words[] = {"First", "BeforeInit", "AfterInit", "Last", NULL};

struct placement_nodes {
    struct pn_str container;
    int position;
};

static const struct pn_field placement_fields[] = {
    {"container", PN_FIELD_STRING, offsetof(struct placement_nodes, container), true},
    {"position", PN_FIELD_ENUM, offsetof(struct placement_nodes, position), true, position_words},
    {"before", PN_FIELD_LATER},
    {"after", PN_FIELD_LATER},
    {0}};

/* The node as a value of the set's arena; absent when there is none or memory was refused. */
static struct pn_value freeze_node(struct pn_decoder *d, const struct pn_node *node)
{
    struct pn_value borrowed, frozen;
    if (node == NULL)
        return PN_VALUE_ABSENT;
    if (pn_value_from_node(&borrowed, node, d->arena) != 0 ||
        pn_value_freeze(&frozen, borrowed, d->arena) != 0) {
        d->out_of_memory = true;
        return PN_VALUE_ABSENT;
    }
    return frozen;
}

static void decode_app_rules(struct pn_template *t, struct pn_decoder *d,
                             const struct pn_node *list, const struct pn_node *volumes)
{
    if (list == NULL || pn_decode_list(d, list, "spec.appContainers") == NULL)
        return;
    uint32_t n = list->sequence.count;
    struct pn_app_rule *rules = pn_arena_zalloc(d->arena, n, sizeof *rules);
    if (rules == NULL) {
        d->out_of_memory = true;
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct pn_node *item = list->sequence.items[i];
        struct app_rule_nodes nodes = {0};
        struct pn_err what;
        pn_err_set(&what, 0, "spec.appContainers[%u]", i);
        pn_decode_object(d, item, what.text, app_rule_fields, &nodes);
        pn_check_mounts(d, nodes.volume_mounts, volumes, what.text);
        pn_check_env(d, nodes.env, what.text);
        pn_check_objects(d, nodes.env_from, what.text, "envFrom");
        pn_check_schema(d, nodes.volume_mounts, PN_SCHEMA_VOLUME_MOUNT, "volumeMounts");
        pn_check_schema(d, nodes.env, PN_SCHEMA_ENV_VAR, "env");
        pn_check_schema(d, nodes.env_from, PN_SCHEMA_ENV_FROM_SOURCE, "envFrom");
        if (nodes.names.items != NULL && nodes.names.count == 0)
            pn_decode_fault(d, pn_node_get(item, "names"), "empty-value", "%s.names: names nothing",
                            what.text);
        if (nodes.volume_mounts == NULL && nodes.env == NULL && nodes.env_from == NULL)
            pn_decode_fault(d, item, "empty-value", "%s: gives nothing", what.text);
        rules[i] = (struct pn_app_rule){
            .names = nodes.names,
            .init_containers = nodes.init_containers,
            .volume_mounts = freeze_node(d, nodes.volume_mounts),
            .env = freeze_node(d, nodes.env),
            .env_from = freeze_node(d, nodes.env_from),
        };
    }
    t->constant.app_rules = rules;
    t->constant.app_rule_count = n;
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
        else if (nodes.container.n > 0 &&
                 !is_container_of(pod->spec.init_containers, nodes.container))
            pn_decode_fault(d, item, "unknown-container",
                            "the template has no init container `%.*s`",
                            PN_STR_ARG(nodes.container));
        for (uint32_t k = 0; k < i; k++) {
            if (nodes.container.n > 0 && pn_str_eq(placements[k].container, nodes.container))
                pn_decode_fault(d, item, "duplicate-name", "container `%.*s` is placed twice",
                                PN_STR_ARG(nodes.container));
        }
        placements[i] = (struct pn_placement){nodes.container, (enum pn_position)nodes.position};
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

static void check_adds_something(struct pn_decoder *d, const struct pn_node *spec,
                                 const struct pn_template *t)
{
    const struct pn_fragment *f = &t->constant;
    if (pn_value_count(f->annotations) + pn_value_count(f->init_containers) +
            pn_value_count(f->containers) + pn_value_count(f->volumes) +
            pn_value_count(f->image_pull_secrets) + f->app_rule_count +
            pn_value_count(f->append_annotations) ==
        0)
        pn_decode_fault(d, spec, "empty-template", "the template adds nothing to a Pod");
}

void pn_template_decode(struct pn_template_draft *ret, struct pn_decoder *d,
                        const struct pn_document *doc)
{
    struct spec nodes = {0};
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
    t->image_repositories = nodes.identity.image_repositories;
    t->constant.append_annotations = nodes.append_annotations;
    decode_os(t, d, spec, nodes.supports.os);
    check_words(t, d, spec);
    const struct pn_node *pod = pn_node_get(spec, "pod");
    pn_check_no_expressions(d, pod);
    pn_check_no_expressions(d, nodes.app_containers);
    pn_check_annotations(d, nodes.pod.metadata.annotations, "spec.pod.metadata.annotations");
    pn_check_annotations(d, pn_node_get(spec, "appendAnnotations"), "spec.appendAnnotations");
    pn_check_schema(d, nodes.pod.spec.init_containers, PN_SCHEMA_CONTAINER, "initContainers");
    pn_check_schema(d, nodes.pod.spec.containers, PN_SCHEMA_CONTAINER, "containers");
    pn_check_schema(d, nodes.pod.spec.volumes, PN_SCHEMA_VOLUME, "volumes");
    pn_check_schema(d, nodes.pod.spec.image_pull_secrets, PN_SCHEMA_LOCAL_OBJECT_REFERENCE,
                    "imagePullSecrets");
    pn_check_volumes(d, nodes.pod.spec.volumes);
    pn_check_containers(d, nodes.pod.spec.init_containers, nodes.pod.spec.containers,
                        nodes.pod.spec.volumes);
    pn_check_named_objects(d, nodes.pod.spec.image_pull_secrets, "spec.pod.spec",
                           "imagePullSecrets");
    t->constant.annotations = freeze_node(d, nodes.pod.metadata.annotations);
    t->constant.init_containers = freeze_node(d, nodes.pod.spec.init_containers);
    t->constant.containers = freeze_node(d, nodes.pod.spec.containers);
    t->constant.volumes = freeze_node(d, nodes.pod.spec.volumes);
    t->constant.image_pull_secrets = freeze_node(d, nodes.pod.spec.image_pull_secrets);
    decode_app_rules(t, d, nodes.app_containers, nodes.pod.spec.volumes);
    decode_placement(t, d, nodes.placement, &nodes.pod);
    check_adds_something(d, spec, t);
    t->hash = pn_node_hash(d, spec);
}
