/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CERTS_NAME_H
#define PN_CERTS_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Names that a serving certificate is for. */

/* A host name; its first label may be `*`. */
bool pn_cert_name_is_dns(struct pn_str name);

/* Bytes of the address that `name` spells (4 or 16), or 0 when it spells none. */
size_t pn_cert_name_read_ip(unsigned char ret[16], struct pn_str name);

#endif
