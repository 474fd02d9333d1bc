/* SPDX-License-Identifier: Apache-2.0 */
#include "server/conns.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/limits.h"

/* A client that has just connected is about to speak: handshake and request take less, on a machine
 * without time to spare too. */
enum { YOUNG_MS = 5000 };

struct pn_conn {
    struct pn_conn *next;
    struct pn_conn *before;
    int fd;
    struct pn_tls *tls;
    bool ended; /* shut down already; guarded by the table's lock */
    /* Written by the worker that owns the connection, read by the sweep. `since` is written first:
     * who sees the new `busy` sees its time. */
    _Atomic int64_t since_ms; /* of accept, begin or end */
    atomic_bool busy;
    atomic_bool served;
    int64_t verified_until_ms;
};

struct pn_conns {
    pthread_mutex_t lock; /* of the list; a listed fd is open while it is held */
    struct pn_conn *first;
    size_t max;
    size_t open;
    size_t closed;
    atomic_size_t in_flight;
};

int pn_conns_new(struct pn_conns **ret, size_t max)
{
    struct pn_conns *conns = calloc(1, sizeof *conns);
    if (conns == NULL)
        return -ENOMEM;
    conns->max = max;
    pthread_mutex_init(&conns->lock, NULL);
    *ret = conns;
    return 0;
}

void pn_conns_free(struct pn_conns *conns)
{
    if (conns == NULL)
        return;
    pthread_mutex_destroy(&conns->lock);
    free(conns);
}

struct pn_conn *pn_conns_add(struct pn_conns *conns, int fd, struct pn_tls *take_tls,
                             int64_t now_ms)
{
    struct pn_conn *conn = calloc(1, sizeof *conn);
    if (conn == NULL) {
        pn_tls_unref(take_tls);
        return NULL;
    }
    conn->fd = fd;
    conn->tls = take_tls;
    atomic_init(&conn->since_ms, now_ms);
    pthread_mutex_lock(&conns->lock);
    conn->next = conns->first;
    if (conn->next != NULL)
        conn->next->before = conn;
    conns->first = conn;
    conns->open++;
    pthread_mutex_unlock(&conns->lock);
    return conn;
}

void pn_conns_remove(struct pn_conns *conns, struct pn_conn *conn)
{
    pthread_mutex_lock(&conns->lock);
    if (conn->next != NULL)
        conn->next->before = conn->before;
    if (conn->before != NULL)
        conn->before->next = conn->next;
    else
        conns->first = conn->next;
    conns->open--;
    conns->closed++;
    pthread_mutex_unlock(&conns->lock);
    pn_tls_unref(conn->tls);
    free(conn);
}

void pn_conn_begin(struct pn_conns *conns, struct pn_conn *conn, int64_t now_ms)
{
    atomic_fetch_add(&conns->in_flight, 1);
    atomic_store(&conn->since_ms, now_ms);
    atomic_store(&conn->busy, true);
}

void pn_conn_end(struct pn_conns *conns, struct pn_conn *conn, int64_t now_ms)
{
    atomic_store(&conn->since_ms, now_ms);
    atomic_store(&conn->served, true);
    atomic_store(&conn->busy, false);
    atomic_fetch_sub(&conns->in_flight, 1);
}

int64_t pn_conn_verified_until_ms(const struct pn_conn *conn)
{
    return conn->verified_until_ms;
}

void pn_conn_set_verified_until_ms(struct pn_conn *conn, int64_t until_ms)
{
    conn->verified_until_ms = until_ms;
}

size_t pn_conns_open(struct pn_conns *conns)
{
    pthread_mutex_lock(&conns->lock);
    size_t open = conns->open;
    pthread_mutex_unlock(&conns->lock);
    return open;
}

size_t pn_conns_in_flight(struct pn_conns *conns)
{
    return atomic_load(&conns->in_flight);
}

size_t pn_conns_take_closed(struct pn_conns *conns)
{
    pthread_mutex_lock(&conns->lock);
    size_t closed = conns->closed;
    conns->closed = 0;
    pthread_mutex_unlock(&conns->lock);
    return closed;
}

size_t pn_conns_sweep(struct pn_conns *conns, int64_t now_ms)
{
    size_t late = 0;
    pthread_mutex_lock(&conns->lock);
    bool crowded = conns->open > conns->max / 2;
    for (struct pn_conn *conn = conns->first; conn != NULL; conn = conn->next) {
        bool busy = atomic_load(&conn->busy);
        int64_t age_ms = now_ms - atomic_load(&conn->since_ms);
        bool silent = crowded && !atomic_load(&conn->served);
        int64_t most = busy || silent ? PN_BODY_TIMEOUT_SECONDS : PN_IDLE_TIMEOUT_SECONDS;
        if (conn->ended || age_ms <= most * 1000)
            continue;
        conn->ended = true;
        late += busy;
        shutdown(conn->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&conns->lock);
    return late;
}

/* A request may have come that its worker had no time for yet. */
static bool has_unread(const struct pn_conn *conn)
{
    int bytes = 0;
    return ioctl(conn->fd, FIONREAD, &bytes) == 0 && bytes > 0;
}

void pn_conns_end_idle(struct pn_conns *conns)
{
    pthread_mutex_lock(&conns->lock);
    for (struct pn_conn *conn = conns->first; conn != NULL; conn = conn->next) {
        if (conn->ended || atomic_load(&conn->busy) || !atomic_load(&conn->served) ||
            has_unread(conn))
            continue;
        conn->ended = true;
        /* Only the reading side: the worker sees the end and says goodbye in TLS. */
        shutdown(conn->fd, SHUT_RD);
    }
    pthread_mutex_unlock(&conns->lock);
}

bool pn_conns_are_quiet(struct pn_conns *conns, int64_t now_ms)
{
    bool quiet = true;
    pthread_mutex_lock(&conns->lock);
    for (struct pn_conn *conn = conns->first; quiet && conn != NULL; conn = conn->next) {
        bool young = !atomic_load(&conn->served) &&
                     now_ms - atomic_load(&conn->since_ms) < YOUNG_MS;
        quiet = !atomic_load(&conn->busy) && !young && (conn->ended || !has_unread(conn));
    }
    pthread_mutex_unlock(&conns->lock);
    return quiet && atomic_load(&conns->in_flight) == 0;
}
