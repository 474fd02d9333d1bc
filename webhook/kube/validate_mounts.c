/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/validate_walk.h"

enum {
    M_NAME,
    M_READ_ONLY,
    M_RECURSIVE_READ_ONLY,
    M_MOUNT_PATH,
    M_SUB_PATH,
    M_PROPAGATION,
    M_SUB_PATH_EXPR,
    M_FIELDS,
};

static const struct pn_field mount_fields[M_FIELDS] = {
    [M_NAME] = PN_FIELD("name", STRING),
    [M_READ_ONLY] = PN_FIELD("readOnly", BOOL),
    [M_RECURSIVE_READ_ONLY] = PN_FIELD("recursiveReadOnly", STRING),
    [M_MOUNT_PATH] = PN_FIELD("mountPath", STRING),
    [M_SUB_PATH] = PN_FIELD("subPath", STRING),
    [M_PROPAGATION] = PN_FIELD("mountPropagation", STRING),
    [M_SUB_PATH_EXPR] = PN_FIELD("subPathExpr", STRING),
};

enum {
    D_NAME,
    D_PATH,
    D_FIELDS,
};

static const struct pn_field device_fields[D_FIELDS] = {
    [D_NAME] = PN_FIELD("name", STRING),
    [D_PATH] = PN_FIELD("devicePath", STRING),
};

/* A container's mounts or devices: names and paths by index. */
struct places {
    struct pn_names names, paths;
    struct pn_names effective; /* paths of those that are the last with their name */
};

static struct places start_places(struct pn_validate *v, unsigned list)
{
    return (struct places){
        pn_names_start(v, list),
        pn_names_start(v, list + 1),
        pn_names_start(v, list + 2),
    };
}

/* Both lists are compared with each other as maps from name to path, where the last one counts. */
static void sort_places(struct pn_validate *v, struct places *places, bool compare)
{
    pn_names_sort(v, &places->paths);
    if (!compare)
        return;
    pn_names_sort(v, &places->names);
    for (uint32_t i = 0; i < places->names.count && !v->done; i++) {
        if (pn_names_last(&places->names, places->names.items[i]) == i)
            pn_names_add(v, &places->effective, places->paths.items[i]);
    }
    pn_names_sort(v, &places->effective);
}

static bool has_name(const struct pn_names *names, struct pn_str name)
{
    return names->count > 0 && pn_names_first(names, name) != PN_NAMES_NONE;
}

/* ---- mounts ---------------------------------------------------------------------------- */

/* validateMountPropagation and validateMountRecursiveReadOnly, told of the list as there. */
static void walk_modes(struct pn_validate *v, const struct pn_at *at, const struct pn_value *f,
                       bool privileged)
{
    struct pn_str propagation = pn_value_str(f[M_PROPAGATION]);
    struct pn_str recursive = pn_value_str(f[M_RECURSIVE_READ_ONLY]);
    const struct pn_at *place = PN_AT(at, "mountPropagation");
    bool given = f[M_PROPAGATION].kind == PN_STRING;
    if (given)
        pn_validate_choice(v, place, propagation, "Bidirectional,HostToContainer,None");
    if (pn_str_is(propagation, "Bidirectional") && !privileged)
        pn_validate_add(v, place, PN_VALIDATE_FORBIDDEN,
                        "must not be Bidirectional in a container that is not privileged");
    if (f[M_RECURSIVE_READ_ONLY].kind != PN_STRING || pn_str_is(recursive, "Disabled"))
        return;
    place = PN_AT(at, "recursiveReadOnly");
    pn_validate_choice(v, place, recursive, "Disabled,Enabled,IfPossible");
    if (!pn_str_is(recursive, "Enabled") && !pn_str_is(recursive, "IfPossible"))
        return;
    if (!pn_field_true(f[M_READ_ONLY]))
        pn_validate_add(v, place, PN_VALIDATE_FORBIDDEN, "must not be given without readOnly");
    if (given && !pn_str_is(propagation, "None"))
        pn_validate_add(v, place, PN_VALIDATE_FORBIDDEN,
                        "must not be given with this mountPropagation");
}

static void walk_sub_paths(struct pn_validate *v, const struct pn_at *list,
                           const struct pn_at *item, const struct pn_value *f,
                           enum pn_container_list which)
{
    struct pn_str path = pn_value_str(f[M_SUB_PATH]), expr = pn_value_str(f[M_SUB_PATH_EXPR]);
    if (path.n == 0 && expr.n == 0)
        return;
    pn_validate_descending(v, PN_AT(list, "subPath"), path);
    pn_validate_descending(v, PN_AT(list, "subPathExpr"), expr);
    if (path.n > 0 && expr.n > 0)
        pn_validate_add(v, PN_AT(item, "subPathExpr"), PN_VALIDATE_INVALID,
                        "must not be given beside subPath");
    if (which == PN_EPHEMERAL_CONTAINERS && path.n > 0)
        pn_validate_add(v, PN_AT(item, "subPath"), PN_VALIDATE_FORBIDDEN,
                        "must not be set for an ephemeral container");
    if (which == PN_EPHEMERAL_CONTAINERS && expr.n > 0)
        pn_validate_add(v, PN_AT(item, "subPathExpr"), PN_VALIDATE_FORBIDDEN,
                        "must not be set for an ephemeral container");
}

static void walk_mount(struct pn_validate *v, const struct pn_at *item, const struct pn_value *f)
{
    struct pn_str name = pn_value_str(f[M_NAME]);
    pn_validate_require(v, PN_AT(item, "name"), name);
    if (pn_validate_find_volume(&v->volumes, name).kind == PN_ABSENT)
        pn_validate_add(v, PN_AT(item, "name"), PN_VALIDATE_NOT_FOUND,
                        "there is no legal volume \"%.*s\"", PN_STR_ARG(name));
    pn_validate_require(v, PN_AT(item, "mountPath"), pn_value_str(f[M_MOUNT_PATH]));
}

/* Repeated paths, and what a device has already. */
static void walk_clashes(struct pn_validate *v, const struct pn_at *at, const struct places *mounts,
                         const struct places *devices)
{
    for (uint32_t i = 0; i < mounts->paths.count && !v->done; i++) {
        const struct pn_at *item = PN_AT_ITEM(at, i);
        struct pn_str path = mounts->paths.items[i];
        if (pn_names_first(&mounts->paths, path) < i)
            pn_validate_add(v, PN_AT(item, "mountPath"), PN_VALIDATE_INVALID,
                            "\"%.*s\" is mounted twice", PN_STR_ARG(path));
        if (has_name(&devices->effective, path))
            pn_validate_add(v, PN_AT(item, "mountPath"), PN_VALIDATE_INVALID,
                            "\"%.*s\" is the path of a device too", PN_STR_ARG(path));
        if (has_name(&devices->names, mounts->names.items[i]))
            pn_validate_add(v, PN_AT(item, "name"), PN_VALIDATE_INVALID,
                            "must not be in volumeDevices too");
    }
}

/* ---- devices --------------------------------------------------------------------------- */

static bool is_block_source(struct pn_value volume)
{
    return PN_GET(volume, "persistentVolumeClaim").kind == PN_OBJECT ||
           PN_GET(volume, "ephemeral").kind == PN_OBJECT;
}

static void walk_device(struct pn_validate *v, const struct pn_at *item, struct pn_str name,
                        struct pn_str path)
{
    struct pn_value volume = pn_validate_find_volume(&v->volumes, name);
    const struct pn_at *name_at = PN_AT(item, "name"), *path_at = PN_AT(item, "devicePath");
    pn_validate_require(v, name_at, name);
    if (volume.kind == PN_ABSENT)
        pn_validate_add(v, name_at, PN_VALIDATE_NOT_FOUND, "there is no legal volume \"%.*s\"",
                        PN_STR_ARG(name));
    else if (!is_block_source(volume))
        pn_validate_add(v, name_at, PN_VALIDATE_INVALID,
                        "must be a volume of type persistentVolumeClaim or ephemeral");
    pn_validate_require(v, path_at, path);
    pn_validate_no_backsteps(v, path_at, path);
}

static void walk_devices(struct pn_validate *v, const struct pn_at *at, const struct places *mounts,
                         const struct places *devices)
{
    for (uint32_t i = 0; i < devices->names.count && !v->done; i++) {
        const struct pn_at *item = PN_AT_ITEM(at, i);
        struct pn_str name = devices->names.items[i];
        struct pn_str path = devices->paths.items[i];
        walk_device(v, item, name, path);
        if (name.n > 0 && pn_names_first(&devices->names, name) < i)
            pn_validate_add(v, PN_AT(item, "name"), PN_VALIDATE_INVALID, "stands twice");
        if (pn_names_first(&devices->paths, path) < i)
            pn_validate_add(v, PN_AT(item, "devicePath"), PN_VALIDATE_INVALID, "stands twice");
        if (has_name(&mounts->names, name))
            pn_validate_add(v, PN_AT(item, "name"), PN_VALIDATE_INVALID,
                            "must not be in volumeMounts too");
        if (has_name(&mounts->effective, path))
            pn_validate_add(v, PN_AT(item, "devicePath"), PN_VALIDATE_INVALID,
                            "\"%.*s\" is the path of a mount too", PN_STR_ARG(path));
    }
}

static void read_devices(struct pn_validate *v, const struct pn_at *at, struct pn_value list,
                         struct places *devices)
{
    for (uint32_t i = 0; i < pn_value_count(list) && !v->done; i++) {
        struct pn_value f[D_FIELDS] = {{0}};
        PN_PICK(v, PN_AT_ITEM(at, i), pn_value_at(list, i), device_fields, f);
        pn_names_add(v, &devices->names, pn_value_str(f[D_NAME]));
        pn_names_add(v, &devices->paths, pn_value_str(f[D_PATH]));
    }
    sort_places(v, devices, true);
}

/* ---- both ------------------------------------------------------------------------------ */

void pn_validate_mounts(struct pn_validate *v, const struct pn_at *container,
                        const struct pn_value *fields, enum pn_container_list which)
{
    const struct pn_at *at = PN_AT(container, "volumeMounts");
    const struct pn_at *devices_at = PN_AT(container, "volumeDevices");
    struct pn_value list = fields[PN_C_MOUNTS];
    struct places mounts = start_places(v, PN_NAMES_SCRATCH);
    struct places devices = start_places(v, PN_NAMES_SCRATCH + 3);
    bool has_devices = pn_value_count(fields[PN_C_DEVICES]) > 0;
    bool privileged = pn_field_true(PN_GET(fields[PN_C_SECURITY], "privileged"));
    if (has_devices)
        read_devices(v, devices_at, fields[PN_C_DEVICES], &devices);
    if (has_devices && !v->host_users)
        pn_validate_add(v, devices_at, PN_VALIDATE_FORBIDDEN,
                        "must not be given when hostUsers is false");
    for (uint32_t i = 0; i < pn_value_count(list) && !v->done; i++) {
        struct pn_value f[M_FIELDS] = {{0}};
        const struct pn_at *item = PN_AT_ITEM(at, i);
        PN_PICK(v, item, pn_value_at(list, i), mount_fields, f);
        walk_mount(v, item, f);
        walk_sub_paths(v, at, item, f, which);
        walk_modes(v, at, f, privileged);
        pn_names_add(v, &mounts.names, pn_value_str(f[M_NAME]));
        pn_names_add(v, &mounts.paths, pn_value_str(f[M_MOUNT_PATH]));
    }
    sort_places(v, &mounts, has_devices);
    walk_clashes(v, at, &mounts, &devices);
    walk_devices(v, devices_at, &mounts, &devices);
}
