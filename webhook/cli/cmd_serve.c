/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/out.h"
#include "config/load.h"
#include "config/snapshot.h"
#include "obs/log.h"
#include "server/serve.h"

struct options {
    struct pn_flag_list policies;
    const char *bind_address;
    uint32_t secure_port;
    const char *tls_cert_file, *tls_private_key_file, *cert_dir;
    uint32_t workers;
    uint32_t shutdown_delay, shutdown_timeout;
    int log_format;
};

static const char *const log_formats[] = {[PN_LOG_JSON] = "json", [PN_LOG_TEXT] = "text", NULL};

#define AT(field) offsetof(struct options, field)

static const struct pn_flag flags[] = {
    {"policies", 'p', PN_FLAG_LIST, AT(policies), "PATH",
     "File or directory of templates and policies; may be repeated", "/etc/pannier/policies"},
    {"bind-address", 0, PN_FLAG_TEXT, AT(bind_address), "ADDRESS",
     "Address to listen on; :: is every address of IPv6 and IPv4", "::"},
    {"secure-port", 0, PN_FLAG_NUMBER, AT(secure_port), "PORT",
     "Port for HTTPS; 0 takes any free one", "8443", .max = 65535},
    {"tls-cert-file", 0, PN_FLAG_TEXT, AT(tls_cert_file), "FILE",
     "Certificate chain in PEM. With neither this nor --tls-private-key-file, the server makes a "
     "CA "
     "and a certificate of its own"},
    {"tls-private-key-file", 0, PN_FLAG_TEXT, AT(tls_private_key_file), "FILE",
     "Private key of --tls-cert-file"},
    {"cert-dir", 0, PN_FLAG_TEXT, AT(cert_dir), "DIR",
     "Directory to write the server's own ca.crt, tls.crt and tls.key to; without it they stay in "
     "memory"},
    {"workers", 0, PN_FLAG_NUMBER, AT(workers), "NUMBER",
     "Threads that answer; 0 is one for each "
     "CPU",
     "0", .max = 1024},
    {"shutdown-delay", 0, PN_FLAG_DURATION, AT(shutdown_delay), "DURATION",
     "After SIGTERM, serve this long while not ready, for the endpoints to follow", "5s"},
    {"shutdown-timeout", 0, PN_FLAG_DURATION, AT(shutdown_timeout), "DURATION",
     "Then wait this long for requests in flight", "15s"},
    {"log-format", 0, PN_FLAG_CHOICE, AT(log_format), "FORMAT",
     "Format of the log on standard error", "json", .choices = log_formats},
    {0},
};

/* An empty set would answer each Pod with "nothing to do", which looks like health. */
static void say_empty(const struct options *o)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf paths = PN_BUF_INIT;
    for (size_t i = 0; i < o->policies.count; i++)
        pn_buf_printf(&paths, "%s%s", i == 0 ? "" : ", ", o->policies.items[i]);
    pn_out_error("no policies in %.*s; give InjectionPolicy documents with --policies",
                 PN_STR_ARG(pn_buf_view(&paths)));
}

static enum pn_exit load(struct pn_policy_set **ret, const struct options *o)
{
    PN_CLEANUP(pn_policy_set_unref_pointer) struct pn_policy_set *set = NULL;
    struct pn_diags diags = PN_DIAGS_INIT;
    int r = pn_load_policies(&set, o->policies.items, o->policies.count, &diags);
    pn_out_diags(&diags, pn_color_wanted(PN_COLOR_AUTO, STDERR_FILENO));
    if (r < 0)
        pn_out_error("cannot load policies: %s", strerror(-r));
    if (r != 0)
        return PN_EXIT_FAILED;
    if (pn_policy_set_policy_count(set) == 0) {
        say_empty(o);
        return PN_EXIT_FAILED;
    }
    *ret = PN_TAKE(set);
    return PN_EXIT_OK;
}

static enum pn_exit serve(const struct options *o, struct pn_snapshot *snapshot, struct pn_log *log)
{
    struct pn_err err = PN_ERR_INIT;
    bool is_any = strcmp(o->bind_address, "::") == 0;
    struct pn_serve_options options = {
        .bind_address = is_any ? NULL : o->bind_address,
        .secure_port = (uint16_t)o->secure_port,
        .tls_cert_file = o->tls_cert_file,
        .tls_private_key_file = o->tls_private_key_file,
        .cert_dir = o->cert_dir,
        .workers = o->workers,
        .shutdown_delay_seconds = o->shutdown_delay,
        .shutdown_timeout_seconds = o->shutdown_timeout,
        .snapshot = snapshot,
        .log = log,
    };
    int r = pn_serve_run(&options, &err);
    if (r == 0)
        return PN_EXIT_OK;
    pn_out_error("%s", err.text[0] != '\0' ? err.text : strerror(-r));
    return PN_EXIT_FAILED;
}

static enum pn_exit run(const void *options, char **operands, size_t n)
{
    const struct options *o = options;
    struct pn_policy_set *set = NULL;
    struct pn_snapshot *snapshot = NULL;
    struct pn_log *log = NULL;
    (void)operands;
    (void)n;
    enum pn_exit exit_code = load(&set, o);
    if (exit_code != PN_EXIT_OK)
        return exit_code;
    int r = pn_snapshot_new(&snapshot);
    if (r == 0)
        r = pn_log_new(&log, STDERR_FILENO, (enum pn_log_format)o->log_format);
    if (r == 0) {
        pn_snapshot_publish(snapshot, PN_TAKE(set));
        exit_code = serve(o, snapshot, log);
    } else {
        pn_out_error("%s", strerror(-r));
        exit_code = PN_EXIT_FAILED;
    }
    pn_policy_set_unref(set);
    pn_log_free(log);
    pn_snapshot_free(snapshot);
    return exit_code;
}

const struct pn_cmd pn_cmd_serve = {
    .name = "serve",
    .summary = "Run the webhook",
    .about =
        "Answers AdmissionReviews at POST /mutate over HTTPS: a Pod that policies select gets "
        "its sidecars as a JSON Patch. GET /livez, /readyz and /healthz say how it is. SIGTERM "
        "drains and ends it.",
    .usage = "[-p PATH]... [flags]",
    .examples = "  # The shipped policies on one address, with a certificate of its own\n"
                "  pannier serve -p templates --bind-address 127.0.0.1 --cert-dir /tmp/pannier\n"
                "\n"
                "  # As in a cluster, with a mounted ConfigMap and Secret\n"
                "  pannier serve -p /etc/pannier/policies \\\n"
                "    --tls-cert-file /tls/tls.crt --tls-private-key-file /tls/tls.key\n",
    .flags = flags,
    .options_size = sizeof(struct options),
    .run = run,
};
