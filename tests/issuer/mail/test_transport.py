"""The way to the mail server: encrypted as chosen or not at all, certificates checked, passwords tried, nothing logged."""

from __future__ import annotations

import ipaddress
import logging
import ssl
import time
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from issuer.mail.transport import Refused, ServerDown, SmtpTransport
from issuer.staff.choices import Security
from tests.issuer.mail.sink import Sink, free_port, served
from tests.issuer.mail.town import settings_for
from tests.patience import PATIENCE

pytestmark = pytest.mark.network


def message() -> EmailMessage:
    made = EmailMessage()
    made["From"] = "badges@kura.example"
    made["To"] = "mere@ako.example"
    made["Subject"] = "Tō tohu"
    made.set_content("Kia ora")
    return made


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """(what the server shows, what a client must trust for it) — for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    cert_file, key_file = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert_file.write_bytes(made.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(cert_file, key_file)
    return server, ssl.create_default_context(cafile=str(cert_file))


def transport(
    port: int, *, trust: ssl.SSLContext | None = None, password: str | None = None, **settings: Any
) -> SmtpTransport:
    chosen = settings_for(port, **settings)
    return SmtpTransport(settings=chosen, password=password, hello="kura.example", timeout=PATIENCE, trust=trust)


def test_mail_goes_over_starttls_to_a_server_that_is_trusted(
    certificate: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    shown, trusted = certificate
    with (
        served(Sink(), tls_context=shown, require_starttls=True) as sink,
        transport(sink.port, trust=trusted, security=Security.STARTTLS) as way,
    ):
        way.send(message())
        way.send(message())
    assert len(sink.taken) == 2


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_server_whose_certificate_is_not_trusted_gets_nothing(
    certificate: tuple[ssl.SSLContext, ssl.SSLContext], security: Security
) -> None:
    shown, _ = certificate
    options = {"tls_context": shown} if security is Security.STARTTLS else {"ssl_context": shown}
    with served(Sink(), **options) as sink, transport(sink.port, security=security) as way:
        with pytest.raises(ServerDown) as down:
            way.send(message())
        assert down.value.code == "certificate"
    assert sink.taken == []


def test_mail_goes_over_tls_to_a_server_that_is_trusted(certificate: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    shown, trusted = certificate
    with (
        served(Sink(), ssl_context=shown) as sink,
        transport(sink.port, trust=trusted, security=Security.TLS) as way,
    ):
        way.send(message())
    assert len(sink.taken) == 1


def test_a_server_without_starttls_gets_nothing_in_the_clear() -> None:
    with served(Sink()) as sink, transport(sink.port, security=Security.STARTTLS) as way:
        with pytest.raises(ServerDown) as down:
            way.send(message())
        assert down.value.code == "not-offered"
    assert sink.taken == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
@pytest.mark.parametrize(("password", "code"), [("right", None), ("wrong", "sign-in-535")])
def test_a_password_is_tried_and_a_wrong_one_told(password: str, code: str | None) -> None:
    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=given.password == b"right", handled=False)

    options = {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False}
    with served(Sink(), **options) as sink, transport(sink.port, user="badges", password=password) as way:
        if code is None:
            way.send(message())
        else:
            with pytest.raises(ServerDown) as down:
                way.probe()
            assert down.value.code == code
    assert len(sink.taken) == (1 if code is None else 0)


def test_a_port_with_nobody_behind_it_is_told() -> None:
    with transport(free_port()) as way, pytest.raises(ServerDown) as down:
        way.probe()
    assert down.value.code == "not-reached"


def test_a_host_that_does_not_exist_is_told() -> None:
    with transport(25, host="no-such-host.invalid") as way, pytest.raises(ServerDown):
        way.probe()


def test_a_kept_connection_that_the_server_ended_is_opened_again() -> None:
    sink = Sink(hang_up=True)
    with served(sink) as first, transport(first.port) as way:
        way.send(message())
        time.sleep(0.3)
        way.send(message())
    assert len(sink.taken) == 2
    assert len(sink.sessions) == 2


def test_an_address_with_macrons_is_refused_by_a_server_that_does_not_know_them() -> None:
    made = message()
    del made["To"]
    made["To"] = "mārama@ako.example"
    with served(Sink(), enable_SMTPUTF8=False) as sink, transport(sink.port) as way:
        with pytest.raises(Refused) as refusal:
            way.send(made)
        assert refusal.value.code == "no-smtputf8"
        way.send(message())
    assert len(sink.taken) == 1


def test_no_address_and_no_text_of_a_mail_is_logged_or_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="issuer")
    with served(Sink(at_rcpt=lambda _: "550 no")) as sink, transport(sink.port, user=None) as way:
        with pytest.raises(Refused) as refusal:
            way.send(message())
        assert "mere" not in f"{refusal.value!r} {way!r}"
    assert not [record for record in caplog.records if record.name.startswith("issuer")]
