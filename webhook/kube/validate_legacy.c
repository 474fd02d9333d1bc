/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/names.h"
#include "kube/validate_walk.h"

/* Volume sources of in-tree drivers whose fields have a syntax of their own. */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* ---- iscsi ----------------------------------------------------------------------------- */

static bool is_name_char(char c)
{
    return is_alnum(c) || c == '-' || c == '.';
}

/* "iqn.YYYY-MM." at the start of what is left of `text` from `i` on. */
static bool has_iqn_head(struct pn_str text, size_t i)
{
    static const char head[] = "iqn.0000-00.";
    size_t n = sizeof head - 1;
    if (text.n - i < n)
        return false;
    for (size_t k = 0; k < n; k++) {
        char c = text.s[i + k];
        if (head[k] == '0' ? !is_digit(c) : c != head[k])
            return false;
    }
    return true;
}

/*
 * Kubernetes asks for iqn.YYYY-MM.NAME:REST anywhere in the text, REST being what goes up to its
 * end, without blanks and some signs. So: the last of these, then each run of characters of a
 * name behind it that ends at a colon.
 */
static bool is_iqn(struct pn_str text)
{
    enum { HEAD_BYTES = 12 };
    size_t first = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.s[i] != '\0' && strchr(",;*&$| \t\n\f\r", text.s[i]) != NULL)
            first = i + 1;
    }
    for (size_t run = 0, i = 0; i < text.n; i++) {
        if (is_name_char(text.s[i]))
            continue;
        bool ends_well = text.s[i] == ':' && i >= first && i + 1 < text.n;
        for (size_t k = run; ends_well && k + HEAD_BYTES < i; k++) {
            if (has_iqn_head(text, k))
                return true;
        }
        run = i + 1;
    }
    return false;
}

/* PREFIX, any character but a newline, then so many letters and digits. */
static bool is_number_name(struct pn_str text, size_t digits)
{
    struct pn_str rest = {text.s + 3, text.n - 3};
    size_t sign = pn_str_utf8_next(rest);
    if (sign == 0 || rest.s[0] == '\n' || rest.n != sign + digits)
        return false;
    for (size_t i = sign; i < rest.n; i++) {
        if (!is_alnum(rest.s[i]))
            return false;
    }
    return true;
}

static void walk_iscsi_name(struct pn_validate *v, const struct pn_at *at, struct pn_str name)
{
    bool valid = false;
    if (pn_str_has_prefix(name, PN_STR("iqn")))
        valid = is_iqn(name);
    else if (pn_str_has_prefix(name, PN_STR("eui")))
        valid = is_number_name(name, 16);
    else if (pn_str_has_prefix(name, PN_STR("naa")))
        valid = is_number_name(name, 32);
    if (!valid)
        pn_validate_add(v, at, PN_VALIDATE_INVALID, "must be an iqn., eui. or naa. name");
}

void pn_validate_iscsi(struct pn_validate *v, const struct pn_at *at, struct pn_value source)
{
    static const struct pn_field rows[] = {
        PN_FIELD("iqn", STRING),
        PN_FIELD("lun", INT32),
        PN_FIELD("chapAuthDiscovery", BOOL),
        PN_FIELD("chapAuthSession", BOOL),
        PN_FIELD("secretRef", OBJECT),
        PN_FIELD("initiatorName", STRING),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    PN_PICK(v, at, source, rows, f);
    if (pn_value_str(f[0]).n > 0)
        walk_iscsi_name(v, PN_AT(at, "iqn"), pn_value_str(f[0]));
    pn_validate_range(v, PN_AT(at, "lun"), pn_field_int(f[1]), 0, 255);
    if ((pn_field_true(f[2]) || pn_field_true(f[3])) && f[4].kind != PN_OBJECT)
        pn_validate_add(v, PN_AT(at, "secretRef"), PN_VALIDATE_REQUIRED, "must be given for CHAP");
    if (f[5].kind == PN_STRING)
        walk_iscsi_name(v, PN_AT(at, "initiatorname"), pn_value_str(f[5])); /* their spelling */
}

/* ---- quobyte --------------------------------------------------------------------------- */

/* HOST:PORT as Go's net.SplitHostPort wants it: a host with colons is in brackets. */
static bool is_host_port(struct pn_str text)
{
    const char *colon = text.n > 0 ? memrchr(text.s, ':', text.n) : NULL;
    const char *end = text.s, *behind = text.s;
    if (colon == NULL)
        return false;
    if (text.s[0] == '[') {
        end = memchr(text.s, ']', text.n);
        if (end == NULL || end + 1 != colon)
            return false;
        behind = colon;
        text = (struct pn_str){text.s + 1, text.n - 1};
    } else if (memchr(text.s, ':', (size_t)(colon - text.s)) != NULL) {
        return false;
    }
    return memchr(text.s, '[', text.n) == NULL &&
           memchr(behind, ']', (size_t)(text.s + text.n - behind)) == NULL;
}

void pn_validate_quobyte(struct pn_validate *v, const struct pn_at *at, struct pn_value source)
{
    enum { TENANT_MAX_BYTES = 64 };
    struct pn_str registry = pn_value_str(PN_GET(source, "registry"));
    struct pn_str tenant = pn_value_str(pn_validate_one(v, at, source, "tenant", PN_FIELD_STRING));
    if (registry.n == 0)
        return;
    if (tenant.n > TENANT_MAX_BYTES) { /* "required", as they have it */
        pn_validate_add(v, PN_AT(at, "tenant"), PN_VALIDATE_REQUIRED,
                        "must have at most %d characters", TENANT_MAX_BYTES);
        return;
    }
    for (struct pn_str rest = registry; rest.s != NULL;) {
        if (!is_host_port(pn_str_split(&rest, ','))) {
            pn_validate_add(v, PN_AT(at, "registry"), PN_VALIDATE_INVALID,
                            "must be HOST:PORT, or more of them with commas");
            return;
        }
    }
}

/* ---- azureDisk, storageos -------------------------------------------------------------- */

void pn_validate_azure_disk(struct pn_validate *v, const struct pn_at *at, struct pn_value source)
{
    static const struct pn_field rows[] = {
        PN_FIELD("diskURI", STRING),
        PN_FIELD("cachingMode", STRING),
        PN_FIELD("kind", STRING),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    PN_PICK(v, at, source, rows, f);
    bool managed = pn_value_is_string(f[2], "Managed");
    struct pn_str prefix = managed ? PN_STR("/subscriptions/") : PN_STR("https://");
    if (f[1].kind == PN_STRING)
        pn_validate_choice(v, PN_AT(at, "cachingMode"), pn_value_str(f[1]),
                           "None,ReadOnly,ReadWrite");
    if (f[2].kind == PN_STRING)
        pn_validate_choice(v, PN_AT(at, "kind"), pn_value_str(f[2]), "Shared,Dedicated,Managed");
    if (!pn_str_has_prefix(pn_value_str(f[0]), prefix))
        pn_validate_add(v, PN_AT(at, "diskURI"), PN_VALIDATE_NOT_SUPPORTED,
                        "must begin with %.*s for a disk of this kind", PN_STR_ARG(prefix));
}

void pn_validate_storageos(struct pn_validate *v, const struct pn_at *at, struct pn_value source)
{
    static const struct pn_field rows[] = {
        PN_FIELD("volumeName", STRING),
        PN_FIELD("volumeNamespace", STRING),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    PN_PICK(v, at, source, rows, f);
    for (size_t i = 0; i < PN_COUNT_OF(rows); i++) {
        struct pn_str name = pn_value_str(f[i]);
        if (name.n > 0 && !pn_name_is_dns_label(name))
            pn_validate_add(v, PN_AT(at, rows[i].name), PN_VALIDATE_INVALID, "must be %s",
                            PN_NAME_DNS_LABEL_RULE);
    }
    pn_validate_secret_ref(v, at, source);
}
