/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/number.h"
#include "server/clock.h"
#include "server/routes.h"
#include "server/worker.h"

enum { OPTIONS_MAX = 8 };

struct pn_http {
    struct pn_worker **workers;
    size_t worker_count;
    atomic_size_t next; /* the worker that the next connection goes to */
    struct pn_service *service;
    const struct pn_routes *routes;
    struct pn_conns *conns;
    struct pn_keeper *keeper;   /* NULL: plain HTTP */
    struct pn_metrics *metrics; /* NULL: nothing is counted */
    size_t connections_max;
    atomic_size_t connections; /* given to the library and not closed yet */
    struct pn_log_limit library_lines;
    struct pn_log_limit refusals;
};

/* ---- what comes in --------------------------------------------------------------------- */

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* What the headers say about the body. */
struct announced {
    const char *encoding; /* Transfer-Encoding; NULL: none */
    const char *length;   /* Content-Length; NULL: none. libmicrohttpd has checked the number */
    uint64_t bytes;       /* 0 when chunked: unknown */
    bool expects_continue;
};

static struct announced read_announced(struct MHD_Connection *connection)
{
    struct announced a = {.encoding = header(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING),
                          .length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH)};
    const char *expect = header(connection, MHD_HTTP_HEADER_EXPECT);
    int64_t n;
    a.expects_continue = expect != NULL && strcasecmp(expect, "100-continue") == 0;
    if (a.encoding == NULL && a.length != NULL)
        a.bytes = pn_number_read_int(&n, pn_str_of(a.length)) ? (uint64_t)n : UINT64_MAX;
    return a;
}

static bool is_known_encoding(const struct announced *a)
{
    return a->encoding == NULL || strcasecmp(a->encoding, "chunked") == 0;
}

static void too_large(struct pn_exchange *ex)
{
    pn_exchange_fail(ex, 413, "the request body has more than %u bytes", PN_REVIEW_MAX_BYTES);
}

/* Refuses by method, path and headers what needs no body to be refused. */
static void check_head(struct pn_exchange *ex, const struct pn_routes *routes,
                       const struct announced *a, const char *method, const char *path,
                       const char *content_type)
{
    ex->route = pn_routes_find(routes, method, path, &ex->allow);
    if (!is_known_encoding(a)) {
        pn_exchange_fail(ex, 501,
                         "Transfer-Encoding '%s' is not supported: send chunked, or a "
                         "Content-Length",
                         a->encoding);
    } else if (ex->route == NULL && ex->allow == NULL) {
        pn_exchange_fail(ex, 404, "there is nothing at '%s'", path);
    } else if (ex->route == NULL) {
        pn_exchange_fail(ex, 405, "method %s is not allowed here: use %s", method, ex->allow);
    } else if (!ex->route->takes_json) {
        ex->discards = true;
    } else if (a->encoding == NULL && a->length == NULL) {
        pn_exchange_fail(ex, 411, "a request body with a Content-Length is required");
        ex->closes = true; /* whatever follows is no request */
    } else if (content_type != NULL && !pn_routes_is_json(pn_str_of(content_type))) {
        pn_exchange_fail(ex, 415, "Content-Type '%s' is not supported: send application/json",
                         content_type);
    } else if (a->bytes > PN_REVIEW_MAX_BYTES) {
        too_large(ex);
    }
}

/* Keeps or drops `n` bytes of the body. False: the connection is to be cut. */
static bool take_body(struct pn_http *http, struct pn_exchange *ex, const char *bytes, size_t n)
{
    int r = 0;
    if (!ex->discards)
        r = pn_exchange_append(http->service->pool, ex, bytes, n);
    if (r == PN_EXCHANGE_E_TOO_LARGE)
        too_large(ex);
    else if (r == PN_EXCHANGE_E_OVERLOAD)
        pn_exchange_fail(ex, 503, "too many requests at once: no room for another body");
    else if (r != 0)
        pn_exchange_fail(ex, 500, "out of memory");
    if (r != 0)
        ex->discards = true;
    if (ex->discards)
        ex->discarded += n;
    return ex->discarded <= PN_BODY_DISCARD_MAX_BYTES;
}

/* ---- what goes out --------------------------------------------------------------------- */

static void log_refusal(struct pn_http *http, const struct pn_exchange *ex, const char *method,
                        const char *path)
{
    struct pn_log *log = http->service->log;
    struct pn_log_line line;
    uint64_t held_back;
    /* A probe that is told "not ready" is no news. */
    if (ex->status < 400 || (ex->route != NULL && !ex->route->takes_json) ||
        !pn_log_limit_pass(log, &http->refusals, &held_back))
        return;
    pn_log_begin(&line, log, NULL, PN_LOG_WARN, PN_STR("refused a request"));
    pn_log_int(&line, "status", ex->status);
    pn_log_str(&line, "method", pn_str_of(method));
    pn_log_str(&line, "path", pn_str_of(path));
    pn_log_str(&line, "why", pn_str_of(ex->why));
    if (held_back > 0)
        pn_log_int(&line, "heldBack", (int64_t)held_back);
    pn_log_commit(&line);
}

/* Once for each request, before its client can know. Probes are no reviews and do not count. */
static void count_request(struct pn_http *http, struct pn_exchange *ex)
{
    enum pn_metrics_path path = ex->route != NULL ? ex->route->counted_as : PN_METRICS_OTHER;
    if (ex->counted || (ex->route != NULL && !ex->route->takes_json))
        return;
    ex->counted = true;
    pn_metrics_request(http->metrics, path, ex->outcome, ex->status, pn_clock_us() - ex->began_us);
}

static enum MHD_Result queue_response(struct pn_http *http, struct MHD_Connection *connection,
                                      struct pn_exchange *ex)
{
    if (ex->out.failed)
        pn_exchange_fail(ex, 500, "out of memory");
    count_request(http, ex);
    /* The bytes stay in `ex` until on_completed, which runs before the response is destroyed. */
    struct MHD_Response *response = MHD_create_response_from_buffer(ex->out.len, ex->out.data,
                                                                    MHD_RESPMEM_PERSISTENT);
    if (response == NULL)
        return MHD_NO;
    bool closes = ex->closes || atomic_load(&http->service->draining);
    enum MHD_Result done = MHD_NO;
    if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, ex->content_type) &&
        (ex->allow == NULL ||
         MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, ex->allow)) &&
        (!closes || MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close")))
        done = MHD_queue_response(connection, ex->status, response);
    MHD_destroy_response(response);
    return done;
}

/* The whole request is here. */
static enum MHD_Result answer(struct pn_http *http, struct MHD_Connection *connection,
                              struct pn_exchange *ex, const char *method, const char *path)
{
    if (ex->status == 0 && ex->route->takes_json &&
        pn_exchange_finish_body(http->service->pool, ex) != 0)
        pn_exchange_fail(ex, 503, "no memory for the request");
    if (ex->status == 0)
        ex->route->handle(http->service, ex);
    if (ex->body_cap > PN_RESPONSE_KEEP_BYTES) /* a slow reader must not hold on to it */
        pn_exchange_drop_body(http->service->pool, ex);
    log_refusal(http, ex, method, path);
    return queue_response(http, connection, ex);
}

/* ---- libmicrohttpd's callbacks --------------------------------------------------------- */

static struct pn_conn *conn_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != NULL ? info->socket_context : NULL;
}

/* Who asks for decisions must be allowed to, where clients are asked for a certificate. The verdict
 * on a connection counts for a while. */
static void check_client(struct pn_http *http, struct MHD_Connection *connection,
                         struct pn_conn *conn, struct pn_exchange *ex)
{
    struct pn_err err = PN_ERR_INIT;
    int64_t now_ms = pn_clock_ms();
    if (!pn_keeper_asks_clients(http->keeper) || now_ms < pn_conn_verified_until_ms(conn))
        return;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    int r = info != NULL ? pn_keeper_admit(http->keeper, info->tls_session, &err) : -EIO;
    if (r == 0)
        pn_conn_set_verified_until_ms(conn, now_ms + PN_CLIENT_VERIFIED_SECONDS * 1000);
    else if (r > 0)
        pn_exchange_fail(ex, 403, "%s", err.text);
    else
        pn_exchange_fail(ex, 500, "the client certificate could not be verified");
}

/* First call for a request: its headers are here. */
static enum MHD_Result begin(struct pn_http *http, struct MHD_Connection *connection,
                             const char *method, const char *path, void **context)
{
    struct pn_conn *conn = conn_of(connection);
    struct pn_exchange *ex = conn != NULL ? pn_pool_take(http->service->pool) : NULL;
    if (ex == NULL)
        return MHD_NO;
    *context = ex;
    ex->conn = conn;
    ex->began_us = pn_clock_us();
    pn_conn_begin(http->conns, conn, ex->began_us / 1000);
    struct announced a = read_announced(connection);
    check_head(ex, http->routes, &a, method, path,
               header(connection, MHD_HTTP_HEADER_CONTENT_TYPE));
    if (ex->status == 0 && ex->route->takes_json)
        check_client(http, connection, conn, ex);
    ex->discards = ex->discards || ex->status != 0;
    /* A response to headers alone ends the connection, and one that overtakes the body reaches the
     * client as a reset. So it is given only where the body is not on its way, or has no end. */
    bool no_body_yet = a.expects_continue && (a.bytes > 0 || a.encoding != NULL);
    if (ex->status != 0 &&
        (no_body_yet || a.bytes > PN_BODY_DISCARD_MAX_BYTES || !is_known_encoding(&a))) {
        log_refusal(http, ex, method, path);
        return queue_response(http, connection, ex);
    }
    return MHD_YES;
}

static enum MHD_Result on_request(void *closure, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *bytes, size_t *n, void **context)
{
    struct pn_http *http = closure;
    (void)version;
    if (*context == NULL)
        return begin(http, connection, method, path, context);
    struct pn_exchange *ex = *context;
    if (*n == 0)
        return answer(http, connection, ex, method, path);
    bool go_on = take_body(http, ex, bytes, *n);
    *n = 0;
    if (!go_on)
        log_refusal(http, ex, method, path);
    return go_on ? MHD_YES : MHD_NO;
}

static void on_completed(void *closure, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode how)
{
    struct pn_http *http = closure;
    struct pn_exchange *ex = *context;
    (void)connection;
    (void)how;
    if (ex == NULL)
        return;
    *context = NULL;
    count_request(http, ex); /* one that got no answer */
    struct pn_conn *conn = ex->conn;
    pn_pool_give(http->service->pool, ex);
    pn_conn_end(http->conns, conn, pn_clock_ms());
}

/* `context` stays NULL when there is no room: requests are refused then, and the handshake fails.
 */
static void started(struct pn_http *http, struct MHD_Connection *connection, void **context)
{
    /* One answer at a time: libmicrohttpd 1.0 puts the next one into the same memory. */
    const union MHD_ConnectionInfo *info;
    PN_CLEANUP(pn_tls_unref_pointer) struct pn_tls *tls = NULL;
    if (http->keeper != NULL) {
        info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
        tls = pn_keeper_acquire(http->keeper);
        if (info == NULL || pn_tls_attach(tls, info->tls_session) < 0)
            return;
    }
    info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info != NULL)
        *context = pn_conns_add(http->conns, info->connect_fd, PN_TAKE(tls), pn_clock_ms());
}

static void on_connection(void *closure, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct pn_http *http = closure;
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        started(http, connection, context);
    else {
        if (*context != NULL) /* after gnutls_deinit, before the descriptor is closed */
            pn_conns_remove(http->conns, *context);
        atomic_fetch_sub(&http->connections, 1);
    }
}

static void on_library_line(void *closure, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void on_library_line(void *closure, const char *format, va_list args)
{
    struct pn_http *http = closure;
    struct pn_log_line line;
    uint64_t held_back;
    char text[512];
    if (!pn_log_limit_pass(http->service->log, &http->library_lines, &held_back))
        return;
    vsnprintf(text, sizeof text, format, args);
    pn_log_begin(&line, http->service->log, NULL, PN_LOG_WARN, PN_STR("HTTP library"));
    pn_log_str(&line, "detail", pn_str_trim(pn_str_of(text)));
    if (held_back > 0)
        pn_log_int(&line, "heldBack", (int64_t)held_back);
    pn_log_commit(&line);
}

/* Paths are compared as they were sent: no two spellings of one. */
static size_t keep_escapes(void *closure, struct MHD_Connection *connection, char *text)
{
    (void)closure;
    (void)connection;
    return strlen(text);
}

/* Each connection is given its credentials when it starts; without, it has none to offer. */
static int no_certificate(gnutls_session_t session, const gnutls_datum_t *req_ca_dn, int n_dns,
                          const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
                          gnutls_pcert_st **ret_chain, unsigned int *ret_chain_length,
                          gnutls_privkey_t *ret_key)
{
    (void)session, (void)req_ca_dn, (void)n_dns, (void)algorithms, (void)algorithm_count;
    (void)ret_chain, (void)ret_chain_length, (void)ret_key;
    return -1;
}

/* ---- start and stop -------------------------------------------------------------------- */

static void on_lost(void *closure)
{
    struct pn_http *http = closure;
    atomic_fetch_sub(&http->connections, 1);
}

static int start_workers(struct pn_http *http, const struct pn_http_options *o)
{
    struct MHD_OptionItem options[OPTIONS_MAX + 1] = {
        {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)on_library_line,
         http}, /* first: it hears the rest */
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, http},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, http},
        {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)keep_escapes, NULL},
        /* Never reached: where it is, 0.9.75 keeps a lock and hangs. pn_http_add counts. */
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)(o->connections_max + 64), NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, PN_CONNECTION_MEMORY_BYTES, NULL},
    };
    size_t n = 6; /* what follows is zero, which is MHD_OPTION_END */
    if (o->keeper != NULL) {
        options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0,
                                               (void *)(uintptr_t)PN_TLS_PRIORITIES};
        options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_CERT_CALLBACK, 0,
                                               (void *)(uintptr_t)no_certificate};
    }
    const struct pn_worker_options worker = {
        .flags = MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG |
                 (o->keeper != NULL ? MHD_USE_TLS : 0),
        .handler = on_request,
        .closure = http,
        .items = options,
        .on_lost = on_lost,
    };
    int r = 0;
    for (unsigned i = 0; i < o->workers && r == 0; i++) {
        r = pn_worker_start(&http->workers[i], &worker);
        http->worker_count += r == 0;
    }
    return r;
}

int pn_http_start(struct pn_http **ret, const struct pn_http_options *o, struct pn_err *err)
{
    struct pn_http *http = calloc(1, sizeof *http);
    if (http == NULL)
        return pn_err_set(err, -ENOMEM, "out of memory");
    http->service = o->service;
    http->routes = o->routes;
    http->conns = o->conns;
    http->keeper = o->keeper;
    http->metrics = o->metrics;
    http->connections_max = o->connections_max;
    http->workers = calloc(o->workers, sizeof(*http->workers));
    int r = http->workers != NULL ? start_workers(http, o) : -ENOMEM;
    if (r != 0) {
        pn_http_stop(http);
        return pn_err_set(err, r, "the HTTP server could not be started: %s", strerror(-r));
    }
    *ret = http;
    return 0;
}

bool pn_http_add(struct pn_http *http, int take_fd, const struct sockaddr *address,
                 socklen_t address_bytes)
{
    if (atomic_fetch_add(&http->connections, 1) >= http->connections_max) {
        atomic_fetch_sub(&http->connections, 1);
        pn_metrics_connection_refused(http->metrics);
        close(take_fd);
        return false;
    }
    size_t at = atomic_fetch_add(&http->next, 1) % http->worker_count;
    if (pn_worker_add(http->workers[at], take_fd, address, address_bytes))
        return true;
    atomic_fetch_sub(&http->connections, 1);
    return false;
}

void pn_http_stop(struct pn_http *http)
{
    if (http == NULL)
        return;
    for (size_t i = 0; i < http->worker_count; i++)
        pn_worker_stop(http->workers[i]);
    free(http->workers);
    free(http);
}
