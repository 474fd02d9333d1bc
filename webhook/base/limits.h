/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_BASE_LIMITS_H
#define PN_BASE_LIMITS_H

/*
 * Every numeric limit of pannier, each with its reason. A limit that is hit is always told to
 * somebody: as a diagnostic, a reason or an HTTP status; nothing is cut in silence.
 */

/* ---- documents (policies and manifests) ------------------------------------------------ */

/* One YAML or JSON file. A ConfigMap holds 1 MiB; rendered charts of real fleets reach 30 MiB. */
#define PN_SOURCE_MAX_BYTES (64u << 20)
/* A list of running Pods as JSON, which is read one Pod at a time. The largest clusters hold
 * 150,000 Pods of 4 to 10 KiB (Kubernetes' tested limits, managedFields left out by kubectl). */
#define PN_PODS_MAX_BYTES (1u << 30)
/* Nesting of a document. Kubernetes' own objects nest below 30; a parser must not recurse without
 * bound on what a stranger wrote. */
#define PN_YAML_MAX_DEPTH 200
/* Nodes of one file after aliases are expanded. Rendered charts have one for each 12 to 30 bytes,
 * so this is what a file of PN_SOURCE_MAX_BYTES holds; the memory is below 100 bytes for each.
 * Alias bombs are stopped much earlier, by the share of a document that aliases may make up. */
#define PN_YAML_MAX_NODES 6000000
/* Files that one directory argument may name: a mistyped `-p /` ends soon. */
#define PN_DIRECTORY_MAX_FILES 20000
/* Diagnostics kept from one run; the rest is counted. Nobody reads the 1,001st. */
#define PN_DIAGS_MAX 1000
/* Bytes of a source line kept for the excerpt of a diagnostic. */
#define PN_EXCERPT_MAX_BYTES 240
/* The parts of a report in Markdown: the rows of what changes, its differences, messages, and the
 * rows of what does not change. GitHub takes 65,536 characters for a comment; what does not fit is
 * counted. */
#define PN_MARKDOWN_ROWS_BYTES (26u << 10)
#define PN_MARKDOWN_DIFFS_BYTES (24u << 10)
#define PN_MARKDOWN_MESSAGES_BYTES (6u << 10)
#define PN_MARKDOWN_REST_BYTES (6u << 10)
/* Text of one error as it travels up. */
#define PN_ERR_MAX_BYTES 1024

/* ---- AdmissionReview ------------------------------------------------------------------- */

/* Request body. The API server takes 3 MiB from its user, which grows in JSON (escapes,
 * managedFields); controller-runtime caps at 7 MiB (2 x 3 + 1). */
#define PN_REVIEW_MAX_BYTES (8u << 20)
/* Nesting of a review's JSON. yyjson is not recursive; our conversion is. Go's decoder stops at
 * 10,000; no Pod nests beyond 40. */
#define PN_JSON_MAX_DEPTH 512
/* Arena of one request: yyjson needs up to 2.7 times the body on real reviews and 13 times at
 * worst; the rest is for values. A denser body is answered 413. The slack is for plan and patch,
 * whose size depends on the policies. One arena for each worker, so this is no sum over requests.
 */
#define PN_REQUEST_ARENA_FACTOR 6u
#define PN_REQUEST_ARENA_SLACK_BYTES (16u << 20)
/* Changes to one Pod: two thousand containers with four mounts each. More is no sidecar injection
 * but a patch that etcd (1.5 MiB for an object) would refuse. */
#define PN_PLAN_EDITS_MAX 8192u
/* Block that an arena keeps between requests. */
#define PN_ARENA_KEEP_BYTES (256u << 10)

/* What the `copy` operations of one JSON patch may copy: the API server's bound, its largest
 * request body (apiserver/pkg/server/config.go). Doubling copies would grow without end. */
#define PN_PATCH_COPY_MAX_BYTES (3u << 20)

/* ---- AdmissionReview response ---------------------------------------------------------- */

/* apiserver/pkg/endpoints/filters/warning.go: 4096 runes in all, each cut to 256 on overflow. We
 * stay at 256 bytes for one and 4096 for all, and count in bytes, which is the stricter reading. */
#define PN_WARNING_MAX_BYTES 256
#define PN_WARNINGS_MAX_BYTES 4096
/* One argument of a reason: an image or a value that somebody else wrote. */
#define PN_REASON_ARGUMENT_MAX_BYTES 256
/* The message of a denial, which kubectl prints. */
#define PN_DENIAL_MAX_BYTES 4096
/* pannier.dev/skip: a few categories. */
#define PN_SKIP_MAX_BYTES 1024
/* The status annotation is a record for people, not a store. */
#define PN_STATUS_MAX_BYTES 2048
/* Audit annotation values have no limit of their own, but audit back ends cut long events. */
#define PN_AUDIT_VALUE_MAX_BYTES 1024
/* metadata.annotations in total: apimachinery's TotalAnnotationSizeLimitB. */
#define PN_ANNOTATIONS_MAX_BYTES (256u << 10)

/* What is told of one illegal Pod; the rest is counted. A Pod may have a hundred thousand errors.
 */
#define PN_VALIDATE_ERRORS_MAX 1000

/* ---- policies -------------------------------------------------------------------------- */

/* Items of one list of a template. More is no sidecar but a mistake of a generator. */
#define PN_TEMPLATE_LIST_MAX 1000
/* What a Pod's author gives for one parameter where its maxLength says nothing else; what maxLength
 * may say: the largest file template that people keep in an annotation, and a pattern is matched in
 * linear time (about 1 ms for 16 KiB); the pattern that it is held to. */
#define PN_PARAMETER_TEXT_MAX_BYTES 1024
#define PN_PARAMETER_TEXT_LIMIT_BYTES (16 << 10)
#define PN_PATTERN_MAX_BYTES 256
/* Characters, classes and anchors of a pattern with its bounded repeats written out, as libc does
 * it: four labels of 63 characters fit. Time and memory of a match grow faster than this: among
 * 400,000 random patterns within it the worst took 4 ms to compile, 37 ms and 23 MB for 1 KiB of
 * text; `(a{1,200}){1,200}` takes 9 s and 700 MB. What counts characters is maxLength. */
#define PN_PATTERN_MAX_PLACES 256u
/* Policies of one set: the index and the bit sets of the linter are built for this many. */
#define PN_POLICIES_MAX 100000
/* A share of the app: ten times the app is no share any more, but a number that is none of ours. */
#define PN_BUDGET_PERCENT_MAX 10000
/* Templates that one policy names: all of them are injected or none. */
#define PN_TEMPLATES_PER_POLICY_MAX 16

/* ---- templates ------------------------------------------------------------------------- */

/* Steps of one evaluation: nodes visited, rounds of loops, each 64 bytes of text. A large template
 * takes a few thousand; these end within some milliseconds, whatever was written. */
#define PN_JSONE_STEPS_MAX 100000u
/* Nesting of a template with its expressions, and of the values it builds. A Pod nests 12 deep; the
 * evaluator recurses on what a policy's author wrote. */
#define PN_JSONE_DEPTH_MAX 64u

/* ---- server ---------------------------------------------------------------------------- */

/* Bodies grow by doubling from here as bytes arrive, never by Content-Length alone. */
#define PN_BODY_START_BYTES (16u << 10)
/* All bodies in flight together; beyond it a request is answered 503 at once. */
#define PN_BODIES_TOTAL_MAX_BYTES (64u << 20)
/* An over-long body is read and dropped up to here, so that the client gets its 413. */
#define PN_BODY_DISCARD_MAX_BYTES (16u << 20)
/* A response buffer larger than this is given back after the request. */
#define PN_RESPONSE_KEEP_BYTES (64u << 10)
/* libmicrohttpd's memory for one connection: 16 KiB is as fast as 32 and 12 KiB smaller. */
#define PN_CONNECTION_MEMORY_BYTES (16u << 10)
/* Seconds a request may take to arrive: the API server gives up after at most 30. */
#define PN_BODY_TIMEOUT_SECONDS 10
/* Seconds a connection may idle. Go keeps pooled connections for 90; closing first costs a Pod. */
#define PN_IDLE_TIMEOUT_SECONDS 120
/* Connections at most, further bounded by RLIMIT_NOFILE. An API server keeps 25 idle for each
 * URL and opens one for each call in flight (up to 600). */
#define PN_CONNECTIONS_MAX 8192
/* Connections at most for metrics and probes: a Prometheus keeps one, a kubelet opens one for each
 * probe. */
#define PN_MONITOR_CONNECTIONS_MAX 32
/* A certificate or key file. A chain of ten certificates has 20 KiB. */
#define PN_PEM_MAX_BYTES (1u << 20)
/* Seconds that a certificate of the server's own is valid (it is renewed at two thirds), its CA,
 * which lives in the process and must outlast it, and before now for clocks that differ. */
#define PN_OWN_CERT_SECONDS (INT64_C(365) * 24 * 3600)
#define PN_OWN_CA_SECONDS (INT64_C(3650) * 24 * 3600)
#define PN_OWN_CERT_BACKDATE_SECONDS 3600
/* Seconds until a certificate that was refused is asked about again: it may have been from the
 * future, by a clock that lags behind. */
#define PN_CERT_RETRY_SECONDS 60
/* Certificates that a client may show, and bytes of a name that it is allowed by. */
#define PN_CLIENT_CHAIN_MAX 8
#define PN_CLIENT_NAME_MAX_BYTES 256
/* Seconds that a client's verified certificate counts on its connection before it is verified
 * anew: so long may a CA that was taken away go on. */
#define PN_CLIENT_VERIFIED_SECONDS 10
/* Requests whose memory is kept for the next ones; more are in flight in bursts only. */
#define PN_EXCHANGES_KEEP 64
/* Of a refusal's message, in the log: it may repeat what a stranger sent. */
#define PN_REFUSAL_LOGGED_BYTES 200
/* Blocks from here on are returned to the system at once: above the buffers that are kept. */
#define PN_LARGE_BLOCK_BYTES (1 << 20)
/* Memory that has been in use and is free again, before it is given back to the system. */
#define PN_TRIM_AFTER_BYTES (4u << 20)
/* What one closed connection has used, for that count (measured: 27 KiB). */
#define PN_CONNECTION_RESIDENT_BYTES (27u << 10)

/* ---- reload ---------------------------------------------------------------------------- */

/* A change is seen after a second: kubelet takes a minute to bring it. */
#define PN_RELOAD_POLL_MS 1000
/* Files that have been the same for this long are taken as written whole... */
#define PN_RELOAD_SETTLE_MS 500
/* ... and so are those that go on changing. */
#define PN_RELOAD_SETTLE_MAX_MS 10000
/* A load that failed for want of memory, descriptors or permission is tried again. */
#define PN_RELOAD_RETRY_MS 10000

/* ---- metrics ---------------------------------------------------------------------------- */

/* Policies and budgets that metrics tell apart, those that a reload took away included; a policy
 * may take three. Each costs half a KiB here and some time series in every Prometheus, which live
 * with ten thousand of one target. */
#define PN_METRICS_ROWS_MAX 4000u

/* ---- log ------------------------------------------------------------------------------- */

/* Lines that wait for the writer: about four thousand decisions, a quarter of a second at full
 * load, while a disk or a reader stalls. */
#define PN_LOG_QUEUE_BYTES (1u << 20)
/* One line. Collectors cut at 16 KiB (container runtimes) or earlier. */
#define PN_LOG_LINE_MAX_BYTES (8u << 10)
/* Lines of one kind per second that a stranger can cause, such as failed handshakes. */
#define PN_LOG_LIMIT_PER_SECOND 10
/* Seconds that the end of the process waits for a reader of the last lines. */
#define PN_LOG_FLUSH_SECONDS 2

#endif
