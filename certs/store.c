/* SPDX-License-Identifier: Apache-2.0 */
#include "certs/store.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>

#include "base/limits.h"
#include "certs/check.h"
#include "sys/file.h"

void pn_store_wipe(struct pn_buf *text)
{
    if (text->data != NULL)
        OPENSSL_cleanse(text->data, text->cap);
    pn_buf_deinit(text);
}

int pn_store_read(struct pn_buf *out, const char *what, const char *path, struct pn_err *err)
{
    int r = pn_file_read(out, path, PN_PEM_MAX_BYTES);
    if (r == PN_FILE_E_NOT_REGULAR)
        return pn_err_set(err, PN_STORE_E_REFUSED, "%s '%s' is not a regular file", what, path);
    if (r == PN_FILE_E_TOO_LARGE)
        return pn_err_set(err, PN_STORE_E_REFUSED, "%s '%s' has more than %u bytes", what, path,
                          PN_PEM_MAX_BYTES);
    return r == 0 ? 0 : pn_err_set(err, r, "cannot read the %s '%s': %s", what, path, strerror(-r));
}

/* What the directory holds. */
struct held {
    struct pn_buf ca_cert, ca_key, cert;
    bool has_ca_cert, has_ca_key, has_cert, has_key;
};

static void held_deinit(struct held *h)
{
    pn_buf_deinit(&h->ca_cert);
    pn_store_wipe(&h->ca_key);
    pn_buf_deinit(&h->cert);
}

/* Reads DIRECTORY/NAME. A file that is not there is no failure. */
static int read_held(struct pn_buf *out, bool *ret_there, const char *directory, const char *name,
                     struct pn_err *err)
{
    PN_CLEANUP(pn_free_pointer) char *path = NULL;
    if (asprintf(&path, "%s/%s", directory, name) < 0) {
        path = NULL;
        return pn_err_set(err, -ENOMEM, "out of memory");
    }
    int r = pn_store_read(out, "file", path, err);
    *ret_there = r == 0;
    return r == -ENOENT ? 0 : r;
}

static int look_for_ca(struct held *h, const char *directory, struct pn_err *err)
{
    int r = read_held(&h->ca_cert, &h->has_ca_cert, directory, "ca.crt", err);
    return r == 0 ? read_held(&h->ca_key, &h->has_ca_key, directory, "ca.key", err) : r;
}

/* A CA that is kept elsewhere: both files, or neither. */
static int look_elsewhere(struct held *h, const char *ca_dir, struct pn_err *err)
{
    int r = look_for_ca(h, ca_dir, err);
    if (r != 0 || h->has_ca_cert == h->has_ca_key)
        return r;
    return pn_err_set(err, PN_STORE_E_REFUSED, "cannot read the %s '%s/%s': %s",
                      h->has_ca_cert ? "CA key file" : "CA certificate file", ca_dir,
                      h->has_ca_cert ? "ca.key" : "ca.crt", strerror(ENOENT));
}

static int look(struct held *h, const struct pn_store_options *s, struct pn_err *err)
{
    PN_CLEANUP(pn_store_wipe) struct pn_buf key = PN_BUF_INIT;
    int r = look_for_ca(h, s->directory, err);
    if (r == 0 && s->ca_dir != NULL && !h->has_ca_cert && !h->has_ca_key)
        r = look_elsewhere(h, s->ca_dir, err);
    if (r == 0)
        r = read_held(&h->cert, &h->has_cert, s->directory, "tls.crt", err);
    return r == 0 ? read_held(&key, &h->has_key, s->directory, "tls.key", err) : r;
}

/* Nothing may be lost that nobody can make again. `ca`: the certificate that will sign, or unset
 * when a new CA will. */
static int refuse_loss(const struct held *h, const struct pn_store_options *s, struct pn_str ca,
                       struct pn_err *err)
{
    if (h->has_ca_cert && ca.s != NULL && !pn_str_eq(ca, pn_buf_view(&h->ca_cert)))
        return pn_err_set(err, PN_STORE_E_REFUSED,
                          "'%s/ca.crt' is of another CA: use another directory, or --force",
                          s->directory);
    bool is_ours = h->has_cert && ca.s != NULL && pn_check_is_signed_by(pn_buf_view(&h->cert), ca);
    if ((h->has_cert || h->has_key) && !is_ours)
        return pn_err_set(err, PN_STORE_E_REFUSED,
                          "'%s/%s' is there and not of the CA that would sign: use another "
                          "directory, or --force",
                          s->directory, h->has_cert ? "tls.crt" : "tls.key");
    return 0;
}

/* Sets the CA to sign with; its text lives in `h`. */
static int choose_ca(struct pn_issue_options *o, struct held *h, const struct pn_store_options *s,
                     struct pn_err *err)
{
    if (s->replaces)
        return 0;
    if (h->has_ca_cert != h->has_ca_key)
        return pn_err_set(err, PN_STORE_E_REFUSED,
                          "'%s' has %s without %s: give the CA with --ca-cert-file and "
                          "--ca-key-file, or make a new one with --force",
                          s->directory, h->has_ca_cert ? "ca.crt" : "ca.key",
                          h->has_ca_cert ? "ca.key" : "ca.crt");
    if (h->has_ca_cert) {
        o->ca_cert = pn_buf_view(&h->ca_cert);
        o->ca_key = pn_buf_view(&h->ca_key);
    }
    return refuse_loss(h, s, o->ca_cert, err);
}

static int put(const struct pn_issued *issued, const char *directory, bool with_ca_key,
               struct pn_err *err)
{
    /* The keys first: a certificate is never newer than its key for long. */
    const struct pn_file_part parts[] = {{"tls.key", pn_buf_view(&issued->key), 0600},
                                         {"tls.crt", pn_buf_view(&issued->cert), 0644},
                                         {"ca.crt", pn_buf_view(&issued->ca_cert), 0644},
                                         {"ca.key", pn_buf_view(&issued->ca_key), 0600}};
    return pn_file_write_set(directory, parts, with_ca_key ? 4 : 3, err);
}

static int issue(struct pn_issued *ret, const struct pn_store_options *s,
                 const struct pn_issue_options *o, bool with_ca_key, struct pn_err *err)
{
    PN_CLEANUP(pn_issued_deinit) struct pn_issued issued = PN_ISSUED_INIT;
    int r = pn_issue_chain(&issued, o, err);
    if (r == 0)
        r = put(&issued, s->directory, with_ca_key, err);
    if (r != 0)
        return r;
    *ret = issued;
    issued = (struct pn_issued)PN_ISSUED_INIT;
    return 0;
}

static int issue_by_given(struct pn_issued *ret, const struct held *h,
                          const struct pn_store_options *s, struct pn_issue_options *o,
                          struct pn_err *err)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf ca_cert = PN_BUF_INIT;
    PN_CLEANUP(pn_store_wipe) struct pn_buf ca_key = PN_BUF_INIT;
    int r = pn_store_read(&ca_cert, "CA certificate file", s->ca_cert_file, err);
    if (r == 0)
        r = pn_store_read(&ca_key, "CA key file", s->ca_key_file, err);
    o->ca_cert = pn_buf_view(&ca_cert);
    o->ca_key = pn_buf_view(&ca_key);
    if (r == 0 && h->has_ca_key && !pn_str_eq(pn_buf_view(&h->ca_key), o->ca_key))
        r = pn_err_set(err, PN_STORE_E_REFUSED,
                       "'%s/ca.key' is of a CA of the directory's own: use another directory",
                       s->directory);
    if (r == 0 && !s->replaces)
        r = refuse_loss(h, s, o->ca_cert, err);
    return r == 0 ? issue(ret, s, o, false, err) : r;
}

int pn_store_issue(struct pn_issued *ret, bool *ret_new_ca, const struct pn_store_options *s,
                   const struct pn_issue_options *options, struct pn_err *err)
{
    struct pn_issue_options o = *options;
    PN_CLEANUP(held_deinit) struct held held = {PN_BUF_INIT, PN_BUF_INIT, PN_BUF_INIT};
    int r = look(&held, s, err);
    *ret_new_ca = false;
    if (r != 0)
        return r;
    if (s->ca_cert_file != NULL)
        return issue_by_given(ret, &held, s, &o, err);
    r = choose_ca(&o, &held, s, err);
    if (r == 0)
        r = issue(ret, s, &o, true, err);
    *ret_new_ca = r == 0 && o.ca_cert.s == NULL;
    return r;
}
