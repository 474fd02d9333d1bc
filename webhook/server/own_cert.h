/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_SERVER_OWN_CERT_H
#define PN_SERVER_OWN_CERT_H

#include "base/cleanup.h"
#include "base/err.h"
#include "certs/issue.h"

/*
 * A certificate of the server's own, for when no files are given: for localhost, 127.0.0.1, ::1,
 * the host's name and `address` (NULL: no further one), by a CA of its own. Made in a child
 * process, so to be called before threads start. Fills *ret (pn_issued_deinit). Returns 0 or a
 * negative errno with a message.
 */
int pn_own_cert_make(struct pn_issued *ret, const char *address, int64_t now,
                     struct pn_err *err) PN_MUST_CHECK;

/*
 * Another one, with a new key, by the CA of `before`; at any time. It costs a few megabytes that
 * stay, once. Returns 0, PN_ISSUE_E_INVALID (the CA has expired), or a negative errno, each with a
 * message.
 */
int pn_own_cert_renew(struct pn_issued *ret, const struct pn_issued *before, const char *address,
                      int64_t now, struct pn_err *err) PN_MUST_CHECK;

/*
 * Writes ca.crt, tls.crt and tls.key (0600) into `directory`, each atomically; the directory is
 * made when it is missing. Returns 0 or a negative errno with a message.
 */
int pn_own_cert_write(const struct pn_issued *issued, const char *directory,
                      struct pn_err *err) PN_MUST_CHECK;

#endif
