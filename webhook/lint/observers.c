/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/observers.h"

#include "lint/lone.h"

#define LOGS PN_OBSERVES_LOGS
#define METRICS PN_OBSERVES_METRICS
#define TRACES PN_OBSERVES_TRACES

static const struct {
    const char *name;
    uint32_t observes;
} images[] = {
    {"fluent-bit", LOGS},
    {"fluentd", LOGS},
    {"filebeat", LOGS},
    {"promtail", LOGS},
    {"vector", LOGS},
    {"logstash", LOGS},
    {"telegraf", METRICS},
    {"statsd-exporter", METRICS},
    {"jaeger-agent", TRACES},
    {"opentelemetry-collector", METRICS | TRACES},
    {"opentelemetry-collector-contrib", METRICS | TRACES},
    {"alloy", LOGS | METRICS | TRACES},
};

static const struct {
    const char *name;
    uint32_t observes;
} categories[] = {
    {"logging", LOGS},
    {"logs", LOGS},
    {"metrics", METRICS},
    {"monitoring", METRICS},
    {"tracing", TRACES},
    {"traces", TRACES},
    {"telemetry", METRICS | TRACES},
    {"observability", METRICS | TRACES},
};

uint32_t pn_observer_by_image(const struct pn_lint_container *c)
{
    struct pn_str name = pn_lone_image(c);
    for (size_t i = 0; i < PN_COUNT_OF(images); i++) {
        if (pn_str_is(name, images[i].name))
            return images[i].observes;
    }
    return 0;
}

uint32_t pn_observer_of(const struct pn_lint_injection *in, const struct pn_lint_container *c)
{
    uint32_t observes = pn_observer_by_image(c);
    for (size_t i = 0; observes == 0 && i < PN_COUNT_OF(categories); i++) {
        if (pn_str_is(in->template->category, categories[i].name))
            observes = categories[i].observes;
    }
    return observes;
}

const char *pn_observes_name(uint32_t observes)
{
    return (observes & LOGS) != 0 ? "logs" : (observes & METRICS) != 0 ? "metrics" : "traces";
}
