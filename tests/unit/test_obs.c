/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "obs/log.h"

/* A log whose lines come out of a pipe. */
struct piped {
    int read_fd, write_fd;
    struct pn_log *log;
    struct pn_buf text;
};

static void open_log(struct piped *p, enum pn_log_format format)
{
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    *p = (struct piped){ends[0], ends[1], NULL, PN_BUF_INIT};
    ck_assert_int_eq(pn_log_new(&p->log, p->write_fd, format), 0);
}

static void read_rest(struct piped *p)
{
    char bytes[65536];
    ssize_t n;
    while ((n = read(p->read_fd, bytes, sizeof bytes)) > 0)
        pn_buf_append(&p->text, bytes, (size_t)n);
    pn_buf_char(&p->text, '\0');
}

static void *read_rest_main(void *piped)
{
    read_rest(piped);
    return NULL;
}

/* Frees the log and reads all that it wrote, as C text. */
static const char *finish(struct piped *p)
{
    pn_log_free(p->log);
    close(p->write_fd);
    read_rest(p);
    return p->text.data;
}

static void close_log(struct piped *p)
{
    close(p->read_fd);
    pn_buf_deinit(&p->text);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Replaces the time at the start of a line, which must be RFC 3339 in UTC, by T. */
static void mask_time(char *text)
{
    static const char shape[] = "0000-00-00T00:00:00.000000Z";
    char *at = strstr(text, "20");
    ck_assert_ptr_nonnull(at);
    for (size_t i = 0; shape[i] != '\0'; i++) {
        if (shape[i] == '0')
            ck_assert(at[i] >= '0' && at[i] <= '9');
        else
            ck_assert_int_eq(at[i], shape[i]);
    }
    memmove(at + 1, at + sizeof shape - 1, strlen(at + sizeof shape - 1) + 1);
    *at = 'T';
}

static void write_sample(struct pn_log *log, struct pn_arena *arena)
{
    struct pn_log_line line;
    pn_log_begin(&line, log, arena, PN_LOG_WARN, PN_STR("two \"words\"\n"));
    pn_log_str(&line, "plain", PN_STR("a/b=c"));
    pn_log_str(&line, "quoted", PN_STR("a b"));
    pn_log_str(&line, "empty", PN_STR(""));
    pn_log_str(&line, "control", PN_STR("\x1b[31m\t\x7f\xc2\x9b\\"));
    pn_log_str(&line, "nul", PN_STR("a\0b"));
    pn_log_str(&line, "utf8", PN_STR("\xc3\xa4\xff"));
    pn_log_int(&line, "number", INT64_MIN);
    pn_log_bool(&line, "yes", true);
    pn_log_open(&line, "names");
    pn_log_member(&line, PN_STR("a"), PN_STR("1"));
    pn_log_member(&line, PN_STR("b \""), PN_STR("2 3"));
    pn_log_close(&line);
    pn_log_open(&line, "nothing");
    pn_log_close(&line);
    pn_log_int(&line, "last", 1);
    pn_log_commit(&line);
}

static const struct {
    enum pn_log_format format;
    const char *expected;
} samples[] = {
    {PN_LOG_JSON, "{\"time\":\"T\",\"level\":\"warn\",\"message\":\"two \\\"words\\\"\\u000a\","
                  "\"plain\":\"a/b=c\",\"quoted\":\"a b\",\"empty\":\"\","
                  "\"control\":\"\\u001b[31m\\u0009\\u007f\\u009b\\\\\",\"nul\":\"a\\u0000b\","
                  "\"utf8\":\"\xc3\xa4\xef\xbf\xbd\",\"number\":-9223372036854775808,"
                  "\"yes\":true,\"names\":{\"a\":\"1\",\"b \\\"\":\"2 3\"},\"nothing\":{},"
                  "\"last\":1}\n"},
    {PN_LOG_TEXT, "T WARN  two \\\"words\\\"\\u000a plain=a/b=c quoted=\"a b\" empty=\"\" "
                  "control=\"\\u001b[31m\\u0009\\u007f\\u009b\\\\\" nul=\"a\\u0000b\" "
                  "utf8=\"\xc3\xa4\xef\xbf\xbd\" number=-9223372036854775808 yes=true "
                  "names=a=1,\"b \\\"\"=\"2 3\" nothing= last=1\n"},
};

START_TEST(a_line_is_what_was_put_in)
{
    struct piped p;
    struct pn_arena *arena = NULL;
    open_log(&p, samples[_i].format);
    ck_assert_int_eq(pn_arena_new(&arena, 0), 0);
    write_sample(p.log, NULL);
    write_sample(p.log, arena);
    finish(&p);
    size_t half = strlen(p.text.data) / 2;
    ck_assert_int_eq(p.text.data[half - 1], '\n');
    char *second = p.text.data + half;
    mask_time(second);
    ck_assert_str_eq(second, samples[_i].expected);
    second[0] = '\0';
    mask_time(p.text.data);
    ck_assert_str_eq(p.text.data, samples[_i].expected);
    pn_arena_free(arena);
    close_log(&p);
}
END_TEST

START_TEST(levels_have_names)
{
    struct piped p;
    open_log(&p, PN_LOG_JSON);
    pn_log_say(p.log, PN_LOG_DEBUG, "number %d", 0); /* not wanted */
    pn_log_set_level(p.log, PN_LOG_DEBUG);
    pn_log_say(p.log, PN_LOG_DEBUG, "number %d", 4);
    pn_log_set_level(p.log, PN_LOG_INFO);
    pn_log_say(p.log, PN_LOG_INFO, "number %d", 1);
    pn_log_say(p.log, PN_LOG_WARN, "number %d", 2);
    pn_log_say(p.log, PN_LOG_ERROR, "number %d", 3);
    const char *text = finish(&p);
    ck_assert_ptr_null(strstr(text, "number 0"));
    ck_assert_ptr_nonnull(strstr(text, "\"level\":\"debug\",\"message\":\"number 4\"}\n"));
    ck_assert_ptr_nonnull(strstr(text, "\"level\":\"info\",\"message\":\"number 1\"}\n"));
    ck_assert_ptr_nonnull(strstr(text, "\"level\":\"warn\",\"message\":\"number 2\"}\n"));
    ck_assert_ptr_nonnull(strstr(text, "\"level\":\"error\",\"message\":\"number 3\"}\n"));
    close_log(&p);
}
END_TEST

START_TEST(long_lines_lose_whole_fields)
{
    struct piped p;
    struct pn_log_line line;
    static char big[3 * PN_LOG_LINE_MAX_BYTES];
    memset(big, 'x', sizeof big);
    open_log(&p, PN_LOG_JSON);
    pn_log_begin(&line, p.log, NULL, PN_LOG_INFO, PN_STR("m"));
    pn_log_str(&line, "big", (struct pn_str){big, sizeof big});
    pn_log_str(&line, "fits", PN_STR("yes"));
    pn_log_str(&line, "quotes", (struct pn_str){big, PN_LOG_LINE_MAX_BYTES - 60});
    pn_log_commit(&line);
    pn_log_begin(&line, p.log, NULL, PN_LOG_INFO, (struct pn_str){big, sizeof big});
    pn_log_commit(&line);
    const char *text = finish(&p);
    const char *end = strchr(text, '\n');
    ck_assert_ptr_nonnull(end);
    ck_assert_ptr_nonnull(strstr(text, "\"message\":\"m\",\"fits\":\"yes\",\"cut\":true}\n"));
    ck_assert_uint_le(strlen(end + 1), PN_LOG_LINE_MAX_BYTES);
    ck_assert_str_eq(end + strlen(end) - 4, "x\"}\n");
    close_log(&p);
}
END_TEST

START_TEST(long_objects_lose_members)
{
    struct piped p;
    struct pn_log_line line;
    static char big[PN_LOG_LINE_MAX_BYTES];
    memset(big, 'x', sizeof big);
    open_log(&p, PN_LOG_JSON);
    pn_log_begin(&line, p.log, NULL, PN_LOG_INFO, PN_STR("m"));
    pn_log_open(&line, "names");
    for (char name[] = "a"; name[0] <= 'z'; name[0]++)
        pn_log_member(&line, pn_str_of(name), (struct pn_str){big, PN_LOG_LINE_MAX_BYTES / 20});
    pn_log_member(&line, PN_STR("end"), PN_STR("1")); /* there is room for this one */
    pn_log_close(&line);
    pn_log_str(&line, "big", (struct pn_str){big, sizeof big});
    pn_log_open(&line, "more");
    for (int i = 0; i < 1000; i++)
        pn_log_member(&line, PN_STR("k"), PN_STR("v"));
    pn_log_close(&line);
    pn_log_open(&line, "again"); /* no room even for its name */
    pn_log_member(&line, PN_STR("k"), PN_STR("v"));
    pn_log_close(&line);
    pn_log_commit(&line);
    const char *text = finish(&p);
    ck_assert_uint_le(strlen(text), PN_LOG_LINE_MAX_BYTES);
    ck_assert_ptr_nonnull(strstr(text, "\"message\":\"m\",\"names\":{\"a\":\"xxx"));
    ck_assert_ptr_nonnull(strstr(text, "x\",\"end\":\"1\"},\"more\":{\"k\":\"v\",\"k\":"));
    ck_assert_ptr_null(strstr(text, "\"z\":"));
    ck_assert_ptr_null(strstr(text, "again"));
    static const char end[] = ",\"k\":\"v\"},\"cut\":true}\n";
    ck_assert_str_eq(text + strlen(text) - strlen(end), end);
    close_log(&p);
}
END_TEST

static void *say_hundred(void *log)
{
    for (int i = 0; i < 100; i++)
        pn_log_say(log, PN_LOG_INFO, "line %d", i);
    return NULL;
}

START_TEST(lines_of_many_threads_stay_whole)
{
    struct piped p;
    pthread_t threads[8];
    open_log(&p, PN_LOG_TEXT);
    for (size_t i = 0; i < PN_COUNT_OF(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, say_hundred, p.log), 0);
    for (size_t i = 0; i < PN_COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    finish(&p);
    size_t lines = 0;
    for (char *save = NULL, *line = strtok_r(p.text.data, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        ck_assert_ptr_nonnull(strstr(line, "Z INFO  line "));
        ck_assert_uint_lt(strlen(line), 60);
        lines++;
    }
    ck_assert_uint_eq(lines, 800);
    close_log(&p);
}
END_TEST

/* The queue and the pipe hold less than this. */
enum { FLOOD_LINES = 20000 };

START_TEST(a_full_pipe_blocks_nobody_and_losses_are_told)
{
    struct piped p;
    open_log(&p, PN_LOG_JSON);
    int64_t began = now_ms();
    for (int i = 0; i < FLOOD_LINES; i++)
        pn_log_say(p.log, PN_LOG_INFO, "a line of the flood that is long enough to fill it: %d", i);
    ck_assert_int_lt(now_ms() - began, 30000); /* who waited for each line would take minutes */
    uint64_t dropped = pn_log_dropped(p.log);
    ck_assert_uint_gt(dropped, 0);
    ck_assert_uint_lt(dropped, FLOOD_LINES);
    /* A reader appears: what was queued arrives, and then the count. */
    pthread_t reader;
    ck_assert_int_eq(pthread_create(&reader, NULL, read_rest_main, &p), 0);
    pn_log_free(p.log);
    close(p.write_fd);
    pthread_join(reader, NULL);
    size_t flood = 0;
    for (const char *at = p.text.data; (at = strstr(at, "of the flood")) != NULL; at++)
        flood++;
    ck_assert_uint_eq(flood, FLOOD_LINES - dropped);
    char told[100];
    snprintf(told, sizeof told, "\"message\":\"log lines were dropped\",\"lines\":%llu}\n",
             (unsigned long long)dropped);
    ck_assert_ptr_nonnull(strstr(p.text.data, told));
    close_log(&p);
}
END_TEST

START_TEST(a_full_pipe_does_not_hold_up_the_end)
{
    struct piped p;
    open_log(&p, PN_LOG_JSON);
    for (int i = 0; i < FLOOD_LINES; i++)
        pn_log_say(p.log, PN_LOG_INFO, "a line of the flood that is long enough to fill it: %d", i);
    int64_t began = now_ms();
    pn_log_free(p.log);
    ck_assert_int_le(now_ms() - began, PN_LOG_FLUSH_SECONDS * 1000 + 30000);
    close(p.write_fd);
    close_log(&p);
}
END_TEST

START_TEST(a_closed_pipe_is_survived)
{
    struct piped p;
    open_log(&p, PN_LOG_JSON);
    close(p.read_fd);
    p.read_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (int i = 0; i < 1000; i++)
        pn_log_say(p.log, PN_LOG_INFO, "nobody hears %d", i);
    pn_log_free(p.log); /* and SIGPIPE, which would end us, is not delivered */
    close(p.write_fd);
    close_log(&p);
}
END_TEST

START_TEST(a_kind_of_line_is_limited)
{
    struct piped p;
    struct pn_log_limit limit = {0};
    uint64_t held_back = 99;
    unsigned passed = 0;
    open_log(&p, PN_LOG_JSON);
    int64_t began = now_ms();
    for (int i = 0; i < 1000; i++)
        passed += pn_log_limit_pass(p.log, &limit, &held_back);
    unsigned windows = (unsigned)(now_ms() / 1000 - began / 1000) + 1;
    bool one_window = windows == 1;
    ck_assert_uint_ge(passed, PN_LOG_LIMIT_PER_SECOND);
    ck_assert_uint_le(passed, PN_LOG_LIMIT_PER_SECOND * windows);
    usleep(1100000);
    ck_assert(pn_log_limit_pass(p.log, &limit, &held_back));
    if (one_window)
        ck_assert_uint_eq(held_back, 1000 - passed);
    ck_assert(pn_log_limit_pass(p.log, &limit, &held_back));
    ck_assert_uint_eq(held_back, 0);
    ck_assert(!pn_log_limit_pass(NULL, &limit, &held_back));
    finish(&p);
    close_log(&p);
}
END_TEST

START_TEST(no_log_is_fine)
{
    write_sample(NULL, NULL);
    pn_log_say(NULL, PN_LOG_ERROR, "nobody");
    pn_log_free(NULL);
    struct piped p; /* and one that never had a line starts no thread */
    open_log(&p, PN_LOG_JSON);
    ck_assert_str_eq(finish(&p), "");
    close_log(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("obs");
    TCase *tcase = tcase_create("log");
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, a_line_is_what_was_put_in, 0, PN_COUNT_OF(samples));
    tcase_add_test(tcase, levels_have_names);
    tcase_add_test(tcase, long_lines_lose_whole_fields);
    tcase_add_test(tcase, long_objects_lose_members);
    tcase_add_test(tcase, lines_of_many_threads_stay_whole);
    tcase_add_test(tcase, a_full_pipe_blocks_nobody_and_losses_are_told);
    tcase_add_test(tcase, a_full_pipe_does_not_hold_up_the_end);
    tcase_add_test(tcase, a_closed_pipe_is_survived);
    tcase_add_test(tcase, a_kind_of_line_is_limited);
    tcase_add_test(tcase, no_log_is_fine);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
