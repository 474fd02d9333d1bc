/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CERTS_STORE_H
#define PN_CERTS_STORE_H

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "certs/issue.h"

/*
 * A directory with ca.crt, ca.key, tls.crt and tls.key. Issuing into it again renews: a new key and
 * a new certificate by the same CA, so that whoever trusts ca.crt need not be told.
 */
struct pn_store_options {
    const char *directory;
    const char
        *ca_dir; /* may hold a CA, which becomes the directory's when that has none; or NULL */
    const char *ca_cert_file, *ca_key_file; /* both, or NULL: the directory's CA, or a new one */
    bool replaces; /* whatever is there; a CA of the directory, too, unless one is given */
};

/* What is there would be lost, or does not fit together; err says what. */
#define PN_STORE_E_REFUSED 2

/*
 * Issues by `o` (whose CA is set here) into the directory. All files are on disk before the first
 * takes its place: the keys with mode 0600. A CA that was given is not copied but for ca.crt. The
 * certificate that is there is replaced only when its CA is the one that signs. Fills *ret
 * (pn_issued_deinit) and returns 0; PN_ISSUE_E_INVALID, PN_STORE_E_REFUSED or a negative errno with
 * a message that names the file. *ret_new_ca: whether the CA was made now.
 */
int pn_store_issue(struct pn_issued *ret, bool *ret_new_ca, const struct pn_store_options *s,
                   const struct pn_issue_options *o, struct pn_err *err) PN_MUST_CHECK;

/*
 * Appends the PEM text of a file, `what` for messages ("certificate file"). Returns 0,
 * PN_STORE_E_REFUSED (no regular file, or too large), or a negative errno, each with a message.
 */
int pn_store_read(struct pn_buf *out, const char *what, const char *path,
                  struct pn_err *err) PN_MUST_CHECK;

/* Wipes and frees: for text that holds a key. For PN_CLEANUP too. */
void pn_store_wipe(struct pn_buf *text);

#endif
