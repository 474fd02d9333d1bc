# SPDX-License-Identifier: Apache-2.0
"""A Vault server for tests, in the network namespace of the Pods: `with VaultServer(folder) as vault: ...`

It has the kv engine twice, `secret` (version 2) and `kv` (version 1), and at auth/kubernetes a login
with role and JWT. That is the jwt method: the kubernetes method asks an API server whether a token is
good, takes the same request, and gives the same answer.
"""

import base64
import json
import pathlib
import subprocess
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = ROOT / "build/programs/vault"
AUDIENCE = "https://kubernetes.default.svc"


def base64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class VaultServer:
    address = "http://127.0.0.1:8200"

    def __init__(self, folder):
        self.folder, self.process = pathlib.Path(folder), None
        self.folder.mkdir(parents=True, exist_ok=True)
        self.key = self.folder / "key.pem"
        self.log = self.folder / "vault.log"

    def __enter__(self):
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [BINARY, "server", "-dev", "-dev-root-token-id=root", "-dev-no-store-token",
                 "-dev-listen-address=127.0.0.1:8200"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)
        try:
            self.wait()
            self.call("POST", "sys/mounts/kv", {"type": "kv", "options": {"version": "1"}})
            self.enable_login()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *unused):
        self.stop()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def wait(self):
        ends = time.monotonic() + 120
        while True:
            try:
                self.call("GET", "sys/mounts/secret")  # the last thing that -dev makes
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > ends:
                    raise AssertionError(f"vault: {self.log.read_text()[-4000:]}") from None
                time.sleep(0.1)

    def call(self, method, path, body=None, token="root"):
        """One request of Vault's API; what it answers."""
        request = urllib.request.Request(
            f"{self.address}/v1/{path}", method=method, headers={"X-Vault-Token": token},
            data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def write(self, path, **values):
        """Writes a secret: `secret/data/shop/db` of version 2, `kv/shop/db` of version 1."""
        self.call("POST", path, {"data": values} if path.startswith("secret/data/") else values)

    def enable_login(self):
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt",
                        "rsa_keygen_bits:2048", "-out", self.key], check=True, capture_output=True)
        public = subprocess.run(["openssl", "pkey", "-in", self.key, "-pubout"], check=True,
                                capture_output=True, text=True).stdout
        self.call("POST", "sys/auth/kubernetes", {"type": "jwt"})
        self.call("POST", "auth/kubernetes/config", {"jwt_validation_pubkeys": [public]})

    def allow(self, role, *paths, account="default", namespace="default", ttl="1h"):
        """A role for one ServiceAccount, whose policy lets it read the paths."""
        rules = "".join(f'path "{path}" {{ capabilities = ["read"] }}\n' for path in paths)
        self.call("PUT", f"sys/policies/acl/{role}", {"policy": rules})
        self.call("POST", f"auth/kubernetes/role/{role}", {
            "role_type": "jwt", "user_claim": "sub", "bound_audiences": [AUDIENCE],
            "bound_subject": f"system:serviceaccount:{namespace}:{account}",
            "token_policies": [role], "token_ttl": ttl})

    def token(self, account="default", namespace="default", seconds=3600):
        """A token as the API server signs it for a Pod of this ServiceAccount."""
        now = int(time.time())
        claims = {"iss": AUDIENCE, "aud": [AUDIENCE], "iat": now, "nbf": now, "exp": now + seconds,
                  "sub": f"system:serviceaccount:{namespace}:{account}",
                  "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": account}}}
        text = ".".join(base64url(json.dumps(part).encode())
                        for part in ({"alg": "RS256", "typ": "JWT"}, claims))
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key],
                                   input=text.encode(), check=True, capture_output=True).stdout
        return f"{text}.{base64url(signature)}"
