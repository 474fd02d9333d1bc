/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_KUBE_NAMES_H
#define PN_KUBE_NAMES_H

#include <stdbool.h>

#include "base/str.h"

/*
 * Kubernetes' rules for names (apimachinery: util/validation, api/validate/content). Every
 * predicate has a PN_NAME_*_RULE beside it: what was expected, worded to follow "must be ".
 */

#define PN_NAME_DNS_LABEL_MAX_BYTES 63
#define PN_NAME_DNS_SUBDOMAIN_MAX_BYTES 253
#define PN_NAME_QUALIFIED_MAX_BYTES 63 /* of the part behind the slash */
#define PN_NAME_LABEL_VALUE_MAX_BYTES 63
#define PN_NAME_PORT_MAX_BYTES 15

/* Containers, volumes, namespaces (IsDNS1123Label). */
bool pn_name_is_dns_label(struct pn_str name);
#define PN_NAME_DNS_LABEL_RULE \
    "1 to 63 characters of a-z, 0-9 and '-', beginning and ending with a letter or digit"

/* Secrets, ConfigMaps, our own documents (IsDNS1123Subdomain). */
bool pn_name_is_dns_subdomain(struct pn_str name);
#define PN_NAME_DNS_SUBDOMAIN_RULE                                                               \
    "1 to 253 characters: words of a-z, 0-9 and '-' that begin and end with a letter or digit, " \
    "joined by dots"

/* Label keys: [PREFIX/]NAME (IsLabelKey, formerly IsQualifiedName). */
bool pn_name_is_qualified(struct pn_str name);
#define PN_NAME_QUALIFIED_RULE                                                         \
    "NAME or DNS-SUBDOMAIN/NAME, where NAME has 1 to 63 letters, digits, '-', '_' or " \
    "'.' and begins and ends with a letter or digit"

/* Annotation keys: the same in lower case, so that upper case is allowed in the prefix too
 * (ValidateAnnotations). */
bool pn_name_is_annotation_key(struct pn_str name);

/* CSI drivers: a DNS subdomain once it is in lower case (ValidateCSIDriverName). */
bool pn_name_is_csi_driver(struct pn_str name);

/*
 * Writes `text` in lower case to `ret`, which has room for text.n bytes, and returns the bytes
 * written. As Go's strings.ToLower, as far as what comes out is ASCII: besides A-Z, the Kelvin sign
 * becomes k and the capital I with a dot becomes i. Other bytes are copied.
 */
size_t pn_name_lower(char *ret, struct pn_str text);

/* IsLabelValue. Empty is allowed. */
bool pn_name_is_label_value(struct pn_str value);
#define PN_NAME_LABEL_VALUE_RULE                                                              \
    "empty, or at most 63 letters, digits, '-', '_' or '.' that begin and end with a letter " \
    "or digit"

/* Names of container ports (IsValidPortName). */
bool pn_name_is_port(struct pn_str name);
#define PN_NAME_PORT_RULE                                                                  \
    "1 to 15 characters of a-z, 0-9 and '-', with at least one letter, no two hyphens in " \
    "a row, and none at the ends"

/* Names of environment variables as of Kubernetes 1.34 (IsRelaxedEnvVarName). */
bool pn_name_is_env(struct pn_str name);
#define PN_NAME_ENV_RULE "one or more printable ASCII characters other than '='"

#endif
