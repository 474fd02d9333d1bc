/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_SERVER_EXCHANGE_H
#define PN_SERVER_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "base/str.h"
#include "obs/metrics.h"

struct pn_conn;
struct pn_route;

/*
 * One HTTP request and its response. Its buffers come from a pool and go back to it, so that a
 * review in the steady state allocates nothing of ours.
 */
struct pn_exchange {
    struct pn_exchange *next; /* in the pool */
    struct pn_conn *conn;
    const struct pn_route *route; /* NULL: none fits */
    int64_t began_us;             /* monotonic: its headers were here */
    bool counted;                 /* in the metrics */
    enum pn_outcome outcome;      /* of a review that was answered with 200 */

    char *body; /* followed by PN_ENGINE_BODY_PADDING zero bytes once it is complete */
    size_t body_len;
    size_t body_cap;
    size_t charged;     /* of body_cap, to the pool's total */
    uint64_t discarded; /* bytes of the body that were read and dropped */
    bool discards;      /* the answer is clear: the rest of the body is not kept */

    unsigned status; /* 0: not answered yet */
    const char *content_type;
    const char *allow;                 /* for 405; NULL: no header */
    bool closes;                       /* the connection ends with this response */
    struct pn_buf out;                 /* the response body */
    char why[PN_REFUSAL_LOGGED_BYTES]; /* of a failure: its message, cut, for the log */
};

/* Memory for exchanges and for the engine, shared by all workers. */
struct pn_pool;

/*
 * `bodies_max_bytes` bounds the bodies of all requests in flight; an arena is kept for each of
 * `workers` threads. Returns 0 or -ENOMEM.
 */
int pn_pool_new(struct pn_pool **ret, size_t bodies_max_bytes, unsigned workers) PN_MUST_CHECK;

/* To be called when everything taken was given back. NULL is allowed. */
void pn_pool_free(struct pn_pool *pool);

/* An empty exchange, or NULL when out of memory. */
struct pn_exchange *pn_pool_take(struct pn_pool *pool);
void pn_pool_give(struct pn_pool *pool, struct pn_exchange *ex);

/* An arena for one decision, or NULL when out of memory. */
struct pn_arena *pn_pool_take_arena(struct pn_pool *pool);
void pn_pool_give_arena(struct pn_pool *pool, struct pn_arena *arena);

/* Bytes of bodies, responses and arenas that went back to the heap since the last call. */
size_t pn_pool_take_freed(struct pn_pool *pool);

/* The body has more than PN_REVIEW_MAX_BYTES. */
#define PN_EXCHANGE_E_TOO_LARGE 1
/* All bodies together would have more than the pool allows. */
#define PN_EXCHANGE_E_OVERLOAD 2

/*
 * Appends to the body, which grows by doubling as bytes arrive: a Content-Length alone buys
 * nothing. Returns 0, PN_EXCHANGE_E_TOO_LARGE, PN_EXCHANGE_E_OVERLOAD or -ENOMEM; on failure the
 * body is gone.
 */
int pn_exchange_append(struct pn_pool *pool, struct pn_exchange *ex, const char *bytes,
                       size_t n) PN_MUST_CHECK;

/* Puts the padding behind the body. Returns 0 or what pn_exchange_append returns. */
int pn_exchange_finish_body(struct pn_pool *pool, struct pn_exchange *ex) PN_MUST_CHECK;

/* Frees the body; it is not needed any more. */
void pn_exchange_drop_body(struct pn_pool *pool, struct pn_exchange *ex);

/* Answers with a text. */
void pn_exchange_text(struct pn_exchange *ex, unsigned status, const char *text);

/*
 * Answers with a Status object, as the API server writes errors (apimachinery, meta/v1 Status):
 * kind, apiVersion, status Failure, message, reason and code.
 */
void pn_exchange_fail(struct pn_exchange *ex, unsigned status, const char *format, ...)
    PN_PRINTF(3, 4);

#endif
