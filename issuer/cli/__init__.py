"""The command `badge-issuer`."""

from issuer.cli.main import badge_issuer, main

__all__ = ["badge_issuer", "main"]
