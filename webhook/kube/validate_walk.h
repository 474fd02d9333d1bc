/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_KUBE_VALIDATE_WALK_H
#define PN_KUBE_VALIDATE_WALK_H

#include "base/cleanup.h"
#include "kube/validate.h"

/* What kube/validate*.c share. Source of all rules: pkg/apis/core/validation/validation.go. */

struct pn_validate;

/* ---- places ---------------------------------------------------------------------------- */

/* A field's place: a chain along the walk, written out only when something is wrong. */
struct pn_at {
    const struct pn_at *up; /* NULL: a root */
    const char *field;      /* ".field"; NULL: see below */
    struct pn_str key;      /* "[key]", or ".key" of a member; s == NULL: "[index]" */
    bool member;
    uint32_t index;
};

#define PN_AT(up_, field_) (&(const struct pn_at){.up = (up_), .field = (field_)})
#define PN_AT_KEY(up_, key_) (&(const struct pn_at){.up = (up_), .key = (key_)})
#define PN_AT_MEMBER(up_, key_) (&(const struct pn_at){.up = (up_), .key = (key_), .member = true})
#define PN_AT_ITEM(up_, index_) (&(const struct pn_at){.up = (up_), .index = (index_)})

/* ---- errors ---------------------------------------------------------------------------- */

void pn_validate_add(struct pn_validate *v, const struct pn_at *at, enum pn_validate_type type,
                     const char *format, ...) PN_PRINTF(4, 5);
void pn_validate_require(struct pn_validate *v, const struct pn_at *at, struct pn_str text);
/* `text` is one of `words`, a list with commas and nothing else between them; or has to be. */
bool pn_validate_is_word(struct pn_str text, const char *words);
void pn_validate_choice(struct pn_validate *v, const struct pn_at *at, struct pn_str text,
                        const char *words);
void pn_validate_range(struct pn_validate *v, const struct pn_at *at, int64_t i, int64_t min,
                       int64_t max);

/* ---- fields ---------------------------------------------------------------------------- */

/* Where values of one kind fit, the number of that kind. */
enum pn_field_kind {
    PN_FIELD_STRING = PN_STRING,
    PN_FIELD_BOOL = PN_BOOL,
    PN_FIELD_LIST = PN_ARRAY,
    PN_FIELD_OBJECT = PN_OBJECT, /* also a map */
    PN_FIELD_INT32 = PN_BUILTIN + 1,
    PN_FIELD_INT64,
    PN_FIELD_INT_OR_STRING,
    PN_FIELD_QUANTITY, /* any string or number; its text is not looked at */
};

/* One field of an object. No pointers, so that nothing is relocated when the program starts. */
struct pn_field {
    char name[30]; /* terminated; none is longer */
    uint8_t bytes;
    uint8_t kind; /* enum pn_field_kind */
};

#define PN_FIELD(name_, kind_)                                                            \
    {                                                                                     \
        .name = (name_), .bytes = (uint8_t)(sizeof(name_) - 1), .kind = PN_FIELD_##kind_, \
    }

/*
 * The fields of an object that `rows` name (at most 64, best in the order of the Go struct, which
 * is the order they arrive in): ret[i] is what rows[i] asks for, and of that kind, or PN_ABSENT. A
 * null is absent, as for Go; a value of another kind is an error, and absent; an int given as
 * PN_RAW becomes a PN_INT. `object` may be unset: nothing is there. `ret` holds zeroes before.
 * Returns a bit for each field that is there.
 */
uint64_t pn_validate_pick(struct pn_validate *v, const struct pn_at *at, struct pn_value object,
                          const struct pn_field *rows, uint32_t n, struct pn_value *ret);
#define PN_PICK(v, at, object, rows, ret) \
    pn_validate_pick((v), (at), (object), (rows), PN_COUNT_OF(rows), (ret))

/* One field alone of such an object. */
struct pn_value pn_validate_one(struct pn_validate *v, const struct pn_at *at,
                                struct pn_value object, const char *name, enum pn_field_kind kind);

/* An item of a list of strings, or a value of a map of them. */
struct pn_str pn_validate_string(struct pn_validate *v, const struct pn_at *at, struct pn_value s);

/* White space, as Go knows it, at an end of the text. */
bool pn_validate_is_padded(struct pn_str text);

/* What Go reads from a field that is absent. */
static inline int64_t pn_field_int(struct pn_value f)
{
    return f.kind == PN_INT ? f.i : 0;
}

static inline bool pn_field_true(struct pn_value f)
{
    return f.kind == PN_BOOL && f.b;
}

/* ---- names in a list ------------------------------------------------------------------- */

/* Up to so many, names are looked through, and need no memory of their own. */
enum { PN_NAMES_SMALL = 16 };
#define PN_NAMES_NONE UINT32_MAX

/*
 * The names of a list's items, to find repetitions and items by name. Sorted, not hashed: names
 * are a stranger's, and no choice of them makes this slow.
 */
struct pn_names {
    struct pn_str *items;
    uint32_t *order; /* indices by name and index, when they are more than PN_NAMES_SMALL */
    uint32_t count, cap;
};

/* Which lists of names are in use at a time, each with room for a few. */
enum {
    PN_NAMES_VOLUMES,
    PN_NAMES_CLAIMS,
    PN_NAMES_CONTAINERS,
    PN_NAMES_HOST_PORTS,
    PN_NAMES_SCRATCH, /* and more of them: of the function that is running */
    PN_NAMES_LISTS = PN_NAMES_SCRATCH + 6,
};

/* No names, in the room of list `list`. */
struct pn_names pn_names_start(struct pn_validate *v, unsigned list);
/* Appends one; a failure ends the walk. */
void pn_names_add(struct pn_validate *v, struct pn_names *names, struct pn_str name);
/* To be called when all are in, before the questions below. */
void pn_names_sort(struct pn_validate *v, struct pn_names *names);
/* The index of the first or last that equals `name`, or PN_NAMES_NONE. */
uint32_t pn_names_first(const struct pn_names *names, struct pn_str name);
uint32_t pn_names_last(const struct pn_names *names, struct pn_str name);

/* ---- the Pod --------------------------------------------------------------------------- */

struct pn_volumes {
    struct pn_value list;
    struct pn_names names;
    /* By the index of a name's first volume: the volume that has the name by right, which is the
     * first one without an error, or PN_NAMES_NONE. */
    uint32_t *owner;
    uint32_t small_owner[PN_NAMES_SMALL];
};

/* Fields of a Pod's spec. */
enum {
    PN_S_VOLUMES,
    PN_S_INIT_CONTAINERS,
    PN_S_CONTAINERS,
    PN_S_EPHEMERAL_CONTAINERS,
    PN_S_RESTART_POLICY,
    PN_S_GRACE_SECONDS,
    PN_S_SERVICE_ACCOUNT_NAME,
    PN_S_SERVICE_ACCOUNT,
    PN_S_HOST_NETWORK,
    PN_S_HOST_PID,
    PN_S_HOST_IPC,
    PN_S_SHARE_PROCESS_NAMESPACE,
    PN_S_SECURITY,
    PN_S_OS,
    PN_S_HOST_USERS,
    PN_S_CLAIMS,
    PN_S_RESOURCES,
    PN_S_FIELDS,
};

/* Fields of a container. */
enum {
    PN_C_NAME,
    PN_C_IMAGE,
    PN_C_COMMAND,
    PN_C_ARGS,
    PN_C_WORKING_DIR,
    PN_C_PORTS,
    PN_C_ENV_FROM,
    PN_C_ENV,
    PN_C_RESOURCES,
    PN_C_RESIZE_POLICY,
    PN_C_RESTART_POLICY,
    PN_C_RESTART_RULES,
    PN_C_MOUNTS,
    PN_C_DEVICES,
    PN_C_LIVENESS,
    PN_C_READINESS,
    PN_C_STARTUP,
    PN_C_LIFECYCLE,
    PN_C_MESSAGE_PATH,
    PN_C_MESSAGE_POLICY,
    PN_C_PULL_POLICY,
    PN_C_SECURITY,
    PN_C_TARGET,
    PN_C_FIELDS,
};

enum pn_container_list {
    PN_CONTAINERS,
    PN_INIT_CONTAINERS,
    PN_EPHEMERAL_CONTAINERS,
};

/* One walk over one Pod. */
struct pn_validate {
    struct pn_arena *arena;
    struct pn_validate_error *errors;
    uint32_t count, cap;
    uint32_t found;    /* errors, those dropped too */
    const char *words; /* of the error that is being added */
    bool first_only;
    bool done;   /* nothing more is wanted */
    bool failed; /* out of memory */

    struct pn_str pod_name;
    struct pn_value annotations;
    bool annotates_apparmor, annotates_seccomp; /* of containers, in the old way */
    struct pn_value spec[PN_S_FIELDS];
    bool linux_os, windows_os; /* neither: spec.os does not say */
    bool host_network, host_users, restarts_never;
    int64_t grace_seconds;
    struct pn_volumes volumes;
    struct pn_names claims;       /* names of spec.resourceClaims */
    struct pn_names containers;   /* of containers, initContainers, ephemeralContainers */
    struct pn_names host_ports;   /* of containers: "TCP/10.0.0.1/80" */
    struct pn_value host_process; /* what the Pod's windowsOptions say of HostProcess */
    uint32_t host_processes;      /* containers that are such */
    struct pn_str room[PN_NAMES_LISTS][PN_NAMES_SMALL];
};

/* Each judges one part of a Pod. `at` is the place of that part; `container` that of the container
 * whose `fields` are given, and `spec` that of the spec, which `v` holds. */

/* ---- metadata -------------------------------------------------------------------------- */

void pn_validate_labels(struct pn_validate *v, const struct pn_at *at, struct pn_value labels);
void pn_validate_label_selector(struct pn_validate *v, const struct pn_at *at,
                                struct pn_value selector);
void pn_validate_annotations(struct pn_validate *v, const struct pn_at *at,
                             struct pn_value annotations);
/* Their bytes in all alone. */
void pn_validate_annotations_size(struct pn_validate *v, const struct pn_at *at,
                                  struct pn_value annotations);
/* The Pod's annotations that Kubernetes reads: what they say; that the containers are there which
 * they speak of, once all are known; and that they agree with a security context, that of a
 * container and the Pod's. */
void pn_validate_known_annotations(struct pn_validate *v, const struct pn_at *at);
void pn_validate_annotated_containers(struct pn_validate *v);
void pn_validate_profiles(struct pn_validate *v, const struct pn_at *at, struct pn_str container,
                          struct pn_value context);
void pn_validate_pod_profile(struct pn_validate *v, const struct pn_at *at);

/* ---- containers ------------------------------------------------------------------------ */

void pn_validate_containers(struct pn_validate *v, const struct pn_at *spec);
void pn_validate_restart_policy(struct pn_validate *v, const struct pn_at *container,
                                const struct pn_value *fields, enum pn_container_list which);
void pn_validate_resize_policy(struct pn_validate *v, const struct pn_at *container,
                               const struct pn_value *fields, enum pn_container_list which);
void pn_validate_ports(struct pn_validate *v, const struct pn_at *at, struct pn_value list,
                       enum pn_container_list which);
/* Conflicts among all of spec.containers; `at` is the place of the list. */
void pn_validate_host_ports(struct pn_validate *v, const struct pn_at *at);
void pn_validate_env(struct pn_validate *v, const struct pn_at *at, struct pn_value list);
void pn_validate_env_from(struct pn_validate *v, const struct pn_at *at, struct pn_value list);
/* References to the Pod, by environment variables and by files in volumes. */
void pn_validate_field_ref(struct pn_validate *v, const struct pn_at *at, struct pn_value ref,
                           bool in_volume);
void pn_validate_resource_ref(struct pn_validate *v, const struct pn_at *at, struct pn_value ref,
                              bool in_volume);
void pn_validate_mounts(struct pn_validate *v, const struct pn_at *container,
                        const struct pn_value *fields, enum pn_container_list which);
void pn_validate_probes(struct pn_validate *v, const struct pn_at *container,
                        const struct pn_value *fields);
void pn_validate_security(struct pn_validate *v, const struct pn_at *container,
                          const struct pn_value *fields);
void pn_validate_pod_security(struct pn_validate *v, const struct pn_at *spec);

/* ---- volumes --------------------------------------------------------------------------- */

void pn_validate_volumes(struct pn_validate *v, const struct pn_at *at);
/* The volume of that name that has no error, or PN_ABSENT. */
struct pn_value pn_validate_find_volume(const struct pn_volumes *volumes, struct pn_str name);
/* The volume is an emptyDir, which it also is without any source. */
bool pn_validate_is_empty_dir(struct pn_value volume);

/* What one source says, beyond the strings that it must have; `at` is its place. */
typedef void pn_validate_source(struct pn_validate *v, const struct pn_at *at,
                                struct pn_value source);
pn_validate_source pn_validate_empty_dir, pn_validate_host_path, pn_validate_git_repo,
    pn_validate_partition, pn_validate_key_files, pn_validate_nfs, pn_validate_iscsi,
    pn_validate_flocker, pn_validate_monitors, pn_validate_secret_ref, pn_validate_quobyte,
    pn_validate_downward_api, pn_validate_fc, pn_validate_flex, pn_validate_azure_disk,
    pn_validate_storageos, pn_validate_projected, pn_validate_csi, pn_validate_ephemeral,
    pn_validate_image;
/* Tokens of a service account, of which the Pod has none. */
pn_validate_source pn_validate_unowned_tokens;

/* A file made of a key, or of a field of the Pod; returns its path. */
struct pn_str pn_validate_key_file(struct pn_validate *v, const struct pn_at *at,
                                   struct pn_value item);
struct pn_str pn_validate_field_file(struct pn_validate *v, const struct pn_at *at,
                                     struct pn_value file);
void pn_validate_mode(struct pn_validate *v, const struct pn_at *at, struct pn_value mode);
/* Paths: without ".."; also relative; also not beginning with "..". */
void pn_validate_no_backsteps(struct pn_validate *v, const struct pn_at *at, struct pn_str path);
void pn_validate_descending(struct pn_validate *v, const struct pn_at *at, struct pn_str path);
void pn_validate_file_path(struct pn_validate *v, const struct pn_at *at, struct pn_str path);

/* ---- resources ------------------------------------------------------------------------- */

/* A quantity as the API server compares it: in thousandths, what is finer rounded away from zero
 * (SetDefaults_ResourceList). What is beyond the maximum either way counts as that; two of it can
 * be added. */
typedef __int128 pn_milli;
#define PN_MILLI_MAX ((pn_milli)1 << 125)

/* False: it is no quantity, which is an error, or has more digits than can be told apart. */
bool pn_validate_milli(struct pn_validate *v, const struct pn_at *at, struct pn_value quantity,
                       pn_milli *ret);

void pn_validate_resources(struct pn_validate *v, const struct pn_at *at, struct pn_value resources,
                           enum pn_container_list which);
/* Limits and requests, of a Pod or a container. `defaulted`: a request that is missing is the
 * limit, and so is what is wrong with it. */
void pn_validate_requirements(struct pn_validate *v, const struct pn_at *at, struct pn_value limits,
                              struct pn_value requests, bool of_pod, bool defaulted);
void pn_validate_used_claims(struct pn_validate *v, const struct pn_at *at, struct pn_value list);
/* spec.resourceClaims, before the containers. */
void pn_validate_claims(struct pn_validate *v, const struct pn_at *at);
void pn_validate_pod_resources(struct pn_validate *v, const struct pn_at *at);

#endif
