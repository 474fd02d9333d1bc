/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/resources_lines.h"

#include <errno.h>

#include "kube/resources.h"

/* ---- faults ---------------------------------------------------------------------------- */

/* Puts the pointer to `field` of the line's owner in front of err. */
static int invalid(const struct pn_resource_lines *lines, const struct pn_resource_line *at,
                   const char *field)
{
    struct pn_buf pointer = PN_BUF_IN_ARENA(lines->arena);
    if (at->owner == PN_OWNER_APP)
        pn_buf_printf(&pointer, "%s/%u", lines->app_path, at->index);
    else if (at->owner == PN_OWNER_SIDECAR || at->owner == PN_OWNER_INIT)
        pn_buf_printf(&pointer, "/initContainers/%u", at->index);
    pn_buf_cstr(&pointer, field);
    if (at->member != NULL)
        pn_buf_pointer(&pointer, at->member->key);
    if (pointer.failed)
        return pn_err_set(lines->err, -ENOMEM, "out of memory");
    return pn_err_wrap(lines->err, PN_RESOURCES_E_INVALID, "%.*s",
                       PN_STR_ARG(pn_buf_view(&pointer)));
}

static const char *field_of(const struct pn_resource_line *line)
{
    if (line->owner == PN_OWNER_OVERHEAD)
        return "/overhead";
    return line->kind == PN_REQUESTS ? "/resources/requests" : "/resources/limits";
}

int pn_resource_lines_invalid(const struct pn_resource_lines *lines,
                              const struct pn_resource_line *line)
{
    return invalid(lines, line, field_of(line));
}

static int wrong_type(const struct pn_resource_lines *lines, const struct pn_resource_line *at,
                      const char *field, struct pn_value got)
{
    pn_err_set(lines->err, 0, "expected an object, got %s", pn_value_kind_name(got));
    return invalid(lines, at, field);
}

/* ---- gathering ------------------------------------------------------------------------- */

static int push(struct pn_resource_lines *lines, const struct pn_resource_line *line)
{
    if (lines->count == lines->capacity) {
        size_t old = lines->capacity, capacity = old > 0 ? old * 2 : 16;
        struct pn_resource_line *items = NULL;
        if (capacity <= UINT32_MAX)
            items = pn_arena_grow(lines->arena, lines->items, old * sizeof *items,
                                  capacity * sizeof *items);
        if (items == NULL)
            return pn_err_set(lines->err, -ENOMEM, "out of memory");
        lines->items = items;
        lines->capacity = (uint32_t)capacity;
    }
    lines->items[lines->count++] = *line;
    return 0;
}

/* Whether this limit of a container becomes one of the Pod (defaultHugePagePodLimits). */
static bool makes_pod_limit(const struct pn_resource_lines *lines,
                            const struct pn_resource_line *line)
{
    struct pn_str name = line->member->key;
    return lines->has_pod_level && line->kind == PN_LIMITS && pn_resource_is_hugepages(name) &&
           pn_value_get(PN_GET(lines->pod_level, "requests"), name).kind == PN_ABSENT;
}

static int gather_list(struct pn_resource_lines *lines, struct pn_resource_line line,
                       struct pn_value list)
{
    int r = 0;
    if (pn_value_is_unset(list))
        return 0;
    if (list.kind != PN_OBJECT)
        return wrong_type(lines, &line, field_of(&line), list);
    for (uint32_t i = 0; i < pn_value_count(list) && r == 0; i++) {
        line.member = pn_value_member(list, i);
        r = push(lines, &line);
        lines->has_pod_limits = lines->has_pod_limits || makes_pod_limit(lines, &line);
    }
    return r;
}

static int gather_resources(struct pn_resource_lines *lines, struct pn_resource_line line,
                            struct pn_value resources)
{
    if (pn_value_is_unset(resources))
        return 0;
    if (resources.kind != PN_OBJECT)
        return wrong_type(lines, &line, "/resources", resources);
    line.kind = PN_REQUESTS;
    int r = gather_list(lines, line, PN_GET(resources, "requests"));
    line.kind = PN_LIMITS;
    return r != 0 ? r : gather_list(lines, line, PN_GET(resources, "limits"));
}

static int gather_container(struct pn_resource_lines *lines, enum pn_resource_owner owner,
                            uint32_t index, struct pn_value container)
{
    if (owner == PN_OWNER_INIT && pn_value_is_string(PN_GET(container, "restartPolicy"), "Always"))
        owner = PN_OWNER_SIDECAR;
    struct pn_resource_line line = {.owner = (uint8_t)owner, .index = index};
    lines->container_count++;
    if (!pn_value_is_unset(container) && container.kind != PN_OBJECT)
        return wrong_type(lines, &line, "", container);
    return gather_resources(lines, line, PN_GET(container, "resources"));
}

static int gather_containers(struct pn_resource_lines *lines, enum pn_resource_owner owner,
                             const char *path, struct pn_value list)
{
    int r = 0;
    if (!pn_value_is_unset(list) && list.kind != PN_ARRAY)
        return pn_err_set(lines->err, PN_RESOURCES_E_INVALID, "%s: expected a list, got %s", path,
                          pn_value_kind_name(list));
    for (uint32_t i = 0; i < pn_value_count(list) && r == 0; i++)
        r = gather_container(lines, owner, i, pn_value_at(list, i));
    return r;
}

int pn_resource_lines_of_spec(struct pn_resource_lines *lines, struct pn_value spec)
{
    if (!pn_value_is_unset(spec) && spec.kind != PN_OBJECT)
        return pn_err_set(lines->err, PN_RESOURCES_E_INVALID, "expected an object, got %s",
                          pn_value_kind_name(spec));
    lines->pod_level = PN_GET(spec, "resources");
    lines->has_pod_limits = pn_value_count(PN_GET(lines->pod_level, "limits")) > 0;
    lines->has_pod_level = lines->has_pod_limits ||
                           pn_value_count(PN_GET(lines->pod_level, "requests")) > 0;
    struct pn_resource_line pod = {.owner = PN_OWNER_POD}, overhead = {.owner = PN_OWNER_OVERHEAD};
    int r = gather_containers(lines, PN_OWNER_APP, "/containers", PN_GET(spec, "containers"));
    if (r == 0)
        r = gather_containers(lines, PN_OWNER_INIT, "/initContainers",
                              PN_GET(spec, "initContainers"));
    if (r == 0)
        r = gather_resources(lines, pod, lines->pod_level);
    return r != 0 ? r : gather_list(lines, overhead, PN_GET(spec, "overhead"));
}

int pn_resource_lines_of_containers(struct pn_resource_lines *lines,
                                    const struct pn_value *containers, uint32_t n)
{
    int r = 0;
    for (uint32_t i = 0; i < n && r == 0; i++)
        r = gather_container(lines, PN_OWNER_APP, i, containers[i]);
    return r;
}

/* ---- sorting --------------------------------------------------------------------------- */

static void merge(struct pn_resource_line *to, const struct pn_resource_line *from, size_t middle,
                  size_t end)
{
    size_t left = 0, right = middle;
    while (left < middle || right < end) {
        bool take_left = right == end ||
                         (left < middle &&
                          pn_str_cmp(from[left].member->key, from[right].member->key) <= 0);
        *to++ = from[take_left ? left++ : right++];
    }
}

/* Merge sort: stable, and n log n whatever a stranger wrote. */
int pn_resource_lines_sort(struct pn_resource_lines *lines)
{
    size_t n = lines->count;
    struct pn_resource_line *from = lines->items;
    struct pn_resource_line *to = pn_arena_alloc(lines->arena, n * sizeof *to);
    if (to == NULL)
        return pn_err_set(lines->err, -ENOMEM, "out of memory");
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t i = 0; i < n; i += 2 * width) {
            size_t middle = width < n - i ? width : n - i;
            size_t end = 2 * width < n - i ? 2 * width : n - i;
            merge(to + i, from + i, middle, end);
        }
        struct pn_resource_line *sorted = to;
        to = from;
        from = sorted;
    }
    lines->items = from;
    return 0;
}

bool pn_resource_lines_starts(const struct pn_resource_lines *lines, uint32_t i)
{
    return i == 0 || !pn_str_eq(lines->items[i - 1].member->key, lines->items[i].member->key);
}
