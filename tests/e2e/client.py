# SPDX-License-Identifier: Apache-2.0
"""A small client of the Kubernetes API: one request, one connection. Standard library only."""

import contextlib
import http.client
import json
import re
import ssl
import urllib.parse

ANSWER_SECONDS = 60
JSON, YAML = "application/json", "application/yaml"
MERGE_PATCH = "application/merge-patch+json"


class Answer:
    """What the API server said: a status, an object (perhaps a Status), warnings, the audit id."""

    def __init__(self, response):
        self.status = response.status
        self.audit_id = response.getheader("Audit-Id")
        self.warnings = [warning_text(value) for name, value in response.getheaders()
                         if name.lower() == "warning"]
        self.text = response.read().decode("utf-8", "replace")
        is_json = (response.getheader("Content-Type") or "").startswith("application/json")
        self.object = json.loads(self.text) if is_json else None

    @property
    def message(self):
        return self.object.get("message", "") if self.object else self.text

    def __str__(self):
        return f"{self.status} {self.message}".strip()


def warning_text(header):
    """The text of `299 - "text"`."""
    quoted = re.fullmatch(r'299 \S+ "(.*)"', header, re.DOTALL)
    return re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else header


class Client:
    def __init__(self, port, ca_file, token):
        self.port, self.token = port, token
        self.context = ssl.create_default_context(cafile=ca_file)

    def ask(self, method, path, body=None, content_type=JSON, **query):
        """`body` is an object, or bytes in `content_type`; `query` is what stands after the `?`."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = content_type
            if not isinstance(body, bytes):
                body = json.dumps(body).encode()
        if query:
            path += "?" + urllib.parse.urlencode(query)
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context,
                                                 timeout=ANSWER_SECONDS)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            return Answer(connection.getresponse())

    def create(self, path, body, content_type=JSON):
        """Creates what the harness itself needs; anything but success is an error."""
        answer = self.ask("POST", path, body, content_type)
        if answer.status != 201:
            raise RuntimeError(f"POST {path}: {answer}")
        return answer

    def create_pod(self, namespace, pod, **query):
        """`pod` is an object or YAML. Unknown fields are errors, as kubectl has it."""
        kind = YAML if isinstance(pod, bytes) else JSON
        return self.ask("POST", f"/api/v1/namespaces/{namespace}/pods", pod, kind,
                        fieldValidation="Strict", **query)

    def get_pod(self, namespace, name):
        return self.ask("GET", f"/api/v1/namespaces/{namespace}/pods/{name}")

    def delete_pod(self, namespace, name):
        """At once, since no kubelet has to confirm; it may be gone already."""
        path = f"/api/v1/namespaces/{namespace}/pods/{name}"
        answer = self.ask("DELETE", path, gracePeriodSeconds=0)
        if answer.status not in (200, 404):
            raise RuntimeError(f"DELETE {path}: {answer}")
