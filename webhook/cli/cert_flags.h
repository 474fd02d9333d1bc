/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_CERT_FLAGS_H
#define PN_CLI_CERT_FLAGS_H

#include <stdbool.h>

#include "base/buf.h"
#include "cli/flags.h"

/*
 * The names that an API server may connect to: those of a Service, and others.
 */
struct pn_cert_names {
    struct pn_buf text;   /* the Service's names, one after the other */
    struct pn_str *items; /* on the heap; borrowed from `text` and from the flags */
    size_t count;
};

#define PN_CERT_NAMES_INIT   \
    {                        \
        PN_BUF_INIT, NULL, 0 \
    }

/* For PN_CLEANUP. */
void pn_cert_names_deinit(struct pn_cert_names *names);

/*
 * SERVICE.NAMESPACE.svc, which an API server asks for; unless `domain` is NULL also
 * SERVICE.NAMESPACE and, unless it is empty, SERVICE.NAMESPACE.svc.DOMAIN; then `more`. service,
 * namespace: both, or NULL. What is wrong is said on standard error; false then.
 */
bool pn_cert_names_fill(struct pn_cert_names *ret, const char *service, const char *namespace,
                        const char *domain, const struct pn_flag_list *more);

/* Both name something of Kubernetes, or both are NULL; else says so on standard error. */
bool pn_cert_names_check_service(const char *service, const char *namespace);

#endif
