"""The address a learning platform sends signed completions to; a delivery sent twice does nothing twice."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, url_for

from issuer.bulk.uploads import BatchState, MailChoice, Source, load_course_codes
from issuer.staff import idempotency, webhook
from issuer.staff.idempotency import Answer, Ask
from issuer.staff.machines import take_batch, write_table
from issuer.staff.webhook import Delivery
from issuer.store import webhook_rows
from issuer.web.api import MediaTypeRefused, NotThere, told_batch
from issuer.web.bearer import answer_json, respond
from issuer.web.limits import HOOKS, limiter
from issuer.web.site import site
from schemas.errors import TooLarge
from schemas.limits import MACHINE_BATCH

blueprint = Blueprint("hooks", __name__, url_prefix="/hooks")

TIMESTAMP = "Badges-Timestamp"
SIGNATURE = "Badges-Signature"
_KEY = "webhook"


@blueprint.post("/completions")
@limiter.limit(HOOKS)
def receive_completions() -> Response:
    """Take the completions of one delivery; what was taken before is answered as it was then."""
    settings = site.choices.webhook
    if settings is None:
        raise NotThere("No learning platform is connected. An administrator makes the secret at the desk.")
    body = request.get_data()
    if len(body) > MACHINE_BATCH.max_bytes:
        raise TooLarge(f"The delivery is {len(body):,} bytes; the limit is {MACHINE_BATCH.max_bytes:,}.")
    webhook.check_signature(
        site.instance,
        settings,
        timestamp=request.headers.get(TIMESTAMP, ""),
        signature=request.headers.get(SIGNATURE, ""),
        body=body,
        now=site.now(),
    )
    if request.mimetype != "application/json":
        raise MediaTypeRefused("The Content-Type must be application/json.")
    delivery = webhook.parse_delivery(body, load_course_codes(site.instance))
    ask = Ask(key_id=_KEY, idempotency_key=delivery.delivery_id, request_sha256=delivery.body_sha256)
    before = idempotency.begin(site.instance, ask, now=site.now())
    if before is not None:
        return respond(before)
    try:
        members, status, location = _take(delivery)
    except BaseException:
        idempotency.forget(site.instance, ask)
        raise
    response = answer_json(members, status, location=location)
    idempotency.finish(site.instance, ask, Answer(status=status, body=response.get_data(), location=location))
    return response


def _take(delivery: Delivery) -> tuple[dict[str, Any], int, str | None]:
    """(what is answered, the status, where to follow it)."""
    with site.instance.store.reading() as connection:
        known = webhook_rows.load_delivery(connection, delivery.delivery_id)
    if known is not None:  # longer ago than answers are kept
        if known.body_sha256 != delivery.body_sha256:
            raise idempotency.OtherRequest("This delivery id was used for another delivery.")
        return {"delivery": delivery.delivery_id, "batch": known.batch_id, "taken_at": known.received_at}, 200, None
    taken = take_batch(
        site.instance,
        write_table(delivery.items),
        filename="completions.csv",
        source=Source.WEBHOOK,
        mail=MailChoice(site.choices.mail_default.value),
        actor=webhook.ACTOR,
        four_eyes=site.choices.four_eyes,
        edition=site.edition,
        now=site.now(),
        from_items=True,
        under="/completions",
    )
    kept = taken.state is not BatchState.DISCARDED
    with site.instance.store.writing() as connection:
        webhook_rows.keep_delivery(
            connection,
            delivery_id=delivery.delivery_id,
            body_sha256=delivery.body_sha256,
            batch_id=taken.batch_id if kept else None,
            at=site.now(),
        )
    if taken.state is BatchState.QUEUED:
        site.runner.submit(taken.batch_id)
    told = told_batch(taken, from_items=True)
    members = {"delivery": delivery.delivery_id, "batch": told.pop("id"), **told}
    location = url_for("api.show_batch", batch_id=taken.batch_id) if kept else None
    return members, 202 if kept else 200, location
