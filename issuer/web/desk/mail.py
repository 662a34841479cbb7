"""Everything under `/desk/mail`: the queue and its bounces, the previews, the mail server."""

from __future__ import annotations

from issuer.web.desk import mail_server
from issuer.web.desk.mail_pages import blueprint

__all__ = ["blueprint", "mail_server"]
