# SPDX-License-Identifier: Apache-2.0
"""Small pools of names, so that what is generated clashes often."""

from document import Number

# The first half is what Pods mostly take, the second what templates take; see `names`.
CONTAINERS = ["app", "web", "job", "db", "log", "agent", "proxy", "relay"]
VOLUMES = ["data", "tmp", "shared", "cfg", "logs", "run"]
PATHS = ["/data", "/data/", "/data/x", "/srv/logs", "/data/x/y", "/cfg", "/logs/x", "/logs"]
ENV = ["A", "B", "C", "LEVEL", "MODE", "HOST"]
ENV_VALUES = ["1", "1", "2", ""]
PORTS = [80, 8080, 443, 9090, 15000, 15001]
PORT_NAMES = ["http", "admin", "metrics"]
SECRETS = ["pull", "other"]
CATEGORIES = ["logging", "mesh", "vault"]
NAMESPACES = ["default", "shop", "payments"]
LABELS = {"app": ["web", "db"], "team": ["a", "b", "c"], "tier": ["front", "back"]}
SET_ANNOTATIONS = ["set.example.com/a", "set.example.com/b"]
APPENDED_ANNOTATIONS = ["list.example.com/volumes", "list.example.com/ports"]
SELECTED_ANNOTATIONS = {"ask.example.com/x": ["yes", "no"], "ask.example.com/y": ["1"]}
OVERRIDES = {"say.example.com/level": ["debug", "info", "loud"],
             "say.example.com/port": ["8080", "9091", "99999", "x"],
             "say.example.com/cpu": ["10m", "1", "0.05", "50", "-1m"],
             "say.example.com/text": ["abc", "", "ABC", "a\u0000b", "é"]}
WORDS = ["data", "logs", "x"]

# What a Pod may say, however strange; and what a template may say, request before limit.
CPU = ["100m", "250m", "1", 1, Number("0.1"), "0.1", "1e-1", "1500u", ".5", "1.", "+50m",
       Number("1e-1"), "0", 0, "2", "100e-3", "0.0001", "33333n"]
MEMORY = ["64Mi", "65536Ki", "67108864", 67108864, "128M", "128e6", "1Gi", "0.5Gi", "0", "1000k",
          Number("1.5e8"), "100.5Mi", "64Mi", "134217728000m"]
CPU_PAIRS = [("10m", "20m"), ("10m", None), (Number("0.05"), "50m"), ("100m", "0.1"), (1, 1),
             ("50m", Number("5e-2")), ("100m", "200m"), ("250m", "1"), ("0", None)]
MEMORY_PAIRS = [("16Mi", "32Mi"), ("16Mi", None), ("32Mi", "32768Ki"), (33554432, "32Mi"),
                ("64M", "64e6"), ("128Mi", "256Mi"), ("0", "0"), ("64Mi", "64Mi")]
EXTRA = ["ephemeral-storage", "example.com/gpu", "hugepages-2Mi"]


def chance(rng, probability):
    return rng.random() < probability


def some(rng, pool, most):
    """Up to `most` different items, in random order."""
    pool = list(pool)
    return rng.sample(pool, min(rng.randint(0, most), len(pool)))


def names(rng, pool, most, templates):
    """Different names: from the own half of the pool, or sometimes from all of it."""
    if chance(rng, 0.85):
        half = len(pool) // 2
        pool = pool[half:] if templates else pool[:half]
    return some(rng, pool, most)


def pairs(rng, pools, probability):
    """{key: value} with each key by chance."""
    return {k: rng.choice(values) for k, values in pools.items() if chance(rng, probability)}
