/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/file.h"

/* How the child ends; what it wrote is a result or a message accordingly. */
enum { EXIT_DONE = 0, EXIT_SAID_WHY = 1, EXIT_MUTE = 2 };

static void close_fd(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* A child, and a pipe from it: *ret_end is where the parent reads, and where the child writes.
 * Returns the child's id, 0 in the child, or a negative errno with a message. */
static pid_t fork_with_pipe(int *ret_end, struct pn_err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return pn_err_set(err, -errno, "making a pipe: %s", strerror(errno));
    pid_t child = fork();
    int code = errno, mine = child == 0 ? 1 : 0;
    /* The child has no reader: else writing would never fail once the parent has had enough. */
    close(ends[1 - mine]);
    *ret_end = ends[mine];
    if (child < 0)
        return pn_err_set(err, -code, "starting a child process: %s", strerror(code));
    return child;
}

static int child_main(pn_child_work *work, const void *argument, int fd)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf out = PN_BUF_INIT;
    struct pn_err err = PN_ERR_INIT;
    int r = work(argument, &out, &err);
    if (r == 0 && !out.failed)
        return pn_file_write_fd(fd, pn_buf_view(&out)) == 0 ? EXIT_DONE : EXIT_MUTE;
    return pn_file_write_fd(fd, pn_str_of(err.text)) == 0 ? EXIT_SAID_WHY : EXIT_MUTE;
}

/* The wait status of `child`, or a negative errno. */
static int wait_for(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return -errno;
    }
    return status;
}

static int judge(int status, int read_result, struct pn_buf *said, struct pn_err *err)
{
    if (status < 0)
        return pn_err_set(err, status, "waiting for a child process: %s", strerror(-status));
    if (WIFSIGNALED(status))
        return pn_err_set(err, -ECHILD, "a child process died of signal %d", WTERMSIG(status));
    if (WEXITSTATUS(status) == EXIT_SAID_WHY)
        return pn_err_set(err, -ECHILD, "%.*s", PN_STR_ARG(pn_buf_view(said)));
    if (WEXITSTATUS(status) != EXIT_DONE || read_result != 0)
        return pn_err_set(err, -ECHILD, "the result of a child process could not be read");
    return 0;
}

int pn_child_run(pn_child_work *work, const void *argument, struct pn_buf *out, size_t max_bytes,
                 struct pn_err *err)
{
    PN_CLEANUP(close_fd) int end = -1;
    pid_t child = fork_with_pipe(&end, err);
    if (child < 0)
        return child;
    if (child == 0)
        _exit(child_main(work, argument, end));
    PN_CLEANUP(pn_buf_deinit) struct pn_buf said = PN_BUF_INIT;
    int read_result = pn_file_read_fd(&said, end, max_bytes);
    close(end); /* a child that still writes ends now instead of waiting for us */
    end = -1;
    int r = judge(wait_for(child), read_result, &said, err);
    if (r != 0)
        return r;
    pn_buf_append(out, said.data, said.len);
    if (said.data != NULL)
        explicit_bzero(said.data, said.cap);
    return out->failed ? pn_err_set(err, -ENOMEM, "out of memory") : 0;
}

/* ---- signals --------------------------------------------------------------------------- */

static const int held[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};

static void held_set(sigset_t *ret)
{
    sigemptyset(ret);
    for (size_t i = 0; i < PN_COUNT_OF(held); i++)
        sigaddset(ret, held[i]);
}

void pn_hold_signals(struct pn_hold *ret)
{
    sigset_t set;
    held_set(&set);
    /* Blocked even when it is ignored, so that the end of a child can be waited for. */
    sigaddset(&set, SIGCHLD);
    ret->caught = 0;
    sigprocmask(SIG_BLOCK, &set, &ret->before);
}

void pn_hold_release(struct pn_hold *hold)
{
    sigprocmask(SIG_SETMASK, &hold->before, NULL);
    if (hold->caught != 0)
        raise(hold->caught);
    hold->caught = 0;
}

bool pn_hold_is_wanted(void)
{
    sigset_t pending;
    sigpending(&pending);
    for (size_t i = 0; i < PN_COUNT_OF(held); i++) {
        if (sigismember(&pending, held[i]) == 1)
            return true;
    }
    return false;
}

/* ---- another program ------------------------------------------------------------------- */

/* In the child: does not return. `fd` closes by itself when the program runs; until then it takes
 * the errno of what failed. */
static void become(char *const *argv, const struct pn_hold *hold, int fd)
{
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &hold->before, NULL);
    execvp(argv[0], argv);
    int code = errno;
    int r = pn_file_write_fd(fd, (struct pn_str){(const char *)&code, sizeof code});
    _exit(r == 0 ? EXIT_SAID_WHY : EXIT_MUTE);
}

/* The errno that the child could not become the program for, or 0. */
static int read_failure(int fd)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf said = PN_BUF_INIT;
    int code = 0;
    int r = pn_file_read_fd(&said, fd, sizeof code);
    if (r != 0)
        return r < 0 ? -r : EIO;
    if (said.len == sizeof code)
        memcpy(&code, said.data, sizeof code);
    return code;
}

/* The wait status of `child`; signals that come meanwhile are kept, and passed on. */
static int wait_with(pid_t child, struct pn_hold *hold)
{
    sigset_t set;
    int status = 0, signal_number = 0;
    held_set(&set);
    sigaddset(&set, SIGCHLD);
    for (;;) {
        pid_t ended = waitpid(child, &status, WNOHANG);
        if (ended == child)
            return status;
        if (ended < 0 && errno != EINTR)
            return -errno;
        if (sigwait(&set, &signal_number) != 0 || signal_number == SIGCHLD)
            continue;
        hold->caught = signal_number;
        if (signal_number == SIGTERM || signal_number == SIGHUP)
            kill(child, signal_number);
    }
}

int pn_child_exec(int *ret_exit, char *const *argv, struct pn_hold *hold, struct pn_err *err)
{
    if (pn_hold_is_wanted())
        return pn_err_set(err, -EINTR, "interrupted");
    PN_CLEANUP(close_fd) int end = -1;
    pid_t child = fork_with_pipe(&end, err);
    if (child < 0)
        return child;
    if (child == 0)
        become(argv, hold, end);
    int failure = read_failure(end);
    int status = wait_with(child, hold);
    if (failure != 0)
        return pn_err_set(err, -failure, "running \"%s\": %s", argv[0], strerror(failure));
    if (status < 0)
        return pn_err_set(err, status, "waiting for \"%s\": %s", argv[0], strerror(-status));
    if (WIFSIGNALED(status))
        return pn_err_set(err, -ECHILD, "\"%s\" died of signal %d", argv[0], WTERMSIG(status));
    *ret_exit = WEXITSTATUS(status);
    return 0;
}
