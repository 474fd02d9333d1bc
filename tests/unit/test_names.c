/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <ctype.h>

#include "base/cleanup.h"
#include "kube/names.h"

/* Which rules a name satisfies: the letters of `rules`, in the order of the table. */
static const struct {
    char letter;
    bool (*holds)(struct pn_str name);
} rules[] = {
    {'l', pn_name_is_dns_label},   {'s', pn_name_is_dns_subdomain},
    {'q', pn_name_is_qualified},   {'a', pn_name_is_annotation_key},
    {'v', pn_name_is_label_value}, {'p', pn_name_is_port},
    {'e', pn_name_is_env},
};

static void assert_rules(struct pn_str name, const char *expected)
{
    char got[PN_COUNT_OF(rules) + 1] = "";
    size_t n = 0;
    for (size_t i = 0; i < PN_COUNT_OF(rules); i++) {
        if (rules[i].holds(name))
            got[n++] = rules[i].letter;
    }
    ck_assert_msg(strcmp(got, expected) == 0, "\"%.*s\": expected %s, got %s", PN_STR_ARG(name),
                  expected, got);
}

START_TEST(names_by_rule)
{
    static const struct {
        struct pn_str name;
        const char *satisfied;
    } cases[] = {
        {PN_STR_INIT("web"), "lsqavpe"},
        {PN_STR_INIT("a"), "lsqavpe"},
        {PN_STR_INIT("0"), "lsqave"}, /* a port name has a letter */
        {PN_STR_INIT("9a"), "lsqavpe"},
        {PN_STR_INIT("a-b"), "lsqavpe"},
        {PN_STR_INIT("a--b"), "lsqave"},
        {PN_STR_INIT("a.b"), "sqave"},
        {PN_STR_INIT("a..b"), "qave"},
        {PN_STR_INIT("a.-b"), "qave"},
        {PN_STR_INIT("a-"), "e"},
        {PN_STR_INIT("-a"), "e"},
        {PN_STR_INIT(".a"), "e"},
        {PN_STR_INIT("a."), "e"},
        {PN_STR_INIT("_a"), "e"},
        {PN_STR_INIT("A_b.C"), "qave"},
        {PN_STR_INIT("Web"), "qave"},
        {PN_STR_INIT("example.com/Name"), "qae"},
        {PN_STR_INIT("Example.com/name"), "ae"},
        {PN_STR_INIT("ex_ample/name"), "e"},
        {PN_STR_INIT("/name"), "e"},
        {PN_STR_INIT("example.com/"), "e"},
        {PN_STR_INIT("a/b/c"), "e"},
        {PN_STR_INIT("/"), "e"},
        {PN_STR_INIT(""), "v"},
        {{NULL, 0}, "v"},
        {PN_STR_INIT("a b"), "e"},
        {PN_STR_INIT("a=b"), ""},
        {PN_STR_INIT("~!@#"), "e"},
        {PN_STR_INIT("a\0b"), ""},
        {PN_STR_INIT("a\n"), ""},
        {PN_STR_INIT("a\x7f"), ""},
        {PN_STR_INIT("\xc3\xa9"), ""},
        {PN_STR_INIT("a\xff"), ""},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++)
        assert_rules(cases[i].name, cases[i].satisfied);
}
END_TEST

START_TEST(lengths)
{
    static char text[400];
    memset(text, 'x', sizeof text);
    assert_rules((struct pn_str){text, 15}, "lsqavpe");
    assert_rules((struct pn_str){text, 16}, "lsqave");
    assert_rules((struct pn_str){text, 63}, "lsqave");
    assert_rules((struct pn_str){text, 64}, "se");
    assert_rules((struct pn_str){text, 253}, "se");
    assert_rules((struct pn_str){text, 254}, "e");
    text[253] = '/';
    assert_rules((struct pn_str){text, 254 + 63}, "qae");
    assert_rules((struct pn_str){text, 254 + 64}, "e");
    text[253] = 'x';
    text[254] = '/';
    assert_rules((struct pn_str){text, 255 + 1}, "e");
}
END_TEST

/* Every single byte, against the classes of the C locale. */
START_TEST(each_byte)
{
    for (int c = 0; c < 256; c++) {
        char byte = (char)c;
        struct pn_str name = {&byte, 1};
        bool ascii = c < 0x80;
        ck_assert(pn_name_is_dns_label(name) == (ascii && (islower(c) || isdigit(c))));
        ck_assert(pn_name_is_label_value(name) == (ascii && isalnum(c)));
        ck_assert(pn_name_is_qualified(name) == (ascii && isalnum(c)));
        ck_assert(pn_name_is_port(name) == (ascii && islower(c)));
        ck_assert(pn_name_is_env(name) == (ascii && isprint(c) && c != '='));
    }
}
END_TEST

/* Kubernetes puts some names in lower case before it looks at them, by Unicode: the Kelvin sign is
 * a k then, and the I with a dot an i, which are shorter. */
START_TEST(names_in_lower_case)
{
    static const struct {
        struct pn_str name;
        bool annotation, driver;
    } cases[] = {
        {PN_STR_INIT("Example.COM/Name"), true, false},
        {PN_STR_INIT("Csi.Example.com"), true, true},
        {PN_STR_INIT("\xe2\x84\xaa"
                     "8s.\xc4\xb0o/x"),
         true, false},
        {PN_STR_INIT("x/\xe2\x84\xaa"), true, false},
        {PN_STR_INIT("\xe2\x84\xaa.\xc4\xb0"), true, true},
        {PN_STR_INIT("\xe2\x84\xab"), false, false}, /* the Angstrom sign */
        {PN_STR_INIT("\xe2\x84"), false, false},
        {PN_STR_INIT("a_b"), true, false},
        {PN_STR_INIT(""), false, false},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        ck_assert_msg(pn_name_is_annotation_key(cases[i].name) == cases[i].annotation, "%.*s",
                      PN_STR_ARG(cases[i].name));
        ck_assert_msg(pn_name_is_csi_driver(cases[i].name) == cases[i].driver, "%.*s",
                      PN_STR_ARG(cases[i].name));
    }
    char kelvin[3 * 253 + 3];
    for (size_t i = 0; i < sizeof kelvin; i++)
        kelvin[i] = "\xe2\x84\xaa"[i % 3];
    ck_assert(pn_name_is_csi_driver((struct pn_str){kelvin, sizeof kelvin - 3}));
    ck_assert(!pn_name_is_csi_driver((struct pn_str){kelvin, sizeof kelvin}));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("names");
    TCase *all = tcase_create("all");
    tcase_add_test(all, names_by_rule);
    tcase_add_test(all, lengths);
    tcase_add_test(all, each_byte);
    tcase_add_test(all, names_in_lower_case);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
