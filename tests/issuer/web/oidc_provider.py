"""A sign-in service of the tests' own on loopback: discovery, authorization code with PKCE, signed tokens; it can lie."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

_KEYS = [
    RSAKey.generate_key(2048, parameters={"kid": "one", "use": "sig", "alg": "RS256"}, private=True) for _ in range(2)
]


class Provider:
    """`claims` are what the next token says; `lies` are members of it that are not as they should be."""

    def __init__(self, *, client_id: str, client_secret: str) -> None:
        self.client_id, self.client_secret = client_id, client_secret
        self.key, self.other_key = _KEYS
        self.claims: dict[str, Any] = {}
        self.lies: dict[str, Any] = {}
        self.sign_with_other_key = False
        self.asked: list[dict[str, str]] = []
        self._codes: dict[str, dict[str, str]] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.answer_get(self)

            def do_POST(self) -> None:
                provider.answer_token(self)

            def log_message(self, *_arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer_get(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        if parts.path == "/.well-known/openid-configuration":
            _send(
                handler,
                {
                    "issuer": self.issuer,
                    "authorization_endpoint": f"{self.issuer}/authorize",
                    "token_endpoint": f"{self.issuer}/token",
                    "jwks_uri": f"{self.issuer}/jwks",
                    "response_types_supported": ["code"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                    "code_challenge_methods_supported": ["S256"],
                },
            )
        elif parts.path == "/jwks":
            _send(handler, {"keys": [self.key.as_dict(private=False)]})
        elif parts.path == "/authorize":
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self.asked.append(asked)
            code = secrets.token_urlsafe(8)
            self._codes[code] = asked
            handler.send_response(302)
            query = urlencode({"code": code, "state": asked["state"]})
            handler.send_header("Location", f"{asked['redirect_uri']}?{query}")
            handler.end_headers()

    def answer_token(self, handler: BaseHTTPRequestHandler) -> None:
        form = parse_qs(handler.rfile.read(int(handler.headers["Content-Length"])).decode())
        asked = self._codes.pop(form["code"][0], None)
        expected = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"][0].encode()).digest()).decode()
        if (
            asked is None
            or handler.headers.get("Authorization") != f"Basic {expected}"
            or asked["code_challenge"] != challenge.rstrip("=")
            or form["redirect_uri"][0] != asked["redirect_uri"]
        ):
            _send(handler, {"error": "invalid_grant"}, status=400)
            return
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self.client_id,
            "iat": now,
            "exp": now + 60,
            "nonce": asked["nonce"],
            **self.claims,
            **self.lies,
        }
        key = self.other_key if self.sign_with_other_key else self.key
        token = jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)
        _send(handler, {"access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": token})


def _send(handler: BaseHTTPRequestHandler, value: Any, *, status: int = 200) -> None:
    body = json.dumps(value).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
