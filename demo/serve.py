"""`python -m demo.serve`: both services over the demonstration's instance, with a mailbox that catches all mail.

Everything listens on this machine alone. The badges keep the demonstration's invented address; links in pages and mail
lead to the origin served here, and the verifier is told where that address is to be found.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from types import FrameType

from demo.__main__ import BASE_URL, BIN, OUT, PROVIDER, issuer
from demo.__main__ import main as make_demonstration
from demo.mailbox import Mailbox

ISSUER_PORT = int(os.environ.get("ISSUER_PORT", "8801"))
VERIFIER_PORT = int(os.environ.get("VERIFIER_PORT", "8802"))
MAIL_PORT = int(os.environ.get("MAIL_PORT", "8803"))
SMTP_PORT = int(os.environ.get("SMTP_PORT", "8825"))
STAFF = (
    ("kaiwhakahaere@demonstration.example", "Hine Tauira", ("issue", "read", "administer")),
    ("approver@demonstration.example", "Sam Example", ("approve", "read")),
)


def main() -> int:
    """Serve until interrupted; 0 then."""
    if not (OUT / "summary.json").exists() and make_demonstration() != 0:
        return 1
    for port in (ISSUER_PORT, VERIFIER_PORT, MAIL_PORT, SMTP_PORT):
        _refuse_taken(port)
    origin = f"http://127.0.0.1:{ISSUER_PORT}"
    verifier = f"http://127.0.0.1:{VERIFIER_PORT}"
    accounts = _staff()
    issuer("mail-settings", "--smtp-host", "127.0.0.1", "--smtp-port", SMTP_PORT, "--security", "none",
           "--from", "badges@demonstration.example")  # fmt: skip
    issuer("publish", OUT / "site", "--verifier-url", verifier)
    mailbox = Mailbox(OUT / "mail", smtp_port=SMTP_PORT, web_port=MAIL_PORT)
    mailbox.start()
    services = [
        subprocess.Popen(
            [BIN / "badge-issuer", "--instance", PROVIDER, "serve", "--port", str(ISSUER_PORT), "--origin", origin]
        ),
        subprocess.Popen(
            [BIN / "badge-verifier", "serve", "--port", str(VERIFIER_PORT),
             "--register", OUT / "edition.json", "--anchor", OUT / "anchor.json",
             "--allow-origin", f"{BASE_URL}={origin}"]
        ),
    ]  # fmt: skip
    signal.signal(signal.SIGTERM, _interrupt)
    _say(origin, verifier, accounts)
    try:
        for service in services:
            service.wait()
    except KeyboardInterrupt:
        pass
    finally:
        for service in services:
            service.terminate()
        for service in services:
            service.wait()
        mailbox.stop()
    return 0


def _staff() -> list[tuple[str, str]]:
    """(address, one-time password) of each account; those who were added before get a new one-time password."""
    accounts = []
    for address, name, roles in STAFF:
        known = address in issuer("user", "list", "--json")
        chosen = [word for role in roles for word in ("--role", role)]
        command = ("reset", address) if known else ("add", address, "--name", name, *chosen)
        told = json.loads(issuer("user", *command, "--json"))
        accounts.append((address, told["one_time_password"]))
    return accounts


def _say(origin: str, verifier: str, accounts: list[tuple[str, str]]) -> None:
    print(f"\n  The desk            {origin}/desk")
    for address, password in accounts:
        print(f"    {address}   one-time password: {password}")
    print(f"  A provider's badges {origin}/")
    print(f"  The verifier        {verifier}/")
    print(f"  Mail it sent        http://127.0.0.1:{MAIL_PORT}/   (caught here; nothing is sent to anybody)")
    print("  A class list to try demo/class-list-desk.csv")
    print("  Ctrl-C ends it.\n", flush=True)


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise SystemExit(
                f"Port {port} is taken ({error.strerror}); choose others with ISSUER_PORT, VERIFIER_PORT, MAIL_PORT, "
                "SMTP_PORT."
            ) from None


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    raise SystemExit(main())
