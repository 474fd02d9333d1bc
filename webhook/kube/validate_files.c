/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/names.h"
#include "kube/validate_walk.h"

/* Volumes that are files: secret, configMap, downwardAPI. */

/* ---- paths ----------------------------------------------------------------------------- */

void pn_validate_no_backsteps(struct pn_validate *v, const struct pn_at *at, struct pn_str path)
{
    if (!pn_str_contains(path, PN_STR(".."))) /* nearly always */
        return;
    for (struct pn_str rest = path; rest.s != NULL;) {
        if (pn_str_is(pn_str_split(&rest, '/'), "..")) {
            pn_validate_add(v, at, PN_VALIDATE_INVALID, "must not contain '..'");
            return;
        }
    }
}

void pn_validate_descending(struct pn_validate *v, const struct pn_at *at, struct pn_str path)
{
    if (path.n > 0 && path.s[0] == '/')
        pn_validate_add(v, at, PN_VALIDATE_INVALID, "must be a relative path");
    pn_validate_no_backsteps(v, at, path);
}

/* ValidateLocalNonReservedPath. */
void pn_validate_file_path(struct pn_validate *v, const struct pn_at *at, struct pn_str path)
{
    pn_validate_descending(v, at, path);
    if (pn_str_has_prefix(path, PN_STR("..")) && !pn_str_has_prefix(path, PN_STR("../")))
        pn_validate_add(v, at, PN_VALIDATE_INVALID, "must not begin with '..'");
}

void pn_validate_mode(struct pn_validate *v, const struct pn_at *at, struct pn_value mode)
{
    if (mode.kind == PN_INT && (mode.i < 0 || mode.i > 0777))
        pn_validate_add(v, at, PN_VALIDATE_INVALID, "must be between 0 and 0777 (511)");
}

/* ---- keys of a Secret or ConfigMap ----------------------------------------------------- */

/* validateKeyToPath. */
struct pn_str pn_validate_key_file(struct pn_validate *v, const struct pn_at *at,
                                   struct pn_value item)
{
    static const struct pn_field rows[] = {
        PN_FIELD("key", STRING),
        PN_FIELD("path", STRING),
        PN_FIELD("mode", INT32),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    PN_PICK(v, at, item, rows, f);
    struct pn_str path = pn_value_str(f[1]);
    pn_validate_require(v, PN_AT(at, "key"), pn_value_str(f[0]));
    pn_validate_require(v, PN_AT(at, "path"), path);
    pn_validate_file_path(v, PN_AT(at, "path"), path);
    pn_validate_mode(v, PN_AT(at, "mode"), f[2]);
    return path;
}

void pn_validate_key_files(struct pn_validate *v, const struct pn_at *at, struct pn_value source)
{
    static const struct pn_field rows[] = {
        PN_FIELD("items", LIST),
        PN_FIELD("defaultMode", INT32),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    PN_PICK(v, at, source, rows, f);
    pn_validate_mode(v, PN_AT(at, "defaultMode"), f[1]);
    for (uint32_t i = 0; i < pn_value_count(f[0]) && !v->done; i++)
        pn_validate_key_file(v, PN_AT_ITEM(PN_AT(at, "items"), i), pn_value_at(f[0], i));
}

/* ---- fields of the Pod ----------------------------------------------------------------- */

/* validateDownwardAPIVolumeFile. */
struct pn_str pn_validate_field_file(struct pn_validate *v, const struct pn_at *at,
                                     struct pn_value file)
{
    static const struct pn_field rows[] = {
        PN_FIELD("path", STRING),
        PN_FIELD("fieldRef", OBJECT),
        PN_FIELD("resourceFieldRef", OBJECT),
        PN_FIELD("mode", INT32),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    PN_PICK(v, at, file, rows, f);
    struct pn_str path = pn_value_str(f[0]);
    bool field = f[1].kind == PN_OBJECT, resource = f[2].kind == PN_OBJECT;
    pn_validate_require(v, PN_AT(at, "path"), path);
    pn_validate_file_path(v, PN_AT(at, "path"), path);
    if (field && resource)
        pn_validate_add(v, at, PN_VALIDATE_INVALID,
                        "must not have both fieldRef and resourceFieldRef");
    if (field)
        pn_validate_field_ref(v, PN_AT(at, "fieldRef"), f[1], true);
    else if (resource)
        pn_validate_resource_ref(v, PN_AT(at, "resourceFieldRef"), f[2], true);
    else
        pn_validate_add(v, at, PN_VALIDATE_REQUIRED, "must have fieldRef or resourceFieldRef");
    pn_validate_mode(v, PN_AT(at, "mode"), f[3]);
    return path;
}

void pn_validate_downward_api(struct pn_validate *v, const struct pn_at *at, struct pn_value source)
{
    static const struct pn_field rows[] = {
        PN_FIELD("items", LIST),
        PN_FIELD("defaultMode", INT32),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    PN_PICK(v, at, source, rows, f);
    pn_validate_mode(v, PN_AT(at, "defaultMode"), f[1]);
    for (uint32_t i = 0; i < pn_value_count(f[0]) && !v->done; i++)
        pn_validate_field_file(v, at, pn_value_at(f[0], i));
}
