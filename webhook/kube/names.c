/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/names.h"

/* What a character may be part of; most names are long, and all of them are read. */
enum { DIGIT = 1, LOWER = 2, UPPER = 4, DASH = 8, UNDERSCORE_OR_DOT = 16 };

static const uint8_t classes[256] = {
    ['0' ... '9'] = DIGIT, ['a' ... 'z'] = LOWER,     ['A' ... 'Z'] = UPPER,
    ['-'] = DASH,          ['_'] = UNDERSCORE_OR_DOT, ['.'] = UNDERSCORE_OR_DOT,
};

static bool is_a(char c, unsigned any_of)
{
    return (classes[(unsigned char)c] & any_of) != 0;
}

/* One word of a DNS name, of any length. `any_case` takes A-Z as well. */
static bool is_dns_word(struct pn_str word, bool any_case)
{
    unsigned allowed = DIGIT | LOWER | DASH | (any_case ? UPPER : 0);
    if (word.n == 0 || word.s[0] == '-' || word.s[word.n - 1] == '-')
        return false;
    for (size_t i = 0; i < word.n; i++) {
        if (!is_a(word.s[i], allowed))
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
    if (text.n == 0 || text.n > max_bytes || !is_a(text.s[0], DIGIT | LOWER | UPPER) ||
        !is_a(text.s[text.n - 1], DIGIT | LOWER | UPPER))
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (!is_a(text.s[i], DIGIT | LOWER | UPPER | DASH | UNDERSCORE_OR_DOT))
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

size_t pn_name_lower(char *ret, struct pn_str text)
{
    static const struct pn_str kelvin = PN_STR_INIT("\xe2\x84\xaa");
    static const struct pn_str dotted_i = PN_STR_INIT("\xc4\xb0");
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        struct pn_str rest = {text.s + i, text.n - i};
        char c = text.s[i];
        if (pn_str_has_prefix(rest, kelvin)) {
            c = 'k';
            i += kelvin.n - 1;
        } else if (pn_str_has_prefix(rest, dotted_i)) {
            c = 'i';
            i += dotted_i.n - 1;
        } else if (is_a(c, UPPER)) {
            c = (char)(c - 'A' + 'a');
        }
        ret[n++] = c;
    }
    return n;
}

/* Whether the rule holds for the name in lower case; a name too long for the room is none. */
static bool holds_in_lower_case(bool (*rule)(struct pn_str name), struct pn_str name)
{
    char lower[1024]; /* three bytes can become one: 3 * (253 + 1 + 63) */
    if (name.n > sizeof lower)
        return false;
    size_t n = pn_name_lower(lower, name);
    return rule((struct pn_str){lower, n});
}

bool pn_name_is_annotation_key(struct pn_str name)
{
    return is_key(name, true) || holds_in_lower_case(pn_name_is_qualified, name);
}

bool pn_name_is_csi_driver(struct pn_str name)
{
    return holds_in_lower_case(pn_name_is_dns_subdomain, name);
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
        letter = letter || is_a(name.s[i], LOWER);
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
