/* SPDX-License-Identifier: Apache-2.0 */
#include "server/serve.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/limits.h"
#include "server/clock.h"
#include "server/conns.h"
#include "server/http.h"
#include "server/keeper.h"
#include "server/listen.h"
#include "server/monitor.h"
#include "server/routes.h"

/* The control thread's turns: sweeping while serving, and looking for the end while draining. */
enum { SWEEP_MS = 1000, DRAIN_MS = 20 };
/* Descriptors that are not connections: standard streams, sockets of our own, files being read. */
enum { OTHER_DESCRIPTORS = 64 };
/* More threads than this only share the same locks. */
enum { WORKERS_MAX = 256 };

struct server {
    const struct pn_serve_options *o;
    struct pn_service service;
    struct pn_keeper *keeper;
    struct pn_conns *conns;
    struct pn_http *http;
    struct pn_listener *listener;
    struct pn_monitor *monitor;
    int64_t swept_ms;
    size_t releasable; /* bytes in use before and free now */
    uint64_t loads;    /* of policies, when it was looked last */
};

static void server_deinit(struct server *s)
{
    if (s->listener != NULL)
        pn_listener_stop(s->listener);
    pn_monitor_free(s->monitor); /* it asks the rest how it is */
    pn_http_stop(s->http);
    pn_reload_stop(s->o->reload);
    pn_listener_free(s->listener);
    pn_conns_free(s->conns);
    pn_pool_free(s->service.pool);
    pn_metrics_free(s->service.metrics);
    pn_keeper_free(s->keeper);
}

/* ---- start ----------------------------------------------------------------------------- */

static unsigned worker_count(unsigned wanted)
{
    cpu_set_t cpus;
    if (wanted == 0 && sched_getaffinity(0, sizeof cpus, &cpus) == 0)
        wanted = (unsigned)CPU_COUNT(&cpus);
    if (wanted == 0)
        wanted = 1;
    return wanted < WORKERS_MAX ? wanted : WORKERS_MAX;
}

/* Raises the limit of descriptors as far as we may, and derives that of connections. */
static unsigned connection_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return PN_CONNECTIONS_MAX;
    rlim_t want = PN_CONNECTIONS_MAX + OTHER_DESCRIPTORS;
    if (want > limit.rlim_max)
        want = limit.rlim_max;
    if (limit.rlim_cur < want) {
        struct rlimit raised = {want, limit.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
            limit = raised;
    }
    if (limit.rlim_cur >= PN_CONNECTIONS_MAX + OTHER_DESCRIPTORS)
        return PN_CONNECTIONS_MAX;
    return limit.rlim_cur > 2 * OTHER_DESCRIPTORS ? (unsigned)limit.rlim_cur - OTHER_DESCRIPTORS
                                                  : OTHER_DESCRIPTORS;
}

/*
 * Large blocks (bodies, arenas) go back to the system when they are freed. By default the C library
 * raises both thresholds to the largest block it has seen, and malloc_trim leaves the top of each
 * thread's heap alone: one review of 8 MiB would then stay resident for ever.
 */
static void give_large_blocks_back(void)
{
    mallopt(M_MMAP_THRESHOLD, PN_LARGE_BLOCK_BYTES);
    mallopt(M_TRIM_THRESHOLD, PN_LARGE_BLOCK_BYTES);
}

static int load_cert(struct server *s, struct pn_err *err)
{
    const struct pn_serve_options *o = s->o;
    const struct pn_keeper_options keeper = {.cert_file = o->tls_cert_file,
                                             .key_file = o->tls_private_key_file,
                                             .client_ca_file = o->client_ca_file,
                                             .client_names = o->client_names,
                                             .client_name_count = o->client_name_count,
                                             .cert_dir = o->cert_dir,
                                             .address = o->bind_address,
                                             .log = o->log};
    if ((o->tls_cert_file == NULL) != (o->tls_private_key_file == NULL))
        return pn_err_set(err, -EINVAL,
                          "a certificate file and a private key file are given together or not "
                          "at all; the %s is missing",
                          o->tls_cert_file == NULL ? "certificate" : "private key");
    if (o->client_ca_file == NULL && o->client_name_count > 0)
        return pn_err_set(err, -EINVAL, "names of clients are checked with a client CA only");
    return pn_keeper_new(&s->keeper, &keeper, time(NULL), err);
}

static int start(struct server *s, struct pn_err *err)
{
    const struct pn_serve_options *o = s->o;
    unsigned workers = worker_count(o->workers);
    unsigned connections = connection_limit();
    give_large_blocks_back();
    int r = pn_listener_open(&s->listener, o->bind_address, o->secure_port, err);
    if (r == 0)
        r = pn_monitor_open(&s->monitor, o->metrics_bind_address, err);
    if (r == 0)
        r = load_cert(s, err);
    if (r != 0)
        return r;
    s->service.keeper = s->keeper;
    s->service.reload = o->reload;
    if (pn_metrics_new(&s->service.metrics) < 0 ||
        pn_pool_new(&s->service.pool, PN_BODIES_TOTAL_MAX_BYTES, workers) < 0 ||
        pn_conns_new(&s->conns, connections) < 0)
        return pn_err_set(err, -ENOMEM, "out of memory");
    s->service.conns = s->conns;
    s->service.connections_max = connections;
    struct pn_http_options http = {.service = &s->service,
                                   .routes = &pn_routes_reviews,
                                   .conns = s->conns,
                                   .keeper = s->keeper,
                                   .metrics = s->service.metrics,
                                   .workers = workers,
                                   .connections_max = connections};
    r = pn_http_start(&s->http, &http, err);
    if (r != 0)
        return r;
    if (o->reload != NULL)
        r = pn_reload_start(o->reload);
    if (r == 0)
        r = pn_listener_start(s->listener, s->http, o->log);
    if (r != 0)
        return pn_err_set(err, r, "cannot start a thread: %s", strerror(-r));
    return pn_monitor_start(s->monitor, &s->service, err);
}

static void say_serving(const struct server *s)
{
    const struct pn_serve_options *o = s->o;
    char address[INET6_ADDRSTRLEN];
    uint16_t port = pn_listener_address(s->listener, address);
    struct pn_log_line line;
    pn_log_begin(&line, o->log, NULL, PN_LOG_INFO, PN_STR("serving"));
    pn_log_str(&line, "address", pn_str_of(address));
    pn_log_int(&line, "port", port);
    if (s->monitor != NULL) {
        PN_CLEANUP(pn_buf_deinit) struct pn_buf metrics = PN_BUF_INIT;
        pn_monitor_write_address(&metrics, s->monitor);
        pn_log_str(&line, "metrics", pn_buf_view(&metrics));
    }
    if (o->tls_cert_file != NULL) {
        pn_log_str(&line, "certFile", pn_str_of(o->tls_cert_file));
    } else if (o->cert_dir != NULL) {
        char path[4096];
        snprintf(path, sizeof path, "%s/ca.crt", o->cert_dir);
        pn_log_str(&line, "caFile", pn_str_of(path));
    } else {
        pn_log_str(&line, "certificate", PN_STR("own, in memory"));
    }
    pn_log_commit(&line);
}

/* ---- serving --------------------------------------------------------------------------- */

/* Gives memory back after a peak: the C library would keep what a thousand connections used, or
 * the documents of a load. */
static void trim(struct server *s)
{
    struct pn_reload_state state;
    pn_reload_read(s->o->reload, &state);
    if (state.loads + state.failures != s->loads)
        s->releasable += PN_TRIM_AFTER_BYTES;
    s->loads = state.loads + state.failures;
    s->releasable += pn_conns_take_closed(s->conns) * PN_CONNECTION_RESIDENT_BYTES;
    s->releasable += pn_pool_take_freed(s->service.pool);
    if (s->releasable < PN_TRIM_AFTER_BYTES || pn_conns_in_flight(s->conns) > 0)
        return;
    s->releasable = 0;
    malloc_trim(0);
}

static void sweep(struct server *s)
{
    int64_t now_ms = pn_clock_ms();
    if (now_ms - s->swept_ms < SWEEP_MS)
        return;
    s->swept_ms = now_ms;
    size_t late = pn_conns_sweep(s->conns, now_ms);
    pn_monitor_sweep(s->monitor, now_ms);
    if (late > 0)
        pn_log_say(s->o->log, PN_LOG_WARN, "cut %zu requests that took longer than %d seconds",
                   late, PN_BODY_TIMEOUT_SECONDS);
    pn_keeper_turn(s->keeper, time(NULL));
    trim(s);
}

/* The next SIGTERM or SIGINT within `ms`, or 0. Sweeps when it is time. */
static int wait_signal(struct server *s, const sigset_t *signals, int64_t ms)
{
    struct timespec wait = {ms / 1000, ms % 1000 * 1000000};
    int number = sigtimedwait(signals, NULL, &wait);
    sweep(s);
    if (number == SIGHUP)
        pn_reload_ask(s->o->reload);
    return number == SIGTERM || number == SIGINT ? number : 0;
}

/* False when a second signal asks to end at once. */
static bool announce(struct server *s, const sigset_t *signals)
{
    int64_t until_ms = pn_clock_ms() + (int64_t)s->o->shutdown_delay_seconds * 1000;
    atomic_store(&s->service.draining, true);
    for (int64_t left; (left = until_ms - pn_clock_ms()) > 0;) {
        if (wait_signal(s, signals, left < SWEEP_MS ? left : SWEEP_MS) != 0)
            return false;
    }
    return true;
}

/* Ends connections as they fall idle; true when nothing was left in flight. */
static bool finish(struct server *s, const sigset_t *signals)
{
    int64_t until_ms = pn_clock_ms() + (int64_t)s->o->shutdown_timeout_seconds * 1000;
    pn_listener_stop(s->listener);
    /* Twice: a worker may just have read what it does not answer yet. */
    for (unsigned quiet = 0;;) {
        pn_conns_end_idle(s->conns);
        quiet = pn_conns_are_quiet(s->conns, pn_clock_ms()) ? quiet + 1 : 0;
        if (quiet == 2)
            return true;
        if (pn_clock_ms() >= until_ms || wait_signal(s, signals, DRAIN_MS) != 0)
            return false;
    }
}

static void serve(struct server *s, const sigset_t *signals)
{
    int number;
    do {
        number = wait_signal(s, signals, SWEEP_MS);
    } while (number == 0);
    pn_log_say(s->o->log, PN_LOG_INFO, "received %s: draining",
               number == SIGTERM ? "SIGTERM" : "SIGINT");
    bool drained = announce(s, signals) && finish(s, signals);
    if (!drained)
        pn_log_say(s->o->log, PN_LOG_WARN, "stopping with %zu requests in flight",
                   pn_conns_in_flight(s->conns));
}

static void fill_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGHUP);
}

void pn_serve_hold_signals(void)
{
    sigset_t signals;
    fill_signals(&signals);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

/* A signal that came before we were ready: no endpoint leads to us, so there is nothing to drain.
 */
static bool is_ended_already(void)
{
    sigset_t pending;
    return sigpending(&pending) == 0 &&
           (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1);
}

int pn_serve_run(const struct pn_serve_options *o, struct pn_err *err)
{
    static const struct pn_env nothing;
    struct server s = {.o = o,
                       .service = {.snapshot = o->snapshot, .log = o->log, .version = o->version}};
    s.service.env = o->env != NULL ? o->env : &nothing;
    s.service.validate_only = o->validate_only;
    sigset_t signals, before;
    fill_signals(&signals);
    /* Blocked before threads start, so that they inherit it and the signals come here. */
    pthread_sigmask(SIG_BLOCK, &signals, &before);
    signal(SIGPIPE, SIG_IGN);
    int r = start(&s, err);
    if (r == 0 && is_ended_already()) {
        pn_log_say(o->log, PN_LOG_INFO, "told to end during the start");
    } else if (r == 0) {
        say_serving(&s);
        serve(&s, &signals);
    }
    server_deinit(&s);
    if (r == 0)
        pn_log_say(o->log, PN_LOG_INFO, "stopped");
    while (sigtimedwait(&signals, NULL, &(struct timespec){0}) > 0)
        continue; /* one that came too late to matter must not kill us when it is unblocked */
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return r;
}
