"""Signing a badge again: same id, newer validFrom, new status index, old index revoked; the old bytes stay as history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.engine import Connection

from issuer import audit
from issuer.admission import Gate
from issuer.instance import ROW_KEY_SECRET, Instance
from issuer.making import Made, Order, Workshop, issuer_facts, signing_kit
from issuer.minting import Award, NameDisplay
from issuer.rowkeys import default_row_key
from issuer.selfcheck import OwnWeb, check_badge
from issuer.status import load_held, sign_list, slot_in_force, strictly_after
from issuer.store import credentials as credential_store
from issuer.store import lists as list_store
from issuer.store import nzroa_rows
from issuer.store.credentials import Learner, State, StoredCredential, StoredDocument
from issuer.store.lists import Slot
from schemas.errors import IssuingError
from schemas.jsontext import write_json
from schemas.nzqcf import format_nz_date, nz_date
from verifier.register.edition import Edition
