/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/names.h"
#include "kube/validate_walk.h"

/* ---- sources --------------------------------------------------------------------------- */

/* In the order in which the API server looks for them: it judges the first it finds. */
enum {
    NAME,
    EMPTY_DIR,
    HOST_PATH,
    GIT_REPO,
    GCE_DISK,
    AWS_DISK,
    SECRET,
    NFS,
    ISCSI,
    GLUSTERFS,
    FLOCKER,
    CLAIM,
    RBD,
    CINDER,
    CEPHFS,
    QUOBYTE,
    DOWNWARD_API,
    FC,
    FLEX,
    CONFIG_MAP,
    AZURE_FILE,
    VSPHERE,
    PHOTON,
    PORTWORX,
    AZURE_DISK,
    STORAGEOS,
    PROJECTED,
    SCALEIO,
    CSI,
    EPHEMERAL,
    IMAGE,
    FIELDS,
};

static const struct pn_field volume_fields[FIELDS] = {
    [NAME] = PN_FIELD("name", STRING),
    [EMPTY_DIR] = PN_FIELD("emptyDir", OBJECT),
    [HOST_PATH] = PN_FIELD("hostPath", OBJECT),
    [GIT_REPO] = PN_FIELD("gitRepo", OBJECT),
    [GCE_DISK] = PN_FIELD("gcePersistentDisk", OBJECT),
    [AWS_DISK] = PN_FIELD("awsElasticBlockStore", OBJECT),
    [SECRET] = PN_FIELD("secret", OBJECT),
    [NFS] = PN_FIELD("nfs", OBJECT),
    [ISCSI] = PN_FIELD("iscsi", OBJECT),
    [GLUSTERFS] = PN_FIELD("glusterfs", OBJECT),
    [FLOCKER] = PN_FIELD("flocker", OBJECT),
    [CLAIM] = PN_FIELD("persistentVolumeClaim", OBJECT),
    [RBD] = PN_FIELD("rbd", OBJECT),
    [CINDER] = PN_FIELD("cinder", OBJECT),
    [CEPHFS] = PN_FIELD("cephfs", OBJECT),
    [QUOBYTE] = PN_FIELD("quobyte", OBJECT),
    [DOWNWARD_API] = PN_FIELD("downwardAPI", OBJECT),
    [FC] = PN_FIELD("fc", OBJECT),
    [FLEX] = PN_FIELD("flexVolume", OBJECT),
    [CONFIG_MAP] = PN_FIELD("configMap", OBJECT),
    [AZURE_FILE] = PN_FIELD("azureFile", OBJECT),
    [VSPHERE] = PN_FIELD("vsphereVolume", OBJECT),
    [PHOTON] = PN_FIELD("photonPersistentDisk", OBJECT),
    [PORTWORX] = PN_FIELD("portworxVolume", OBJECT),
    [AZURE_DISK] = PN_FIELD("azureDisk", OBJECT),
    [STORAGEOS] = PN_FIELD("storageos", OBJECT),
    [PROJECTED] = PN_FIELD("projected", OBJECT),
    [SCALEIO] = PN_FIELD("scaleIO", OBJECT),
    [CSI] = PN_FIELD("csi", OBJECT),
    [EPHEMERAL] = PN_FIELD("ephemeral", OBJECT),
    [IMAGE] = PN_FIELD("image", OBJECT),
};

/* What a source must say: strings, and what else is told of it. */
static const struct {
    const char *strings;
    pn_validate_source *judge;
} sources[FIELDS] = {
    [EMPTY_DIR] = {NULL, pn_validate_empty_dir},
    [HOST_PATH] = {"path", pn_validate_host_path},
    [GIT_REPO] = {"repository", pn_validate_git_repo},
    [GCE_DISK] = {"pdName", pn_validate_partition},
    [AWS_DISK] = {"volumeID", pn_validate_partition},
    [SECRET] = {"secretName", pn_validate_key_files},
    [NFS] = {"server,path", pn_validate_nfs},
    [ISCSI] = {"targetPortal,iqn", pn_validate_iscsi},
    [GLUSTERFS] = {"endpoints,path", NULL},
    [FLOCKER] = {NULL, pn_validate_flocker},
    [CLAIM] = {"claimName", NULL},
    [RBD] = {"image", pn_validate_monitors},
    [CINDER] = {"volumeID", pn_validate_secret_ref},
    [CEPHFS] = {NULL, pn_validate_monitors},
    [QUOBYTE] = {"registry,volume", pn_validate_quobyte},
    [DOWNWARD_API] = {NULL, pn_validate_downward_api},
    [FC] = {NULL, pn_validate_fc},
    [FLEX] = {"driver", pn_validate_flex},
    [CONFIG_MAP] = {"name", pn_validate_key_files},
    [AZURE_FILE] = {"secretName,shareName", NULL},
    [VSPHERE] = {"volumePath", NULL},
    [PHOTON] = {"pdID", NULL},
    [PORTWORX] = {"volumeID", NULL},
    [AZURE_DISK] = {"diskName,diskURI", pn_validate_azure_disk},
    [STORAGEOS] = {"volumeName", pn_validate_storageos},
    [PROJECTED] = {NULL, pn_validate_projected},
    [SCALEIO] = {"gateway,system,volumeName", NULL},
    [CSI] = {"driver", pn_validate_csi},
    [EPHEMERAL] = {NULL, pn_validate_ephemeral},
    [IMAGE] = {"reference", pn_validate_image},
};

/* The API server's own names for the place of a source, where they are not the field's. */
static const char *place_of(uint32_t source, bool surplus)
{
    if (source == CEPHFS && surplus)
        return "cephFS";
    if (source == DOWNWARD_API && surplus)
        return "downwarAPI";
    if (source == GCE_DISK && !surplus)
        return "persistentDisk";
    return volume_fields[source].name;
}

static void walk_source(struct pn_validate *v, const struct pn_at *at, uint32_t which,
                        struct pn_value source)
{
    const struct pn_at *place = PN_AT(at, place_of(which, false));
    struct pn_str names = pn_str_of(sources[which].strings);
    while (names.s != NULL) {
        struct pn_str name = pn_str_split(&names, ',');
        struct pn_value text = pn_value_get(source, name);
        pn_validate_require(v, PN_AT_MEMBER(place, name),
                            pn_validate_string(v, PN_AT_MEMBER(place, name), text));
    }
    if (sources[which].judge != NULL)
        sources[which].judge(v, place, source);
}

/* validateVolumeSource; no source at all is an emptyDir. */
static void walk_sources(struct pn_validate *v, const struct pn_at *at, const struct pn_value *f,
                         uint64_t there)
{
    bool found = false;
    for (uint32_t i = EMPTY_DIR; i < FIELDS && there >> i != 0; i++) {
        if ((there >> i & 1) == 0)
            continue;
        if (!found)
            walk_source(v, at, i, f[i]);
        else
            pn_validate_add(v, PN_AT(at, place_of(i, true)), PN_VALIDATE_FORBIDDEN,
                            "must be the only source of the volume");
        found = true;
    }
}

bool pn_validate_is_empty_dir(struct pn_value volume)
{
    for (uint32_t i = HOST_PATH; i < FIELDS; i++) {
        if (pn_value_get(volume, pn_str_of(volume_fields[i].name)).kind == PN_OBJECT)
            return PN_GET(volume, "emptyDir").kind == PN_OBJECT; /* one of several, all illegal */
    }
    return true;
}

/* ---- names ----------------------------------------------------------------------------- */

/* The claim that Kubernetes makes for an ephemeral volume is named after Pod and volume. */
static void walk_claim_name(struct pn_validate *v, const struct pn_at *at, struct pn_str name)
{
    char claim[PN_NAME_DNS_SUBDOMAIN_MAX_BYTES + 1];
    size_t n = v->pod_name.n + 1 + name.n;
    if (v->pod_name.n == 0 || name.n == 0)
        return;
    if (n < sizeof claim) {
        memcpy(claim, v->pod_name.s, v->pod_name.n);
        claim[v->pod_name.n] = '-';
        memcpy(claim + v->pod_name.n + 1, name.s, name.n);
        if (pn_name_is_dns_subdomain((struct pn_str){claim, n}))
            return;
    }
    pn_validate_add(v, at, PN_VALIDATE_INVALID,
                    "joined to the Pod's name it names a claim, which must be %s",
                    PN_NAME_DNS_SUBDOMAIN_RULE);
}

static void walk_name(struct pn_validate *v, const struct pn_at *at, const struct pn_value *f,
                      bool is_ephemeral)
{
    enum { ISCSI_MAX_BYTES = 64 }; /* of volume name, colon and portal, for an initiator */
    struct pn_str name = pn_value_str(f[NAME]);
    if (name.n == 0)
        pn_validate_require(v, at, name);
    else if (!pn_name_is_dns_label(name))
        pn_validate_add(v, at, PN_VALIDATE_INVALID, "must be %s", PN_NAME_DNS_LABEL_RULE);
    if (is_ephemeral)
        walk_claim_name(v, at, name);
    if (PN_GET(f[ISCSI], "initiatorName").kind == PN_STRING &&
        name.n + 1 + pn_value_str(PN_GET(f[ISCSI], "targetPortal")).n > ISCSI_MAX_BYTES)
        pn_validate_add(v, at, PN_VALIDATE_INVALID,
                        "must have at most %d bytes together with the portal", ISCSI_MAX_BYTES - 1);
}

/* The index of the volume that owns the name, or PN_NAMES_NONE. */
static uint32_t find_owner(const struct pn_volumes *volumes, struct pn_str name)
{
    uint32_t first = pn_names_first(&volumes->names, name);
    return first != PN_NAMES_NONE && volumes->owner != NULL ? volumes->owner[first] : PN_NAMES_NONE;
}

struct pn_value pn_validate_find_volume(const struct pn_volumes *volumes, struct pn_str name)
{
    uint32_t i = find_owner(volumes, name);
    return i != PN_NAMES_NONE ? pn_value_at(volumes->list, i) : PN_VALUE_ABSENT;
}

/* `faulty`: what is wrong with volume i besides its name's repetition. */
static void give_names(struct pn_validate *v, const struct pn_at *at, const bool *faulty)
{
    struct pn_volumes *volumes = &v->volumes;
    for (uint32_t i = 0; i < volumes->names.count; i++)
        volumes->owner[i] = PN_NAMES_NONE;
    for (uint32_t i = 0; i < volumes->names.count && !v->done; i++) {
        struct pn_str name = volumes->names.items[i];
        uint32_t first = pn_names_first(&volumes->names, name);
        if (volumes->owner[first] != PN_NAMES_NONE)
            pn_validate_add(v, PN_AT(PN_AT_ITEM(at, i), "name"), PN_VALIDATE_DUPLICATE,
                            "another volume is named \"%.*s\" too", PN_STR_ARG(name));
        else if (!faulty[i])
            volumes->owner[first] = i;
    }
}

/* A claim must not be the one that is made for an ephemeral volume. */
static void walk_made_claims(struct pn_validate *v, const struct pn_at *at)
{
    const struct pn_volumes *volumes = &v->volumes;
    for (uint32_t i = 0; i < volumes->names.count && !v->done; i++) {
        const struct pn_at *source = PN_AT(PN_AT_ITEM(at, i), "persistentVolumeClaim");
        struct pn_value claim = PN_GET(pn_value_at(volumes->list, i), "persistentVolumeClaim");
        struct pn_str name = pn_value_str(PN_GET(claim, "claimName"));
        size_t n = v->pod_name.n;
        if (n == 0 || !pn_str_has_prefix(name, v->pod_name) || name.n == n || name.s[n] != '-')
            continue;
        struct pn_str rest = {name.s + n + 1, name.n - n - 1};
        uint32_t made = pn_names_first(&volumes->names, rest);
        if (made != PN_NAMES_NONE &&
            PN_GET(pn_value_at(volumes->list, made), "ephemeral").kind == PN_OBJECT)
            pn_validate_add(v, PN_AT(source, "claimName"), PN_VALIDATE_INVALID,
                            "must not be the claim that is made for an ephemeral volume");
    }
}

void pn_validate_volumes(struct pn_validate *v, const struct pn_at *at)
{
    struct pn_volumes *volumes = &v->volumes;
    struct pn_value list = v->spec[PN_S_VOLUMES];
    uint32_t n = pn_value_count(list);
    bool small_faulty[PN_NAMES_SMALL] = {false}, *faulty = small_faulty;
    bool claims = false, ephemeral = false;
    bool has_account = pn_value_str(v->spec[PN_S_SERVICE_ACCOUNT_NAME]).n > 0 ||
                       pn_value_str(v->spec[PN_S_SERVICE_ACCOUNT]).n > 0;
    volumes->list = list;
    volumes->owner = volumes->small_owner;
    if (n > PN_NAMES_SMALL) {
        volumes->owner = pn_arena_alloc(v->arena, n * sizeof *volumes->owner);
        faulty = pn_arena_zalloc(v->arena, n, sizeof *faulty);
    }
    if (volumes->owner == NULL || faulty == NULL) {
        v->failed = v->done = true;
        return;
    }
    for (uint32_t i = 0; i < n && !v->done; i++) {
        struct pn_value f[FIELDS] = {{0}};
        const struct pn_at *item = PN_AT_ITEM(at, i);
        uint32_t before = v->found;
        uint64_t there = PN_PICK(v, item, pn_value_at(list, i), volume_fields, f) &
                         ~(UINT64_C(1) << NAME);
        bool is_ephemeral = (there & ((UINT64_C(1) << IMAGE) - 1)) == UINT64_C(1) << EPHEMERAL;
        walk_sources(v, item, f, there);
        walk_name(v, PN_AT(item, "name"), f, is_ephemeral);
        pn_names_add(v, &volumes->names, pn_value_str(f[NAME]));
        faulty[i] = v->found != before;
        if (f[PROJECTED].kind == PN_OBJECT && !has_account)
            pn_validate_unowned_tokens(v, PN_AT(item, "projected"), f[PROJECTED]);
        claims = claims || f[CLAIM].kind == PN_OBJECT;
        ephemeral = ephemeral || f[EPHEMERAL].kind == PN_OBJECT;
    }
    pn_names_sort(v, &volumes->names);
    if (!v->done)
        give_names(v, at, faulty);
    if (claims && ephemeral && !v->done)
        walk_made_claims(v, at);
}
