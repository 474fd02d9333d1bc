/* SPDX-License-Identifier: Apache-2.0 */
#include "certs/name.h"

#include <arpa/inet.h>
#include <netinet/in.h>

/* RFC 1035 section 2.3.4. */
enum { DNS_NAME_MAX_BYTES = 253, DNS_LABEL_MAX_BYTES = 63 };

static bool is_dns_label(struct pn_str label)
{
    if (label.n == 0 || label.n > DNS_LABEL_MAX_BYTES)
        return false;
    for (size_t i = 0; i < label.n; i++) {
        char c = label.s[i];
        bool inner = i > 0 && i + 1 < label.n;
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              (inner && (c == '-' || c == '_'))))
            return false;
    }
    return true;
}

/* Checked here, since a wrong name would be signed without a word and fail in the handshake. */
bool pn_cert_name_is_dns(struct pn_str name)
{
    if (name.n == 0 || name.n > DNS_NAME_MAX_BYTES)
        return false;
    if (pn_str_has_prefix(name, PN_STR("*.")))
        name = (struct pn_str){name.s + 2, name.n - 2};
    for (struct pn_str rest = name; rest.s != NULL;) {
        if (!is_dns_label(pn_str_split(&rest, '.')))
            return false;
    }
    return true;
}

size_t pn_cert_name_read_ip(unsigned char ret[16], struct pn_str name)
{
    char text[INET6_ADDRSTRLEN];
    if (name.n == 0 || name.n >= sizeof text || memchr(name.s, '\0', name.n) != NULL)
        return 0;
    memcpy(text, name.s, name.n);
    text[name.n] = '\0';
    if (inet_pton(AF_INET, text, ret) == 1)
        return 4;
    return inet_pton(AF_INET6, text, ret) == 1 ? 16 : 0;
}
