/* SPDX-License-Identifier: Apache-2.0 */
#include "server/fitness.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "certs/check.h"
#include "sys/child.h"

struct question {
    const struct pn_tls_texts *texts;
    int64_t now;
};

static int ask(struct pn_fitness *ret, const struct question *q, struct pn_arena *a,
               struct pn_err *err)
{
    struct pn_check_report report;
    struct pn_check_options o = {.cert = q->texts->cert, .key = q->texts->key, .now = q->now};
    int r = pn_check_run(&report, &o, a, err);
    if (r != 0)
        return r > 0 ? PN_TLS_E_INVALID : r;
    *ret = (struct pn_fitness){.not_before = report.not_before,
                               .not_after = report.not_after,
                               .is_unfit = report.finding_count > 0};
    if (ret->is_unfit) {
        struct pn_str text = report.findings[0].text;
        memcpy(ret->why, text.s, text.n < sizeof ret->why ? text.n : sizeof ret->why - 1);
    }
    return 0;
}

/* A pn_child_work: the answer goes through a pipe as it is. */
static int work(const void *question, struct pn_buf *out, struct pn_err *err)
{
    struct pn_arena *arena = NULL;
    struct pn_fitness fitness;
    int r = pn_arena_new(&arena, 0);
    if (r != 0)
        return pn_err_set(err, r, "out of memory");
    r = ask(&fitness, question, arena, err);
    if (r == 0)
        pn_buf_append(out, &fitness, sizeof fitness);
    pn_arena_free(arena);
    return r;
}

int pn_fitness_ask(struct pn_fitness *ret, const struct pn_tls_texts *texts, int64_t now,
                   bool forks, struct pn_err *err)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf out = PN_BUF_INIT;
    const struct question q = {texts, now};
    int r = forks ? pn_child_run(work, &q, &out, sizeof *ret, err) : work(&q, &out, err);
    if (r != 0)
        return r;
    if (out.len != sizeof *ret)
        return pn_err_set(err, -EIO, "the child process sent no whole answer");
    memcpy(ret, out.data, sizeof *ret);
    return 0;
}
