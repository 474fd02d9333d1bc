/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_PROTECTED_H
#define PN_CLI_PROTECTED_H

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

/* The namespaces that no policy reaches. */
struct pn_protected {
    struct pn_buf text;   /* what the names borrow from */
    struct pn_str *names; /* ends with an empty str */
};

/* A name in the list is none that a namespace can have. */
#define PN_PROTECTED_E_NAME 1

/*
 * Reads a list separated by commas; an empty one protects nothing. NULL: kube-system, kube-public,
 * kube-node-lease, and the namespace we run in, which is $POD_NAMESPACE, else what the service
 * account's files say, else pannier-system. The caller calls pn_protected_deinit in any case (*ret
 * is zeroed before). Returns 0, PN_PROTECTED_E_NAME with a message, or -ENOMEM.
 */
int pn_protected_read(struct pn_protected *ret, const char *list, struct pn_err *err) PN_MUST_CHECK;

void pn_protected_deinit(struct pn_protected *protected);

#endif
