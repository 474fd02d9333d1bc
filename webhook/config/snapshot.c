/* SPDX-License-Identifier: Apache-2.0 */
#include "config/snapshot.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct pn_snapshot {
    pthread_mutex_t lock;
    struct pn_policy_set *set; /* NULL: nothing was published yet */
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

void pn_snapshot_publish(struct pn_snapshot *s, struct pn_policy_set *take)
{
    pthread_mutex_lock(&s->lock);
    struct pn_policy_set *before = s->set;
    s->set = take;
    pthread_mutex_unlock(&s->lock);
    pn_policy_set_unref(before); /* outside the lock: the last reference frees the whole set */
}
