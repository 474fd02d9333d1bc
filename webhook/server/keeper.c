/* SPDX-License-Identifier: Apache-2.0 */
#include "server/keeper.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/limits.h"
#include "certs/check.h"
#include "certs/store.h"
#include "server/fitness.h"
#include "server/own_cert.h"
#include "sys/watch.h"

enum { DAY_SECONDS = 24 * 3600 };

/* The files' texts, or those of an own certificate. */
struct texts {
    struct pn_buf cert, key, client_ca;
};

#define TEXTS_INIT                            \
    {                                         \
        PN_BUF_INIT, PN_BUF_INIT, PN_BUF_INIT \
    }

static void texts_deinit(struct texts *t)
{
    pn_buf_deinit(&t->cert);
    pn_store_wipe(&t->key);
    pn_buf_deinit(&t->client_ca);
}

struct pn_keeper {
    struct pn_keeper_options o;
    pthread_mutex_t lock; /* of `tls` */
    struct pn_tls *tls;
    _Atomic int64_t not_after;
    atomic_bool failed;
    /* The rest belongs to the thread that takes turns. */
    int64_t not_before;
    uint64_t pair, client_ca; /* hashes of the texts that are served */
    struct pn_watch watch;
    const char *paths[3];
    size_t path_count;
    int64_t retry_at;                   /* once `failed` */
    char refusal[PN_FITNESS_WHY_BYTES]; /* the last that was logged */
    unsigned told;                      /* stage of the end that was logged for this certificate */
    struct pn_issued own;               /* with the CA that renews */
};

/* ---- the log ---------------------------------------------------------------------------- */

static void add_time(struct pn_log_line *line, const char *key, int64_t seconds)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    pn_check_write_time(&text, seconds);
    pn_log_str(line, key, pn_buf_view(&text));
}

static void say(struct pn_keeper *k, enum pn_log_level level, const char *message, const char *why)
{
    struct pn_log_line line;
    pn_log_begin(&line, k->o.log, NULL, level, pn_str_of(message));
    if (k->o.cert_file != NULL)
        pn_log_str(&line, "certFile", pn_str_of(k->o.cert_file));
    if (why != NULL)
        pn_log_str(&line, "why", pn_str_of(why));
    add_time(&line, "notAfter", pn_keeper_not_after(k));
    pn_log_commit(&line);
}

/* How near the end is: 0 far, 4 past. A certificate of a day has not a month to warn in. */
static unsigned stage_of_end(int64_t not_before, int64_t not_after, int64_t now)
{
    static const struct {
        int64_t left, share; /* of its life */
    } stages[] = {{30 * DAY_SECONDS, 4}, {7 * DAY_SECONDS, 10}, {DAY_SECONDS, 20}};
    int64_t left = not_after - now;
    unsigned stage = 0;
    if (left <= 0)
        return PN_COUNT_OF(stages) + 1;
    while (stage < PN_COUNT_OF(stages) && left < stages[stage].left &&
           left < (not_after - not_before) / stages[stage].share)
        stage++;
    return stage;
}

static void warn_of_end(struct pn_keeper *k, int64_t now)
{
    int64_t not_after = pn_keeper_not_after(k);
    unsigned stage = stage_of_end(k->not_before, not_after, now);
    if (stage <= k->told)
        return;
    k->told = stage;
    if (not_after <= now)
        say(k, PN_LOG_ERROR, "the certificate has expired", NULL);
    else
        say(k, PN_LOG_WARN, "the certificate expires soon", NULL);
}

/* ---- taking a pair ---------------------------------------------------------------------- */

static void publish(struct pn_keeper *k, struct pn_tls *take_tls, const struct pn_fitness *v)
{
    pthread_mutex_lock(&k->lock);
    struct pn_tls *before = k->tls;
    k->tls = take_tls;
    pthread_mutex_unlock(&k->lock);
    pn_tls_unref(before);
    atomic_store(&k->not_after, v->not_after);
    atomic_store(&k->failed, false);
    k->not_before = v->not_before;
    k->refusal[0] = '\0';
    k->told = 0;
}

static uint64_t hash_pair(const struct texts *t)
{
    uint64_t hash = pn_str_hash(PN_HASH_BASIS, pn_buf_view(&t->cert));
    hash = pn_str_hash(hash, (struct pn_str){"", 1});
    return pn_str_hash(hash, pn_buf_view(&t->key));
}

static uint64_t hash_client_ca(const struct texts *t)
{
    return pn_str_hash(PN_HASH_BASIS, pn_buf_view(&t->client_ca));
}

static int load(struct pn_tls **ret, struct pn_fitness *ret_fitness, const struct texts *t,
                int64_t now, bool forks, struct pn_err *err)
{
    PN_CLEANUP(pn_tls_unref_pointer) struct pn_tls *tls = NULL;
    const struct pn_tls_texts texts = {pn_buf_view(&t->cert), pn_buf_view(&t->key),
                                       pn_buf_view(&t->client_ca)};
    int r = pn_tls_new(&tls, &texts, err);
    if (r == 0)
        r = pn_fitness_ask(ret_fitness, &texts, now, forks, err);
    if (r == 0)
        *ret = PN_TAKE(tls);
    return r;
}

static int read_client_ca(struct texts *t, const struct pn_keeper *k, struct pn_err *err)
{
    if (k->o.client_ca_file == NULL)
        return 0;
    return pn_store_read(&t->client_ca, "client CA file", k->o.client_ca_file, err);
}

static int read_texts(struct texts *t, const struct pn_keeper *k, struct pn_err *err)
{
    int r = 0;
    if (k->o.cert_file == NULL) {
        pn_buf_str(&t->cert, pn_buf_view(&k->own.cert));
        pn_buf_str(&t->key, pn_buf_view(&k->own.key));
        if (t->cert.failed || t->key.failed)
            return pn_err_set(err, -ENOMEM, "out of memory");
    } else {
        r = pn_store_read(&t->cert, "certificate file", k->o.cert_file, err);
        if (r == 0)
            r = pn_store_read(&t->key, "private key file", k->o.key_file, err);
    }
    return r == 0 ? read_client_ca(t, k, err) : r;
}

static void fail(struct pn_keeper *k, int64_t now, const char *message, const char *why)
{
    bool is_news = strncmp(k->refusal, why, sizeof k->refusal - 1) != 0;
    atomic_store(&k->failed, true);
    k->retry_at = now + PN_CERT_RETRY_SECONDS;
    if (!is_news)
        return;
    size_t n = strnlen(why, sizeof k->refusal - 1);
    memcpy(k->refusal, why, n);
    k->refusal[n] = '\0';
    say(k, PN_LOG_ERROR, message, why);
}

static void take(struct pn_keeper *k, struct pn_tls *take_tls, const struct pn_fitness *v,
                 const struct texts *t)
{
    publish(k, take_tls, v);
    k->pair = hash_pair(t);
    k->client_ca = hash_client_ca(t);
}

/* A pair that is refused is asked about again from time to time: it may not have been valid yet,
 * and memory may have been short. */
static void reload(struct pn_keeper *k, int64_t now)
{
    static const char refused[] = "refused the new certificate: the old one is served on";
    PN_CLEANUP(texts_deinit) struct texts t = TEXTS_INIT;
    PN_CLEANUP(pn_tls_unref_pointer) struct pn_tls *tls = NULL;
    struct pn_fitness fitness = {0};
    struct pn_err err = PN_ERR_INIT;
    int r = read_texts(&t, k, &err);
    bool is_new_pair = r == 0 && hash_pair(&t) != k->pair;
    if (r == 0 && !is_new_pair && hash_client_ca(&t) == k->client_ca) { /* touched, or put back */
        atomic_store(&k->failed, false);
        k->refusal[0] = '\0';
        return;
    }
    if (r == 0)
        r = load(&tls, &fitness, &t, now, false, &err);
    if (r != 0) {
        fail(k, now, refused, err.text);
    } else if (is_new_pair && fitness.is_unfit) {
        fail(k, now, refused, fitness.why);
    } else {
        take(k, PN_TAKE(tls), &fitness, &t);
        say(k, PN_LOG_INFO, is_new_pair ? "took a new certificate" : "took a new client CA", NULL);
    }
}

/* What was read or made first is better than nothing, so it is only told that it is unfit. */
static int load_first(struct pn_keeper *k, int64_t now, struct pn_err *err)
{
    PN_CLEANUP(texts_deinit) struct texts t = TEXTS_INIT;
    PN_CLEANUP(pn_tls_unref_pointer) struct pn_tls *tls = NULL;
    struct pn_fitness fitness = {0};
    int r = read_texts(&t, k, err);
    if (r != 0)
        return r;
    r = load(&tls, &fitness, &t, now, true, err);
    if (r != 0 && k->o.cert_file != NULL)
        pn_err_wrap(err, r, "cannot serve certificate '%s' with key '%s'", k->o.cert_file,
                    k->o.key_file);
    if (r != 0)
        return r;
    take(k, PN_TAKE(tls), &fitness, &t);
    if (fitness.is_unfit)
        say(k, PN_LOG_ERROR, "an API server would refuse this certificate", fitness.why);
    return 0;
}

/* ---- of our own ------------------------------------------------------------------------- */

static int write_own(struct pn_keeper *k, struct pn_err *err)
{
    return k->o.cert_dir != NULL ? pn_own_cert_write(&k->own, k->o.cert_dir, err) : 0;
}

static int renew_by_ca(struct pn_keeper *k, int64_t now, struct pn_err *err)
{
    PN_CLEANUP(pn_issued_deinit) struct pn_issued issued = PN_ISSUED_INIT;
    PN_CLEANUP(texts_deinit) struct texts t = TEXTS_INIT;
    PN_CLEANUP(pn_tls_unref_pointer) struct pn_tls *tls = NULL;
    struct pn_fitness fitness = {0};
    int r = pn_own_cert_renew(&issued, &k->own, k->o.address, now, err);
    if (r != 0)
        return r;
    struct pn_issued before = k->own;
    k->own = issued;
    issued = before; /* freed on the way out, or put back */
    r = read_texts(&t, k, err);
    if (r == 0)
        r = load(&tls, &fitness, &t, now, false, err);
    if (r == 0) {
        take(k, PN_TAKE(tls), &fitness, &t);
    } else {
        issued = k->own;
        k->own = before;
    }
    return r;
}

static void renew(struct pn_keeper *k, int64_t now)
{
    struct pn_err err = PN_ERR_INIT;
    if (renew_by_ca(k, now, &err) != 0) {
        fail(k, now, "cannot renew the server's own certificate", err.text);
        return;
    }
    say(k, PN_LOG_INFO, "renewed the server's own certificate", NULL);
    if (write_own(k, &err) != 0) /* it is served all the same, and its CA is the same */
        say(k, PN_LOG_ERROR, "cannot write the server's own certificate", err.text);
}

/* ---- the keeper ------------------------------------------------------------------------- */

static void watch(struct pn_keeper *k)
{
    const char *const paths[] = {k->o.cert_file, k->o.key_file, k->o.client_ca_file};
    for (size_t i = 0; i < PN_COUNT_OF(paths); i++) {
        if (paths[i] != NULL)
            k->paths[k->path_count++] = paths[i];
    }
    pn_watch_init(&k->watch, k->paths, k->path_count);
}

int pn_keeper_new(struct pn_keeper **ret, const struct pn_keeper_options *o, int64_t now,
                  struct pn_err *err)
{
    struct pn_keeper *k = calloc(1, sizeof *k);
    int r = 0;
    if (k == NULL)
        return pn_err_set(err, -ENOMEM, "out of memory");
    k->o = *o;
    pthread_mutex_init(&k->lock, NULL);
    watch(k);
    if (o->cert_file == NULL)
        r = pn_own_cert_make(&k->own, o->address, now, err);
    if (r == 0)
        r = load_first(k, now, err);
    if (r == 0 && o->cert_file == NULL)
        r = write_own(k, err);
    if (r != 0) {
        pn_keeper_free(k);
        return r > 0 ? -EINVAL : r;
    }
    *ret = k;
    return 0;
}

void pn_keeper_free(struct pn_keeper *k)
{
    if (k == NULL)
        return;
    pn_tls_unref(k->tls);
    pn_issued_deinit(&k->own);
    pthread_mutex_destroy(&k->lock);
    free(k);
}

struct pn_tls *pn_keeper_acquire(struct pn_keeper *k)
{
    pthread_mutex_lock(&k->lock);
    struct pn_tls *tls = pn_tls_ref(k->tls);
    pthread_mutex_unlock(&k->lock);
    return tls;
}

/* At two thirds of its life, as those do who renew certificates for others; and when the clock had
 * jumped ahead, and the certificate is from the future. */
static bool is_due(const struct pn_keeper *k, int64_t now)
{
    return now < k->not_before ||
           now >= k->not_before + (pn_keeper_not_after(k) - k->not_before) / 3 * 2;
}

void pn_keeper_turn(struct pn_keeper *k, int64_t now)
{
    bool failed = pn_keeper_has_failed(k);
    bool changed = pn_watch_has_changed(&k->watch, k->paths, k->path_count);
    int64_t wait = k->retry_at - now; /* more than was set: the clock was put back */
    bool retries = failed && (wait <= 0 || wait > PN_CERT_RETRY_SECONDS);
    if (k->o.cert_file == NULL && is_due(k, now) && (!failed || retries))
        renew(k, now);
    else if (changed || retries)
        reload(k, now);
    warn_of_end(k, now);
}

bool pn_keeper_asks_clients(const struct pn_keeper *k)
{
    return k->o.client_ca_file != NULL;
}

int pn_keeper_admit(struct pn_keeper *k, void *session, struct pn_err *err)
{
    if (!pn_keeper_asks_clients(k))
        return 0;
    PN_CLEANUP(pn_tls_unref_pointer) struct pn_tls *tls = pn_keeper_acquire(k);
    return pn_tls_verify_client(tls, session, k->o.client_names, k->o.client_name_count, err);
}

int64_t pn_keeper_not_after(const struct pn_keeper *k)
{
    return atomic_load(&k->not_after);
}

bool pn_keeper_has_failed(const struct pn_keeper *k)
{
    return atomic_load(&k->failed);
}
