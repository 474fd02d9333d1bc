/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_SERVER_CLOCK_H
#define PN_SERVER_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Microseconds of the monotonic clock. */
static inline int64_t pn_clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static inline int64_t pn_clock_ms(void)
{
    return pn_clock_us() / 1000;
}

#endif
