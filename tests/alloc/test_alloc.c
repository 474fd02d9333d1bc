/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Each allocation of a piece of work is refused once. Then it ends with -ENOMEM, or with what it
 * gives otherwise; it leaves no block of the heap and no descriptor behind; and the same work right
 * after it is as good as ever.
 *
 *     test_alloc ROOT [WORD...]       with WORDs only the work whose name holds one
 *
 * With PANNIER_ALLOC_MORE=1 (minutes) none of them is left out to save time, and there are more
 * reviews. Writes TAP.
 */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../fuzz/grammar.h"
#include "base/limits.h"
#include "config/load.h"
#include "engine/engine.h"
#include "engine/json.h"
#include "jsone/jsone.h"
#include "refuse.h"
#include "yaml/read.h"

enum { AFTER_EVERY = 16, REVIEWS = 2, MORE_REVIEWS = 50 };

/*
 * A piece of work. `run` calls refuse_stop() when what may be refused is over, and then writes what
 * came out to `out`, which stays empty after an error. Returns 0, a positive result that the work
 * may have, or a negative errno.
 */
struct work {
    int (*run)(const struct work *work, struct pn_buf *out);
    size_t most; /* calls to refuse: all of them when there are no more */
    const char *path;
    struct pn_str text;
    const struct pn_policy_set *set;
    unsigned flags;
    struct pn_arena *arena;
};

static unsigned number, failed;
static bool more;

static size_t open_files(void)
{
    size_t n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir != NULL && readdir(dir) != NULL)
        n++;
    if (dir != NULL)
        closedir(dir);
    return n;
}

/* ---- what is done --------------------------------------------------------------------------- */

static void write_diags(struct pn_buf *out, const struct pn_diags *diags)
{
    pn_buf_printf(out, "%zu errors\n", diags->errors);
    for (size_t i = 0; i < diags->count; i++)
        pn_buf_printf(out, "%u:%u %s %s %s\n", diags->items[i].span.line,
                      diags->items[i].span.column, diags->items[i].id, diags->items[i].message,
                      diags->items[i].help != NULL ? diags->items[i].help : "");
}

/* An incomplete list is said to be incomplete. */
static int or_incomplete(int r, const struct pn_diags *diags)
{
    return r >= 0 && diags->failed ? -ENOMEM : r;
}

static int run_yaml(const struct work *work, struct pn_buf *out)
{
    PN_CLEANUP(pn_diags_deinit) struct pn_diags diags = PN_DIAGS_INIT;
    const struct pn_source source = {PN_STR("file"), work->text};
    struct pn_document *docs = NULL;
    size_t n = 0;
    pn_arena_reset(work->arena, 0);
    int r = or_incomplete(pn_yaml_read(&docs, &n, &source, work->arena, &diags), &diags);
    refuse_stop();
    for (size_t i = 0; r >= 0 && i < n; i++) {
        struct pn_value v;
        if (pn_value_from_node(&v, docs[i].root, work->arena) != 0)
            return -ENOMEM;
        pn_json_write(out, v);
        pn_buf_char(out, '\n');
    }
    if (r >= 0)
        write_diags(out, &diags);
    return r;
}

/* A document with `template` and `context`, or one expression, as tests/fuzz has them. */
static int jsone(struct pn_value *ret, const struct work *work, struct pn_diags *diags,
                 struct pn_jsone_error *error)
{
    const struct pn_source source = {PN_STR("file"), work->text};
    const struct pn_template_expr *t = NULL, *folded = NULL;
    struct pn_document *docs = NULL;
    struct pn_value context;
    size_t n = 0;
    int r = pn_yaml_read(&docs, &n, &source, work->arena, diags);
    const struct pn_node *root = r == 0 && n > 0 ? docs[0].root : NULL;
    const struct pn_node *template = pn_node_get(root, "template");
    struct pn_node expression = {.kind = PN_NODE_STRING, .s = source.bytes};
    expression.span = pn_source_span(&source, 0, source.bytes.n);
    if (r >= 0)
        r = pn_object_new(&context, work->arena, NULL, 0);
    if (r == 0 && template != NULL)
        r = pn_value_from_node(&context, pn_node_get(root, "context"), work->arena);
    if (r == 0)
        r = template != NULL
                ? pn_jsone_compile(&t, &source, template, work->arena, diags)
                : pn_jsone_compile_expression(&t, &source, &expression, work->arena, diags);
    if (r == 0)
        r = pn_jsone_eval(ret, t, context, 1484843240974, NULL, work->arena, error);
    if (r < 0)
        return r;
    int of_fold = t != NULL ? pn_jsone_fold(&folded, t, context, PN_VALUE_ABSENT, NULL, work->arena)
                            : 0;
    if (of_fold == 0 && t != NULL)
        of_fold = pn_jsone_eval(ret, folded, context, 1484843240974, NULL, work->arena, error);
    return of_fold < 0 ? of_fold : r;
}

static int run_jsone(const struct work *work, struct pn_buf *out)
{
    PN_CLEANUP(pn_diags_deinit) struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_jsone_error error = {.what = PN_ERR_INIT};
    struct pn_value v = PN_VALUE_ABSENT;
    pn_arena_reset(work->arena, 0);
    int r = or_incomplete(jsone(&v, work, &diags, &error), &diags);
    refuse_stop();
    if (r == 0)
        pn_json_write(out, v);
    if (r >= 0)
        write_diags(out, &diags);
    if (r > 0)
        pn_buf_cstr(out, error.what.text);
    return r;
}

static int decide(struct pn_decision **ret, const struct work *work,
                  const struct pn_policy_set *set, struct pn_err *err)
{
    size_t n = work->text.n;
    pn_arena_reset(work->arena, pn_engine_arena_cap(n) + n + PN_ENGINE_BODY_PADDING + 16);
    char *body = pn_arena_alloc(work->arena, n + PN_ENGINE_BODY_PADDING);
    if (body == NULL)
        return -ENOMEM;
    memcpy(body, work->text.s, n);
    memset(body + n, 0, PN_ENGINE_BODY_PADDING);
    return pn_engine_decide(ret, set, NULL, work->flags, body, n, work->arena, err);
}

/* All that a decision says. */
static void write_decision(struct pn_buf *out, const struct pn_decision *d)
{
    for (size_t i = 0; i < d->verdict_count; i++) {
        const struct pn_verdict *v = &d->verdicts[i];
        pn_buf_printf(out, "%u %d %d: ", v->policy, v->audit, v->changes);
        pn_reason_write(out, &v->reason);
        pn_buf_cstr(out, "; ");
        pn_reason_write(out, &v->note);
        pn_buf_char(out, '\n');
    }
    for (size_t i = 0; i < d->note_count; i++)
        pn_reason_write(out, &d->notes[i]);
    for (size_t i = 0; i < d->explanation.budget_count; i++)
        pn_buf_printf(out, "%.*s %.*s\n", PN_STR_ARG(d->explanation.budgets[i].what),
                      PN_STR_ARG(d->explanation.budgets[i].after));
    for (size_t i = 0; i < d->explanation.request_count; i++)
        pn_buf_printf(out, "%.*s %.*s\n", PN_STR_ARG(d->explanation.requests[i].what),
                      PN_STR_ARG(d->explanation.requests[i].after));
    pn_reason_write(out, &d->review);
}

static int run_decide(const struct work *work, struct pn_buf *out)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf response = PN_BUF_INIT;
    struct pn_decision *decision = NULL;
    struct pn_err err = PN_ERR_INIT;
    int r = decide(&decision, work, work->set, &err);
    if (r == 0)
        pn_respond_write(&response, decision);
    refuse_stop();
    if (r == 0 && response.failed)
        return -ENOMEM;
    pn_buf_str(out, pn_buf_view(&response));
    if (r == 0)
        write_decision(out, decision);
    if (r > 0)
        pn_buf_cstr(out, err.text);
    return r;
}

/* Policy files to a set, whose hash and whose decision say that it is whole. */
static int run_load(const struct work *work, struct pn_buf *out)
{
    PN_CLEANUP(pn_policy_set_unref_pointer) struct pn_policy_set *set = NULL;
    PN_CLEANUP(pn_diags_deinit) struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_decision *decision = NULL;
    struct pn_err err = PN_ERR_INIT;
    int r = or_incomplete(pn_load_policies(&set, &work->path, 1, &diags), &diags);
    refuse_stop();
    if (r >= 0)
        write_diags(out, &diags);
    if (r != 0)
        return r;
    pn_buf_printf(out, "%016llx\n", (unsigned long long)pn_policy_set_hash(set));
    r = decide(&decision, work, set, &err);
    if (r == 0)
        pn_respond_write(out, decision);
    return r;
}

/* ---- each of its allocations refused ----------------------------------------------------------
 */

struct outcome {
    int r;
    struct pn_buf out;
    size_t calls, left_blocks, left_files;
};

static void run_once(struct outcome *ret, const struct work *work, size_t refused)
{
    size_t files = open_files();
    ret->out.len = 0;
    pn_arena_reset(work->arena, 0);
    size_t blocks = refuse_live_blocks();
    refuse_start(refused);
    struct pn_buf out = PN_BUF_INIT;
    ret->r = work->run(work, &out);
    ret->calls = refuse_stop();
    pn_arena_reset(work->arena, 0);
    ret->left_blocks = refuse_live_blocks() - blocks;
    if (refuse_live_blocks() > 0 && out.data != NULL)
        ret->left_blocks--;
    ret->left_files = open_files() - files;
    pn_buf_str(&ret->out, pn_buf_view(&out));
    ret->out.failed = ret->out.failed || out.failed;
    pn_buf_deinit(&out);
}

static bool same(const struct outcome *a, const struct outcome *b)
{
    return a->r == b->r && !a->out.failed && pn_str_eq(pn_buf_view(&a->out), pn_buf_view(&b->out));
}

static const char *fault(const struct outcome *got, const struct outcome *wanted)
{
    if (got->left_blocks != 0)
        return "blocks are left";
    if (got->left_files != 0)
        return "descriptors are left";
    return got->r == -ENOMEM || same(got, wanted) ? NULL : "another result";
}

static void tell(size_t nth, const char *what, const struct outcome *got,
                 const struct outcome *wanted)
{
    struct pn_str a = pn_buf_view(&wanted->out), b = pn_buf_view(&got->out);
    size_t i = 0;
    while (i < a.n && i < b.n && a.s[i] == b.s[i])
        i++;
    printf("# call %zu refused: %s: returns %d, not %d; leaves %zd blocks; at byte %zu:\n", nth,
           what, got->r, wanted->r, (ssize_t)got->left_blocks, i);
    printf("#   %.*s\n#   instead of\n#   %.*s\n", (int)(b.n - i < 200 ? b.n - i : 200), b.s + i,
           (int)(a.n - i < 200 ? a.n - i : 200), a.s + i);
}

static void check(const char *name, const struct work *work)
{
    struct outcome wanted = {.out = PN_BUF_INIT}, got = {.out = PN_BUF_INIT};
    struct outcome after = {.out = PN_BUF_INIT};
    unsigned faults = 0, tried = 0, refused = 0;
    run_once(&got, work, 0); /* what libraries keep for ever is kept from here on */
    run_once(&wanted, work, 0);
    size_t calls = wanted.calls;
    size_t step = calls > work->most && !more ? (calls + work->most - 1) / work->most : 1;
    const char *what = wanted.r < 0 || !same(&got, &wanted) || wanted.out.len == 0
                           ? "it fails by itself"
                           : fault(&wanted, &wanted);
    if (what != NULL)
        tell(0, what, &wanted, &wanted);
    faults += what != NULL;
    for (size_t nth = 1; what == NULL && nth <= calls; nth += step) {
        run_once(&got, work, nth);
        tried++;
        refused += got.r == -ENOMEM;
        const char *wrong = fault(&got, &wanted);
        if (wrong != NULL && faults++ < 5)
            tell(nth, wrong, &got, &wanted);
        if (nth % AFTER_EVERY != 1 && wrong == NULL)
            continue;
        run_once(&after, work, 0);
        if (!same(&after, &wanted) && faults++ < 5)
            tell(nth, "afterwards", &after, &wanted);
    }
    if (refused == 0 && faults++ == 0)
        printf("# nothing was refused\n");
    printf("%s %u - %s # %u of %zu calls refused, %u times an error\n",
           faults == 0 ? "ok" : "not ok", ++number, name, tried, calls, refused);
    failed += faults > 0;
    pn_buf_deinit(&wanted.out);
    pn_buf_deinit(&got.out);
    pn_buf_deinit(&after.out);
}

/* ---- of what it is done -----------------------------------------------------------------------
 */

static int words_count;
static char **words;

static void check_if_wanted(const char *kind, const char *of, struct work *work)
{
    char name[256];
    bool wanted = words_count == 0;
    snprintf(name, sizeof name, "%s %s", kind, of);
    for (int i = 0; i < words_count; i++)
        wanted = wanted || strstr(name, words[i]) != NULL;
    if (wanted)
        check(name, work);
}

static void broken(const char *what)
{
    printf("Bail out! %s\n", what);
    exit(1);
}

static struct pn_str read_file(const char *path)
{
    PN_CLEANUP(pn_free_pointer) char *bytes = malloc(1 << 20);
    FILE *file = fopen(path, "rb");
    if (bytes == NULL || file == NULL)
        broken(path);
    size_t n = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return (struct pn_str){PN_TAKE(bytes), n};
}

static void check_files(const char *root, const char *folder, const char *kind, struct work work)
{
    char path[4096];
    struct dirent **entries;
    snprintf(path, sizeof path, "%s/%s", root, folder);
    int n = scandir(path, &entries, NULL, alphasort);
    if (n < 0)
        broken(path);
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s/%s", root, folder, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') {
            work.path = path;
            work.text = read_file(path);
            check_if_wanted(kind, entries[i]->d_name, &work);
            free((void *)(uintptr_t)work.text.s);
        }
        free(entries[i]);
    }
    free(entries);
}

/* A review of tests/fuzz/grammar.c, made of numbers that are always the same. */
static void make_review(struct pn_buf *out, uint32_t seed)
{
    uint8_t bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++) {
        seed = seed * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(seed >> 24);
    }
    write_review(out, &(struct choices){bytes, sizeof bytes});
    if (out->failed)
        broken("no memory");
}

static void check_decisions(const char *root, struct work work)
{
    static const char *const sets[] = {"0.yaml", "1.yaml", "2.yaml", "3.yaml",
                                       "4.yaml", "5.yaml", "6.yaml"};
    for (uint32_t i = 0; i < (more ? MORE_REVIEWS : REVIEWS) * PN_COUNT_OF(sets); i++) {
        PN_CLEANUP(pn_diags_deinit) struct pn_diags diags = PN_DIAGS_INIT;
        PN_CLEANUP(pn_policy_set_unref_pointer) struct pn_policy_set *set = NULL;
        PN_CLEANUP(pn_buf_deinit) struct pn_buf review = PN_BUF_INIT;
        char path[4096], name[64];
        const char *paths[] = {path};
        snprintf(path, sizeof path, "%s/tests/fuzz/policies/%s", root, sets[i % PN_COUNT_OF(sets)]);
        if (pn_load_policies(&set, paths, 1, &diags) != 0)
            broken(path);
        make_review(&review, i);
        work.set = set;
        work.text = pn_buf_view(&review);
        for (work.flags = 0; work.flags <= PN_DECIDE_VALIDATE; work.flags++) {
            snprintf(name, sizeof name, "%s review %u flags %u", sets[i % PN_COUNT_OF(sets)], i,
                     work.flags);
            check_if_wanted("decide", name, &work);
        }
    }
}

/* The shipped templates: a recorded review that takes three of them. */
static void check_catalogue(const char *root, struct work work)
{
    PN_CLEANUP(pn_diags_deinit) struct pn_diags diags = PN_DIAGS_INIT;
    PN_CLEANUP(pn_policy_set_unref_pointer) struct pn_policy_set *set = NULL;
    char path[4096];
    const char *paths[] = {path};
    snprintf(path, sizeof path, "%s/templates", root);
    if (pn_load_policies(&set, paths, 1, &diags) != 0)
        broken(path);
    work.set = set;
    check_files(root, "tests/fuzz/corpus/review", "decide", work);
    work.run = run_load;
    work.path = path;
    work.most /= 13;
    check_if_wanted("load", "templates", &work);
}

/* Policies that do not load: what is told of them is told whole, or not at all. */
static void check_faults(const char *root, struct work work)
{
    static const char *const cases[] = {"budget", "policy", "schema", "pod-security", "template"};
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/tests/cases/faults-%s/policies.yaml", root, cases[i]);
        work.path = path;
        check_if_wanted("load faults", cases[i], &work);
    }
}

int main(int argc, char **argv)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf review = PN_BUF_INIT;
    struct work work = {.most = refuse_sees_libraries() ? 4000 : 400}; /* sanitizers are slow */
    if (argc < 2 || pn_arena_new(&work.arena, PN_ARENA_KEEP_BYTES) != 0)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 1 << 16);
    more = getenv("PANNIER_ALLOC_MORE") != NULL;
    make_review(&review, 1);
    work.text = pn_buf_view(&review);
    words = argv + 2;
    words_count = argc - 2;
    printf("# the C library and libyaml are %srefused memory too\n",
           refuse_sees_libraries() ? "" : "not ");
    work.run = run_yaml;
    check_files(argv[1], "tests/fuzz/corpus/yaml", "yaml", work);
    work.run = run_jsone;
    check_files(argv[1], "tests/fuzz/corpus/jsone", "jsone", work);
    work.run = run_decide;
    check_decisions(argv[1], work);
    check_catalogue(argv[1], work);
    work.run = run_load;
    check_files(argv[1], "tests/fuzz/policies", "load", work);
    check_faults(argv[1], work);
    pn_arena_free(work.arena);
    printf("1..%u\n", number);
    return failed > 0;
}
