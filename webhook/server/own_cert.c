/* SPDX-License-Identifier: Apache-2.0 */
#include "server/own_cert.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "certs/store.h"
#include "sys/child.h"
#include "sys/file.h"

/* The four texts travel through the pipe one after the other, each with its length before it. */
static void write_part(struct pn_buf *out, const struct pn_buf *part)
{
    uint32_t n = (uint32_t)part->len;
    pn_buf_append(out, &n, sizeof n);
    pn_buf_append(out, part->data, part->len);
}

static bool read_part(struct pn_buf *out, struct pn_str *rest)
{
    uint32_t n;
    if (rest->n < sizeof n)
        return false;
    memcpy(&n, rest->s, sizeof n);
    rest->s += sizeof n;
    rest->n -= sizeof n;
    if (rest->n < n)
        return false;
    pn_buf_append(out, rest->s, n);
    rest->s += n;
    rest->n -= n;
    return !out->failed;
}

static bool read_time(int64_t *ret, struct pn_str *rest)
{
    if (rest->n < sizeof *ret)
        return false;
    memcpy(ret, rest->s, sizeof *ret);
    rest->s += sizeof *ret;
    rest->n -= sizeof *ret;
    return true;
}

/* Runs in the child. */
static int issue(const void *argument, struct pn_buf *out, struct pn_err *err)
{
    PN_CLEANUP(pn_issued_deinit) struct pn_issued issued = PN_ISSUED_INIT;
    int r = pn_issue_chain(&issued, argument, err);
    if (r != 0)
        return r;
    pn_buf_append(out, &issued.not_after, sizeof issued.not_after);
    write_part(out, &issued.ca_cert);
    write_part(out, &issued.ca_key);
    write_part(out, &issued.cert);
    write_part(out, &issued.key);
    return 0;
}

static int issue_in_child(struct pn_issued *ret, const struct pn_issue_options *o,
                          struct pn_err *err)
{
    PN_CLEANUP(pn_store_wipe) struct pn_buf parts = PN_BUF_INIT;
    int r = pn_child_run(issue, o, &parts, PN_PEM_MAX_BYTES, err);
    if (r != 0)
        return r;
    PN_CLEANUP(pn_issued_deinit) struct pn_issued issued = PN_ISSUED_INIT;
    struct pn_str rest = pn_buf_view(&parts);
    if (!read_time(&issued.not_after, &rest) || !read_part(&issued.ca_cert, &rest) ||
        !read_part(&issued.ca_key, &rest) || !read_part(&issued.cert, &rest) ||
        !read_part(&issued.key, &rest))
        return pn_err_set(err, -EIO, "the child process sent no whole certificate");
    *ret = issued;
    issued = (struct pn_issued)PN_ISSUED_INIT;
    return 0;
}

/* An address that names this host alone and is not there yet. */
static bool is_new_name(const struct pn_str *names, size_t n, struct pn_str name)
{
    for (size_t i = 0; i < n; i++) {
        if (pn_str_eq(names[i], name))
            return false;
    }
    return !pn_str_is(name, "0.0.0.0") && !pn_str_is(name, "::");
}

/* The host's name comes last: it may be no DNS name. */
struct names {
    struct pn_str items[5];
    size_t count;
    char host[256];
};

static void names_fill(struct names *n, const char *address)
{
    *n = (struct names){.items = {PN_STR("localhost"), PN_STR("127.0.0.1"), PN_STR("::1")},
                        .count = 3};
    if (address != NULL && is_new_name(n->items, n->count, pn_str_of(address)))
        n->items[n->count++] = pn_str_of(address);
    if (gethostname(n->host, sizeof n->host - 1) == 0 && n->host[0] != '\0')
        n->items[n->count++] = pn_str_of(n->host);
}

typedef int issue_function(struct pn_issued *ret, const struct pn_issue_options *o,
                           struct pn_err *err);

/* `ca`: whose certificate and key to sign with; without, a new one is made. */
static int issue_by(issue_function *issuing, struct pn_issued *ret, const struct pn_issued *ca,
                    const char *address, int64_t now, struct pn_err *err)
{
    struct names names;
    names_fill(&names, address);
    struct pn_issue_options o = {.names = names.items,
                                 .name_count = names.count,
                                 .not_before = now - PN_OWN_CERT_BACKDATE_SECONDS,
                                 .not_after = now + PN_OWN_CERT_SECONDS,
                                 .ca_not_after = now + PN_OWN_CA_SECONDS,
                                 .ca_cert = pn_buf_view(&ca->ca_cert),
                                 .ca_key = pn_buf_view(&ca->ca_key),
                                 .now = now};
    int r = issuing(ret, &o, err);
    if (r != 0 && names.host[0] != '\0') { /* a host name that is no DNS name: serve without it */
        o.name_count--;
        r = issuing(ret, &o, err);
    }
    return r == 0 ? 0 : pn_err_wrap(err, r, "making a certificate");
}

int pn_own_cert_make(struct pn_issued *ret, const char *address, int64_t now, struct pn_err *err)
{
    const struct pn_issued no_ca = PN_ISSUED_INIT;
    return issue_by(issue_in_child, ret, &no_ca, address, now, err);
}

int pn_own_cert_renew(struct pn_issued *ret, const struct pn_issued *before, const char *address,
                      int64_t now, struct pn_err *err)
{
    return issue_by(pn_issue_chain, ret, before, address, now, err);
}

int pn_own_cert_write(const struct pn_issued *issued, const char *directory, struct pn_err *err)
{
    const struct pn_file_part parts[] = {{"tls.key", pn_buf_view(&issued->key), 0600},
                                         {"tls.crt", pn_buf_view(&issued->cert), 0644},
                                         {"ca.crt", pn_buf_view(&issued->ca_cert), 0644}};
    return pn_file_write_set(directory, parts, PN_COUNT_OF(parts), err);
}
