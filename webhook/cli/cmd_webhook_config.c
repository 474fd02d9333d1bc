/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "certs/check.h"
#include "certs/store.h"
#include "cli/cert_flags.h"
#include "cli/cmd.h"
#include "cli/out.h"
#include "cli/policies.h"
#include "config/load.h"
#include "config/registration.h"
#include "engine/engine.h"
#include "kube/names.h"
#include "yaml/emit.h"

struct options {
    struct pn_flag_list policies;
    const char *service, *namespace;
    uint32_t service_port;
    const char *url, *ca_file, *name;
};

#define AT(field) offsetof(struct options, field)

static const struct pn_flag flags[] = {
    {"policies", 'p', PN_FLAG_LIST, AT(policies), "PATH",
     "File or directory of templates and policies; may be repeated", "/etc/pannier/policies"},
    {"service", 0, PN_FLAG_TEXT, AT(service), "NAME", "Service in front of the server"},
    {"namespace", 'n', PN_FLAG_TEXT, AT(namespace), "NAMESPACE",
     "Its namespace, whose Pods are left alone"},
    {"service-port", 0, PN_FLAG_NUMBER, AT(service_port), "PORT", "Port of the Service", "443",
     .max = 65535},
    {"url", 0, PN_FLAG_TEXT, AT(url), "URL",
     "Instead of a Service: https://HOST[:PORT] as the API server reaches it"},
    {"ca-file", 0, PN_FLAG_TEXT, AT(ca_file), "FILE",
     "CA certificates that vouch for the server, as caBundle. Without it there is none, for "
     "cert-manager's injector to fill in"},
    {"name", 0, PN_FLAG_TEXT, AT(name), "NAME",
     "Name of the objects; the mutating one is zz-NAME, to be called late", "pannier"},
    {0},
};

/* Rules of apiserver/pkg/util/webhook/validation.go. */
static bool is_base_url(struct pn_str url)
{
    const struct pn_str scheme = PN_STR("https://");
    if (!pn_str_has_prefix(url, scheme) || url.n == scheme.n)
        return false;
    for (size_t i = scheme.n; i < url.n; i++) {
        char c = url.s[i];
        if (c <= ' ' || c >= 0x7f || strchr("/?#@\\\"", c) != NULL)
            return false;
    }
    return true;
}

static bool check_flags(const struct options *o)
{
    bool is_alone = o->url != NULL && o->service == NULL;
    if (o->url == NULL && o->service == NULL && o->namespace == NULL)
        pn_out_error("where is the server? give --service and --namespace, or --url");
    else if (o->url != NULL && o->service != NULL)
        pn_out_error("--service and --url are two places; give one");
    else if (o->url != NULL && !is_base_url(pn_str_of(o->url)))
        pn_out_error("--url: expected https://HOST[:PORT], got \"%s\"", o->url);
    else if (!pn_name_is_dns_subdomain(pn_str_of(o->name)))
        pn_out_error("--name: \"%s\" must be " PN_NAME_DNS_SUBDOMAIN_RULE, o->name);
    else if (o->service_port == 0)
        pn_out_error("--service-port: 0 is no port");
    else
        return pn_cert_names_check_service(is_alone ? o->namespace : o->service, o->namespace);
    return false;
}

static bool load(struct pn_policy_set **ret, const struct options *o)
{
    PN_CLEANUP(pn_policy_set_unref_pointer) struct pn_policy_set *set = NULL;
    struct pn_diags diags = PN_DIAGS_INIT;
    int r = pn_load_policies(&set, o->policies.items, o->policies.count, &diags);
    if (!pn_policies_end_load(r, "policies", &diags, pn_color_wanted(PN_COLOR_AUTO, STDERR_FILENO)))
        return false;
    if (pn_policy_set_policy_count(set) == 0) {
        pn_out_error("no policies: there is nothing to be called for");
        return false;
    }
    *ret = PN_TAKE(set);
    return true;
}

static bool read_ca(struct pn_buf *out, const char *path)
{
    struct pn_err err = PN_ERR_INIT;
    if (path == NULL)
        return true;
    if (pn_store_read(out, "CA file", path, &err) != 0) {
        pn_out_error("%s", err.text);
        return false;
    }
    if (pn_check_count_certs(pn_buf_view(out)) > 0)
        return true;
    pn_out_error("CA file '%s' is no PEM text of certificates", path);
    return false;
}

/* A requirement that does not hold while the server is down should be known to who writes it. */
static void warn(const struct pn_policy_set *set)
{
    for (uint32_t i = 0; i < pn_policy_set_policy_count(set); i++) {
        struct pn_policy_scope scope;
        PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
        pn_policy_set_scope(&scope, set, i);
        if (!scope.denies || pn_registration_names_namespaces(&scope))
            continue;
        pn_buf_printf(&text,
                      "warning: policy %.*s denies and names no namespaces: it is registered with "
                      "failurePolicy Ignore, and does not hold while the server is down\n",
                      PN_STR_ARG(pn_policy_set_policy_name(set, i)));
        pn_out_note(pn_buf_view(&text));
    }
}

static int compose(struct pn_buf *out, const struct pn_policy_set *set,
                   const struct pn_registration_options *o)
{
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *arena = NULL;
    struct pn_value mutating, validating;
    int r = pn_arena_new(&arena, 0);
    if (r == 0)
        r = pn_registration_mutating(&mutating, set, o, arena);
    if (r == 0)
        r = pn_registration_validating(&validating, set, o, arena);
    if (r == 0)
        r = pn_yaml_write(out, mutating);
    pn_buf_cstr(out, "---\n");
    return r == 0 ? pn_yaml_write(out, validating) : r;
}

static enum pn_exit run(const void *options, char **operands, size_t n)
{
    const struct options *o = options;
    PN_CLEANUP(pn_policy_set_unref_pointer) struct pn_policy_set *set = NULL;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf ca = PN_BUF_INIT;
    struct pn_out out = PN_OUT_INIT;
    (void)operands;
    (void)n;
    if (!check_flags(o) || !load(&set, o) || !read_ca(&ca, o->ca_file))
        return PN_EXIT_FAILED;
    const struct pn_registration_options registration = {
        .name = pn_str_of(o->name),
        .service = pn_str_of(o->service),
        .namespace = pn_str_of(o->namespace),
        .port = (uint16_t)o->service_port,
        .url = pn_str_of(o->url),
        .ca_pem = pn_buf_view(&ca),
        .protected_namespaces = pn_default_protected_namespaces,
    };
    warn(set);
    int r = compose(&out.buf, set, &registration);
    if (r < 0) {
        pn_out_error("%s", strerror(-r));
        pn_buf_deinit(&out.buf);
        return PN_EXIT_FAILED;
    }
    return pn_out_finish(&out) ? PN_EXIT_OK : PN_EXIT_FAILED;
}

const struct pn_cmd pn_cmd_webhook_config = {
    .name = "webhook-config",
    .summary = "Write the webhook's registrations",
    .about =
        "Prints the MutatingWebhookConfiguration and the ValidatingWebhookConfiguration for a set "
        "of policies, as YAML. The API server will ask about the Pods that a policy may select, "
        "and about as few others as its selectors can say; never about protected namespaces.\n"
        "Only where a policy with onFailure Deny names its namespaces must the server answer.",
    .usage = "[-p PATH]... --service NAME -n NAMESPACE [flags]",
    .examples = "  # For the Service pannier, with the CA that \"pannier certs issue\" made\n"
                "  pannier webhook-config -p policies --service pannier -n pannier-system \\\n"
                "    --ca-file certs/ca.crt | kubectl apply -f -\n",
    .flags = flags,
    .options_size = sizeof(struct options),
    .run = run,
};
