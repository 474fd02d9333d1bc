/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A load that comes at a given rate, each connection in its turn: what wrk waits, it waits in whole
 * milliseconds, and then asks many things at once.
 *
 *     bench-paced PORT CONNECTIONS RATE SECONDS REVIEW
 *
 * RATE is requests per second; 0: each connection asks again once it has its answer. A request
 * counts from when it was due, also where it had to wait for the answer before it. It never sleeps:
 * waking up would be measured too. Prints what came of it as JSON.
 */

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kit.h"

enum { ANSWER_MAX_BYTES = 64 << 10, WAIT_US = 60 * 1000 * 1000 };

struct client {
    gnutls_session_t session;
    bool busy;
    double due_us; /* of the request under way */
    size_t have;
    char answer[ANSWER_MAX_BYTES + 1];
};

struct load {
    struct client *clients;
    size_t client_count;
    int epoll;
    struct pn_buf request;
    double *took_us;
    size_t asked, answered, room;
};

static int connect_to(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        bench_die("nobody listens on port %u", port);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return fd;
}

static void open_client(struct load *load, struct client *c, unsigned port)
{
    gnutls_certificate_credentials_t nobody; /* lives as long as the process */
    int fd = connect_to(port);
    if (gnutls_init(&c->session, GNUTLS_CLIENT) < 0 ||
        gnutls_certificate_allocate_credentials(&nobody) < 0 ||
        gnutls_set_default_priority(c->session) < 0 ||
        gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, nobody) < 0)
        bench_die("no TLS");
    gnutls_transport_set_int(c->session, fd);
    int r;
    do {
        r = gnutls_handshake(c->session);
    } while (r < 0 && !gnutls_error_is_fatal(r));
    if (r < 0)
        bench_die("handshake: %s", gnutls_strerror(r));
    /* Reading must not wait from here on. Writing may: the request fits. */
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        bench_die("epoll");
}

static void ask(struct load *load, struct client *c, double due_us)
{
    if (gnutls_record_send(c->session, load->request.data, load->request.len) !=
        (ssize_t)load->request.len)
        bench_die("the server does not read");
    c->busy = true;
    c->due_us = due_us;
    load->asked++;
}

/* The bytes of the answer so far; 0 while its head is not complete. */
static size_t answer_bytes(struct client *c)
{
    c->answer[c->have] = '\0';
    const char *end = strstr(c->answer, "\r\n\r\n");
    const char *length = strcasestr(c->answer, "\r\nContent-Length:");
    if (end == NULL)
        return 0;
    if (strncmp(c->answer, "HTTP/1.1 200 ", 13) != 0 || length == NULL || length > end)
        bench_die("not the answer that was expected: %.100s", c->answer);
    return (size_t)(end + 4 - c->answer) + strtoul(strchr(length + 2, ':') + 1, NULL, 10);
}

/* Called when there is something to read: one record at least. */
static void take(struct load *load, struct client *c)
{
    do {
        ssize_t n = gnutls_record_recv(c->session, c->answer + c->have, ANSWER_MAX_BYTES - c->have);
        if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
            return; /* a session ticket */
        if (n <= 0 || !c->busy)
            bench_die("the server broke the connection, or the rules");
        c->have += (size_t)n;
    } while (gnutls_record_check_pending(c->session) > 0);
    size_t whole = answer_bytes(c);
    if (whole == 0 || c->have < whole)
        return;
    if (load->answered == load->room)
        bench_die("more answers than there is room for");
    load->took_us[load->answered++] = bench_now_us() - c->due_us;
    c->busy = false;
    c->have = 0;
}

static void take_all(struct load *load)
{
    struct epoll_event events[64];
    int n = epoll_wait(load->epoll, events, 64, 0);
    for (int i = 0; i < n; i++)
        take(load, events[i].data.ptr);
}

/* Asks what is due, the connections in turns. */
static void ask_what_is_due(struct load *load, double began_us, double rate)
{
    double now_us = bench_now_us();
    if (rate > 0) {
        struct client *c = &load->clients[load->asked % load->client_count];
        double due_us = began_us + (double)load->asked / rate * 1e6;
        if (now_us >= due_us && !c->busy)
            ask(load, c, due_us);
        return;
    }
    for (size_t i = 0; i < load->client_count; i++) {
        if (!load->clients[i].busy)
            ask(load, &load->clients[i], bench_now_us());
    }
}

/* Seconds until the last answer. */
static double run(struct load *load, double rate, double seconds)
{
    double began_us = bench_now_us(), planned_us = seconds * 1e6, since_us = 0;
    size_t all = (size_t)(rate * seconds); /* of a given rate: what comes late counts too */
    while (rate > 0 ? load->asked < all : since_us < planned_us) {
        ask_what_is_due(load, began_us, rate);
        take_all(load);
        since_us = bench_now_us() - began_us;
        if (since_us > planned_us + WAIT_US)
            bench_die("%zu requests of %zu could be asked", load->asked, all);
    }
    double end_us = bench_now_us();
    while (load->answered < load->asked) {
        take_all(load);
        if (bench_now_us() - end_us > WAIT_US)
            bench_die("%zu requests are not answered", load->asked - load->answered);
    }
    return (bench_now_us() - began_us) / 1e6;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    if (argc != 6)
        bench_die("see the head of tests/bench/paced.c");
    struct load load = {.client_count = strtoul(argv[2], NULL, 10), .request = PN_BUF_INIT};
    double rate = strtod(argv[3], NULL), seconds = strtod(argv[4], NULL);
    struct bench_review review;
    bench_review_init(&review, argv[5]);
    pn_buf_printf(&load.request,
                  "POST /mutate HTTP/1.1\r\nHost: localhost\r\n"
                  "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                  review.bytes.len);
    pn_buf_append(&load.request, review.bytes.data, review.bytes.len);
    load.room = (size_t)(seconds * 1e6) + 1; /* nobody answers within a microsecond */
    load.took_us = malloc(load.room * sizeof *load.took_us);
    load.clients = calloc(load.client_count, sizeof *load.clients);
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (load.request.failed || load.took_us == NULL || load.clients == NULL || load.epoll < 0)
        bench_die("out of memory");
    for (size_t i = 0; i < load.client_count; i++)
        open_client(&load, &load.clients[i], (unsigned)strtoul(argv[1], NULL, 10));
    double took = run(&load, rate, seconds);
    if (load.answered == 0)
        bench_die("nothing was asked");
    qsort(load.took_us, load.answered, sizeof *load.took_us, compare);
    printf("{\"requests\": %zu, \"seconds\": %.6f, \"p50_us\": %.1f, \"p99_us\": %.1f}\n",
           load.answered, took, load.took_us[load.answered / 2],
           load.took_us[load.answered * 99 / 100]);
    return 0;
}
