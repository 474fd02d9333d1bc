/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>

#include "base/limits.h"
#include "engine/pattern.h"

/* What matches and what does not, of one compiled pattern: the whole text, bytes and all. */
static const struct {
    const char *pattern;
    struct pn_str text;
    bool matches;
} texts[] = {
    {"a|b", PN_STR_INIT("a"), true},      {"a|b", PN_STR_INIT("b"), true},
    {"a|b", PN_STR_INIT("ab"), false},    {"a|b", PN_STR_INIT("xb"), false},
    {"a|b", PN_STR_INIT(""), false},      {"a*", PN_STR_INIT(""), true},
    {"a*", PN_STR_INIT("aa\n"), false},   {".*", PN_STR_INIT("a\nb"), true},
    {".*", PN_STR_INIT("a\0b"), false},   {".*", PN_STR_INIT("\xff\xfe"), true},
    {"[^a]{2}", PN_STR_INIT("bc"), true}, {"\\)|[)]", PN_STR_INIT(")"), true},
};

START_TEST(the_whole_text)
{
    for (size_t i = 0; i < PN_COUNT_OF(texts); i++) {
        PN_CLEANUP(pn_pattern_deinit)
        struct pn_pattern pattern = PN_PATTERN_INIT(pn_str_of(texts[i].pattern));
        char why[128];
        ck_assert_ptr_null(pn_pattern_fault(pattern.raw, why, sizeof why));
        for (int round = 0; round < 2; round++)
            ck_assert_msg(pn_pattern_matches(&pattern, texts[i].text) == texts[i].matches,
                          "%s: text %zu", texts[i].pattern, i);
    }
}
END_TEST

START_TEST(no_pattern_matches_everything)
{
    PN_CLEANUP(pn_pattern_deinit) struct pn_pattern pattern = PN_PATTERN_INIT(PN_STR_NULL);
    ck_assert(pn_pattern_matches(&pattern, PN_STR("any\0thing")));
}
END_TEST

/* `unit` repeated up to n bytes: the last size that is fine is the limit. */
static bool is_fine(const char *unit, size_t repeats)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    char why[128];
    for (size_t i = 0; i < repeats; i++)
        pn_buf_cstr(&text, unit);
    ck_assert(!text.failed);
    return pn_pattern_fault(pn_buf_view(&text), why, sizeof why) == NULL;
}

START_TEST(limits)
{
    ck_assert(is_fine("a", PN_PATTERN_MAX_BYTES));
    ck_assert(!is_fine("a", PN_PATTERN_MAX_BYTES + 1));
    ck_assert(is_fine("a{1,8}", PN_PATTERN_MAX_PLACES / 8));
    ck_assert(!is_fine("a{1,8}", PN_PATTERN_MAX_PLACES / 8 + 1));
    ck_assert(is_fine("a+", PN_PATTERN_MAX_PLACES / 2));
    ck_assert(!is_fine("a{8,}", PN_PATTERN_MAX_PLACES / 9 + 1));
    ck_assert(!is_fine("(", PN_PATTERN_MAX_BYTES)); /* as deep as it gets */
}
END_TEST

/* Each of these has taken libc seconds or gigabytes. */
START_TEST(what_would_take_for_ever)
{
    static const char *const patterns[] = {"((a*)*){0,100}",        "(((((a?)*)*)*)*){0,50}",
                                           "(((a?)?)?){0,100}",     "(.?){0,200}",
                                           "(a{1,200}){1,200}",     "a{0,5000}",
                                           "((((((a+)+)+)+)+)+){9}"};
    char why[128];
    for (size_t i = 0; i < PN_COUNT_OF(patterns); i++)
        ck_assert_msg(pn_pattern_fault(pn_str_of(patterns[i]), why, sizeof why) != NULL, "%s",
                      patterns[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pattern");
    TCase *all = tcase_create("all");
    tcase_add_test(all, the_whole_text);
    tcase_add_test(all, no_pattern_matches_everything);
    tcase_add_test(all, limits);
    tcase_add_test(all, what_would_take_for_ever);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
