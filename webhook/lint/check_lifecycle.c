/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "lint/lone.h"
#include "lint/observers.h"
#include "lint/words.h"

/* A startup probe that may take longer than this is not waiting but hanging. */
enum { STARTUP_MAX_SECONDS = 300 };

/* ---- init containers that do not end --------------------------------------------------- */

static const char *const endless[] = {"sleep infinity", "sleep inf",  "tail -f",
                                      "tail -F",        "while true", "while :"};

static void check_endless(struct pn_lint *l, const struct pn_lint_container *c,
                          const struct pn_trace *words)
{
    for (uint32_t i = 0; i < pn_trace_count(words); i++) {
        const struct pn_trace *word = pn_trace_item(words, i);
        struct pn_str text = pn_trace_str(word);
        for (size_t k = 0; k < PN_COUNT_OF(endless); k++) {
            /* A loop with a way out waits for something. */
            bool ends = pn_words_hold(text, "break") || pn_words_hold(text, "exit");
            if (!pn_words_hold(text, endless[k]) || ends)
                continue;
            pn_lint_report(l, PN_RULE_INIT_NEVER_EXITS, word->at,
                           "init container `%.*s` runs `%s`: the app would never start",
                           PN_STR_ARG(c->name), endless[k]);
            pn_lint_help(l, "let it end, or make it a native sidecar with restartPolicy: Always");
        }
    }
}

static void check_init_end(struct pn_lint *l, const struct pn_lint_container *c)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf all = PN_BUF_INIT;
    const struct pn_trace *command = pn_trace_get(c->trace, "command");
    const struct pn_trace *args = pn_trace_get(c->trace, "args");
    const struct pn_trace *ports = pn_trace_get(c->trace, "ports");
    if (!c->init || c->native || pn_trace_get(c->trace, "restartPolicy") != NULL)
        return;
    if (pn_trace_count(ports) > 0) {
        pn_lint_report(l, PN_RULE_INIT_NEVER_EXITS, ports->at,
                       "init container `%.*s` declares ports, as a server does: a server does not "
                       "end, and the app would never start",
                       PN_STR_ARG(c->name));
        pn_lint_help(l, "make it a native sidecar with restartPolicy: Always, or remove the ports");
        return;
    }
    check_endless(l, c, command);
    check_endless(l, c, args);
    /* `command: [sleep, infinity]`: each word alone says nothing. */
    pn_words_join(&all, command);
    pn_words_join(&all, args);
    l->out_of_memory = l->out_of_memory || all.failed;
    struct pn_str text = pn_buf_view(&all);
    const struct pn_trace *where = command != NULL ? command : args;
    if (pn_str_is(text, "sleep infinity") || pn_str_is(text, "tail -f /dev/null")) {
        pn_lint_report(l, PN_RULE_INIT_NEVER_EXITS, where->at,
                       "init container `%.*s` runs `%.*s`: the app would never start",
                       PN_STR_ARG(c->name), PN_STR_ARG(text));
        pn_lint_help(l, "let it end, or make it a native sidecar with restartPolicy: Always");
    }
}

/* ---- classic sidecars ------------------------------------------------------------------ */

static void check_classic(struct pn_lint *l, const struct pn_lint_injection *in,
                          const struct pn_lint_container *c)
{
    const struct pn_lint_policy *p = in->policy;
    if (c->init || p == NULL || pn_str_contains(p->when, PN_STR("restartPolicy")))
        return;
    pn_lint_report(l, PN_RULE_CLASSIC_SIDECAR, pn_lone_place(c),
                   "`%.*s` is a classic sidecar: Pods that end, such as those of Jobs, %s",
                   PN_STR_ARG(c->name), p->denies ? "are refused" : "are left without it");
    pn_lint_also(l, p->name_at, "this policy selects them too");
    pn_lint_note(l, "a Pod is done when all its containers have ended, and this one would not end; "
                    "the reason is job-would-not-complete");
    pn_lint_help(l, "move it to initContainers with restartPolicy: Always, or exclude such Pods: "
                    "when: \"pod.spec.restartPolicy == 'Always'\"");
}

/* ---- probes ---------------------------------------------------------------------------- */

/* Env of the app that says where a helper on this Pod is. */
static const struct pn_trace *find_local_env(const struct pn_lint_injection *in,
                                             const struct pn_lint_container *c)
{
    const struct pn_trace *ports = pn_trace_get(c->trace, "ports");
    for (uint32_t r = 0; r < pn_trace_count(in->app); r++) {
        const struct pn_trace *env = pn_trace_get(pn_trace_item(in->app, r), "env");
        for (uint32_t i = 0; i < pn_trace_count(env); i++) {
            const struct pn_trace *value = pn_trace_get(pn_trace_item(env, i), "value");
            struct pn_str text = pn_trace_str(value);
            if (!pn_str_contains(text, PN_STR("localhost")) &&
                !pn_str_contains(text, PN_STR("127.0.0.1")))
                continue;
            for (uint32_t k = 0; k < pn_trace_count(ports); k++) {
                int64_t port;
                char number[24];
                if (!pn_trace_int(&port, pn_trace_get(pn_trace_item(ports, k), "containerPort")))
                    continue;
                snprintf(number, sizeof number, ":%lld", (long long)port);
                if (pn_str_contains(text, pn_str_of(number)))
                    return value;
            }
        }
    }
    return NULL;
}

static void check_start(struct pn_lint *l, const struct pn_lint_injection *in,
                        const struct pn_lint_container *c)
{
    const struct pn_trace *env = find_local_env(in, c);
    bool serves = pn_lone_is_proxy(in->template->category) &&
                  pn_trace_count(pn_trace_get(c->trace, "ports")) > 0;
    if (!c->native || (env == NULL && !serves) || pn_trace_get(c->trace, "startupProbe") != NULL ||
        pn_trace_path(c->trace, "lifecycle.postStart") != NULL)
        return;
    pn_lint_report(l, PN_RULE_NO_STARTUP_PROBE, pn_lone_place(c),
                   "native sidecar `%.*s` has no startup probe, and the app depends on it",
                   PN_STR_ARG(c->name));
    if (env != NULL)
        pn_lint_also(l, env->at, "the app is told to speak to it");
    else
        pn_lint_note(l, "its template is of category %.*s, and it has ports",
                     PN_STR_ARG(in->template->category));
    pn_lint_note(l, "the next container starts as soon as its process runs, before it listens");
    pn_lint_help(l, "give it a startupProbe: what follows waits until it holds");
}

static void check_readiness(struct pn_lint *l, const struct pn_lint_injection *in,
                            const struct pn_lint_container *c)
{
    const struct pn_trace *probe = pn_trace_get(c->trace, "readinessProbe");
    uint32_t observes = pn_observer_of(in, c);
    if (probe == NULL || probe->kind != PN_TRACE_MAP || observes == 0 || (c->init && !c->native))
        return;
    pn_lint_report(l, PN_RULE_READINESS_GATES_POD, probe->at,
                   "`%.*s` observes the app (%s); when it is not ready, the app gets no traffic",
                   PN_STR_ARG(c->name), pn_observes_name(observes));
    pn_lint_note(l, "the Pod is ready when all its containers and native sidecars are");
    pn_lint_help(l, "remove the probe, unless the app must not serve without it");
}

static void check_startup_time(struct pn_lint *l, const struct pn_lint_container *c)
{
    const struct pn_trace *probe = pn_trace_get(c->trace, "startupProbe");
    if (!c->native || probe == NULL || probe->kind != PN_TRACE_MAP)
        return;
    int64_t failures = pn_lone_probe_number(probe, "failureThreshold", 3);
    int64_t seconds = pn_lone_probe_number(probe, "initialDelaySeconds", 0);
    int64_t period = pn_lone_probe_number(probe, "periodSeconds", 10);
    if (failures > INT32_MAX || period > INT32_MAX || seconds > INT32_MAX)
        return;
    seconds += failures * period;
    if (seconds <= STARTUP_MAX_SECONDS)
        return;
    const struct pn_trace *at = pn_trace_get(probe, "failureThreshold");
    pn_lint_report(l, PN_RULE_STARTUP_BLOCKS_APP, at != NULL ? at->at : probe->at,
                   "the startup probe of `%.*s` may hold back the app for %lld seconds",
                   PN_STR_ARG(c->name), (long long)seconds);
    pn_lint_note(l, "initialDelaySeconds + failureThreshold x periodSeconds; only then is the "
                    "sidecar started again");
    pn_lint_help(l, "let it fail within %d seconds", STARTUP_MAX_SECONDS);
}

static bool has_port(const struct pn_trace *ports, struct pn_str name)
{
    for (uint32_t i = 0; i < pn_trace_count(ports); i++) {
        const struct pn_trace *port = pn_trace_get(pn_trace_item(ports, i), "name");
        if (pn_str_eq(pn_trace_str(port), name) || (port != NULL && port->kind == PN_TRACE_UNKNOWN))
            return true;
    }
    return ports != NULL && (ports->kind == PN_TRACE_UNKNOWN || ports->open);
}

static void check_probe_port(struct pn_lint *l, const struct pn_lint_container *c,
                             const char *field)
{
    static const char *const handlers[] = {"httpGet.port", "tcpSocket.port"};
    const struct pn_trace *probe = pn_trace_path(c->trace, field);
    const struct pn_trace *ports = pn_trace_get(c->trace, "ports");
    for (size_t i = 0; i < PN_COUNT_OF(handlers); i++) {
        const struct pn_trace *port = pn_trace_path(probe, handlers[i]);
        struct pn_str name = pn_trace_str(port);
        if (name.n == 0 || has_port(ports, name))
            continue;
        pn_lint_report(l, PN_RULE_PROBE_PORT_UNDECLARED, port->at,
                       "%s of `%.*s` asks port `%.*s`, and the container declares no port of that "
                       "name",
                       field, PN_STR_ARG(c->name), PN_STR_ARG(name));
        if (ports != NULL)
            pn_lint_also(l, ports->at, "these are its ports");
        pn_lint_help(l, "name the port, or write its number");
    }
}

/* ---- what runs at the start ------------------------------------------------------------ */

static const struct {
    const char *program, *verb;
} installers[] = {
    {"apt-get", "install"}, {"apt", "install"},  {"apt-get", "update"},   {"apk", "add"},
    {"yum", "install"},     {"dnf", "install"},  {"microdnf", "install"}, {"zypper", "install"},
    {"pip", "install"},     {"pip3", "install"}, {"npm", "install"},      {"npm", "ci"},
    {"yarn", "add"},        {"gem", "install"},  {"go", "install"},       {"cargo", "install"},
};

/* The word that is the script, where one word is; else the whole command. */
static struct pn_place place_in(const struct pn_trace *words, const char *program, const char *verb)
{
    for (uint32_t i = 0; i < pn_trace_count(words); i++) {
        const struct pn_trace *word = pn_trace_item(words, i);
        bool holds = program != NULL ? pn_words_run(pn_trace_str(word), program, verb)
                                     : pn_words_run_download(pn_trace_str(word));
        if (holds)
            return word->at;
    }
    return words->at;
}

static void check_command(struct pn_lint *l, const struct pn_lint_container *c, const char *field)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf all = PN_BUF_INIT;
    const struct pn_trace *words = pn_trace_path(c->trace, field);
    pn_words_join(&all, words);
    l->out_of_memory = l->out_of_memory || all.failed;
    if (pn_words_run_download(pn_buf_view(&all))) {
        pn_lint_report(l, PN_RULE_RUNS_DOWNLOAD, place_in(words, NULL, NULL),
                       "%s of `%.*s` runs what it has just downloaded", field, PN_STR_ARG(c->name));
        pn_lint_note(l, "whoever serves the script, or stands between, runs programs in each Pod");
        pn_lint_help(l, "build an image that has it");
    }
    for (size_t k = 0; k < PN_COUNT_OF(installers); k++) {
        const char *program = installers[k].program, *verb = installers[k].verb;
        if (!pn_words_run(pn_buf_view(&all), program, verb))
            continue;
        pn_lint_report(l, PN_RULE_INSTALLS_PACKAGES, place_in(words, program, verb),
                       "%s of `%.*s` runs `%s %s`: each start needs the network and gets whatever "
                       "is newest",
                       field, PN_STR_ARG(c->name), program, verb);
        pn_lint_help(l, "build an image that has it");
        return;
    }
}

void pn_lint_check_lifecycle(struct pn_lint *l, const struct pn_lint_injection *in,
                             const struct pn_lint_container *c)
{
    static const char *const probes[] = {"startupProbe", "readinessProbe", "livenessProbe",
                                         "lifecycle.postStart", "lifecycle.preStop"};
    static const char *const commands[] = {"command", "args", "lifecycle.postStart.exec.command",
                                           "lifecycle.preStop.exec.command"};
    check_init_end(l, c);
    check_classic(l, in, c);
    check_start(l, in, c);
    check_readiness(l, in, c);
    check_startup_time(l, c);
    for (size_t i = 0; i < PN_COUNT_OF(probes); i++)
        check_probe_port(l, c, probes[i]);
    for (size_t i = 0; i < PN_COUNT_OF(commands); i++)
        check_command(l, c, commands[i]);
}
