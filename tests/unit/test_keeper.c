/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "certs/check.h"
#include "certs/issue.h"
#include "server/keeper.h"
#include "sys/file.h"

enum { NOW = 1800000000, DAY = 24 * 3600 };

static void make_directory(char path[static 40])
{
    strcpy(path, "/tmp/pannier-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(path));
}

static void join(char ret[static 80], const char *directory, const char *name)
{
    ck_assert_int_lt(snprintf(ret, 80, "%s/%s", directory, name), 80);
}

/* A keeper of files in a directory of its own, with its log in a file there. */
struct kept {
    char directory[40], cert[80], key[80];
    struct pn_log *log;
    int log_fd;
    struct pn_keeper *keeper;
};

static struct pn_issued issue(int64_t not_before, int64_t not_after)
{
    static const struct pn_str names[] = {PN_STR_INIT("localhost")};
    struct pn_issued issued = PN_ISSUED_INIT;
    struct pn_err err = PN_ERR_INIT;
    struct pn_issue_options o = {
        .names = names, .name_count = 1, .not_before = not_before, .not_after = not_after};
    ck_assert_int_eq(pn_issue_chain(&issued, &o, &err), 0);
    return issued;
}

static void put_file(const char *path, struct pn_str bytes)
{
    ck_assert_int_eq(pn_file_write_atomic(path, bytes, 0600), 0);
}

static void put_pair(struct kept *k, int64_t not_before, int64_t not_after)
{
    struct pn_issued issued = issue(not_before, not_after);
    put_file(k->cert, pn_buf_view(&issued.cert));
    put_file(k->key, pn_buf_view(&issued.key));
    pn_issued_deinit(&issued);
}

static void keep(struct kept *k, int64_t not_before, int64_t not_after)
{
    struct pn_err err = PN_ERR_INIT;
    char log[80];
    make_directory(k->directory);
    join(k->cert, k->directory, "tls.crt");
    join(k->key, k->directory, "tls.key");
    join(log, k->directory, "log");
    k->log_fd = open(log, O_RDWR | O_CREAT | O_APPEND, 0600);
    ck_assert_int_ge(k->log_fd, 0);
    ck_assert_int_eq(pn_log_new(&k->log, k->log_fd, PN_LOG_JSON), 0);
    put_pair(k, not_before, not_after);
    const struct pn_keeper_options o = {.cert_file = k->cert, .key_file = k->key, .log = k->log};
    ck_assert_msg(pn_keeper_new(&k->keeper, &o, NOW, &err) == 0, "%s", err.text);
}

/* Lines of the log that hold `words`, once it has been written. */
static size_t count_lines(struct kept *k, const char *words)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    size_t n = 0;
    lseek(k->log_fd, 0, SEEK_SET);
    ck_assert_int_eq(pn_file_read_fd(&text, k->log_fd, 1 << 20), 0);
    for (struct pn_str rest = pn_buf_view(&text); rest.s != NULL;)
        n += pn_str_contains(pn_str_split(&rest, '\n'), pn_str_of(words));
    return n;
}

static void keep_no_more(struct kept *k)
{
    char command[96];
    pn_keeper_free(k->keeper);
    pn_log_free(k->log);
    close(k->log_fd);
    snprintf(command, sizeof command, "rm -rf '%s'", k->directory);
    ck_assert_int_eq(system(command), 0);
}

/* Two looks: a change has to settle. */
static void look(struct kept *k, int64_t now)
{
    pn_keeper_turn(k->keeper, now);
    pn_keeper_turn(k->keeper, now);
}

static bool serves_another(struct kept *k, const struct pn_tls *before)
{
    struct pn_tls *tls = pn_keeper_acquire(k->keeper);
    bool another = tls != before;
    pn_tls_unref(tls);
    return another;
}

START_TEST(a_changed_pair_is_taken_while_the_old_one_is_held)
{
    struct kept k;
    keep(&k, NOW - DAY, NOW + 100 * DAY);
    struct pn_tls *before = pn_keeper_acquire(k.keeper);
    look(&k, NOW);
    ck_assert(!serves_another(&k, before));
    put_pair(&k, NOW - DAY, NOW + 200 * DAY);
    look(&k, NOW);
    ck_assert(serves_another(&k, before));
    ck_assert_int_eq(pn_keeper_not_after(k.keeper), NOW + 200 * DAY);
    ck_assert_int_eq(pn_keeper_has_failed(k.keeper), 0);
    pn_tls_unref(before);
    keep_no_more(&k);
}
END_TEST

static const char *const bad_pairs[] = {"other key", "half",  "empty",   "gone",
                                        "directory", "early", "expired", "no server"};

static void put_bad_pair(struct kept *k, const char *kind)
{
    struct pn_issued issued = issue(NOW - DAY, NOW + 200 * DAY);
    struct pn_str cert = pn_buf_view(&issued.cert);
    if (strcmp(kind, "early") == 0) {
        put_pair(k, NOW + 50, NOW + 200 * DAY);
    } else if (strcmp(kind, "expired") == 0) {
        put_pair(k, NOW - 2 * DAY, NOW - DAY);
    } else if (strcmp(kind, "no server") == 0) { /* the CA: no names, no use as a server */
        put_file(k->cert, pn_buf_view(&issued.ca_cert));
        put_file(k->key, pn_buf_view(&issued.ca_key));
    } else if (strcmp(kind, "other key") == 0) {
        put_file(k->cert, cert);
    } else if (strcmp(kind, "half") == 0) {
        put_file(k->cert, (struct pn_str){cert.s, cert.n / 2});
    } else if (strcmp(kind, "empty") == 0) {
        put_file(k->key, PN_STR(""));
    } else {
        ck_assert_int_eq(unlink(k->key), 0);
        if (strcmp(kind, "directory") == 0)
            ck_assert_int_eq(mkdir(k->key, 0700), 0);
    }
    pn_issued_deinit(&issued);
}

START_TEST(a_bad_pair_is_refused_once_and_the_next_good_one_taken)
{
    struct kept k;
    const char *kind = bad_pairs[_i];
    keep(&k, NOW - DAY, NOW + 100 * DAY);
    struct pn_tls *before = pn_keeper_acquire(k.keeper);
    put_bad_pair(&k, kind);
    look(&k, NOW);
    ck_assert_msg(pn_keeper_has_failed(k.keeper), "%s", kind);
    ck_assert_msg(!serves_another(&k, before), "%s", kind);
    ck_assert_int_eq(pn_keeper_not_after(k.keeper), NOW + 100 * DAY);
    for (int i = 1; i < 45; i++) /* nothing new: nothing to say */
        look(&k, NOW + i);
    look(&k, NOW + PN_CERT_RETRY_SECONDS + 1);
    bool now_valid = strcmp(kind, "early") == 0;
    ck_assert_msg(serves_another(&k, before) == now_valid, "%s", kind);
    rmdir(k.key);
    put_pair(&k, NOW - DAY, NOW + 300 * DAY);
    look(&k, NOW + 100);
    ck_assert_msg(!pn_keeper_has_failed(k.keeper), "%s", kind);
    ck_assert_int_eq(pn_keeper_not_after(k.keeper), NOW + 300 * DAY);
    pn_tls_unref(before);
    pn_log_free(PN_TAKE(k.log));
    ck_assert_msg(count_lines(&k, "refused the new certificate") == 1, "%s", kind);
    ck_assert_uint_eq(count_lines(&k, "took a new certificate"), now_valid ? 2 : 1);
    keep_no_more(&k);
}
END_TEST

START_TEST(a_pair_that_is_put_back_is_no_failure)
{
    struct kept k;
    keep(&k, NOW - DAY, NOW + 100 * DAY);
    struct pn_tls *before = pn_keeper_acquire(k.keeper);
    struct pn_buf cert = PN_BUF_INIT;
    ck_assert_int_eq(pn_file_read(&cert, k.cert, 1 << 20), 0);
    put_file(k.cert, PN_STR("oops"));
    look(&k, NOW);
    ck_assert(pn_keeper_has_failed(k.keeper));
    put_file(k.cert, pn_buf_view(&cert));
    look(&k, NOW);
    ck_assert(!pn_keeper_has_failed(k.keeper) && !serves_another(&k, before));
    pn_buf_deinit(&cert);
    pn_tls_unref(before);
    keep_no_more(&k);
}
END_TEST

START_TEST(the_end_is_told_in_steps)
{
    struct kept k;
    keep(&k, NOW - DAY, NOW + 400 * DAY);
    for (int64_t now = NOW; now < NOW + 402 * DAY; now += DAY / 4)
        pn_keeper_turn(k.keeper, now);
    pn_keeper_turn(k.keeper, NOW); /* the clock jumps back and forth */
    pn_keeper_turn(k.keeper, NOW + 399 * DAY);
    pn_log_free(PN_TAKE(k.log));
    ck_assert_uint_eq(count_lines(&k, "expires soon"), 3);
    ck_assert_uint_eq(count_lines(&k, "has expired"), 1);
    keep_no_more(&k);
}
END_TEST

START_TEST(an_expired_pair_is_better_than_none_and_is_told)
{
    struct kept k;
    keep(&k, NOW - 2 * DAY, NOW - DAY);
    ck_assert_int_eq(pn_keeper_not_after(k.keeper), NOW - DAY);
    put_pair(&k, NOW - DAY, NOW + DAY);
    look(&k, NOW);
    ck_assert_int_eq(pn_keeper_not_after(k.keeper), NOW + DAY);
    pn_log_free(PN_TAKE(k.log));
    ck_assert_uint_eq(count_lines(&k, "an API server would refuse"), 1);
    keep_no_more(&k);
}
END_TEST

START_TEST(an_own_certificate_is_renewed_in_time_by_its_ca)
{
    char directory[40], ca_path[80], cert_path[80];
    struct pn_keeper *keeper = NULL;
    struct pn_err err = PN_ERR_INIT;
    struct pn_buf ca[2] = {PN_BUF_INIT, PN_BUF_INIT}, cert[2] = {PN_BUF_INIT, PN_BUF_INIT};
    make_directory(directory);
    join(ca_path, directory, "ca.crt");
    join(cert_path, directory, "tls.crt");
    const struct pn_keeper_options o = {.cert_dir = directory};
    ck_assert_msg(pn_keeper_new(&keeper, &o, NOW, &err) == 0, "%s", err.text);
    int64_t end = pn_keeper_not_after(keeper);
    ck_assert_int_eq(end, NOW + PN_OWN_CERT_SECONDS);
    ck_assert_int_eq(pn_file_read(&ca[0], ca_path, 1 << 20), 0);
    pn_keeper_turn(keeper, NOW + PN_OWN_CERT_SECONDS / 3 * 2 - DAY);
    ck_assert_int_eq(pn_keeper_not_after(keeper), end);
    int64_t due = NOW + PN_OWN_CERT_SECONDS / 3 * 2;
    pn_keeper_turn(keeper, due);
    ck_assert_int_eq(pn_keeper_not_after(keeper), due + PN_OWN_CERT_SECONDS);
    ck_assert_int_eq(pn_file_read(&ca[1], ca_path, 1 << 20), 0);
    ck_assert_int_eq(pn_file_read(&cert[1], cert_path, 1 << 20), 0);
    ck_assert(pn_str_eq(pn_buf_view(&ca[0]), pn_buf_view(&ca[1])));
    ck_assert(pn_check_is_signed_by(pn_buf_view(&cert[1]), pn_buf_view(&ca[0])));
    /* The clock jumps ahead and back: a certificate from the future serves nobody. */
    pn_keeper_turn(keeper, due + 1000 * (int64_t)DAY);
    pn_keeper_turn(keeper, due);
    ck_assert_int_eq(pn_keeper_not_after(keeper), due + PN_OWN_CERT_SECONDS);
    /* When the CA has ended, too, what is served stays. */
    pn_keeper_turn(keeper, NOW + PN_OWN_CA_SECONDS + 1);
    ck_assert(pn_keeper_has_failed(keeper));
    ck_assert_int_eq(pn_keeper_not_after(keeper), due + PN_OWN_CERT_SECONDS);
    pn_keeper_turn(keeper, due + 1); /* the clock is put right: not a failure for ever */
    pn_keeper_turn(keeper, due + PN_OWN_CERT_SECONDS / 3 * 2);
    ck_assert(!pn_keeper_has_failed(keeper));
    pn_keeper_free(keeper);
    for (size_t i = 0; i < 2; i++) {
        pn_buf_deinit(&ca[i]);
        pn_buf_deinit(&cert[i]);
    }
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("keeper");
    TCase *tcase = tcase_create("keeper");
    tcase_add_test(tcase, a_changed_pair_is_taken_while_the_old_one_is_held);
    tcase_add_loop_test(tcase, a_bad_pair_is_refused_once_and_the_next_good_one_taken, 0,
                        PN_COUNT_OF(bad_pairs));
    tcase_add_test(tcase, a_pair_that_is_put_back_is_no_failure);
    tcase_add_test(tcase, the_end_is_told_in_steps);
    tcase_add_test(tcase, an_expired_pair_is_better_than_none_and_is_told);
    tcase_add_test(tcase, an_own_certificate_is_renewed_in_time_by_its_ca);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
