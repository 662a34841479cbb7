"""The rows of webhook deliveries that were taken; who sent them and what they said is not known here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from issuer.store.dialect import insert_or_ignore
from issuer.store.service_tables import webhook_deliveries
from schemas.times import write_time


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """One delivery: its id, the hash of its body, and the batch it became, if it held anything new."""

    delivery_id: str
    body_sha256: str
    received_at: str
    batch_id: str | None


def load_delivery(connection: Connection, delivery_id: str) -> DeliveryRow | None:
    query = sa.select(webhook_deliveries).where(webhook_deliveries.c.delivery_id == delivery_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else DeliveryRow(**row._mapping)


def keep_delivery(
    connection: Connection, *, delivery_id: str, body_sha256: str, batch_id: str | None, at: datetime
) -> None:
    """Note a delivery; one that is noted already stays as it is."""
    values = {
        "delivery_id": delivery_id,
        "body_sha256": body_sha256,
        "received_at": write_time(at),
        "batch_id": batch_id,
    }
    connection.execute(insert_or_ignore(connection, webhook_deliveries), [values])
