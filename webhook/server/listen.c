/* SPDX-License-Identifier: Apache-2.0 */
#include "server/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* Connections that the kernel completes for us while we are busy; bounded by net.core.somaxconn. */
enum { BACKLOG = 4096 };
/* Pause when there are no descriptors or no memory: the next accept would fail at once again. */
enum { EXHAUSTED_PAUSE_MS = 100 };

struct pn_listener {
    int fd;
    int stop_fd; /* an eventfd: readable once the thread is to end */
    pthread_t thread;
    bool started;
    struct pn_http *http;
    struct pn_log *log;
    struct pn_log_limit lines;
};

static int open_socket(const struct sockaddr *address, socklen_t bytes, bool both)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int yes = 1, only_v6 = !both;
    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (address->sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof only_v6);
    if (bind(fd, address, bytes) < 0 || listen(fd, BACKLOG) < 0) {
        int code = errno;
        close(fd);
        return -code;
    }
    return fd;
}

/* The descriptor or a negative errno; -EDESTADDRREQ when `address` is none. */
static int open_address(const char *address, uint16_t port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (address == NULL) {
        int fd = open_socket((struct sockaddr *)&v6, sizeof v6, true);
        if (fd != -EAFNOSUPPORT && fd != -EADDRNOTAVAIL)
            return fd;
        return open_socket((struct sockaddr *)&v4, sizeof v4, false); /* a kernel without IPv6 */
    }
    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
        return open_socket((struct sockaddr *)&v4, sizeof v4, false);
    if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1)
        return open_socket((struct sockaddr *)&v6, sizeof v6, false);
    return -EDESTADDRREQ;
}

int pn_listener_open(struct pn_listener **ret, const char *address, uint16_t port,
                     struct pn_err *err)
{
    int fd = open_address(address, port);
    if (fd == -EDESTADDRREQ)
        return pn_err_set(
            err, -EINVAL,
            "'%s' is not an IP address to bind to (for example 0.0.0.0, 127.0.0.1, ::)", address);
    if (fd == -EADDRINUSE)
        return pn_err_set(err, fd,
                          "port %u is taken: stop the other process or choose another port", port);
    if (fd < 0)
        return pn_err_set(err, fd, "cannot listen on %s port %u: %s",
                          address != NULL ? address : "all addresses", port, strerror(-fd));
    struct pn_listener *listener = calloc(1, sizeof *listener);
    int stop_fd = listener != NULL ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
    if (stop_fd < 0) {
        close(fd);
        free(listener);
        return pn_err_set(err, -ENOMEM, "out of memory or descriptors");
    }
    listener->fd = fd;
    listener->stop_fd = stop_fd;
    *ret = listener;
    return 0;
}

uint16_t pn_listener_address(const struct pn_listener *listener, char text[INET6_ADDRSTRLEN])
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } bound = {0};
    socklen_t n = sizeof bound;
    strcpy(text, "?");
    if (getsockname(listener->fd, &bound.any, &n) < 0)
        return 0;
    if (bound.any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &bound.v6.sin6_addr, text, INET6_ADDRSTRLEN);
        return ntohs(bound.v6.sin6_port);
    }
    inet_ntop(AF_INET, &bound.v4.sin_addr, text, INET6_ADDRSTRLEN);
    return ntohs(bound.v4.sin_port);
}

static void warn(struct pn_listener *listener, const char *message, const char *detail)
{
    struct pn_log_line line;
    uint64_t held_back;
    if (!pn_log_limit_pass(listener->log, &listener->lines, &held_back))
        return;
    pn_log_begin(&line, listener->log, NULL, PN_LOG_WARN, pn_str_of(message));
    if (detail != NULL)
        pn_log_str(&line, "detail", pn_str_of(detail));
    if (held_back > 0)
        pn_log_int(&line, "heldBack", (int64_t)held_back);
    pn_log_commit(&line);
}

static bool is_exhausted(int code)
{
    return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM;
}

/* Accepts what waits, a full backlog at most: a flood must not keep us from stopping. False when
 * descriptors or memory are short. */
static bool accept_waiting(struct pn_listener *listener)
{
    for (int i = 0; i < BACKLOG; i++) {
        struct sockaddr_storage peer;
        socklen_t n = sizeof peer;
        int fd = accept4(listener->fd, (struct sockaddr *)&peer, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            if (!pn_http_add(listener->http, fd, (struct sockaddr *)&peer, n))
                warn(listener, "refused a connection: too many are open", NULL);
        } else if (errno == EAGAIN) {
            return true;
        } else if (is_exhausted(errno)) {
            warn(listener, "cannot accept connections", strerror(errno));
            return false;
        }
        /* Other errors are those of one connection that is gone already (accept(2)). */
    }
    return true;
}

static void *accept_main(void *argument)
{
    struct pn_listener *listener = argument;
    struct pollfd fds[] = {{listener->stop_fd, POLLIN, 0}, {listener->fd, POLLIN, 0}};
    bool exhausted = false;
    while ((fds[0].revents & POLLIN) == 0) {
        fds[1].revents = 0;
        poll(fds, exhausted ? 1 : 2, exhausted ? EXHAUSTED_PAUSE_MS : -1);
        if (exhausted || fds[1].revents != 0)
            exhausted = !accept_waiting(listener);
    }
    accept_waiting(listener); /* who has connected expects to be served */
    return NULL;
}

int pn_listener_start(struct pn_listener *listener, struct pn_http *http, struct pn_log *log)
{
    listener->http = http;
    listener->log = log;
    int code = pthread_create(&listener->thread, NULL, accept_main, listener);
    listener->started = code == 0;
    return -code;
}

void pn_listener_stop(struct pn_listener *listener)
{
    uint64_t one = 1;
    if (listener->started) {
        while (write(listener->stop_fd, &one, sizeof one) < 0 && errno == EINTR)
            continue;
        pthread_join(listener->thread, NULL);
        listener->started = false;
    }
    if (listener->fd >= 0)
        close(listener->fd);
    listener->fd = -1;
}

void pn_listener_free(struct pn_listener *listener)
{
    if (listener == NULL)
        return;
    pn_listener_stop(listener);
    close(listener->stop_fd);
    free(listener);
}
