/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "certs/check.h"
#include "certs/store.h"
#include "cli/cert_flags.h"
#include "cli/cmd.h"
#include "cli/out.h"
#include "report/certificate.h"
#include "server/tls.h"

enum output { OUTPUT_TEXT, OUTPUT_JSON };
static const char *const outputs[] = {"text", "json", NULL};

struct options {
    const char *cert_file, *key_file, *ca_file;
    const char *service, *namespace;
    struct pn_flag_list dns_names;
    uint32_t expires_within;
    int output;
};

#define AT(field) offsetof(struct options, field)

static const struct pn_flag flags[] = {
    {"cert-file", 0, PN_FLAG_TEXT, AT(cert_file), "FILE",
     "Certificate chain in PEM, instead of DIR"},
    {"key-file", 0, PN_FLAG_TEXT, AT(key_file), "FILE", "Its private key"},
    {"ca-file", 0, PN_FLAG_TEXT, AT(ca_file), "FILE",
     "CA certificates that the API server is given, as caBundle"},
    {"service", 0, PN_FLAG_TEXT, AT(service), "NAME", "Service that the certificate is to be for"},
    {"namespace", 'n', PN_FLAG_TEXT, AT(namespace), "NAMESPACE", "Its namespace"},
    {"dns-name", 0, PN_FLAG_LIST, AT(dns_names), "NAME",
     "Another DNS name or IP address that it is to be for; may be repeated"},
    {"expires-within", 0, PN_FLAG_DURATION, AT(expires_within), "DURATION",
     "An end that is nearer than this is a finding, too", "0s"},
    {"output", 'o', PN_FLAG_CHOICE, AT(output), "FORMAT", "Format", "text", .choices = outputs},
    {0},
};

/* The files to look at; strings are borrowed or in `text`. */
struct place {
    const char *cert, *key, *ca;
    char text[3][4096];
};

static bool in_directory(struct place *p, const char *directory)
{
    static const char *const names[] = {"tls.crt", "tls.key", "ca.crt"};
    const char **paths[] = {&p->cert, &p->key, &p->ca};
    struct stat st;
    for (size_t i = 0; i < PN_COUNT_OF(names); i++) {
        int n = snprintf(p->text[i], sizeof p->text[i], "%s/%s", directory, names[i]);
        if (n < 0 || (size_t)n >= sizeof p->text[i]) {
            pn_out_error("%s", strerror(ENAMETOOLONG));
            return false;
        }
        if (*paths[i] == NULL)
            *paths[i] = p->text[i];
    }
    /* A Secret of type kubernetes.io/tls need not have one. */
    if (p->ca == p->text[2] && stat(p->ca, &st) < 0 && errno == ENOENT)
        p->ca = NULL;
    return true;
}

static bool find_files(struct place *p, const struct options *o, const char *directory)
{
    p->cert = o->cert_file;
    p->key = o->key_file;
    p->ca = o->ca_file;
    if (directory != NULL)
        return in_directory(p, directory);
    if (p->cert == NULL)
        pn_out_error("no certificate: give a directory with tls.crt, or --cert-file");
    return p->cert != NULL;
}

static int read_all(struct pn_buf *cert, struct pn_buf *key, struct pn_buf *ca,
                    const struct place *p, struct pn_err *err)
{
    int r = pn_store_read(cert, "certificate file", p->cert, err);
    if (r == 0 && p->key != NULL)
        r = pn_store_read(key, "private key file", p->key, err);
    if (r == 0 && p->ca != NULL)
        r = pn_store_read(ca, "CA file", p->ca, err);
    return r;
}

/* What TLS is served with has the last word on a pair. */
static int ask_server(struct pn_str *ret_refusal, const struct pn_check_options *c,
                      struct pn_arena *a, struct pn_err *err)
{
    PN_CLEANUP(pn_tls_unref_pointer) struct pn_tls *tls = NULL;
    struct pn_buf text = PN_BUF_IN_ARENA(a);
    const struct pn_tls_texts texts = {.cert = c->cert, .key = c->key};
    int r = pn_tls_new(&tls, &texts, err);
    if (r != PN_TLS_E_INVALID)
        return r;
    pn_buf_cstr(&text, err->text);
    *ret_refusal = pn_buf_view(&text);
    return text.failed ? pn_err_set(err, -ENOMEM, "out of memory") : 0;
}

static int check(struct pn_certificate_view *ret, const struct pn_check_options *c,
                 struct pn_arena *a, struct pn_err *err)
{
    int r = pn_check_run(&ret->report, c, a, err);
    if (r == 0 && c->key.s != NULL && ret->report.finding_count == 0)
        r = ask_server(&ret->refusal, c, a, err);
    return r;
}

static enum pn_exit print(const struct pn_certificate_view *view, int output)
{
    struct pn_out out = PN_OUT_INIT;
    int r = 0;
    if (output == OUTPUT_JSON)
        r = pn_certificate_write_json(&out.buf, view);
    else
        pn_certificate_write_text(&out.buf, view);
    if (r < 0)
        pn_out_error("%s", strerror(-r));
    bool written = pn_out_finish(&out) && r == 0;
    if (!written)
        return PN_EXIT_FAILED;
    return pn_certificate_is_fit(view) ? PN_EXIT_OK : PN_EXIT_FOUND;
}

static enum pn_exit look(const struct options *o, const struct place *p,
                         const struct pn_cert_names *names, struct pn_arena *a)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf cert = PN_BUF_INIT;
    PN_CLEANUP(pn_store_wipe) struct pn_buf key = PN_BUF_INIT;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf ca = PN_BUF_INIT;
    struct pn_err err = PN_ERR_INIT;
    struct pn_certificate_view view = {.file = p->cert, .ca_file = p->ca, .key_file = p->key};
    int r = read_all(&cert, &key, &ca, p, &err);
    struct pn_check_options c = {.cert = pn_buf_view(&cert),
                                 .key = pn_buf_view(&key),
                                 .ca = pn_buf_view(&ca),
                                 .names = names->items,
                                 .name_count = names->count,
                                 .now = time(NULL),
                                 .expires_within_seconds = o->expires_within};
    if (r == 0)
        r = check(&view, &c, a, &err);
    if (r == 0)
        return print(&view, o->output);
    if (r == PN_CHECK_E_NO_PEM)
        pn_err_wrap(&err, r, "%s", p->cert);
    pn_out_error("%s", err.text);
    return PN_EXIT_FAILED;
}

static enum pn_exit run(const void *options, char **operands, size_t n)
{
    const struct options *o = options;
    PN_CLEANUP(pn_cert_names_deinit) struct pn_cert_names names = PN_CERT_NAMES_INIT;
    struct place place;
    struct pn_arena *arena = NULL;
    if (!find_files(&place, o, n > 0 ? operands[0] : NULL) ||
        !pn_cert_names_fill(&names, o->service, o->namespace, NULL, &o->dns_names))
        return PN_EXIT_FAILED;
    int r = pn_arena_new(&arena, 0);
    if (r < 0) {
        pn_out_error("%s", strerror(-r));
        return PN_EXIT_FAILED;
    }
    enum pn_exit exit_code = look(o, &place, &names, arena);
    pn_arena_free(arena);
    return exit_code;
}

const struct pn_cmd pn_cmd_certs_check = {
    .name = "certs check",
    .summary = "Check a serving certificate",
    .about = "Tells whether an API server can speak to a webhook that serves this certificate: "
             "its dates and those of its CA, its names, its key, its use, and whether the CA "
             "vouches for it.\n"
             "Exit code 0: it can. 1: it cannot, or not for long; each reason is told. 2: a file "
             "could not be read.",
    .usage = "[DIR] [flags]",
    .examples = "  # What \"pannier certs issue\" has made, or what a Secret is mounted as\n"
                "  pannier certs check /tls --service pannier --namespace pannier-system\n"
                "\n"
                "  # For a scheduled job: fails three weeks before the end\n"
                "  pannier certs check --cert-file tls.crt --expires-within 504h\n",
    .flags = flags,
    .options_size = sizeof(struct options),
    .operands_max = 1,
    .run = run,
};
