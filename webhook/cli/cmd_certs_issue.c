/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

#include "certs/check.h"
#include "certs/store.h"
#include "cli/cert_flags.h"
#include "cli/cmd.h"
#include "cli/out.h"
#include "report/term.h"

/* Clocks differ: what is issued now must be valid for who lags behind. */
enum { BACKDATE_SECONDS = 3600 };

struct options {
    const char *service, *namespace, *cluster_domain;
    struct pn_flag_list sans;
    uint32_t validity, ca_validity;
    const char *output_dir, *ca_dir;
    const char *ca_cert_file, *ca_key_file;
    bool force;
};

#define AT(field) offsetof(struct options, field)

static const struct pn_flag flags[] = {
    {"service", 0, PN_FLAG_TEXT, AT(service), "NAME", "Service that the API server will call"},
    {"namespace", 'n', PN_FLAG_TEXT, AT(namespace), "NAMESPACE", "Its namespace"},
    {"san", 0, PN_FLAG_LIST, AT(sans), "NAME",
     "Another DNS name or IP address; may be repeated. Without --service, the only ones"},
    {"cluster-domain", 0, PN_FLAG_TEXT, AT(cluster_domain), "DOMAIN",
     "DNS domain of the cluster; empty leaves the Service's full name out", "cluster.local"},
    {"validity", 0, PN_FLAG_DURATION, AT(validity), "DURATION",
     "How long the serving certificate is valid; never longer than its CA", "8760h"},
    {"ca-validity", 0, PN_FLAG_DURATION, AT(ca_validity), "DURATION", "How long a new CA is valid",
     "87600h"},
    {"output-dir", 'd', PN_FLAG_TEXT, AT(output_dir), "DIR",
     "Directory for ca.crt, ca.key, tls.crt and tls.key; made when it is missing"},
    {"ca-dir", 0, PN_FLAG_TEXT, AT(ca_dir), "DIR",
     "Directory that may hold a CA's ca.crt and ca.key, as an optional Secret does: copied to the "
     "other one first, when that has none"},
    {"ca-cert-file", 0, PN_FLAG_TEXT, AT(ca_cert_file), "FILE",
     "Certificate of a CA to sign with, instead of the directory's or a new one"},
    {"ca-key-file", 0, PN_FLAG_TEXT, AT(ca_key_file), "FILE", "Its private key"},
    {"force", 0, PN_FLAG_BOOL, AT(force), NULL,
     "Replace whatever is there: another's certificate, and the directory's own CA by a new one"},
    {0},
};

static bool check_flags(const struct options *o)
{
    if (o->output_dir == NULL)
        pn_out_error("--output-dir is missing: where to write the files");
    else if (o->service == NULL && o->namespace == NULL && o->sans.count == 0)
        pn_out_error("nothing to certify: give --service and --namespace, or --san");
    else if (o->ca_dir != NULL && (o->ca_cert_file != NULL || o->force))
        pn_out_error("--ca-dir does not go with --ca-cert-file and --force");
    else if ((o->ca_cert_file == NULL) != (o->ca_key_file == NULL))
        pn_out_error("--ca-cert-file and --ca-key-file are given together; --%s is missing",
                     o->ca_cert_file == NULL ? "ca-cert-file" : "ca-key-file");
    else if (o->validity == 0 || o->ca_validity == 0)
        pn_out_error("--%s: a certificate that is valid for no time serves nobody",
                     o->validity == 0 ? "validity" : "ca-validity");
    else
        return true;
    return false;
}

static void write_line(struct pn_buf *out, const char *directory, const char *file,
                       const char *what, const struct pn_cert_names *names, int64_t not_after)
{
    pn_term_write(out, pn_str_of(directory));
    pn_buf_printf(out, "/%s: %s", file, what);
    for (size_t i = 0; names != NULL && i < names->count; i++) {
        pn_buf_cstr(out, i == 0 ? " " : ", ");
        pn_term_write(out, names->items[i]);
    }
    pn_buf_cstr(out, "; valid until ");
    pn_check_write_time(out, not_after);
    pn_buf_char(out, '\n');
}

static enum pn_exit issue(const struct options *o, const struct pn_cert_names *names)
{
    PN_CLEANUP(pn_issued_deinit) struct pn_issued issued = PN_ISSUED_INIT;
    struct pn_err err = PN_ERR_INIT;
    struct pn_out out = PN_OUT_INIT;
    bool is_new_ca = false;
    int64_t now = time(NULL);
    struct pn_store_options where = {.directory = o->output_dir,
                                     .ca_dir = o->ca_dir,
                                     .ca_cert_file = o->ca_cert_file,
                                     .ca_key_file = o->ca_key_file,
                                     .replaces = o->force};
    struct pn_issue_options what = {.names = names->items,
                                    .name_count = names->count,
                                    .not_before = now - BACKDATE_SECONDS,
                                    .not_after = now + o->validity,
                                    .ca_not_after = now + o->ca_validity,
                                    .now = now};
    if (pn_store_issue(&issued, &is_new_ca, &where, &what, &err) != 0) {
        pn_out_error("%s", err.text);
        return PN_EXIT_FAILED;
    }
    write_line(&out.buf, o->output_dir, "ca.crt", is_new_ca ? "a new CA" : "the CA as before", NULL,
               issued.ca_not_after);
    write_line(&out.buf, o->output_dir, "tls.crt", "for", names, issued.not_after);
    return pn_out_finish(&out) ? PN_EXIT_OK : PN_EXIT_FAILED;
}

static enum pn_exit run(const void *options, char **operands, size_t n)
{
    const struct options *o = options;
    PN_CLEANUP(pn_cert_names_deinit) struct pn_cert_names names = PN_CERT_NAMES_INIT;
    (void)operands;
    (void)n;
    if (!check_flags(o) ||
        !pn_cert_names_fill(&names, o->service, o->namespace, o->cluster_domain, &o->sans))
        return PN_EXIT_FAILED;
    return issue(o, &names);
}

const struct pn_cmd pn_cmd_certs_issue = {
    .name = "certs issue",
    .summary = "Issue a serving certificate",
    .about = "Makes a CA and a serving certificate for the names of a Service, with ECDSA P-256 "
             "keys, and writes them to a directory.\n"
             "When the directory has a CA already, it signs again: run it before the certificate "
             "expires, and whoever trusts ca.crt notices nothing. What another CA has signed is "
             "not replaced without --force.",
    .usage = "--service NAME -n NAMESPACE -d DIR [flags]",
    .examples = "  # For the Service pannier in pannier-system, also as 10.0.0.7\n"
                "  pannier certs issue --service pannier --namespace pannier-system \\\n"
                "    --san 10.0.0.7 --output-dir ./certs\n",
    .flags = flags,
    .options_size = sizeof(struct options),
    .run = run,
};
