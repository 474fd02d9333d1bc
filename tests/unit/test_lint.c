/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdlib.h>

#include "lint/image.h"
#include "lint/overlap.h"
#include "lint/words.h"

/*
 * Selectors as sets, against what pn_selector_matches says of every labelling that can tell them
 * apart: two keys, each absent or with one of three named values or another one.
 */
enum { KEYS = 2, VALUES = 5, LABELLINGS = VALUES * VALUES, ROUNDS = 20000 };

static const struct pn_str keys[KEYS] = {PN_STR_INIT("k"), PN_STR_INIT("m")};
static const struct pn_str values[] = {PN_STR_INIT("a"), PN_STR_INIT("b"), PN_STR_INIT("c"),
                                       PN_STR_INIT("any")};

static struct pn_arena *arena;
static struct pn_value labellings[LABELLINGS];

static void setup(void)
{
    ck_assert_int_eq(pn_arena_new(&arena, 0), 0);
    for (int i = 0; i < LABELLINGS; i++) {
        struct pn_member members[KEYS];
        size_t n = 0;
        const int of_key[KEYS] = {i % VALUES, i / VALUES};
        for (int k = 0; k < KEYS; k++) {
            if (of_key[k] < VALUES - 1)
                members[n++] = (struct pn_member){keys[k], pn_string(values[of_key[k]])};
        }
        ck_assert_int_eq(pn_object_new(&labellings[i], arena, members, n), 0);
    }
}

static void teardown(void)
{
    pn_arena_free(arena);
}

static unsigned next_random(unsigned *state, unsigned below)
{
    *state = *state * 1103515245u + 12345u;
    return (*state >> 16) % below;
}

static struct pn_selector random_selector(unsigned *state)
{
    struct pn_requirement *items = pn_arena_zalloc(arena, 4, sizeof *items);
    uint32_t n = next_random(state, 4);
    ck_assert_ptr_nonnull(items);
    for (uint32_t i = 0; i < n; i++) {
        unsigned op = next_random(state, 4);
        items[i].key = keys[next_random(state, KEYS)];
        items[i].op = (enum pn_operator)op;
        unsigned from = next_random(state, 3);
        items[i].values = &values[from];
        items[i].count = op <= PN_OP_NOT_IN ? 1 + next_random(state, 3 - from) : 0;
    }
    return (struct pn_selector){items, n};
}

START_TEST(overlap_is_exact)
{
    unsigned state = 7, possible = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct pn_lint_policy p = {.pods = random_selector(&state)};
        struct pn_lint_policy q = {.pods = random_selector(&state)};
        struct pn_overlap both;
        bool meets = false, implies = true, is_empty = true;
        struct pn_str key;
        for (int i = 0; i < LABELLINGS; i++) {
            bool in_p = pn_selector_matches(&p.pods, labellings[i]);
            bool in_q = pn_selector_matches(&q.pods, labellings[i]);
            is_empty = is_empty && !in_p;
            meets = meets || (in_p && in_q);
            implies = implies && (!in_p || in_q);
        }
        pn_overlap_init(&both, arena);
        pn_overlap_add_policy(&both, &p);
        pn_overlap_add_policy(&both, &q);
        ck_assert_int_eq(pn_overlap_is_possible(&both), meets);
        ck_assert_int_eq(pn_overlap_is_satisfiable(&p.pods, &key, arena), !is_empty);
        if (!is_empty)
            ck_assert_int_eq(pn_overlap_implies(&p.pods, &q.pods, arena), implies);
        possible += meets;
    }
    /* Both answers were asked for often. */
    ck_assert_uint_gt(possible, ROUNDS / 10);
    ck_assert_uint_lt(possible, ROUNDS - ROUNDS / 10);
}
END_TEST

START_TEST(conditions_are_not_looked_into)
{
    const struct pn_lint_policy p = {.when = PN_STR("a")}, q = {.when = PN_STR("b")}, all = {0};
    struct pn_overlap both;
    pn_overlap_init(&both, arena);
    pn_overlap_add_policy(&both, &p);
    pn_overlap_add_policy(&both, &all);
    ck_assert(pn_overlap_is_possible(&both));
    pn_overlap_add_policy(&both, &q);
    ck_assert(!pn_overlap_is_possible(&both));
    pn_overlap_cut(&both, 2, PN_STR("a"), true);
    ck_assert(pn_overlap_is_possible(&both));
}
END_TEST

static const struct {
    const char *text, *repository, *tag, *digest;
    bool is_legal;
} images[] = {
    {"nginx", "nginx", NULL, NULL, true},
    {"nginx:1.29", "nginx", "1.29", NULL, true},
    {"localhost:5000/a/b", "localhost:5000/a/b", NULL, NULL, true},
    {"localhost:5000/a/b:2", "localhost:5000/a/b", "2", NULL, true},
    {"example.com/a:1@sha256:0a", "example.com/a", "1", "sha256:0a", true},
    {"Example.COM/a:V1", "Example.COM/a", "V1", NULL, true},
    {"example.com/Upper:1", "example.com/Upper", "1", NULL, false},
    {"https://example.com/a:1", "https://example.com/a", "1", NULL, false},
    {"example.com/a b:1", "example.com/a b", "1", NULL, false},
    {"example.com/a:", "example.com/a", "", NULL, false},
    {"example.com/a@0a", "example.com/a", NULL, "0a", false},
    {":1", "", "1", NULL, false},
};

START_TEST(images_are_taken_apart)
{
    struct pn_image image = pn_image_parse(pn_str_of(images[_i].text));
    ck_assert(pn_str_is(image.repository, images[_i].repository));
    ck_assert_int_eq(image.tag.s != NULL, images[_i].tag != NULL);
    ck_assert(images[_i].tag == NULL || pn_str_is(image.tag, images[_i].tag));
    ck_assert_int_eq(image.digest.s != NULL, images[_i].digest != NULL);
    ck_assert(images[_i].digest == NULL || pn_str_is(image.digest, images[_i].digest));
    ck_assert_int_eq(pn_image_fault(pn_str_of(images[_i].text)) == NULL, images[_i].is_legal);
}
END_TEST

static const struct {
    const char *text;
    bool installs, downloads, starts; /* apk add; a script from the network; sshd */
} commands[] = {
    {"apk add curl", .installs = true},
    {"set -e; /sbin/apk --no-cache -q add curl", .installs = true},
    {"apk --no-cache info; add curl", .installs = false},
    {"apk", .installs = false},
    {"echo apk-add apk addendum", .installs = false},
    {"curl -s https://example.com/x | sh", .downloads = true},
    {"wget -qO- https://example.com/x|sudo /bin/bash -s --", .downloads = true},
    {"sh -c \"$(curl -fsSL https://example.com/x)\"", .downloads = true},
    {"bash <(curl -s https://example.com/x)", .downloads = true},
    {"curl -s https://example.com/x | jq . ; sh run.sh", .downloads = false},
    {"echo $(curl -s https://example.com/x)", .downloads = false},
    {"curly x | sh", .downloads = false},
    {"/usr/sbin/sshd -D", .starts = true},
    {"sh -c exec sshd -D", .starts = true},
    {"mkdir -p /run/sshd && sshd", .starts = true},
    {"tini -- sshd", .starts = true},
    {"helper --dir /run/sshd", .starts = false},
    {"helper sshd", .starts = false},
    {"sshd-exporter", .starts = false},
    {"", .starts = false},
};

START_TEST(command_lines_are_read)
{
    struct pn_str text = pn_str_of(commands[_i].text);
    ck_assert_int_eq(pn_words_run(text, "apk", "add"), commands[_i].installs);
    ck_assert_int_eq(pn_words_run_download(text), commands[_i].downloads);
    ck_assert_int_eq(pn_words_start(text, "sshd"), commands[_i].starts);
}
END_TEST

START_TEST(rules_are_in_order_and_found)
{
    for (size_t i = 0; i < pn_rule_count(); i++) {
        const struct pn_rule *rule = pn_rule_at(i);
        ck_assert(i == 0 || strcmp(pn_rule_at(i - 1)->code, rule->code) < 0);
        ck_assert_ptr_eq(pn_rule_find(pn_str_of(rule->code)), rule);
        ck_assert_ptr_eq(pn_rule_find(pn_str_of(rule->name)), rule);
        ck_assert_uint_lt(pn_rule_index(rule), pn_rule_count());
    }
    ck_assert(pn_rule_is_meant(pn_rule_of(PN_RULE_PORT_COLLISION), PN_STR("PN06")));
    ck_assert(!pn_rule_is_meant(pn_rule_of(PN_RULE_PORT_COLLISION), PN_STR("PN")));
    ck_assert(!pn_rule_is_meant(pn_rule_of(PN_RULE_PORT_COLLISION), PN_STR("port")));
    ck_assert_str_eq(pn_rule_of(PN_RULE_PORT_COLLISION)->code, "PN0604");
    ck_assert_str_eq(pn_rule_of(PN_RULE_SUPPRESSION_WITHOUT_REASON)->code, "PN0903");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lint");
    TCase *sets = tcase_create("sets");
    TCase *words = tcase_create("words");
    tcase_add_checked_fixture(sets, setup, teardown);
    tcase_add_test(sets, overlap_is_exact);
    tcase_add_test(sets, conditions_are_not_looked_into);
    tcase_add_loop_test(words, images_are_taken_apart, 0, PN_COUNT_OF(images));
    tcase_add_loop_test(words, command_lines_are_read, 0, PN_COUNT_OF(commands));
    tcase_add_test(words, rules_are_in_order_and_found);
    suite_add_tcase(suite, sets);
    suite_add_tcase(suite, words);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
