/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_SERVER_FITNESS_H
#define PN_SERVER_FITNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "server/tls.h"

/* Why an API server would refuse a certificate, cut. */
#define PN_FITNESS_WHY_BYTES 512

/* What OpenSSL says about a pair that GnuTLS has accepted. */
struct pn_fitness {
    int64_t not_before, not_after; /* Unix seconds */
    bool is_unfit;                 /* an API server would refuse it: `why` */
    char why[PN_FITNESS_WHY_BYTES];
};

/*
 * Asks about `texts` as they are at `now`. `forks`: in a child process, so that the megabytes that
 * OpenSSL takes end with it; only before threads start. Returns 0 (fit or not), PN_TLS_E_INVALID
 * when OpenSSL cannot read a text, or a negative errno, each with a message.
 */
int pn_fitness_ask(struct pn_fitness *ret, const struct pn_tls_texts *texts, int64_t now,
                   bool forks, struct pn_err *err) PN_MUST_CHECK;

#endif
