/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "cli/preview.h"

/* --as and --as-group. */

static const char authenticated[] = "system:authenticated";
static const char unauthenticated[] = "system:unauthenticated";

/* Room for the groups that are added to those of the flags. */
enum { ADDED_MAX = 3 };

struct groups {
    struct pn_value *items; /* in the arena */
    size_t count;
};

static void add(struct groups *groups, struct pn_str name)
{
    groups->items[groups->count++] = pn_string(name);
}

static bool has(const struct groups *groups, const char *name)
{
    for (size_t i = 0; i < groups->count; i++) {
        if (pn_value_is_string(groups->items[i], name))
            return true;
    }
    return false;
}

/* Without --as-group a service account has those of its kind. Returns 0 or -ENOMEM. */
static int add_of_service_account(struct groups *groups, struct pn_str user, struct pn_arena *a)
{
    struct pn_str prefix = PN_STR("system:serviceaccount:");
    struct pn_str rest = {user.s + prefix.n, user.n - prefix.n};
    if (!pn_str_has_prefix(user, prefix))
        return 0;
    struct pn_str namespace = pn_str_split(&rest, ':');
    if (namespace.n == 0 || rest.n == 0)
        return 0;
    struct pn_str of_namespace = pn_arena_format(a, "system:serviceaccounts:%.*s",
                                                 PN_STR_ARG(namespace));
    if (of_namespace.s == NULL)
        return -ENOMEM;
    add(groups, PN_STR("system:serviceaccounts"));
    add(groups, of_namespace);
    return 0;
}

/* Everybody is one of these two. */
static void add_of_everybody(struct groups *groups, struct pn_str user)
{
    bool is_anonymous = pn_str_is(user, "system:anonymous");
    bool is_told = has(groups, unauthenticated) || (!is_anonymous && has(groups, authenticated));
    if (!is_told)
        add(groups, pn_str_of(is_anonymous ? unauthenticated : authenticated));
}

int pn_preview_user_make(struct pn_value *ret, const struct pn_preview_options *o,
                         struct pn_arena *a, struct pn_err *err)
{
    struct pn_str user = pn_str_of(o->user);
    struct pn_value list;
    *ret = PN_VALUE_ABSENT;
    if (user.n == 0 && o->groups.count > 0)
        return pn_err_set(err, PN_PREVIEW_E_USER, "--as-group needs a user: name it with --as");
    if (user.n == 0)
        return 0;
    struct groups groups = {
        .items = pn_arena_zalloc(a, o->groups.count + ADDED_MAX, sizeof *groups.items)};
    if (groups.items == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < o->groups.count; i++)
        add(&groups, pn_str_of(o->groups.items[i]));
    int r = groups.count == 0 ? add_of_service_account(&groups, user, a) : 0;
    add_of_everybody(&groups, user);
    if (r == 0)
        r = pn_array_take(&list, a, groups.items, groups.count);
    if (r != 0)
        return r;
    const struct pn_member members[] = {{PN_STR("username"), pn_string(user)},
                                        {PN_STR("groups"), list}};
    return pn_object_new(ret, a, members, PN_COUNT_OF(members));
}
