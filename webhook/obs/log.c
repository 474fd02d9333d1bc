/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "obs/log_private.h"

/* A pipe that polls as writable takes this many bytes without blocking (POSIX: PIPE_BUF). */
enum { WRITE_STEP_BYTES = 4096 };
/* How long the writer waits for a full descriptor before it looks whether it should stop. */
enum { WRITE_POLL_MS = 100 };
/* A pause between the first line and writing, so that under load one wake-up serves many lines. */
enum { GATHER_MS = 5 };

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int pn_log_new(struct pn_log **ret, int fd, enum pn_log_format format)
{
    struct pn_log *log = malloc(sizeof *log); /* the queue's pages are not touched before use */
    if (log == NULL)
        return -ENOMEM;
    memset(log, 0, offsetof(struct pn_log, queue));
    log->fd = fd;
    log->format = format;
    log->least = PN_LOG_INFO;
    pthread_mutex_init(&log->lock, NULL);
    pthread_cond_init(&log->wake, NULL);
    *ret = log;
    return 0;
}

void pn_log_set_level(struct pn_log *log, enum pn_log_level least)
{
    log->least = least;
}

/* ---- the writer ------------------------------------------------------------------------ */

/* False when the log stops and its time is over. */
static bool may_wait(struct pn_log *log)
{
    pthread_mutex_lock(&log->lock);
    bool may = !log->stopping || monotonic_ms() < log->give_up_ms;
    pthread_mutex_unlock(&log->lock);
    return may;
}

/* Writes without ever blocking for good: a blocked writer could not be stopped. */
static bool write_all(struct pn_log *log, const char *bytes, size_t n)
{
    while (n > 0) {
        struct pollfd fd = {log->fd, POLLOUT, 0};
        if (poll(&fd, 1, WRITE_POLL_MS) == 0 || (fd.revents & POLLOUT) == 0) {
            if ((fd.revents & (POLLERR | POLLNVAL | POLLHUP)) != 0 || !may_wait(log))
                return false;
            continue;
        }
        ssize_t written = write(log->fd, bytes, n);
        if (written < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        if (written > 0) {
            bytes += written;
            n -= (size_t)written;
        }
    }
    return true;
}

/* Called with the lock held. */
static void sleep_until_woken(struct pn_log *log)
{
    const struct timespec gather = {0, GATHER_MS * 1000000L};
    log->asleep = true;
    while (log->asleep)
        pthread_cond_wait(&log->wake, &log->lock);
    if (log->stopping)
        return;
    pthread_mutex_unlock(&log->lock);
    nanosleep(&gather, NULL);
    pthread_mutex_lock(&log->lock);
}

/* Called with the lock held. */
static void wake(struct pn_log *log)
{
    if (log->asleep)
        pthread_cond_signal(&log->wake);
    log->asleep = false;
}

/* Moves the head of the queue to `step`; waits for a line. Returns 0 when there is no more. */
static size_t take(struct pn_log *log, char step[static WRITE_STEP_BYTES], uint64_t *ret_dropped)
{
    pthread_mutex_lock(&log->lock);
    while (log->len == 0 && log->told == log->dropped && !log->stopping)
        sleep_until_woken(log);
    size_t n = PN_LOG_QUEUE_BYTES - log->head;
    n = n < log->len ? n : log->len;
    n = n < WRITE_STEP_BYTES ? n : WRITE_STEP_BYTES;
    memcpy(step, log->queue + log->head, n);
    log->len -= n;
    /* An empty queue starts over: only as much of it becomes resident as was ever needed. */
    log->head = log->len > 0 ? (log->head + n) % PN_LOG_QUEUE_BYTES : 0;
    *ret_dropped = 0;
    if (n == 0) { /* between whole lines, and with room for new ones */
        *ret_dropped = log->dropped - log->told;
        log->told = log->dropped;
    }
    pthread_mutex_unlock(&log->lock);
    return n;
}

static bool tell_dropped(struct pn_log *log, uint64_t dropped)
{
    struct pn_log_line line;
    pn_log_begin(&line, log, NULL, PN_LOG_WARN, PN_STR("log lines were dropped"));
    pn_log_int(&line, "lines", (int64_t)dropped);
    pn_log_line_end(&line);
    bool done = line.text.failed || write_all(log, line.text.data, line.text.len);
    pn_buf_deinit(&line.text);
    return done;
}

static void *writer_main(void *argument)
{
    struct pn_log *log = argument;
    char step[WRITE_STEP_BYTES];
    for (;;) {
        uint64_t dropped;
        size_t n = take(log, step, &dropped);
        if (n == 0 && dropped == 0)
            return NULL;
        /* A descriptor that is broken (its reader is gone) swallows what follows. */
        bool done = n > 0 ? write_all(log, step, n) : tell_dropped(log, dropped);
        if (!done && !may_wait(log))
            return NULL;
    }
}

/* Called with the lock held. The writer takes no signal: those are the main thread's. */
static bool start_writer(struct pn_log *log)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    log->started = pthread_create(&log->writer, NULL, writer_main, log) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return log->started;
}

static void enqueue(struct pn_log *log, const char *bytes, size_t n)
{
    size_t tail = (log->head + log->len) % PN_LOG_QUEUE_BYTES;
    size_t first = PN_LOG_QUEUE_BYTES - tail < n ? PN_LOG_QUEUE_BYTES - tail : n;
    memcpy(log->queue + tail, bytes, first);
    memcpy(log->queue, bytes + first, n - first);
    log->len += n;
}

void pn_log_commit(struct pn_log_line *line)
{
    struct pn_log *log = line->log;
    if (log == NULL)
        return;
    pn_log_line_end(line);
    pthread_mutex_lock(&log->lock);
    if (line->text.failed || line->text.len > PN_LOG_QUEUE_BYTES - log->len ||
        (!log->started && !start_writer(log)))
        log->dropped++;
    else
        enqueue(log, line->text.data, line->text.len);
    wake(log);
    pthread_mutex_unlock(&log->lock);
    pn_buf_deinit(&line->text);
}

void pn_log_say(struct pn_log *log, enum pn_log_level level, const char *format, ...)
{
    struct pn_log_line line;
    char *message = NULL;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&message, format, args);
    va_end(args);
    if (n < 0)
        return;
    pn_log_begin(&line, log, NULL, level, (struct pn_str){message, (size_t)n});
    pn_log_commit(&line);
    free(message);
}

uint64_t pn_log_dropped(struct pn_log *log)
{
    pthread_mutex_lock(&log->lock);
    uint64_t dropped = log->dropped;
    pthread_mutex_unlock(&log->lock);
    return dropped;
}

bool pn_log_limit_pass(struct pn_log *log, struct pn_log_limit *limit, uint64_t *ret_held_back)
{
    if (log == NULL)
        return false;
    int64_t window = monotonic_ms() / 1000;
    pthread_mutex_lock(&log->lock);
    if (limit->window != window) {
        limit->window = window;
        limit->count = 0;
    }
    bool pass = limit->count < PN_LOG_LIMIT_PER_SECOND;
    if (pass) {
        limit->count++;
        *ret_held_back = limit->held_back;
        limit->held_back = 0;
    } else {
        limit->held_back++;
    }
    pthread_mutex_unlock(&log->lock);
    return pass;
}

void pn_log_free(struct pn_log *log)
{
    if (log == NULL)
        return;
    pthread_mutex_lock(&log->lock);
    log->stopping = true;
    log->give_up_ms = monotonic_ms() + PN_LOG_FLUSH_SECONDS * 1000;
    bool started = log->started;
    wake(log);
    pthread_mutex_unlock(&log->lock);
    if (started)
        pthread_join(log->writer, NULL);
    pthread_cond_destroy(&log->wake);
    pthread_mutex_destroy(&log->lock);
    free(log);
}
