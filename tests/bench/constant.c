/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a server costs that does nothing: libmicrohttpd and GnuTLS as pannier uses them, one thread,
 * and a handler that reads the body and answers what a file holds.
 *
 *     bench-constant CERT KEY ANSWER
 *
 * Listens on a free port of 127.0.0.1 and prints it. Ends when its standard input does.
 */

#include <arpa/inet.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "kit.h"
#include "server/tls.h"

/* A request's body. One that is done is kept for the next: one thread needs no lock. */
struct body {
    char *bytes;
    size_t len, cap;
    struct body *next;
};

static struct body *kept;
static struct pn_buf answer = PN_BUF_INIT;

static struct body *take_body(void)
{
    struct body *body = kept;
    if (body != NULL) {
        kept = body->next;
        body->len = 0;
        return body;
    }
    return calloc(1, sizeof *body);
}

static bool append(struct body *body, const char *bytes, size_t n)
{
    size_t cap = body->cap > 0 ? body->cap : PN_BODY_START_BYTES;
    while (cap < body->len + n)
        cap *= 2;
    if (cap != body->cap) {
        char *grown = realloc(body->bytes, cap);
        if (grown == NULL)
            return false;
        body->bytes = grown;
        body->cap = cap;
    }
    memcpy(body->bytes + body->len, bytes, n);
    body->len += n;
    return true;
}

static enum MHD_Result on_request(void *closure, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_bytes, void **context)
{
    (void)closure, (void)url, (void)method, (void)version;
    struct body *body = *context;
    if (body == NULL) {
        *context = take_body();
        return *context != NULL ? MHD_YES : MHD_NO;
    }
    if (*data_bytes > 0) {
        bool fits = append(body, data, *data_bytes);
        *data_bytes = 0;
        return fits ? MHD_YES : MHD_NO;
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(answer.len, answer.data,
                                                                    MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result = MHD_NO;
    if (response == NULL)
        return result;
    if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json"))
        result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

static void on_completed(void *closure, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode why)
{
    (void)closure, (void)connection, (void)why;
    struct body *body = *context;
    if (body == NULL)
        return;
    body->next = kept;
    kept = body;
}

static void read_file(struct pn_buf *out, const char *path)
{
    struct bench_review whole;
    bench_review_init(&whole, path);
    pn_buf_append(out, whole.bytes.data, whole.bytes.len);
    pn_buf_char(out, '\0'); /* for texts */
    if (out->failed)
        bench_die("out of memory");
    out->len--;
    bench_review_deinit(&whole);
}

static unsigned port_of(struct MHD_Daemon *daemon)
{
    struct sockaddr_in address;
    socklen_t n = sizeof address;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_LISTEN_FD);
    if (info == NULL || getsockname(info->listen_fd, (struct sockaddr *)&address, &n) != 0)
        bench_die("the server has no port");
    return ntohs(address.sin_port);
}

/*
 * The library's own thread waits for ever where exactly as many events are there as it takes at
 * once (128): it asks for more before it looks at them. So this one waits, and the library never
 * does.
 */
static void serve(struct MHD_Daemon *daemon)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL)
        bench_die("the server cannot wait");
    struct pollfd fds[] = {{.fd = info->epoll_fd, .events = POLLIN},
                           {.fd = STDIN_FILENO, .events = POLLIN}};
    while (fds[1].revents == 0) {
        MHD_UNSIGNED_LONG_LONG ms;
        bool until = MHD_get_timeout(daemon, &ms) == MHD_YES;
        if (poll(fds, 2, until ? (int)(ms < 1000 ? ms : 1000) : -1) < 0 ||
            MHD_run(daemon) != MHD_YES)
            bench_die("the server cannot go on");
    }
}

int main(int argc, char **argv)
{
    struct pn_buf cert = PN_BUF_INIT, key = PN_BUF_INIT;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (argc != 4)
        bench_die("see the head of tests/bench/constant.c");
    read_file(&cert, argv[1]);
    read_file(&key, argv[2]);
    read_file(&answer, argv[3]);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_TLS, 0, NULL, NULL, on_request, NULL, MHD_OPTION_SOCK_ADDR,
        (struct sockaddr *)&address, MHD_OPTION_HTTPS_MEM_CERT, cert.data, MHD_OPTION_HTTPS_MEM_KEY,
        key.data, MHD_OPTION_HTTPS_PRIORITIES, PN_TLS_PRIORITIES, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)PN_CONNECTION_MEMORY_BYTES,
        MHD_OPTION_END);
    if (daemon == NULL)
        bench_die("the server cannot start");
    printf("%u\n", port_of(daemon));
    fflush(stdout);
    serve(daemon);
    MHD_stop_daemon(daemon);
    return 0;
}
