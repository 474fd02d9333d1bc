/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "cli/build_info.h" /* made by meson */
#include "cli/cmd.h"
#include "cli/out.h"
#include "cli/policies.h"
#include "cli/protected.h"
#include "config/snapshot.h"
#include "obs/log.h"
#include "server/serve.h"

struct options {
    struct pn_flag_list policies;
    const char *namespaces, *protected_namespaces;
    bool allow_empty, audit_only, validate_only;
    const char *bind_address;
    uint32_t secure_port;
    const char *metrics_bind_address;
    const char *tls_cert_file, *tls_private_key_file, *cert_dir;
    const char *client_ca_file;
    struct pn_flag_list client_names;
    uint32_t workers;
    uint32_t shutdown_delay, shutdown_timeout;
    int log_format;
    int log_level;
};

static const char *const log_formats[] = {
    [PN_LOG_JSON] = "json", [PN_LOG_TEXT] = "text", "auto", NULL};
static const char *const log_levels[] = {[PN_LOG_DEBUG] = "debug",
                                         [PN_LOG_INFO] = "info",
                                         [PN_LOG_WARN] = "warn",
                                         [PN_LOG_ERROR] = "error",
                                         NULL};

#define AT(field) offsetof(struct options, field)

static const struct pn_flag flags[] = {
    {"policies", 'p', PN_FLAG_LIST, AT(policies), "PATH",
     "File or directory of templates and policies; may be repeated. Loaded anew when it changes "
     "and on SIGHUP",
     "/etc/pannier/policies"},
    {"namespaces", 0, PN_FLAG_TEXT, AT(namespaces), "FILE",
     "Namespaces with their labels, as 'kubectl get namespaces -o json' prints them; loaded anew "
     "with the policies"},
    {"protected-namespaces", 0, PN_FLAG_TEXT, AT(protected_namespaces), "LIST",
     "Namespaces that no policy reaches, separated by commas. Without it kube-system, "
     "kube-public, kube-node-lease and the server's own"},
    {"allow-empty", 0, PN_FLAG_BOOL, AT(allow_empty), NULL, "Be ready without any policy too"},
    {"audit-only", 0, PN_FLAG_BOOL, AT(audit_only), NULL,
     "Treat every policy as one in mode Audit: decide and tell, but change and deny nothing"},
    {"validate-only", 0, PN_FLAG_BOOL, AT(validate_only), NULL,
     "Serve POST /validate, and answer 404 to POST /mutate"},
    {"bind-address", 0, PN_FLAG_TEXT, AT(bind_address), "ADDRESS",
     "Address to listen on; :: is every address of IPv6 and IPv4", "::"},
    {"secure-port", 0, PN_FLAG_NUMBER, AT(secure_port), "PORT",
     "Port for HTTPS; 0 takes any free one", "8443", .max = 65535},
    {"metrics-bind-address", 0, PN_FLAG_TEXT, AT(metrics_bind_address), "ADDRESS",
     "Where /metrics, /livez and /readyz are served over plain HTTP, as ADDRESS:PORT; :PORT is "
     "every address, 0 is nowhere",
     "127.0.0.1:8080"},
    {"tls-cert-file", 0, PN_FLAG_TEXT, AT(tls_cert_file), "FILE",
     "Certificate chain in PEM. With neither this nor --tls-private-key-file, the server makes a "
     "CA "
     "and a certificate of its own"},
    {"tls-private-key-file", 0, PN_FLAG_TEXT, AT(tls_private_key_file), "FILE",
     "Private key of --tls-cert-file"},
    {"cert-dir", 0, PN_FLAG_TEXT, AT(cert_dir), "DIR",
     "Directory to write the server's own ca.crt, tls.crt and tls.key to; without it they stay in "
     "memory"},
    {"client-ca-file", 0, PN_FLAG_TEXT, AT(client_ca_file), "FILE",
     "CA certificates in PEM: /mutate and /validate answer only to clients with a certificate of "
     "theirs"},
    {"client-allowed-name", 0, PN_FLAG_LIST, AT(client_names), "NAME",
     "Common name or DNS name that such a certificate must have; may be repeated, for several that "
     "are allowed"},
    {"workers", 0, PN_FLAG_NUMBER, AT(workers), "NUMBER",
     "Threads that answer; 0 is one for each "
     "CPU",
     "0", .max = 1024},
    {"shutdown-delay", 0, PN_FLAG_DURATION, AT(shutdown_delay), "DURATION",
     "After SIGTERM, serve this long while not ready, for the endpoints to follow", "5s"},
    {"shutdown-timeout", 0, PN_FLAG_DURATION, AT(shutdown_timeout), "DURATION",
     "Then wait this long for requests in flight", "15s"},
    {"log-format", 0, PN_FLAG_CHOICE, AT(log_format), "FORMAT",
     "Format of the log on standard error; auto is text on a terminal, else json", "auto",
     .choices = log_formats},
    {"log-level", 0, PN_FLAG_CHOICE, AT(log_level), "LEVEL",
     "What is logged: this level and what is worse; debug tells of each review", "info",
     .choices = log_levels},
    {0},
};

/* Says what is wrong. PN_EXIT_OK: the server can start, perhaps not ready yet. */
static enum pn_exit load(struct pn_reload *reload)
{
    struct pn_diags diags = PN_DIAGS_INIT;
    int r = pn_reload_first(reload, &diags);
    bool is_loaded = pn_policies_end_load(r, "policies", &diags,
                                          pn_color_wanted(PN_COLOR_AUTO, STDERR_FILENO));
    return is_loaded || r == PN_RELOAD_E_EMPTY ? PN_EXIT_OK : PN_EXIT_FAILED;
}

static enum pn_exit serve(const struct options *o, const struct pn_env *env,
                          struct pn_snapshot *snapshot, struct pn_reload *reload,
                          struct pn_log *log)
{
    struct pn_err err = PN_ERR_INIT;
    bool is_any = strcmp(o->bind_address, "::") == 0;
    struct pn_serve_options options = {
        .bind_address = is_any ? NULL : o->bind_address,
        .secure_port = (uint16_t)o->secure_port,
        .metrics_bind_address = o->metrics_bind_address,
        .tls_cert_file = o->tls_cert_file,
        .tls_private_key_file = o->tls_private_key_file,
        .cert_dir = o->cert_dir,
        .client_ca_file = o->client_ca_file,
        .client_names = o->client_names.items,
        .client_name_count = o->client_names.count,
        .workers = o->workers,
        .shutdown_delay_seconds = o->shutdown_delay,
        .shutdown_timeout_seconds = o->shutdown_timeout,
        .snapshot = snapshot,
        .reload = reload,
        .log = log,
        .env = env,
        .validate_only = o->validate_only,
        .version = PN_BUILD_VERSION,
    };
    int r = pn_serve_run(&options, &err);
    if (r == 0)
        return PN_EXIT_OK;
    pn_out_error("%s", err.text[0] != '\0' ? err.text : strerror(-r));
    return PN_EXIT_FAILED;
}

static enum pn_exit load_and_serve(const struct options *o, const struct pn_env *env,
                                   struct pn_snapshot *snapshot, struct pn_log *log)
{
    struct pn_reload *reload = NULL;
    const struct pn_reload_options options = {
        .policies = o->policies.items,
        .policy_path_count = o->policies.count,
        .namespaces_file = o->namespaces,
        .allow_empty = o->allow_empty,
        .audit_only = o->audit_only,
        .snapshot = snapshot,
        .log = log,
    };
    if (pn_reload_new(&reload, &options) < 0) {
        pn_out_error("out of memory");
        return PN_EXIT_FAILED;
    }
    enum pn_exit exit_code = load(reload);
    if (exit_code == PN_EXIT_OK)
        exit_code = serve(o, env, snapshot, reload, log);
    pn_reload_free(reload);
    return exit_code;
}

static enum pn_log_format log_format(const struct options *o)
{
    if (o->log_format <= PN_LOG_TEXT)
        return (enum pn_log_format)o->log_format;
    return isatty(STDERR_FILENO) ? PN_LOG_TEXT : PN_LOG_JSON;
}

static enum pn_exit run(const void *options, char **operands, size_t n)
{
    const struct options *o = options;
    PN_CLEANUP(pn_protected_deinit) struct pn_protected protected = {0};
    struct pn_err err = PN_ERR_INIT;
    struct pn_snapshot *snapshot = NULL;
    struct pn_log *log = NULL;
    enum pn_exit exit_code = PN_EXIT_FAILED;
    (void)operands;
    (void)n;
    pn_serve_hold_signals();
    int r = pn_protected_read(&protected, o->protected_namespaces, &err);
    if (r == 0)
        r = pn_snapshot_new(&snapshot);
    if (r == 0)
        r = pn_log_new(&log, STDERR_FILENO, log_format(o));
    const struct pn_env env = {.protected_namespaces = protected.names};
    if (r == 0) {
        pn_log_set_level(log, (enum pn_log_level)o->log_level);
        exit_code = load_and_serve(o, &env, snapshot, log);
    } else {
        pn_out_error("%s", r > 0 ? err.text : strerror(-r));
    }
    pn_log_free(log);
    pn_snapshot_free(snapshot);
    return exit_code;
}

const struct pn_cmd pn_cmd_serve = {
    .name = "serve",
    .summary = "Run the webhook",
    .about =
        "Answers AdmissionReviews at POST /mutate over HTTPS: a Pod that policies select gets "
        "its sidecars as a JSON Patch. POST /validate judges final Pods. GET /livez, /readyz and "
        "/healthz say how it is. SIGHUP loads the policies anew; SIGTERM drains and ends it.",
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
