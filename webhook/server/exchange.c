/* SPDX-License-Identifier: Apache-2.0 */
#include "server/exchange.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/value.h"
#include "engine/engine.h"

struct pn_pool {
    pthread_mutex_t lock;
    struct pn_exchange *exchanges; /* free ones */
    size_t exchange_count;
    size_t bodies_max;
    atomic_size_t bodies; /* capacity of all bodies in flight */
    atomic_size_t freed;
    size_t arena_count;
    size_t arenas_max;
    struct pn_arena *arenas[]; /* free ones */
};

int pn_pool_new(struct pn_pool **ret, size_t bodies_max_bytes, unsigned workers)
{
    struct pn_pool *pool = calloc(1, sizeof *pool + workers * sizeof pool->arenas[0]);
    if (pool == NULL)
        return -ENOMEM;
    pthread_mutex_init(&pool->lock, NULL);
    pool->bodies_max = bodies_max_bytes;
    pool->arenas_max = workers;
    *ret = pool;
    return 0;
}

static void exchange_free(struct pn_exchange *ex)
{
    pn_buf_deinit(&ex->out);
    free(ex->body);
    free(ex);
}

void pn_pool_free(struct pn_pool *pool)
{
    if (pool == NULL)
        return;
    while (pool->exchanges != NULL) {
        struct pn_exchange *ex = pool->exchanges;
        pool->exchanges = ex->next;
        exchange_free(ex);
    }
    while (pool->arena_count > 0)
        pn_arena_free(pool->arenas[--pool->arena_count]);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* ---- exchanges ------------------------------------------------------------------------- */

struct pn_exchange *pn_pool_take(struct pn_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    struct pn_exchange *ex = pool->exchanges;
    if (ex != NULL) {
        pool->exchanges = ex->next;
        pool->exchange_count--;
    }
    pthread_mutex_unlock(&pool->lock);
    if (ex == NULL)
        return calloc(1, sizeof *ex);
    struct pn_exchange kept = {.body = ex->body, .body_cap = ex->body_cap, .out = ex->out};
    *ex = kept;
    return ex;
}

static void count_freed(struct pn_pool *pool, size_t n)
{
    atomic_fetch_add_explicit(&pool->freed, n, memory_order_relaxed);
}

/* Gives large buffers back to the heap: the pool is for the usual request. */
static void shrink(struct pn_pool *pool, struct pn_exchange *ex)
{
    atomic_fetch_sub(&pool->bodies, ex->charged);
    ex->charged = 0;
    if (ex->body_cap > PN_RESPONSE_KEEP_BYTES) {
        count_freed(pool, ex->body_cap);
        free(ex->body);
        ex->body = NULL;
        ex->body_cap = 0;
    }
    if (ex->out.cap > PN_RESPONSE_KEEP_BYTES)
        count_freed(pool, ex->out.cap);
    pn_buf_reset(&ex->out, PN_RESPONSE_KEEP_BYTES);
}

void pn_pool_give(struct pn_pool *pool, struct pn_exchange *ex)
{
    shrink(pool, ex);
    pthread_mutex_lock(&pool->lock);
    bool keep = pool->exchange_count < PN_EXCHANGES_KEEP;
    if (keep) {
        ex->next = pool->exchanges;
        pool->exchanges = ex;
        pool->exchange_count++;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!keep) {
        count_freed(pool, ex->body_cap + ex->out.cap);
        exchange_free(ex);
    }
}

size_t pn_pool_take_freed(struct pn_pool *pool)
{
    return atomic_exchange_explicit(&pool->freed, 0, memory_order_relaxed);
}

/* ---- arenas ---------------------------------------------------------------------------- */

struct pn_arena *pn_pool_take_arena(struct pn_pool *pool)
{
    struct pn_arena *arena = NULL;
    pthread_mutex_lock(&pool->lock);
    if (pool->arena_count > 0)
        arena = pool->arenas[--pool->arena_count];
    pthread_mutex_unlock(&pool->lock);
    if (arena == NULL && pn_arena_new(&arena, PN_ARENA_KEEP_BYTES) < 0)
        return NULL;
    return arena;
}

void pn_pool_give_arena(struct pn_pool *pool, struct pn_arena *arena)
{
    if (pn_arena_used(arena) > PN_ARENA_KEEP_BYTES)
        count_freed(pool, pn_arena_used(arena));
    pn_arena_reset(arena, 0);
    pthread_mutex_lock(&pool->lock);
    bool keep = pool->arena_count < pool->arenas_max;
    if (keep)
        pool->arenas[pool->arena_count++] = arena;
    pthread_mutex_unlock(&pool->lock);
    if (!keep)
        pn_arena_free(arena);
}

/* ---- bodies ---------------------------------------------------------------------------- */

void pn_exchange_drop_body(struct pn_pool *pool, struct pn_exchange *ex)
{
    atomic_fetch_sub(&pool->bodies, ex->charged);
    count_freed(pool, ex->charged > PN_RESPONSE_KEEP_BYTES ? ex->charged : 0);
    free(ex->body);
    ex->body = NULL;
    ex->body_len = ex->body_cap = ex->charged = 0;
}

/* Counts the body's capacity as `cap` bytes, unless all bodies together are too many then. */
static bool charge(struct pn_pool *pool, struct pn_exchange *ex, size_t cap)
{
    size_t more = cap - ex->charged;
    if (atomic_fetch_add(&pool->bodies, more) + more > pool->bodies_max) {
        atomic_fetch_sub(&pool->bodies, more);
        return false;
    }
    ex->charged = cap;
    return true;
}

/* Room for `n` bytes in all. */
static int grow_body(struct pn_pool *pool, struct pn_exchange *ex, size_t n)
{
    size_t cap = ex->body_cap > 0 ? ex->body_cap : PN_BODY_START_BYTES;
    while (cap < n)
        cap *= 2;
    if (cap > PN_REVIEW_MAX_BYTES + PN_ENGINE_BODY_PADDING)
        cap = PN_REVIEW_MAX_BYTES + PN_ENGINE_BODY_PADDING;
    if (cap > ex->charged && !charge(pool, ex, cap))
        return PN_EXCHANGE_E_OVERLOAD;
    if (cap == ex->body_cap)
        return 0;
    char *body = realloc(ex->body, cap);
    if (body == NULL)
        return -ENOMEM;
    ex->body = body;
    ex->body_cap = cap;
    return 0;
}

int pn_exchange_append(struct pn_pool *pool, struct pn_exchange *ex, const char *bytes, size_t n)
{
    int r = n <= PN_REVIEW_MAX_BYTES - ex->body_len
                ? grow_body(pool, ex, ex->body_len + n + PN_ENGINE_BODY_PADDING)
                : PN_EXCHANGE_E_TOO_LARGE;
    if (r != 0) {
        pn_exchange_drop_body(pool, ex);
        return r;
    }
    memcpy(ex->body + ex->body_len, bytes, n);
    ex->body_len += n;
    return 0;
}

int pn_exchange_finish_body(struct pn_pool *pool, struct pn_exchange *ex)
{
    int r = grow_body(pool, ex, ex->body_len + PN_ENGINE_BODY_PADDING);
    if (r == 0)
        memset(ex->body + ex->body_len, 0, PN_ENGINE_BODY_PADDING);
    return r;
}

/* ---- answers --------------------------------------------------------------------------- */

void pn_exchange_text(struct pn_exchange *ex, unsigned status, const char *text)
{
    ex->status = status;
    ex->content_type = "text/plain; charset=utf-8";
    pn_buf_reset(&ex->out, PN_RESPONSE_KEEP_BYTES);
    pn_buf_cstr(&ex->out, text);
}

/* apimachinery's StatusReason where it has one for the code, else HTTP's own words. */
static const char *status_reason(unsigned status)
{
    switch (status) {
    case 400:
        return "BadRequest";
    case 403:
        return "Forbidden";
    case 404:
        return "NotFound";
    case 405:
        return "MethodNotAllowed";
    case 411:
        return "LengthRequired";
    case 413:
        return "RequestEntityTooLarge";
    case 415:
        return "UnsupportedMediaType";
    case 501:
        return "NotImplemented";
    case 503:
        return "ServiceUnavailable";
    default:
        return "InternalError";
    }
}

void pn_exchange_fail(struct pn_exchange *ex, unsigned status, const char *format, ...)
{
    struct pn_err message;
    va_list args;
    va_start(args, format);
    pn_err_setv(&message, 0, format, args);
    va_end(args);
    size_t kept = pn_str_utf8_cut(pn_str_of(message.text), sizeof ex->why - 1);
    memcpy(ex->why, message.text, kept);
    ex->why[kept] = '\0';
    ex->status = status;
    ex->content_type = "application/json";
    pn_buf_reset(&ex->out, PN_RESPONSE_KEEP_BYTES);
    pn_buf_cstr(&ex->out, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"
                          "\"status\":\"Failure\",\"message\":");
    pn_json_write_str(&ex->out, pn_str_of(message.text));
    pn_buf_printf(&ex->out, ",\"reason\":\"%s\",\"code\":%u}\n", status_reason(status), status);
}
