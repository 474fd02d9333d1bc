/* SPDX-License-Identifier: Apache-2.0 */
#include "server/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A new connection on its way to the thread: small enough for a pipe to keep it in one piece. */
struct arrival {
    int fd;
    socklen_t address_bytes;
    struct sockaddr_storage address;
};

struct pn_worker {
    struct MHD_Daemon *daemon;
    int epoll_fd;    /* the library's: readable when it has something to do */
    int arrivals[2]; /* a pipe; when it is closed, the thread ends */
    void (*on_lost)(void *closure);
    void *closure;
    pthread_t thread;
};

/* Milliseconds until the library wants to run without an event; -1: never. */
static int patience_ms(const struct pn_worker *worker)
{
    unsigned long long ms;
    if (MHD_get_timeout(worker->daemon, &ms) != MHD_YES)
        return -1;
    return ms < 1000 ? (int)ms : 1000;
}

/* Takes over the connections that have come. False: there will be no more. */
static bool take_arrivals(struct pn_worker *worker)
{
    struct arrival a;
    ssize_t n;
    while ((n = read(worker->arrivals[0], &a, sizeof a)) == (ssize_t)sizeof a) {
        /* Where it fails, it has closed the descriptor, and tells nobody. */
        if (MHD_add_connection(worker->daemon, a.fd, (struct sockaddr *)&a.address,
                               a.address_bytes) != MHD_YES)
            worker->on_lost(worker->closure);
    }
    return n != 0;
}

static void *work(void *argument)
{
    struct pn_worker *worker = argument;
    struct pollfd fds[] = {{worker->epoll_fd, POLLIN, 0}, {worker->arrivals[0], POLLIN, 0}};
    for (;;) {
        fds[1].revents = 0;
        poll(fds, 2, patience_ms(worker)); /* where it fails, nobody has come */
        if (fds[1].revents != 0 && !take_arrivals(worker))
            return NULL;
        MHD_run(worker->daemon);
    }
}

static int start_daemon(struct pn_worker *worker, const struct pn_worker_options *o)
{
    worker->daemon = MHD_start_daemon(o->flags | MHD_USE_EPOLL, 0, NULL, NULL, o->handler,
                                      o->closure, MHD_OPTION_ARRAY, o->items, MHD_OPTION_END);
    if (worker->daemon == NULL)
        return -EIO;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(worker->daemon,
                                                           MHD_DAEMON_INFO_EPOLL_FD);
    worker->epoll_fd = info != NULL ? info->epoll_fd : -1;
    return worker->epoll_fd >= 0 ? 0 : -EIO;
}

static int start(struct pn_worker *worker, const struct pn_worker_options *o)
{
    if (pipe2(worker->arrivals, O_CLOEXEC) < 0)
        return -errno;
    if (fcntl(worker->arrivals[0], F_SETFL, O_NONBLOCK) < 0)
        return -errno;
    int r = start_daemon(worker, o);
    return r == 0 ? -pthread_create(&worker->thread, NULL, work, worker) : r;
}

static void free_worker(struct pn_worker *worker)
{
    if (worker->daemon != NULL)
        MHD_stop_daemon(worker->daemon);
    for (int i = 0; i < 2; i++) {
        if (worker->arrivals[i] >= 0)
            close(worker->arrivals[i]);
    }
    free(worker);
}

int pn_worker_start(struct pn_worker **ret, const struct pn_worker_options *o)
{
    struct pn_worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL)
        return -ENOMEM;
    worker->arrivals[0] = worker->arrivals[1] = -1;
    worker->on_lost = o->on_lost;
    worker->closure = o->closure;
    int r = start(worker, o);
    if (r != 0) {
        free_worker(worker);
        return r;
    }
    *ret = worker;
    return 0;
}

bool pn_worker_add(struct pn_worker *worker, int take_fd, const struct sockaddr *address,
                   socklen_t address_bytes)
{
    struct arrival a = {.fd = take_fd, .address_bytes = address_bytes};
    memcpy(&a.address, address, address_bytes);
    ssize_t n;
    do {
        n = write(worker->arrivals[1], &a, sizeof a);
    } while (n < 0 && errno == EINTR);
    if (n == (ssize_t)sizeof a)
        return true;
    close(take_fd);
    return false;
}

void pn_worker_stop(struct pn_worker *worker)
{
    if (worker == NULL)
        return;
    close(worker->arrivals[1]);
    worker->arrivals[1] = -1;
    pthread_join(worker->thread, NULL);
    take_arrivals(worker); /* so that they are closed with the others */
    free_worker(worker);
}
