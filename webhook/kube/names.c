/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/names.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_alnum(char c)
{
    return is_digit(c) || is_lower(c) || is_upper(c);
}

/* One word of a DNS name, of any length. `any_case` takes A-Z as well. */
static bool is_dns_word(struct pn_str word, bool any_case)
{
    if (word.n == 0 || word.s[0] == '-' || word.s[word.n - 1] == '-')
        return false;
    for (size_t i = 0; i < word.n; i++) {
        char c = word.s[i];
        if (!is_lower(c) && !is_digit(c) && c != '-' && !(any_case && is_upper(c)))
            return false;
    }
    return true;
}

static bool is_subdomain(struct pn_str name, bool any_case)
{
    if (name.n == 0 || name.n > PN_NAME_DNS_SUBDOMAIN_MAX_BYTES)
        return false;
    while (name.s != NULL) {
        if (!is_dns_word(pn_str_split(&name, '.'), any_case))
            return false;
    }
    return true;
}

/* Letters, digits and inner '-', '_', '.'; not empty. */
static bool is_label_text(struct pn_str text, size_t max_bytes)
{
    if (text.n == 0 || text.n > max_bytes || !is_alnum(text.s[0]) || !is_alnum(text.s[text.n - 1]))
        return false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.s[i];
        if (!is_alnum(c) && c != '-' && c != '_' && c != '.')
            return false;
    }
    return true;
}

static bool is_key(struct pn_str key, bool any_case)
{
    struct pn_str name = key;
    struct pn_str prefix = pn_str_split(&name, '/');
    if (name.s == NULL)
        name = prefix;
    else if (!is_subdomain(prefix, any_case))
        return false;
    return is_label_text(name, PN_NAME_QUALIFIED_MAX_BYTES);
}

bool pn_name_is_dns_label(struct pn_str name)
{
    return name.n <= PN_NAME_DNS_LABEL_MAX_BYTES && is_dns_word(name, false);
}

bool pn_name_is_dns_subdomain(struct pn_str name)
{
    return is_subdomain(name, false);
}

bool pn_name_is_qualified(struct pn_str name)
{
    return is_key(name, false);
}

bool pn_name_is_annotation_key(struct pn_str name)
{
    return is_key(name, true);
}

bool pn_name_is_label_value(struct pn_str value)
{
    return value.n == 0 || is_label_text(value, PN_NAME_LABEL_VALUE_MAX_BYTES);
}

bool pn_name_is_port(struct pn_str name)
{
    bool letter = false;
    if (name.n > PN_NAME_PORT_MAX_BYTES || !is_dns_word(name, false))
        return false;
    for (size_t i = 0; i < name.n; i++) {
        letter = letter || is_lower(name.s[i]);
        if (i > 0 && name.s[i] == '-' && name.s[i - 1] == '-')
            return false;
    }
    return letter;
}

bool pn_name_is_env(struct pn_str name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (name.s[i] < ' ' || name.s[i] > '~' || name.s[i] == '=')
            return false;
    }
    return name.n > 0;
}
