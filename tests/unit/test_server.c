/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "config/snapshot.h"
#include "engine/engine.h"
#include "server/conns.h"
#include "server/exchange.h"
#include "server/listen.h"
#include "server/own_cert.h"
#include "server/routes.h"
#include "server/serve.h"
#include "server/tls.h"
#include "sys/child.h"
#include "sys/file.h"

/* ---- routes ---------------------------------------------------------------------------- */

static const struct {
    const char *method, *path, *found, *allow;
    bool monitor;
} route_cases[] = {
    {"POST", "/mutate", "/mutate", NULL},
    {"GET", "/mutate", NULL, "POST"},
    {"HEAD", "/mutate", NULL, "POST"},
    {"post", "/mutate", NULL, "POST"}, /* methods are case-sensitive (RFC 9110 section 9.1) */
    {"GET", "/livez", "/livez", NULL},
    {"HEAD", "/readyz", "/readyz", NULL},
    {"GET", "/healthz", "/healthz", NULL},
    {"POST", "/healthz", NULL, "GET, HEAD"},
    {"GET", "/", NULL, NULL},
    {"GET", "", NULL, NULL},
    {"POST", "/mutate/", NULL, NULL},
    {"POST", "/Mutate", NULL, NULL},
    {"POST", "/validate", "/validate", NULL},
    {"GET", "/metrics", NULL, NULL},
    {"GET", "/metrics", "/metrics", NULL, true},
    {"HEAD", "/livez", "/livez", NULL, true},
    {"GET", "/readyz", "/readyz", NULL, true},
    {"GET", "/healthz", "/healthz", NULL, true},
    {"POST", "/metrics", NULL, "GET, HEAD", true},
    {"POST", "/mutate", NULL, NULL, true},
    {"POST", "/validate", NULL, NULL, true},
};

START_TEST(routes_are_found)
{
    const char *allow = "unset";
    const struct pn_route *route = pn_routes_find(
        route_cases[_i].monitor ? &pn_routes_monitor : &pn_routes_reviews, route_cases[_i].method,
        route_cases[_i].path, &allow);
    ck_assert_pstr_eq(route != NULL ? route->path : NULL, route_cases[_i].found);
    ck_assert_pstr_eq(allow, route_cases[_i].allow);
}
END_TEST

static const struct {
    const char *text;
    bool json;
} type_cases[] = {
    {"application/json", true},
    {"APPLICATION/Json", true},
    {" application/json ; charset=utf-8", true},
    {"application/json;", true},
    {"application/jsonx", false},
    {"application/jso", false},
    {"text/json", false},
    {"application/json, text/plain", false},
    {";application/json", false},
    {"", false},
};

START_TEST(media_types_are_read)
{
    ck_assert_msg(pn_routes_is_json(pn_str_of(type_cases[_i].text)) == type_cases[_i].json, "%s",
                  type_cases[_i].text);
}
END_TEST

/* ---- exchanges ------------------------------------------------------------------------- */

static struct pn_pool *new_pool(size_t bodies_max)
{
    struct pn_pool *pool = NULL;
    ck_assert_int_eq(pn_pool_new(&pool, bodies_max, 1), 0);
    return pool;
}

START_TEST(a_failure_is_a_status_object)
{
    struct pn_pool *pool = new_pool(1 << 20);
    struct pn_exchange *ex = pn_pool_take(pool);
    ck_assert_ptr_nonnull(ex);
    pn_exchange_fail(ex, 415, "type \"%s\" is not known", "a\nb");
    ck_assert_uint_eq(ex->status, 415);
    ck_assert_str_eq(ex->content_type, "application/json");
    ck_assert_str_eq(ex->why, "type \"a\nb\" is not known");
    pn_buf_char(&ex->out, '\0');
    ck_assert_str_eq(ex->out.data,
                     "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"
                     "\"status\":\"Failure\",\"message\":\"type \\\"a\\nb\\\" is not known\","
                     "\"reason\":\"UnsupportedMediaType\",\"code\":415}\n");
    pn_pool_give(pool, ex);
    pn_pool_free(pool);
}
END_TEST

START_TEST(a_long_message_is_cut_for_the_log_between_characters)
{
    struct pn_pool *pool = new_pool(1 << 20);
    struct pn_exchange *ex = pn_pool_take(pool);
    char text[PN_REFUSAL_LOGGED_BYTES + 2] = "";
    memset(text, 'x', PN_REFUSAL_LOGGED_BYTES - 2);
    strcat(text, "\xc3\xa4"); /* would end one byte behind the room */
    pn_exchange_fail(ex, 400, "%s", text);
    ck_assert_uint_eq(strlen(ex->why), PN_REFUSAL_LOGGED_BYTES - 2);
    pn_pool_give(pool, ex);
    pn_pool_free(pool);
}
END_TEST

START_TEST(a_body_grows_and_is_padded)
{
    struct pn_pool *pool = new_pool(PN_BODIES_TOTAL_MAX_BYTES);
    struct pn_exchange *ex = pn_pool_take(pool);
    for (int i = 0; i < 100000; i++) {
        char byte = (char)('a' + i % 26);
        ck_assert_int_eq(pn_exchange_append(pool, ex, &byte, 1), 0);
    }
    ck_assert_int_eq(pn_exchange_finish_body(pool, ex), 0);
    ck_assert_uint_eq(ex->body_len, 100000);
    for (int i = 0; i < 100000; i++)
        ck_assert_int_eq(ex->body[i], 'a' + i % 26);
    for (int i = 0; i < PN_ENGINE_BODY_PADDING; i++)
        ck_assert_int_eq(ex->body[100000 + i], 0);
    pn_pool_give(pool, ex);
    ck_assert_uint_ge(pn_pool_take_freed(pool), 100000);
    ck_assert_uint_eq(pn_pool_take_freed(pool), 0);
    pn_pool_free(pool);
}
END_TEST

START_TEST(an_empty_body_is_padded_too)
{
    struct pn_pool *pool = new_pool(PN_BODIES_TOTAL_MAX_BYTES);
    struct pn_exchange *ex = pn_pool_take(pool);
    ck_assert_int_eq(pn_exchange_finish_body(pool, ex), 0);
    ck_assert_uint_eq(ex->body_len, 0);
    ck_assert_mem_eq(ex->body, "\0\0\0\0", PN_ENGINE_BODY_PADDING);
    pn_pool_give(pool, ex);
    pn_pool_free(pool);
}
END_TEST

START_TEST(a_body_has_a_limit)
{
    struct pn_pool *pool = new_pool(PN_BODIES_TOTAL_MAX_BYTES);
    struct pn_exchange *ex = pn_pool_take(pool);
    size_t step = 1 << 20;
    char *bytes = calloc(1, step);
    for (size_t n = 0; n < PN_REVIEW_MAX_BYTES; n += step)
        ck_assert_int_eq(pn_exchange_append(pool, ex, bytes, step), 0);
    ck_assert_uint_eq(ex->body_len, PN_REVIEW_MAX_BYTES);
    ck_assert_uint_le(ex->body_cap, PN_REVIEW_MAX_BYTES + 64);
    ck_assert_int_eq(pn_exchange_finish_body(pool, ex), 0);
    ck_assert_int_eq(pn_exchange_append(pool, ex, bytes, 1), PN_EXCHANGE_E_TOO_LARGE);
    ck_assert_ptr_null(ex->body);
    free(bytes);
    pn_pool_give(pool, ex);
    pn_pool_free(pool);
}
END_TEST

START_TEST(all_bodies_together_have_a_limit)
{
    /* Room for three bodies of the first size, kept buffers included once they are in use. */
    struct pn_pool *pool = new_pool(3 * PN_BODY_START_BYTES);
    struct pn_exchange *ex[4];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 4; i++) {
            ex[i] = pn_pool_take(pool);
            ck_assert_int_eq(pn_exchange_append(pool, ex[i], "x", 1),
                             i < 3 ? 0 : PN_EXCHANGE_E_OVERLOAD);
        }
        pn_exchange_drop_body(pool, ex[0]);
        ck_assert_int_eq(pn_exchange_append(pool, ex[3], "x", 1), 0);
        for (size_t i = 0; i < 4; i++)
            pn_pool_give(pool, ex[i]);
    }
    pn_pool_free(pool);
}
END_TEST

START_TEST(buffers_are_used_again_and_clean)
{
    struct pn_pool *pool = new_pool(PN_BODIES_TOTAL_MAX_BYTES);
    struct pn_exchange *ex = pn_pool_take(pool);
    ck_assert_int_eq(pn_exchange_append(pool, ex, "abc", 3), 0);
    pn_exchange_fail(ex, 404, "no");
    ex->closes = ex->discards = true;
    ex->allow = "POST";
    const char *body = ex->body, *out = ex->out.data;
    pn_pool_give(pool, ex);
    struct pn_exchange *again = pn_pool_take(pool);
    ck_assert_ptr_eq(again, ex);
    ck_assert_ptr_eq(again->body, body);
    ck_assert_ptr_eq(again->out.data, out);
    ck_assert_uint_eq(again->body_len, 0);
    ck_assert_uint_eq(again->out.len, 0);
    ck_assert_uint_eq(again->status, 0);
    ck_assert(!again->closes && !again->discards && again->allow == NULL && again->why[0] == '\0');
    pn_pool_give(pool, again);
    pn_pool_free(pool);
}
END_TEST

START_TEST(arenas_are_used_again)
{
    struct pn_pool *pool = new_pool(1);
    struct pn_arena *a = pn_pool_take_arena(pool), *b = pn_pool_take_arena(pool);
    ck_assert_ptr_nonnull(a);
    ck_assert_ptr_nonnull(b);
    ck_assert_ptr_ne(a, b);
    ck_assert_ptr_nonnull(pn_arena_alloc(a, 1 << 20));
    pn_pool_give_arena(pool, a);
    ck_assert_uint_ge(pn_pool_take_freed(pool), 1 << 20);
    pn_pool_give_arena(pool, b); /* more than there are workers: freed */
    ck_assert_ptr_eq(pn_pool_take_arena(pool), a);
    ck_assert_uint_eq(pn_arena_used(a), 0);
    pn_pool_give_arena(pool, a);
    pn_pool_free(pool);
}
END_TEST

/* ---- handlers -------------------------------------------------------------------------- */

/* Runs the handler of a route on `body` (NULL: none); returns the status. */
static unsigned handle(struct pn_service *service, const char *method, const char *path,
                       const char *body, const char *expected)
{
    const char *allow;
    const struct pn_route *route = pn_routes_find(&pn_routes_reviews, method, path, &allow);
    struct pn_exchange *ex = pn_pool_take(service->pool);
    ck_assert_ptr_nonnull(route);
    if (body != NULL)
        ck_assert_int_eq(pn_exchange_append(service->pool, ex, body, strlen(body)), 0);
    ck_assert_int_eq(pn_exchange_finish_body(service->pool, ex), 0);
    route->handle(service, ex);
    unsigned status = ex->status;
    pn_buf_char(&ex->out, '\0');
    ck_assert_msg(strstr(ex->out.data, expected) != NULL, "%s: %s", path, ex->out.data);
    pn_pool_give(service->pool, ex);
    return status;
}

START_TEST(ready_is_said_with_policies_and_until_the_drain)
{
    struct pn_env env = {0};
    struct pn_policy_set *set = NULL;
    struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_service service = {.pool = new_pool(1 << 20), .env = &env};
    ck_assert_int_eq(pn_snapshot_new(&service.snapshot), 0);
    ck_assert_uint_eq(handle(&service, "GET", "/readyz", NULL, "no policies are loaded yet"), 503);
    ck_assert_uint_eq(handle(&service, "GET", "/livez", NULL, "ok"), 200);
    ck_assert_uint_eq(handle(&service, "POST", "/mutate", "{}", "no policies are loaded yet"), 503);
    ck_assert_int_eq(pn_policy_set_new(&set, NULL, 0, &diags), 0);
    pn_snapshot_publish(service.snapshot, set);
    ck_assert_uint_eq(handle(&service, "GET", "/readyz", NULL, "ok"), 200);
    ck_assert_uint_eq(handle(&service, "POST", "/mutate", "{}", "\"BadRequest\""), 400);
    ck_assert_uint_eq(handle(&service, "POST", "/mutate", "", "\"BadRequest\""), 400);
    atomic_store(&service.draining, true);
    ck_assert_uint_eq(handle(&service, "GET", "/readyz", NULL, "shutting down"), 503);
    ck_assert_uint_eq(handle(&service, "GET", "/healthz", NULL, "ok"), 200);
    ck_assert_uint_eq(handle(&service, "POST", "/mutate", "{}", "\"BadRequest\""), 400);
    pn_snapshot_free(service.snapshot);
    pn_pool_free(service.pool);
    pn_diags_deinit(&diags);
}
END_TEST

/* ---- connections ----------------------------------------------------------------------- */

struct pair {
    int ours, theirs;
    struct pn_conn *conn;
};

static struct pair connect_at(struct pn_conns *conns, int64_t now_ms)
{
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    struct pair pair = {ends[0], ends[1], pn_conns_add(conns, ends[0], NULL, now_ms)};
    ck_assert_ptr_nonnull(pair.conn);
    return pair;
}

/* What the worker sees: the end of what it reads. */
static bool is_ended(const struct pair *pair)
{
    struct pollfd fd = {pair->ours, POLLIN, 0};
    return poll(&fd, 1, 0) == 1;
}

/* What the client sees. */
static bool is_shut(const struct pair *pair)
{
    struct pollfd fd = {pair->theirs, POLLIN, 0};
    return poll(&fd, 1, 0) == 1;
}

static void disconnect(struct pn_conns *conns, struct pair *pair)
{
    pn_conns_remove(conns, pair->conn);
    close(pair->ours);
    close(pair->theirs);
}

enum {
    T0 = 5000000,
    BODY_MS = PN_BODY_TIMEOUT_SECONDS * 1000,
    IDLE_MS = PN_IDLE_TIMEOUT_SECONDS * 1000
};

START_TEST(a_crowded_table_ends_who_never_spoke)
{
    struct pn_conns *conns = NULL;
    ck_assert_int_eq(pn_conns_new(&conns, 4), 0);
    struct pair used = connect_at(conns, T0), silent = connect_at(conns, T0);
    pn_conn_begin(conns, used.conn, T0);
    pn_conn_end(conns, used.conn, T0);
    pn_conns_sweep(conns, T0 + 1 + BODY_MS);
    ck_assert(!is_ended(&silent)); /* half full: room for all */

    struct pair third = connect_at(conns, T0 + 1 + BODY_MS);
    ck_assert_uint_eq(pn_conns_sweep(conns, T0 + 1 + BODY_MS), 0);
    ck_assert(is_ended(&silent) && !is_ended(&used) && !is_ended(&third));

    disconnect(conns, &used);
    disconnect(conns, &silent);
    disconnect(conns, &third);
    pn_conns_free(conns);
}
END_TEST

START_TEST(the_sweep_ends_late_requests_and_idle_connections)
{
    struct pn_conns *conns = NULL;
    ck_assert_int_eq(pn_conns_new(&conns, 8), 0);
    struct pair fresh = connect_at(conns, T0), busy = connect_at(conns, T0);
    struct pair used = connect_at(conns, T0);
    pn_conn_begin(conns, busy.conn, T0 + 1000);
    pn_conn_begin(conns, used.conn, T0 + 1000);
    pn_conn_end(conns, used.conn, T0 + 2000);

    ck_assert_uint_eq(pn_conns_sweep(conns, T0 + 1000 + BODY_MS), 0);
    ck_assert(!is_ended(&busy));
    ck_assert_uint_eq(pn_conns_sweep(conns, T0 + 1001 + BODY_MS), 1);
    ck_assert(is_ended(&busy) && is_shut(&busy) && !is_ended(&fresh) && !is_ended(&used));
    ck_assert_uint_eq(pn_conns_sweep(conns, T0 + 1002 + BODY_MS), 0); /* only once */

    ck_assert_uint_eq(pn_conns_sweep(conns, T0 + 1 + IDLE_MS), 0);
    ck_assert(is_ended(&fresh) && !is_ended(&used));
    ck_assert_uint_eq(pn_conns_sweep(conns, T0 + 2001 + IDLE_MS), 0);
    ck_assert(is_ended(&used));

    pn_conn_end(conns, busy.conn, T0 + 200000);
    ck_assert_uint_eq(pn_conns_in_flight(conns), 0);
    disconnect(conns, &busy); /* from the middle, the end and the start of the list */
    disconnect(conns, &fresh);
    disconnect(conns, &used);
    ck_assert_uint_eq(pn_conns_take_closed(conns), 3);
    ck_assert_uint_eq(pn_conns_take_closed(conns), 0);
    pn_conns_free(conns);
}
END_TEST

START_TEST(a_drain_ends_only_what_has_served_and_is_idle)
{
    struct pn_conns *conns = NULL;
    ck_assert_int_eq(pn_conns_new(&conns, 8), 0);
    struct pair young = connect_at(conns, T0), busy = connect_at(conns, T0);
    struct pair used = connect_at(conns, T0);
    pn_conn_begin(conns, busy.conn, T0);
    pn_conn_begin(conns, used.conn, T0);
    pn_conn_end(conns, used.conn, T0);
    ck_assert_uint_eq(pn_conns_in_flight(conns), 1);

    pn_conns_end_idle(conns);
    ck_assert(is_ended(&used) && !is_shut(&used)); /* it can still say goodbye */
    ck_assert(!is_ended(&busy) && !is_ended(&young));
    ck_assert(!pn_conns_are_quiet(conns, T0 + 60000)); /* busy */
    pn_conn_end(conns, busy.conn, T0);
    ck_assert(!pn_conns_are_quiet(conns, T0 + 10)); /* young may be about to speak */
    ck_assert(pn_conns_are_quiet(conns, T0 + 5000));
    ck_assert_int_eq(write(busy.theirs, "GET", 3), 3); /* not yet read */
    pn_conns_end_idle(conns);
    ck_assert(!pn_conns_are_quiet(conns, T0 + 5000));
    char read_now[3];
    ck_assert_int_eq(read(busy.ours, read_now, sizeof read_now), 3);
    ck_assert(!is_ended(&busy));
    ck_assert(pn_conns_are_quiet(conns, T0 + 5000));
    pn_conns_end_idle(conns);
    ck_assert(is_ended(&busy));

    disconnect(conns, &used);
    disconnect(conns, &young);
    disconnect(conns, &busy);
    ck_assert(pn_conns_are_quiet(conns, T0));
    pn_conns_free(conns);
}
END_TEST

/* ---- certificates ---------------------------------------------------------------------- */

enum { NOW = 1800000000 };

static void make_own(struct pn_issued *ret)
{
    struct pn_err err = PN_ERR_INIT;
    int r = pn_own_cert_make(ret, "192.0.2.7", NOW, &err);
    ck_assert_msg(r == 0, "%s", err.text);
}

static int load_pair(struct pn_tls **ret, struct pn_str cert, struct pn_str key, struct pn_err *err)
{
    const struct pn_tls_texts texts = {.cert = cert, .key = key};
    return pn_tls_new(ret, &texts, err);
}

START_TEST(a_pair_is_loaded_and_another_key_is_not)
{
    struct pn_issued a = PN_ISSUED_INIT, b = PN_ISSUED_INIT;
    struct pn_tls *tls = NULL;
    struct pn_err err = PN_ERR_INIT;
    make_own(&a);
    make_own(&b);
    ck_assert_int_eq(load_pair(&tls, pn_buf_view(&a.cert), pn_buf_view(&a.key), &err), 0);
    ck_assert_ptr_eq(pn_tls_ref(tls), tls);
    pn_tls_unref(tls);
    pn_tls_unref(tls);
    tls = NULL;
    ck_assert_int_eq(load_pair(&tls, pn_buf_view(&a.cert), pn_buf_view(&b.key), &err),
                     PN_TLS_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "does not belong"));
    struct pn_str no_pem[] = {PN_STR_NULL, PN_STR("hello"), PN_STR("-----BEGIN CERTIFICATE-----\n"),
                              pn_buf_view(&a.key)};
    for (size_t i = 0; i < PN_COUNT_OF(no_pem); i++) {
        ck_assert_int_eq(load_pair(&tls, no_pem[i], pn_buf_view(&a.key), &err), PN_TLS_E_INVALID);
        ck_assert_ptr_nonnull(strstr(err.text, "PEM"));
    }
    ck_assert_int_eq(load_pair(&tls, pn_buf_view(&a.cert), pn_buf_view(&a.cert), &err),
                     PN_TLS_E_INVALID);
    ck_assert_ptr_null(tls);
    pn_issued_deinit(&a);
    pn_issued_deinit(&b);
}
END_TEST

static void make_directory(char path[static 40])
{
    strcpy(path, "/tmp/pannier-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(path));
}

static void join(char ret[static 80], const char *directory, const char *name)
{
    ck_assert_int_lt(snprintf(ret, 80, "%s/%s", directory, name), 80);
}

START_TEST(own_files_are_written_and_read_back)
{
    static const struct {
        const char *name;
        mode_t mode;
    } files[] = {{"ca.crt", 0644}, {"tls.crt", 0644}, {"tls.key", 0600}};
    char top[40], directory[80], path[PN_COUNT_OF(files)][80];
    struct pn_issued issued = PN_ISSUED_INIT;
    struct pn_err err = PN_ERR_INIT;
    make_directory(top);
    join(directory, top, "certs"); /* not there yet */
    make_own(&issued);
    for (int i = 0; i < 2; i++) /* the second time over what is there */
        ck_assert_int_eq(pn_own_cert_write(&issued, directory, &err), 0);
    for (size_t i = 0; i < PN_COUNT_OF(files); i++) {
        struct stat st;
        snprintf(path[i], sizeof path[i], "%.60s/%s", directory, files[i].name);
        ck_assert_int_eq(stat(path[i], &st), 0);
        ck_assert_uint_eq(st.st_mode & 0777, files[i].mode);
    }
    for (size_t i = 0; i < PN_COUNT_OF(files); i++)
        unlink(path[i]);
    ck_assert_int_eq(rmdir(directory), 0); /* nothing else was left there */
    rmdir(top);
    pn_issued_deinit(&issued);
}
END_TEST

START_TEST(an_unwritable_place_is_named)
{
    struct pn_issued issued = PN_ISSUED_INIT;
    struct pn_err err = PN_ERR_INIT;
    make_own(&issued);
    ck_assert_int_lt(pn_own_cert_write(&issued, "/dev/null/certs", &err), 0);
    ck_assert_ptr_nonnull(strstr(err.text, "/dev/null/certs"));
    ck_assert_int_lt(pn_own_cert_write(&issued, "/dev/null", &err), 0);
    ck_assert_ptr_nonnull(strstr(err.text, "/dev/null/tls.key"));
    pn_issued_deinit(&issued);
}
END_TEST

/* ---- children -------------------------------------------------------------------------- */

static int write_many(const void *argument, struct pn_buf *out, struct pn_err *err)
{
    (void)err;
    for (size_t i = 0; i < *(const size_t *)argument; i++)
        pn_buf_char(out, 'x');
    return 0;
}

static int refuse(const void *argument, struct pn_buf *out, struct pn_err *err)
{
    pn_buf_cstr(out, "half a result");
    return pn_err_set(err, 1, "the %s is missing", (const char *)argument);
}

static int die(const void *argument, struct pn_buf *out, struct pn_err *err)
{
    (void)argument, (void)out, (void)err;
    kill(getpid(), SIGKILL);
    return 0;
}

START_TEST(a_child_hands_back_its_result)
{
    struct pn_buf out = PN_BUF_INIT;
    struct pn_err err = PN_ERR_INIT;
    size_t n = 200000; /* more than a pipe holds */
    pn_buf_char(&out, 'y');
    ck_assert_int_eq(pn_child_run(write_many, &n, &out, 300000, &err), 0);
    ck_assert_uint_eq(out.len, 200001);
    ck_assert_int_eq(out.data[0], 'y');
    ck_assert_int_eq(out.data[200000], 'x');
    pn_buf_deinit(&out);
}
END_TEST

START_TEST(a_child_that_fails_says_why)
{
    struct pn_buf out = PN_BUF_INIT;
    struct pn_err err = PN_ERR_INIT;
    size_t n = 200000;
    ck_assert_int_eq(pn_child_run(refuse, "key", &out, 1000, &err), -ECHILD);
    ck_assert_str_eq(err.text, "the key is missing");
    ck_assert_int_eq(pn_child_run(die, NULL, &out, 1000, &err), -ECHILD);
    ck_assert_str_eq(err.text, "a child process died of signal 9");
    ck_assert_int_eq(pn_child_run(write_many, &n, &out, 1000, &err), -ECHILD);
    ck_assert_uint_eq(out.len, 0);
    pn_buf_deinit(&out);
}
END_TEST

/* ---- listening and start --------------------------------------------------------------- */

START_TEST(a_listener_tells_where_it_is)
{
    struct pn_listener *listener = NULL, *second = NULL;
    struct pn_err err = PN_ERR_INIT;
    char address[INET6_ADDRSTRLEN], port_text[8];
    ck_assert_int_eq(pn_listener_open(&listener, "127.0.0.1", 0, &err), 0);
    uint16_t port = pn_listener_address(listener, address);
    ck_assert_str_eq(address, "127.0.0.1");
    ck_assert_uint_ne(port, 0);
    ck_assert_int_eq(pn_listener_open(&second, "127.0.0.1", port, &err), -EADDRINUSE);
    snprintf(port_text, sizeof port_text, "%u", port);
    ck_assert_ptr_nonnull(strstr(err.text, port_text));
    ck_assert_ptr_null(second);
    pn_listener_free(listener);
    ck_assert_int_eq(pn_listener_open(&listener, "127.0.0.1", port, &err), 0);
    pn_listener_free(listener);
    ck_assert_int_eq(pn_listener_open(&listener, NULL, 0, &err), 0);
    ck_assert_uint_ne(pn_listener_address(listener, address), 0);
    pn_listener_free(listener);
    ck_assert_int_eq(pn_listener_open(&second, "localhost", 0, &err), -EINVAL);
    ck_assert_ptr_nonnull(strstr(err.text, "localhost"));
}
END_TEST

START_TEST(serving_without_a_start_is_told)
{
    struct pn_snapshot *snapshot = NULL;
    struct pn_err err = PN_ERR_INIT;
    sigset_t before, after;
    ck_assert_int_eq(pn_snapshot_new(&snapshot), 0);
    struct pn_serve_options o = {.bind_address = "127.0.0.1", .snapshot = snapshot};
    sigprocmask(SIG_BLOCK, NULL, &before);
    o.tls_cert_file = "/nope";
    ck_assert_int_eq(pn_serve_run(&o, &err), -EINVAL);
    ck_assert_ptr_nonnull(strstr(err.text, "private key"));
    o.tls_private_key_file = "/nope";
    ck_assert_int_eq(pn_serve_run(&o, &err), -ENOENT);
    ck_assert_ptr_nonnull(strstr(err.text, "/nope"));
    sigprocmask(SIG_BLOCK, NULL, &after);
    ck_assert_int_eq(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
    pn_snapshot_free(snapshot);
}
END_TEST

START_TEST(a_snapshot_outlives_its_successor)
{
    struct pn_snapshot *snapshot = NULL;
    struct pn_policy_set *first = NULL, *second = NULL;
    struct pn_diags diags = PN_DIAGS_INIT;
    ck_assert_int_eq(pn_snapshot_new(&snapshot), 0);
    ck_assert_ptr_null(pn_snapshot_acquire(snapshot));
    ck_assert_int_eq(pn_policy_set_new(&first, NULL, 0, &diags), 0);
    ck_assert_int_eq(pn_policy_set_new(&second, NULL, 0, &diags), 0);
    pn_snapshot_publish(snapshot, first);
    struct pn_policy_set *held = pn_snapshot_acquire(snapshot);
    ck_assert_ptr_eq(held, first);
    pn_snapshot_publish(snapshot, second);
    ck_assert_uint_eq(pn_policy_set_policy_count(held), 0); /* still alive */
    pn_policy_set_unref(held);
    held = pn_snapshot_acquire(snapshot);
    ck_assert_ptr_eq(held, second);
    pn_snapshot_free(snapshot);
    ck_assert_uint_eq(pn_policy_set_policy_count(held), 0);
    pn_policy_set_unref(held);
    pn_diags_deinit(&diags);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("server");
    TCase *tcase = tcase_create("server");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, routes_are_found, 0, PN_COUNT_OF(route_cases));
    tcase_add_loop_test(tcase, media_types_are_read, 0, PN_COUNT_OF(type_cases));
    tcase_add_test(tcase, a_failure_is_a_status_object);
    tcase_add_test(tcase, a_long_message_is_cut_for_the_log_between_characters);
    tcase_add_test(tcase, a_body_grows_and_is_padded);
    tcase_add_test(tcase, an_empty_body_is_padded_too);
    tcase_add_test(tcase, a_body_has_a_limit);
    tcase_add_test(tcase, all_bodies_together_have_a_limit);
    tcase_add_test(tcase, buffers_are_used_again_and_clean);
    tcase_add_test(tcase, arenas_are_used_again);
    tcase_add_test(tcase, ready_is_said_with_policies_and_until_the_drain);
    tcase_add_test(tcase, a_crowded_table_ends_who_never_spoke);
    tcase_add_test(tcase, the_sweep_ends_late_requests_and_idle_connections);
    tcase_add_test(tcase, a_drain_ends_only_what_has_served_and_is_idle);
    tcase_add_test(tcase, a_pair_is_loaded_and_another_key_is_not);
    tcase_add_test(tcase, own_files_are_written_and_read_back);
    tcase_add_test(tcase, an_unwritable_place_is_named);
    tcase_add_test(tcase, a_child_hands_back_its_result);
    tcase_add_test(tcase, a_child_that_fails_says_why);
    tcase_add_test(tcase, a_listener_tells_where_it_is);
    tcase_add_test(tcase, serving_without_a_start_is_told);
    tcase_add_test(tcase, a_snapshot_outlives_its_successor);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
