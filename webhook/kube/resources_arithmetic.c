/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/resources.h"

const struct pn_resource *pn_resources_find(const struct pn_resource_list *list, struct pn_str name)
{
    uint32_t low = 0, high = list->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = pn_str_cmp(list->items[middle].name, name);
        if (order == 0)
            return &list->items[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

bool pn_resources_nano(__int128 *ret, const struct pn_resource_list *list, struct pn_str name)
{
    const struct pn_resource *resource = pn_resources_find(list, name);
    if (resource == NULL) {
        *ret = 0;
        return true;
    }
    return !resource->out_of_range && pn_quantity_nano(ret, &resource->quantity);
}

bool pn_resources_growth(__int128 *ret, const struct pn_resource_list *after,
                         const struct pn_resource_list *before, struct pn_str name)
{
    __int128 more, less, growth;
    if (!pn_resources_nano(&more, after, name) || !pn_resources_nano(&less, before, name) ||
        __builtin_sub_overflow(more, less, &growth))
        return false;
    *ret = growth;
    return true;
}

bool pn_resources_percent(__int128 *ret, __int128 nano, uint32_t percent)
{
    int64_t rest = (int64_t)(nano % 100) * percent;
    __int128 share;
    if (__builtin_mul_overflow(nano / 100, (__int128)percent, &share) ||
        __builtin_add_overflow(share, (__int128)(rest / 100 - (rest % 100 < 0)), &share))
        return false;
    *ret = share;
    return true;
}
