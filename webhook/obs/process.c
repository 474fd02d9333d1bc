/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/process.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "obs/prom.h"
#include "sys/file.h"

/* /proc/self/stat is one line of numbers. */
enum { STAT_MAX_BYTES = 4096 };

struct stat_line {
    unsigned long long user_ticks, system_ticks, start_ticks, virtual_bytes;
    long long resident_pages;
};

/* Fields 14, 15, 22, 23 and 24 of proc(5). The program's name, field 2, may hold anything. */
static bool read_stat(struct stat_line *ret)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    struct stat_line line;
    if (pn_file_read(&text, "/proc/self/stat", STAT_MAX_BYTES) != 0)
        return false;
    pn_buf_char(&text, '\0');
    const char *rest = text.failed ? NULL : strrchr(text.data, ')');
    if (rest == NULL ||
        sscanf(rest,
               ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %*d %*d "
               "%llu %llu %lld",
               &line.user_ticks, &line.system_ticks, &line.start_ticks, &line.virtual_bytes,
               &line.resident_pages) != 5)
        return false;
    *ret = line;
    return true;
}

static int64_t now_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t pn_process_started_ms(void)
{
    struct stat_line line;
    if (!read_stat(&line))
        return 0;
    int64_t since_boot_ms = (int64_t)(line.start_ticks * 1000 /
                                      (unsigned long long)sysconf(_SC_CLK_TCK));
    return now_ms(CLOCK_REALTIME) - (now_ms(CLOCK_BOOTTIME) - since_boot_ms);
}

/* Open descriptors, without the one that reads them; 0: unknown. */
static size_t count_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    size_t n = 0;
    if (directory == NULL)
        return 0;
    while (readdir(directory) != NULL)
        n++;
    closedir(directory);
    return n > 3 ? n - 3 : 0;
}

static void write_limit(struct pn_buf *out, const char *name, const char *help, int which)
{
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)which, &limit) < 0)
        return;
    pn_prom_head(out, name, PN_PROM_GAUGE, help);
    if (limit.rlim_cur == RLIM_INFINITY) /* as Prometheus' own clients say it */
        pn_buf_printf(out, "%s 1.8446744073709552e+19\n", name);
    else
        pn_buf_printf(out, "%s %llu\n", name, (unsigned long long)limit.rlim_cur);
}

static void write_stat(struct pn_buf *out, const struct stat_line *line)
{
    unsigned long long per_second = (unsigned long long)sysconf(_SC_CLK_TCK);
    unsigned long long ms = (line->user_ticks + line->system_ticks) * 1000 / per_second;
    pn_prom_head(out, "process_cpu_seconds_total", PN_PROM_COUNTER,
                 "CPU time of the process, user and system.");
    pn_prom_seconds(out, "process_cpu_seconds_total", "", (int64_t)ms);
    pn_prom_head(out, "process_resident_memory_bytes", PN_PROM_GAUGE,
                 "Resident memory of the process.");
    pn_buf_printf(out, "process_resident_memory_bytes %lld\n",
                  line->resident_pages * sysconf(_SC_PAGESIZE));
    pn_prom_head(out, "process_virtual_memory_bytes", PN_PROM_GAUGE,
                 "Virtual memory of the process.");
    pn_buf_printf(out, "process_virtual_memory_bytes %llu\n", line->virtual_bytes);
}

void pn_process_write(struct pn_buf *out, int64_t started_ms)
{
    struct stat_line line;
    size_t descriptors = count_descriptors();
    if (read_stat(&line))
        write_stat(out, &line);
    write_limit(out, "process_virtual_memory_max_bytes",
                "Virtual memory that the process may have (RLIMIT_AS).", RLIMIT_AS);
    if (descriptors > 0) {
        pn_prom_head(out, "process_open_fds", PN_PROM_GAUGE, "Open file descriptors.");
        pn_buf_printf(out, "process_open_fds %zu\n", descriptors);
    }
    write_limit(out, "process_max_fds", "File descriptors that may be open (RLIMIT_NOFILE).",
                RLIMIT_NOFILE);
    if (started_ms > 0) {
        pn_prom_head(out, "process_start_time_seconds", PN_PROM_GAUGE,
                     "When the process started, in seconds since 1970.");
        pn_prom_seconds(out, "process_start_time_seconds", "", started_ms);
    }
}
