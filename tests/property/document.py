# SPDX-License-Identifier: Apache-2.0
"""JSON whose numbers keep their spelling, and a fast copy of it."""

import json
import re

MARK = "\ue000"  # private use: stands around a number's digits until the text is written


class Number(str):
    """A number as it was written: 1.10, 1e3, -0. Equal when the spelling is."""

    def __new__(cls, text):
        return super().__new__(cls, MARK + text + MARK)

    def __deepcopy__(self, _):
        return self

    @property
    def digits(self):
        return self[1:-1]


def _integer(text):
    return int(text) if str(int(text)) == text else Number(text)


def read(text):
    return json.loads(text, parse_int=_integer, parse_float=Number)


def write(value, indent=None):
    text = json.dumps(value, ensure_ascii=False, indent=indent,
                      separators=None if indent else (",", ":"))
    return re.sub(f'"{MARK}([^{MARK}]*){MARK}"', r"\1", text)


def clone(value):
    if isinstance(value, dict):
        return {k: clone(v) for k, v in value.items()}
    if isinstance(value, list):
        return [clone(v) for v in value]
    return value


def items(holder, key):
    """The list at `key`, or none: absent, null and empty are alike."""
    return holder.get(key) or []


def containers(pod):
    """Every container with whether it is an init container."""
    for init in (True, False):
        for container in items(pod["spec"], "initContainers" if init else "containers"):
            yield init, container


def is_sidecar(init, container):
    return init and container.get("restartPolicy") == "Always"


def runs_for_long(init, container):
    return not init or container.get("restartPolicy") == "Always"
