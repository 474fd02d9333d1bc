/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "sys/child.h"
#include "sys/file.h"
#include "sys/fingerprint.h"
#include "sys/scratch.h"
#include "sys/watch.h"

/* A directory of its own for each test. */
static char home[64];

static void setup(void)
{
    snprintf(home, sizeof home, "/tmp/pannier-sys-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(home));
}

static void teardown(void)
{
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", home);
    ck_assert_int_eq(system(command), 0);
}

static const char *in_home(const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % PN_COUNT_OF(paths)];
    snprintf(path, sizeof paths[0], "%s/%s", home, name);
    return path;
}

static void put(const char *name, const char *text)
{
    FILE *f = fopen(in_home(name), "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

START_TEST(reads_a_file_up_to_its_limit)
{
    struct pn_buf b = PN_BUF_INIT;
    put("a.yaml", "12345");
    ck_assert_int_eq(pn_file_read(&b, in_home("a.yaml"), 5), 0);
    ck_assert(pn_str_is(pn_buf_view(&b), "12345"));
    ck_assert_int_eq(pn_file_read(&b, in_home("a.yaml"), 4), PN_FILE_E_TOO_LARGE);
    ck_assert_int_eq(pn_file_read(&b, in_home("none.yaml"), 5), -ENOENT);
    pn_buf_deinit(&b);
}
END_TEST

START_TEST(reads_more_than_one_step)
{
    struct pn_buf b = PN_BUF_INIT;
    size_t n = 200001;
    char *text = malloc(n + 1);
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < n; i++)
        text[i] = (char)('a' + i % 26);
    text[n] = '\0';
    put("big", text);
    ck_assert_int_eq(pn_file_read(&b, in_home("big"), n), 0);
    ck_assert(pn_str_is(pn_buf_view(&b), text));
    free(text);
    pn_buf_deinit(&b);
}
END_TEST

START_TEST(a_file_of_the_proc_kind_has_no_size_and_is_read)
{
    struct pn_buf b = PN_BUF_INIT;
    ck_assert_int_eq(pn_file_read(&b, "/proc/self/status", 1 << 20), 0);
    ck_assert_uint_gt(b.len, 100);
    ck_assert_int_eq(pn_file_read(&b, "/proc/self/status", 10), PN_FILE_E_TOO_LARGE);
    pn_buf_deinit(&b);
}
END_TEST

START_TEST(reads_only_regular_files_and_never_blocks)
{
    struct pn_buf b = PN_BUF_INIT;
    ck_assert_int_eq(mkfifo(in_home("fifo.yaml"), 0600), 0);
    ck_assert_int_eq(symlink("fifo.yaml", in_home("link.yaml")), 0);
    ck_assert_int_eq(pn_file_read(&b, in_home("fifo.yaml"), 99), PN_FILE_E_NOT_REGULAR);
    ck_assert_int_eq(pn_file_read(&b, in_home("link.yaml"), 99), PN_FILE_E_NOT_REGULAR);
    ck_assert_int_eq(pn_file_read(&b, "/dev/zero", 99), PN_FILE_E_NOT_REGULAR);
    ck_assert_int_eq(pn_file_read(&b, home, 99), PN_FILE_E_NOT_REGULAR);
    pn_buf_deinit(&b);
}
END_TEST

START_TEST(a_link_loop_is_an_error)
{
    struct pn_buf b = PN_BUF_INIT;
    ck_assert_int_eq(symlink("y.yaml", in_home("x.yaml")), 0);
    ck_assert_int_eq(symlink("x.yaml", in_home("y.yaml")), 0);
    ck_assert_int_eq(pn_file_read(&b, in_home("x.yaml"), 99), -ELOOP);
    pn_buf_deinit(&b);
}
END_TEST

START_TEST(reads_a_pipe_to_its_end)
{
    int fds[2];
    struct pn_buf b = PN_BUF_INIT;
    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(pn_file_write_fd(fds[1], PN_STR("from a pipe")), 0);
    close(fds[1]);
    ck_assert_int_eq(pn_file_read_fd(&b, fds[0], 99), 0);
    ck_assert(pn_str_is(pn_buf_view(&b), "from a pipe"));
    close(fds[0]);
    pn_buf_deinit(&b);
}
END_TEST

START_TEST(a_failed_write_is_told)
{
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pn_file_write_fd(fd, PN_STR("x")), -ENOSPC);
    close(fd);
}
END_TEST

START_TEST(writes_atomically_with_its_mode)
{
    struct pn_buf b = PN_BUF_INIT;
    struct stat st;
    put("key.yaml", "old");
    ck_assert_int_eq(pn_file_write_atomic(in_home("key.yaml"), PN_STR("new"), 0600), 0);
    ck_assert_int_eq(pn_file_read(&b, in_home("key.yaml"), 99), 0);
    ck_assert(pn_str_is(pn_buf_view(&b), "new"));
    ck_assert_int_eq(stat(in_home("key.yaml"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    /* A target that cannot be replaced: the temporary file is taken away again. */
    ck_assert_int_eq(mkdir(in_home("dir"), 0700), 0);
    ck_assert_int_eq(pn_file_write_atomic(in_home("dir"), PN_STR("x"), 0600), -EISDIR);
    ck_assert_int_eq(pn_file_write_atomic(in_home("no/key"), PN_STR("x"), 0600), -ENOENT);
    char command[128];
    snprintf(command, sizeof command, "test \"$(ls '%s' | wc -l)\" = 2", home);
    ck_assert_int_eq(system(command), 0);
    pn_buf_deinit(&b);
}
END_TEST

static void check_listing(const char *directory, bool recursive, const char *expected)
{
    struct pn_paths paths = PN_PATHS_INIT;
    struct pn_err err = PN_ERR_INIT;
    struct pn_buf got = PN_BUF_INIT;
    ck_assert_int_eq(pn_paths_add_directory(&paths, directory, recursive, &err), 0);
    for (size_t i = 0; i < paths.count; i++)
        pn_buf_printf(&got, "%s ", paths.items[i] + strlen(home) + 1);
    ck_assert_msg(pn_str_is(pn_buf_view(&got), expected), "got %.*s",
                  PN_STR_ARG(pn_buf_view(&got)));
    pn_buf_deinit(&got);
    pn_paths_deinit(&paths);
}

START_TEST(lists_documents_in_byte_order)
{
    put("b.yml", "");
    put("a.yaml", "");
    put("B.json", "");
    put("notes.txt", "");
    put(".hidden.yaml", "");
    put("yaml", "");
    ck_assert_int_eq(mkdir(in_home("c.yaml"), 0700), 0);
    ck_assert_int_eq(mkdir(in_home("a-dir"), 0700), 0);
    put("c.yaml/in.yaml", "");
    put("a-dir/z.yaml", "");
    ck_assert_int_eq(symlink("nowhere", in_home("gone.yaml")), 0);
    ck_assert_int_eq(symlink(".", in_home("loop.yaml")), 0);
    check_listing(home, false, "B.json a.yaml b.yml gone.yaml ");
    check_listing(home, true, "B.json a-dir/z.yaml a.yaml b.yml c.yaml/in.yaml gone.yaml ");
    check_listing(in_home("a-dir/"), false, "a-dir/z.yaml ");
}
END_TEST

START_TEST(a_mounted_config_map_counts_once)
{
    ck_assert_int_eq(mkdir(in_home("..2026_11_20_10_00_00.1"), 0700), 0);
    put("..2026_11_20_10_00_00.1/ship.yaml", "x");
    ck_assert_int_eq(symlink("..2026_11_20_10_00_00.1", in_home("..data")), 0);
    ck_assert_int_eq(symlink("..data/ship.yaml", in_home("ship.yaml")), 0);
    check_listing(home, false, "ship.yaml ");
    check_listing(home, true, "ship.yaml ");
}
END_TEST

START_TEST(a_directory_that_cannot_be_read_is_named)
{
    struct pn_paths paths = PN_PATHS_INIT;
    struct pn_err err = PN_ERR_INIT;
    ck_assert_int_eq(pn_paths_add_directory(&paths, in_home("none"), false, &err), -ENOENT);
    ck_assert_ptr_nonnull(strstr(err.text, "/none: No such file or directory"));
    put("file", "");
    ck_assert_int_eq(pn_paths_add_directory(&paths, in_home("file"), false, &err), -ENOTDIR);
    pn_paths_deinit(&paths);
}
END_TEST

START_TEST(too_many_files_end_the_listing)
{
    struct pn_paths paths = PN_PATHS_INIT;
    struct pn_err err = PN_ERR_INIT;
    char command[160];
    snprintf(command, sizeof command, "cd '%s' && seq -f '%%g.yaml' %d | xargs touch", home,
             PN_DIRECTORY_MAX_FILES + 1);
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(pn_paths_add_directory(&paths, home, false, &err), PN_FILE_E_TOO_MANY);
    ck_assert_uint_eq(paths.count, PN_DIRECTORY_MAX_FILES);
    ck_assert_ptr_nonnull(strstr(err.text, "more than 20000 files"));
    pn_paths_deinit(&paths);
}
END_TEST

START_TEST(compares_files_by_identity)
{
    put("a", "");
    put("b", "");
    ck_assert_int_eq(symlink("a", in_home("link")), 0);
    ck_assert(pn_file_is_same(in_home("a"), in_home("link")));
    ck_assert(!pn_file_is_same(in_home("a"), in_home("b")));
    ck_assert(!pn_file_is_same(in_home("none"), in_home("none")));
    ck_assert(pn_file_is_directory(home));
    ck_assert(!pn_file_is_directory(in_home("a")));
}
END_TEST

static uint64_t fingerprint_of(const char *path)
{
    return pn_fingerprint_add(PN_FINGERPRINT_BASIS, path);
}

/* Runs `command` in the test's directory, and expects the fingerprint of `path` to change or not.
 */
static void check_changes(const char *path, const char *command, bool changes)
{
    char line[256];
    uint64_t before = fingerprint_of(path);
    usleep(10000); /* the kernel's clock for files ticks every 4 ms or so */
    snprintf(line, sizeof line, "cd '%s' && { %s; }", home, command);
    ck_assert_int_eq(system(line), 0);
    ck_assert_msg((fingerprint_of(path) != before) == changes, "%s", command);
}

START_TEST(a_fingerprint_shows_every_kind_of_change)
{
    put("a.yaml", "one");
    put("notes", "x");
    check_changes(home, "true", false);
    check_changes(home, "printf two > a.yaml", true); /* as long as before */
    check_changes(home, "printf two > b.tmp && mv b.tmp a.yaml", true);
    check_changes(home,
                  "cp -p a.yaml c.tmp && printf six > c.tmp && touch -r a.yaml c.tmp && "
                  "cat c.tmp > a.yaml && touch -r c.tmp a.yaml && rm c.tmp",
                  true); /* with the size and mtime of before */
    check_changes(home, "chmod 600 a.yaml", true);
    check_changes(home, "touch b.yaml", true);
    check_changes(home, "mv b.yaml c.yaml", true);
    check_changes(home, "rm c.yaml", true);
    check_changes(home,
                  "mkdir v1 v2 && touch v1/x.yaml v2/x.yaml && ln -s v1 ..data && "
                  "ln -s ..data/x.yaml x.yaml",
                  true);
    check_changes(home, "ln -s v2 ..tmp && mv -T ..tmp ..data", true);
    check_changes(home, "rm -r v2", true);
    /* What is not read does not count. */
    check_changes(home, "touch notes other .a.yaml.swp v1/x.yaml && rm other", false);
    check_changes(in_home("a.yaml"), "rm a.yaml", true);
    check_changes(in_home("a.yaml"), "true", false);
    check_changes(in_home("a.yaml"), "mkfifo a.yaml", true); /* and does not wait for a writer */
}
END_TEST

/* Looks until the change has settled: at the second look after it. */
static void expect_change(struct pn_watch *w, const char *const *paths, size_t n)
{
    ck_assert_int_eq(pn_watch_has_changed(w, paths, n), 0);
    ck_assert_int_eq(pn_watch_has_changed(w, paths, n), 1);
    ck_assert_int_eq(pn_watch_has_changed(w, paths, n), 0);
}

START_TEST(a_watch_sees_each_kind_of_change_once)
{
    char file[256];
    snprintf(file, sizeof file, "%s", in_home("a.yaml"));
    const char *const paths[] = {file, home};
    struct pn_watch w;
    pn_watch_init(&w, paths, 2); /* a file that is not there yet */
    ck_assert_int_eq(pn_watch_has_changed(&w, paths, 2), 0);
    put("a.yaml", "1");
    expect_change(&w, paths, 2);
    put("a.yaml", "22"); /* in place */
    expect_change(&w, paths, 2);
    ck_assert_int_eq(pn_file_write_atomic(file, PN_STR("33"), 0644), 0); /* by a rename */
    expect_change(&w, paths, 2);
    ck_assert_int_eq(chmod(file, 0600), 0);
    expect_change(&w, paths, 2);
    put("b.yaml", ""); /* in the directory */
    expect_change(&w, paths, 2);
    put("b.txt", "");
    ck_assert_int_eq(pn_watch_has_changed(&w, paths, 2), 0);
    ck_assert_int_eq(pn_watch_has_changed(&w, paths, 2), 0);
    ck_assert_int_eq(unlink(file), 0);
    expect_change(&w, paths, 2);
}
END_TEST

START_TEST(a_watch_waits_while_something_is_being_written)
{
    const char *const paths[] = {home};
    struct pn_watch w;
    put("a.yaml", "");
    pn_watch_init(&w, paths, 1);
    for (int i = 1; i < 4; i++) {
        put("a.yaml", &"xxxx"[4 - i]);
        ck_assert_int_eq(pn_watch_has_changed(&w, paths, 1), 0);
    }
    ck_assert_int_eq(pn_watch_has_changed(&w, paths, 1), 1);
}
END_TEST

START_TEST(a_watch_follows_the_data_link_of_a_mount)
{
    char file[256];
    snprintf(file, sizeof file, "%s", in_home("tls.crt"));
    const char *const paths[] = {file};
    struct pn_watch w;
    ck_assert_int_eq(mkdir(in_home("..1"), 0755), 0);
    ck_assert_int_eq(mkdir(in_home("..2"), 0755), 0);
    put("..1/tls.crt", "one");
    put("..2/tls.crt", "two");
    ck_assert_int_eq(symlink("..1", in_home("..data")), 0);
    ck_assert_int_eq(symlink("..data/tls.crt", file), 0);
    pn_watch_init(&w, paths, 1);
    ck_assert_int_eq(symlink("..2", in_home("..data_tmp")), 0);
    ck_assert_int_eq(rename(in_home("..data_tmp"), in_home("..data")), 0);
    expect_change(&w, paths, 1);
}
END_TEST

/* ---- other programs --------------------------------------------------------------------- */

START_TEST(a_scratch_directory_is_ours_alone_and_goes_with_all_in_it)
{
    struct pn_scratch scratch = {0};
    struct pn_err err = PN_ERR_INIT;
    struct stat st;
    char path[300];
    setenv("TMPDIR", home, 1);
    ck_assert_int_eq(pn_scratch_make(&scratch, "LIVE", &err), 0);
    ck_assert_int_eq(strncmp(scratch.path, in_home("LIVE-"), strlen(in_home("LIVE-"))), 0);
    ck_assert_int_eq(stat(scratch.path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0700);
    ck_assert_int_eq(pn_scratch_write(&scratch, "a", PN_STR("text"), &err), 0);
    ck_assert_int_eq(pn_scratch_write(&scratch, "a", PN_STR("other"), &err), -EEXIST);
    ck_assert_int_eq(pn_scratch_write(&scratch, "none/a", PN_STR("text"), &err), -ENOENT);
    snprintf(path, sizeof path, "%s/sub", scratch.path);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    put("kept", "not ours");
    snprintf(path, sizeof path, "%s/sub/link", scratch.path);
    ck_assert_int_eq(symlink(home, path), 0);
    snprintf(path, sizeof path, "%s", scratch.path);
    pn_scratch_remove(&scratch);
    ck_assert_int_eq(stat(path, &st), -1);
    ck_assert_int_eq(stat(in_home("kept"), &st), 0);
    pn_scratch_remove(&scratch);
    setenv("TMPDIR", in_home("none"), 1);
    ck_assert_int_eq(pn_scratch_make(&scratch, "LIVE", &err), -ENOENT);
    unsetenv("TMPDIR");
}
END_TEST

static int exec_shell(int *ret_exit, char *script, struct pn_hold *hold, struct pn_err *err)
{
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, script, NULL};
    return pn_child_exec(ret_exit, argv, hold, err);
}

START_TEST(a_program_s_end_is_told)
{
    struct pn_hold hold;
    struct pn_err err = PN_ERR_INIT;
    int code = -1;
    char *missing[] = {(char[]){"no-such-program"}, NULL};
    pn_hold_signals(&hold);
    ck_assert_int_eq(exec_shell(&code, (char[]){"exit 0"}, &hold, &err), 0);
    ck_assert_int_eq(code, 0);
    ck_assert_int_eq(exec_shell(&code, (char[]){"exit 255"}, &hold, &err), 0);
    ck_assert_int_eq(code, 255);
    /* SIGPIPE ends it, though we ignore it; and it is no longer held. */
    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(exec_shell(&code, (char[]){"kill -PIPE $$"}, &hold, &err), -ECHILD);
    ck_assert_int_eq(exec_shell(&code, (char[]){"kill -TERM $$"}, &hold, &err), -ECHILD);
    ck_assert_str_eq(err.text, "\"sh\" died of signal 15");
    ck_assert_int_eq(pn_child_exec(&code, missing, &hold, &err), -ENOENT);
    pn_hold_release(&hold);
}
END_TEST

static volatile sig_atomic_t terms;

static void count_term(int signal_number)
{
    (void)signal_number;
    terms++;
}

START_TEST(a_signal_waits_until_the_release)
{
    struct pn_hold hold;
    struct pn_err err = PN_ERR_INIT;
    int code = -1;
    signal(SIGTERM, count_term);
    pn_hold_signals(&hold);
    ck_assert(!pn_hold_is_wanted());
    /* To us, who pass it on. */
    char script[] = "trap 'exit 7' TERM; kill -TERM $PPID; while :; do sleep 0.01; done";
    ck_assert_int_eq(exec_shell(&code, script, &hold, &err), 0);
    ck_assert_int_eq(code, 7);
    ck_assert_int_eq(hold.caught, SIGTERM);
    ck_assert_int_eq(terms, 0);
    pn_hold_release(&hold);
    ck_assert_int_eq(terms, 1);
    pn_hold_signals(&hold);
    raise(SIGTERM);
    ck_assert(pn_hold_is_wanted());
    ck_assert_int_eq(exec_shell(&code, (char[]){"exit 0"}, &hold, &err), -EINTR);
    ck_assert_int_eq(terms, 1);
    pn_hold_release(&hold);
    ck_assert_int_eq(terms, 2);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("sys");
    TCase *t = tcase_create("file");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, reads_a_file_up_to_its_limit);
    tcase_add_test(t, reads_more_than_one_step);
    tcase_add_test(t, a_file_of_the_proc_kind_has_no_size_and_is_read);
    tcase_add_test(t, reads_only_regular_files_and_never_blocks);
    tcase_add_test(t, a_link_loop_is_an_error);
    tcase_add_test(t, reads_a_pipe_to_its_end);
    tcase_add_test(t, a_failed_write_is_told);
    tcase_add_test(t, writes_atomically_with_its_mode);
    tcase_add_test(t, lists_documents_in_byte_order);
    tcase_add_test(t, a_mounted_config_map_counts_once);
    tcase_add_test(t, a_directory_that_cannot_be_read_is_named);
    tcase_add_test(t, too_many_files_end_the_listing);
    tcase_add_test(t, compares_files_by_identity);
    tcase_add_test(t, a_fingerprint_shows_every_kind_of_change);
    tcase_add_test(t, a_watch_sees_each_kind_of_change_once);
    tcase_add_test(t, a_watch_waits_while_something_is_being_written);
    tcase_add_test(t, a_watch_follows_the_data_link_of_a_mount);
    tcase_add_test(t, a_scratch_directory_is_ours_alone_and_goes_with_all_in_it);
    tcase_add_test(t, a_program_s_end_is_told);
    tcase_add_test(t, a_signal_waits_until_the_release);
    suite_add_tcase(s, t);
    SRunner *sr = srunner_create(s);
    srunner_set_tap(sr, "-");
    srunner_run_all(sr, CK_SILENT);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed > 0;
}
