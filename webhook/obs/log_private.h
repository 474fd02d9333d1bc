/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_OBS_LOG_PRIVATE_H
#define PN_OBS_LOG_PRIVATE_H

/* Between log.c, which queues and writes lines, and log_line.c, which makes them. */

#include <pthread.h>

#include "base/limits.h"
#include "obs/log.h"

struct pn_log {
    int fd;
    enum pn_log_format format;
    enum pn_log_level least; /* what is below is not written */
    pthread_mutex_t lock;
    pthread_cond_t wake; /* the writer sleeps on it while the queue is empty */
    pthread_t writer;
    bool started;
    bool stopping;
    bool asleep;
    int64_t give_up_ms; /* monotonic; when stopping */
    uint64_t dropped;
    uint64_t told; /* of the dropped */
    size_t head;   /* of the queue, a ring of bytes: whole lines */
    size_t len;
    char queue[PN_LOG_QUEUE_BYTES];
};

/* Writes the end of a line. */
void pn_log_line_end(struct pn_log_line *line);

#endif
