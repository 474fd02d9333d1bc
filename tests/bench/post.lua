-- SPDX-License-Identifier: Apache-2.0
-- For wrk: posts the review in $BENCH_REVIEW (or asks for /livez without one), and prints what came of it as JSON.
local review = os.getenv("BENCH_REVIEW")
if review then
    local file = assert(io.open(review, "rb"))
    wrk.method = "POST"
    wrk.body = file:read("*a")
    wrk.headers["Content-Type"] = "application/json"
    file:close()
end
wrk.headers["Connection"] = os.getenv("BENCH_CONNECTION") or "keep-alive"

function done(summary, latency)
    local e = summary.errors
    print(string.format(
        '{"requests": %d, "seconds": %.6f, "errors": %d, "p50_us": %d, "p99_us": %d, "p999_us": %d}',
        summary.requests, summary.duration / 1e6, e.connect + e.read + e.write + e.status + e.timeout,
        latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
