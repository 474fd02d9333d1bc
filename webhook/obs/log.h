/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_OBS_LOG_H
#define PN_OBS_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"

/*
 * One line per event. Lines go into a bounded queue and one thread of its own writes them, so that
 * a pipe that nobody reads never makes a request wait: lines that find no room are dropped,
 * counted, and the count is logged as soon as there is room again. Safe to use from any thread.
 */
struct pn_log;

enum pn_log_format {
    PN_LOG_JSON, /* {"time":"...","level":"info","message":"...","key":value,...} */
    PN_LOG_TEXT, /* time LEVEL message key=value ... */
};

enum pn_log_level { PN_LOG_DEBUG, PN_LOG_INFO, PN_LOG_WARN, PN_LOG_ERROR };

/*
 * A log that writes to `fd`, which stays the caller's and must outlive the log. The writing thread
 * starts with the first line, so that a fork before it has no thread to lose. Returns 0 or -ENOMEM.
 */
int pn_log_new(struct pn_log **ret, int fd, enum pn_log_format format) PN_MUST_CHECK;

/* What is below `least` is not written; PN_LOG_INFO at first. To be called before the first line.
 */
void pn_log_set_level(struct pn_log *log, enum pn_log_level least);

/* Waits until the lines are written, PN_LOG_FLUSH_SECONDS at most, and frees. NULL is allowed. */
void pn_log_free(struct pn_log *log);

/* Lines dropped so far. */
uint64_t pn_log_dropped(struct pn_log *log);

/*
 * A line in the making: begin, fields, commit. It lives in `arena` (NULL: on the heap) and copies
 * what it is given. Keys are literals in lowerCamelCase. Control characters are escaped, bytes that
 * are no UTF-8 replaced. A field that would make the line longer than PN_LOG_LINE_MAX_BYTES is left
 * out and the line ends with cut=true. log: NULL is allowed everywhere and does nothing.
 */
struct pn_log_line {
    struct pn_log *log; /* NULL: nobody wants it */
    struct pn_buf text;
    bool cut;
    bool open, first; /* an object, and nothing is in it yet */
};

void pn_log_begin(struct pn_log_line *line, struct pn_log *log, struct pn_arena *arena,
                  enum pn_log_level level, struct pn_str message);
void pn_log_str(struct pn_log_line *line, const char *key, struct pn_str value);
void pn_log_int(struct pn_log_line *line, const char *key, int64_t value);
void pn_log_bool(struct pn_log_line *line, const char *key, bool value);
/*
 * A field that is an object of strings: open, members, close; in text NAME=VALUE,... . Members that
 * do not fit are left out one by one.
 */
void pn_log_open(struct pn_log_line *line, const char *key);
void pn_log_member(struct pn_log_line *line, struct pn_str name, struct pn_str value);
void pn_log_close(struct pn_log_line *line);
/* Queues the line and frees it. Never blocks on the descriptor. */
void pn_log_commit(struct pn_log_line *line);

/* A line that is only a message. */
void pn_log_say(struct pn_log *log, enum pn_log_level level, const char *format, ...)
    PN_PRINTF(3, 4);

/*
 * Holds back a kind of line that a stranger can cause at will. Zero-initialised; one for each kind;
 * guarded by the log's own lock.
 */
struct pn_log_limit {
    int64_t window; /* the second that is counted */
    unsigned count;
    uint64_t held_back; /* since the last line that passed */
};

/*
 * True when a line of this kind may be written now: the first PN_LOG_LIMIT_PER_SECOND of each
 * second. *ret_held_back then is how many were held back since the last one that passed.
 */
bool pn_log_limit_pass(struct pn_log *log, struct pn_log_limit *limit, uint64_t *ret_held_back);

#endif
