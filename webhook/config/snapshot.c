/* SPDX-License-Identifier: Apache-2.0 */
#include "config/snapshot.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct pn_snapshot {
    pthread_mutex_t lock;
    struct pn_policy_set *set;        /* NULL: nothing was published yet */
    struct pn_namespaces *namespaces; /* NULL: nobody gave labels */
};

int pn_snapshot_new(struct pn_snapshot **ret)
{
    struct pn_snapshot *s = calloc(1, sizeof *s);
    if (s == NULL)
        return -ENOMEM;
    pthread_mutex_init(&s->lock, NULL);
    *ret = s;
    return 0;
}

void pn_snapshot_free(struct pn_snapshot *s)
{
    if (s == NULL)
        return;
    pn_policy_set_unref(s->set);
    pn_namespaces_unref(s->namespaces);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

struct pn_policy_set *pn_snapshot_acquire(struct pn_snapshot *s)
{
    pthread_mutex_lock(&s->lock);
    struct pn_policy_set *set = s->set != NULL ? pn_policy_set_ref(s->set) : NULL;
    pthread_mutex_unlock(&s->lock);
    return set;
}

struct pn_policy_set *pn_snapshot_acquire_both(struct pn_snapshot *s,
                                               struct pn_namespaces **ret_namespaces)
{
    pthread_mutex_lock(&s->lock);
    struct pn_policy_set *set = s->set != NULL ? pn_policy_set_ref(s->set) : NULL;
    *ret_namespaces = s->namespaces != NULL ? pn_namespaces_ref(s->namespaces) : NULL;
    pthread_mutex_unlock(&s->lock);
    return set;
}

void pn_snapshot_publish(struct pn_snapshot *s, struct pn_policy_set *take)
{
    pn_snapshot_publish_both(s, take, NULL);
}

void pn_snapshot_publish_both(struct pn_snapshot *s, struct pn_policy_set *take_set,
                              struct pn_namespaces *take_namespaces)
{
    pthread_mutex_lock(&s->lock);
    struct pn_policy_set *set = s->set;
    struct pn_namespaces *namespaces = s->namespaces;
    s->set = take_set;
    s->namespaces = take_namespaces;
    pthread_mutex_unlock(&s->lock);
    /* Outside the lock: the last reference frees the whole set. */
    pn_policy_set_unref(set);
    pn_namespaces_unref(namespaces);
}
