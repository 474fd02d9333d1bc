/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_TESTS_SCHEMA_CASES_H
#define PN_TESTS_SCHEMA_CASES_H

#include "kube/schema.h"

/* Pods as people write them: old fields, YAML's liberties, nothing filled in. */
static const char *const good_pods[] = {
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: a}]}\n",
    /* written by `kubectl create --dry-run`: null and empty here and there */
    "apiVersion: v1\n"
    "kind: Pod\n"
    "metadata: {creationTimestamp: null, labels: {run: p}, name: p}\n"
    "spec:\n"
    "  containers: [{image: nginx, name: p, resources: {}}]\n"
    "  dnsPolicy: ClusterFirst\n"
    "  restartPolicy: Always\n"
    "status: {}\n",
    /* numbers where quantities, ports and names may stand */
    "metadata:\n"
    "  labels: {version: '1.10', on: 'yes'}\n"
    "  annotations: {prometheus.io/port: \"8080\", sidecar.istio.io/inject: 'false'}\n"
    "spec:\n"
    "  serviceAccount: old-name\n"
    "  terminationGracePeriodSeconds: 30\n"
    "  nodeSelector: {kubernetes.io/arch: amd64}\n"
    "  hostAliases: [{ip: 10.0.0.1, hostnames: [a, b]}]\n"
    "  containers:\n"
    "  - name: web\n"
    "    image: registry.example.com/web:1\n"
    "    command: [sh, -c]\n"
    "    args:\n"
    "    - |\n"
    "      exec sleep 1\n"
    "    ports: [{containerPort: 80, hostPort: 0, protocol: TCP}]\n"
    "    resources:\n"
    "      limits: {cpu: 1, memory: 1e9, example.com/gpu: 2, ephemeral-storage: 1.5Gi}\n"
    "      requests: {cpu: 0.5, memory: 128Mi, hugepages-2Mi: 0}\n"
    "    livenessProbe: {httpGet: {path: /, port: 80, httpHeaders: [{name: X, value: z}]}}\n"
    "    readinessProbe: {tcpSocket: {port: http}, periodSeconds: 5}\n"
    "    startupProbe: {grpc: {port: 9000, service: s}}\n"
    "    lifecycle: {preStop: {sleep: {seconds: 5}}, postStart: {exec: {command: [a]}}}\n"
    "    env:\n"
    "    - {name: A, value: \"1\"}\n"
    "    - {name: B, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}\n"
    "    - {name: C, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1m}}}\n"
    "    - {name: D, valueFrom: {secretKeyRef: {name: s, key: k, optional: true}}}\n"
    "    envFrom: [{prefix: P_, configMapRef: {name: c}}, {secretRef: {name: s}}]\n"
    "    volumeMounts: [{name: v, mountPath: /v, subPathExpr: $(A), mountPropagation: None}]\n"
    "    securityContext:\n"
    "      capabilities: {add: [NET_ADMIN], drop: [ALL]}\n"
    "      seccompProfile: {type: Localhost, localhostProfile: p.json}\n"
    "      runAsUser: 0\n"
    "      windowsOptions: {runAsUserName: x}\n"
    "  volumes:\n"
    "  - {name: a, emptyDir: {medium: Memory, sizeLimit: 1Gi}}\n"
    "  - {name: b, emptyDir: }\n"
    "  - {name: c, hostPath: {path: /c, type: DirectoryOrCreate}}\n"
    "  - {name: d, configMap: {name: d, defaultMode: 0400, items: [{key: k, path: p}]}}\n"
    "  - {name: e, secret: {secretName: e}}\n"
    "  - {name: f, persistentVolumeClaim: {claimName: f}}\n"
    "  - {name: g, nfs: {server: s, path: /}}\n"
    "  - {name: h, csi: {driver: d, volumeAttributes: {a: b}, nodePublishSecretRef: {name: s}}}\n"
    "  - {name: i, gitRepo: {repository: r}}\n"
    "  - {name: j, image: {reference: r, pullPolicy: Always}}\n"
    "  - name: k\n"
    "    projected:\n"
    "      sources:\n"
    "      - serviceAccountToken: {path: t, expirationSeconds: 3607}\n"
    "      - downwardAPI: {items: [{path: p, fieldRef: {fieldPath: metadata.namespace}}]}\n"
    "      - clusterTrustBundle: {name: t, path: p}\n"
    "  - name: l\n"
    "    ephemeral:\n"
    "      volumeClaimTemplate:\n"
    "        metadata: {labels: {a: b}}\n"
    "        spec:\n"
    "          accessModes: [ReadWriteOnce]\n"
    "          resources: {requests: {storage: 1Gi}}\n"
    "  affinity:\n"
    "    nodeAffinity:\n"
    "      preferredDuringSchedulingIgnoredDuringExecution:\n"
    "      - weight: 1\n"
    "        preference: {matchExpressions: [{key: k, operator: In, values: [v]}]}\n"
    "    podAntiAffinity:\n"
    "      requiredDuringSchedulingIgnoredDuringExecution:\n"
    "      - {topologyKey: k, labelSelector: {matchLabels: {a: b}}, namespaces: [shop]}\n"
    "  tolerations: [{key: k, operator: Exists, effect: NoExecute, tolerationSeconds: 300}]\n"
    "  topologySpreadConstraints: [{maxSkew: 1, topologyKey: k, whenUnsatisfiable: "
    "DoNotSchedule}]\n"
    "  resourceClaims: [{name: gpu, resourceClaimTemplateName: t}]\n"
    "  overhead: {cpu: 250m}\n"
    "  dnsConfig: {nameservers: [1.1.1.1], options: [{name: ndots, value: '2'}]}\n"
    "  securityContext: {sysctls: [{name: a, value: '1'}], fsGroupChangePolicy: OnRootMismatch}\n"
    "  readinessGates: [{conditionType: c}]\n"
    "  schedulingGates: [{name: g}]\n"
    "  os: {name: linux}\n",
};

/* What is said of a text that is no quantity, after the text. */
#define NO_QUANTITY                                                                           \
    " is no quantity: expected a number with one of the suffixes n, u, m, k, M, G, T, P, E, " \
    "Ki, Mi, Gi, Ti, Pi, Ei or e3, such as 100m, 0.5 or 128Mi"

/*
 * A document, and all that is to be said of it: "LINE:COLUMN id: message | help", one a line.
 */
static const struct schema_fault_case {
    enum pn_schema_root root;
    const char *yaml;
    const char *path;
    const char *faults;
} schema_fault_cases[] = {
    /* unknown fields */
    {PN_SCHEMA_POD, "spec:\n  containers:\n  - name: a\n    imagee: b\n", "spec.pod",
     "4:5 unknown-field: unknown field `imagee` in spec.pod.spec.containers[0] | "
     "did you mean `image`?"},
    {PN_SCHEMA_CONTAINER, "{Name: a}\n", "spec",
     "1:2 unknown-field: unknown field `Name` in spec | did you mean `name`?"},
    {PN_SCHEMA_CONTAINER, "name: a\nrestartpolicy: Always\n", "",
     "2:1 unknown-field: unknown field `restartpolicy` | did you mean `restartPolicy`?"},
    {PN_SCHEMA_POD_SPEC, "zzz: 1\nqqq: {a: b}\n", "spec",
     "1:1 unknown-field: unknown field `zzz` in spec | expected one of: volumes, initContainers, "
     "containers, ephemeralContainers, restartPolicy, terminationGracePeriodSeconds, "
     "activeDeadlineSeconds, dnsPolicy, ...\n"
     "2:1 unknown-field: unknown field `qqq` in spec | expected one of: volumes, initContainers, "
     "containers, ephemeralContainers, restartPolicy, terminationGracePeriodSeconds, "
     "activeDeadlineSeconds, dnsPolicy, ..."},
    {PN_SCHEMA_VOLUME, "name: a\nsecret: {name: b}\n", "volumes[3]",
     "2:10 unknown-field: unknown field `name` in volumes[3].secret | expected one of: secretName, "
     "items, defaultMode, optional"},
    {PN_SCHEMA_POD_SPEC, "securityContext: {allowPrivilegeEscalation: false}\n", "spec",
     "1:19 unknown-field: unknown field `allowPrivilegeEscalation` in spec.securityContext | "
     "expected one of: seLinuxOptions, windowsOptions, runAsUser, runAsGroup, runAsNonRoot, "
     "supplementalGroups, supplementalGroupsPolicy, fsGroup, ..."},
    /* strings */
    {PN_SCHEMA_ENV_VAR, "name: A\nvalue: true\n", "env[0]",
     "2:8 wrong-type: env[0].value: expected a string, got a boolean | put it in quotes"},
    {PN_SCHEMA_OBJECT_META, "labels:\n  a.b/c: 1\n  d: '2'\n", "metadata",
     "2:10 wrong-type: metadata.labels[a.b/c]: expected a string, got an integer | "
     "put it in quotes"},
    {PN_SCHEMA_OBJECT_META, "annotations: {a: , b: [1]}\n", "metadata",
     "1:16 wrong-type: metadata.annotations[a]: expected a string, got null | "
     "give a value or leave it out\n"
     "1:23 wrong-type: metadata.annotations[b]: expected a string, got a list"},
    {PN_SCHEMA_CONTAINER, "args: [--port, 8080, 1.5, yes, null]\n", "c",
     "1:16 wrong-type: c.args[1]: expected a string, got an integer | put it in quotes\n"
     "1:22 wrong-type: c.args[2]: expected a string, got a number | put it in quotes\n"
     "1:27 wrong-type: c.args[3]: expected a string, got a boolean | put it in quotes\n"
     "1:32 wrong-type: c.args[4]: expected a string, got null | give a value or leave it out"},
    /* booleans and integers */
    {PN_SCHEMA_VOLUME_MOUNT, "name: a\nmountPath: /a\nreadOnly: \"true\"\n", "m",
     "3:11 wrong-type: m.readOnly: expected true or false, got a string | leave out the quotes"},
    {PN_SCHEMA_VOLUME_MOUNT, "readOnly: 1\n", "m",
     "1:11 wrong-type: m.readOnly: expected true or false, got an integer"},
    {PN_SCHEMA_CONTAINER, "ports: [{containerPort: '80'}, {containerPort: http}]\n", "c",
     "1:25 wrong-type: c.ports[0].containerPort: expected an integer, got a string | "
     "leave out the quotes\n"
     "1:48 wrong-type: c.ports[1].containerPort: expected an integer, got a string"},
    {PN_SCHEMA_CONTAINER, "ports: [{containerPort: \"${parameters.port}\"}]\n", "c",
     "1:25 wrong-type: c.ports[0].containerPort: expected an integer, got a string | "
     "${...} always makes a string: write {$eval: \"parameters.port\"}"},
    {PN_SCHEMA_CONTAINER, "ports: [{containerPort: '${p[\"q\"]}'}, {containerPort: '1${x}'}]\n",
     "c",
     "1:25 wrong-type: c.ports[0].containerPort: expected an integer, got a string | "
     "${...} always makes a string: write {$eval: ...}\n"
     "1:55 wrong-type: c.ports[1].containerPort: expected an integer, got a string | "
     "${...} always makes a string: write {$eval: ...}"},
    {PN_SCHEMA_POD_SPEC, "hostNetwork: ${a}${b}\nsecurityContext: ${c}\nvolumes: ${ d }\n", "s",
     "1:14 wrong-type: s.hostNetwork: expected true or false, got a string | "
     "${...} always makes a string: write {$eval: ...}\n"
     "2:18 wrong-type: s.securityContext: expected a mapping, got a string | "
     "${...} always makes a string: write {$eval: \"c\"}\n"
     "3:10 wrong-type: s.volumes: expected a list, got a string | "
     "${...} always makes a string: write {$eval: \"d\"}"},
    {PN_SCHEMA_CONTAINER, "livenessProbe: {periodSeconds: 2.0, timeoutSeconds: 1e1}\n", "c",
     "1:32 wrong-type: c.livenessProbe.periodSeconds: expected an integer, got a number | "
     "write it without a fraction or an exponent\n"
     "1:53 wrong-type: c.livenessProbe.timeoutSeconds: expected an integer, got a number | "
     "write it without a fraction or an exponent"},
    {PN_SCHEMA_CONTAINER,
     "ports: [{containerPort: 2147483648, hostPort: -2147483649, name: a}, {hostPort: "
     "2147483647}]\n",
     "c",
     "1:25 out-of-range: c.ports[0].containerPort: must be between -2147483648 and 2147483647\n"
     "1:47 out-of-range: c.ports[0].hostPort: must be between -2147483648 and 2147483647"},
    {PN_SCHEMA_POD_SPEC,
     "activeDeadlineSeconds: 9223372036854775807\nterminationGracePeriodSeconds: "
     "9223372036854775808\n",
     "s",
     "2:32 out-of-range: s.terminationGracePeriodSeconds: must be between -9223372036854775808 and "
     "9223372036854775807"},
    {PN_SCHEMA_CONTAINER,
     "livenessProbe: {httpGet: {port: true}, tcpSocket: {port: 4294967296}, grpc: {port: '1'}}\n",
     "c",
     "1:33 wrong-type: c.livenessProbe.httpGet.port: expected an integer or a string, "
     "got a boolean\n"
     "1:58 out-of-range: c.livenessProbe.tcpSocket.port: must be between -2147483648 and "
     "2147483647\n"
     "1:84 wrong-type: c.livenessProbe.grpc.port: expected an integer, got a string | "
     "leave out the quotes"},
    /* quantities and times */
    {PN_SCHEMA_CONTAINER, "resources:\n  requests:\n    memory: 64mb\n    cpu: [1]\n", "c",
     "3:13 invalid-quantity: c.resources.requests[memory]: \"64mb\"" NO_QUANTITY "\n"
     "4:10 wrong-type: c.resources.requests[cpu]: expected a quantity such as 100m or 128Mi, "
     "got a list"},
    {PN_SCHEMA_VOLUME, "emptyDir: {sizeLimit: 1 Gi}\n", "v",
     "1:23 invalid-quantity: v.emptyDir.sizeLimit: \"1 Gi\"" NO_QUANTITY " | write 1Gi"},
    {PN_SCHEMA_OBJECT_META, "creationTimestamp: 2026-01-31\ndeletionTimestamp: 5\n", "m",
     "1:20 invalid-time: m.creationTimestamp: expected a time such as 2026-01-31T08:00:00Z\n"
     "2:20 wrong-type: m.deletionTimestamp: expected a time such as 2026-01-31T08:00:00Z, "
     "got an integer"},
    /* lists and mappings */
    {PN_SCHEMA_CONTAINER, "command: sleep 5\nports: {containerPort: 80}\nenv: [A]\n", "c",
     "1:10 wrong-type: c.command: expected a list, got a string | "
     "write a list: each item on a line that begins with `- `\n"
     "2:8 wrong-type: c.ports: expected a list, got a mapping | "
     "write a list: each item on a line that begins with `- `\n"
     "3:7 wrong-type: c.env[0]: expected a mapping, got a string"},
    {PN_SCHEMA_POD, "metadata: [a]\nspec: {nodeSelector: a, containers: [null]}\nstatus: 1\n", "",
     "1:11 wrong-type: metadata: expected a mapping, got a list\n"
     "2:22 wrong-type: spec.nodeSelector: expected a mapping, got a string\n"
     "2:38 wrong-type: spec.containers[0]: expected a mapping, got null | "
     "give a value or leave it out\n"
     "3:9 wrong-type: status: expected a mapping, got an integer"},
    {PN_SCHEMA_LOCAL_OBJECT_REFERENCE, "my-secret\n", "imagePullSecrets[0]",
     "1:1 wrong-type: imagePullSecrets[0]: expected a mapping, got a string"},
    {PN_SCHEMA_ENV_FROM_SOURCE, "configMap: {name: a}\n", "e",
     "1:1 unknown-field: unknown field `configMap` in e | did you mean `configMapRef`?"},
};

#endif
