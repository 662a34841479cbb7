"""The signed documents spread over partitions of PostgreSQL, with every constraint still the database's own.

Partitioned by hash of the badge's short id, as they are looked up. A unique constraint of a partitioned table must hold
the partition key, so that no badge's version stands twice is still a primary key; that no place in a status list is two
badges' becomes the primary key of a narrow table beside it, which a trigger fills in the same transaction.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

_TRIGGER = """
CREATE FUNCTION keep_document_places() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'a signed document has its places for ever';
    END IF;
    INSERT INTO document_places (list_number, list_index) VALUES (NEW.list_number, NEW.list_index);
    IF NEW.suspension_list IS NOT NULL THEN
        INSERT INTO document_places (list_number, list_index) VALUES (NEW.suspension_list, NEW.suspension_index);
    END IF;
    RETURN NEW;
END $$
"""

_BEFORE = """
LOCK TABLE documents, anchor_leaves IN ACCESS EXCLUSIVE MODE;
ALTER TABLE anchor_leaves DROP CONSTRAINT fk_anchor_leaves_short_id_version;
ALTER TABLE documents RENAME TO documents_whole;
CREATE TABLE documents (LIKE documents_whole INCLUDING DEFAULTS INCLUDING STORAGE) PARTITION BY HASH (short_id);
CREATE TABLE document_places (
    list_number integer NOT NULL REFERENCES status_lists (number),
    list_index integer NOT NULL,
    PRIMARY KEY (list_number, list_index)
)
"""

_PART = "CREATE TABLE documents_{part} PARTITION OF documents FOR VALUES WITH (MODULUS {parts}, REMAINDER {part})"

_AFTER = """
CREATE TRIGGER keep_places
    AFTER INSERT OR UPDATE OF list_number, list_index, suspension_list, suspension_index ON documents
    FOR EACH ROW EXECUTE FUNCTION keep_document_places();
INSERT INTO documents SELECT * FROM documents_whole;
DROP TABLE documents_whole;
ALTER TABLE documents ADD CONSTRAINT pk_documents PRIMARY KEY (short_id, version);
ALTER TABLE documents ADD CONSTRAINT fk_documents_short_id FOREIGN KEY (short_id) REFERENCES credentials (short_id);
ALTER TABLE documents ADD CONSTRAINT fk_documents_list_number
    FOREIGN KEY (list_number) REFERENCES status_lists (number);
CREATE INDEX ix_documents_place ON documents (list_number, list_index);
CREATE INDEX ix_documents_suspension ON documents (suspension_list, suspension_index);
ALTER TABLE anchor_leaves ADD CONSTRAINT fk_anchor_leaves_short_id_version
    FOREIGN KEY (short_id, version) REFERENCES documents (short_id, version)
"""


def is_partitioned(connection: Connection) -> bool:
    kind = sa.text("SELECT relkind::text FROM pg_class WHERE oid = 'documents'::regclass")
    return str(connection.scalar(kind)) == "p"


def partition_documents(connection: Connection, *, parts: int) -> int:
    """Make `documents` a table of so many partitions, in one transaction that keeps everybody out. Returns its rows."""
    for statement in _statements(parts):
        connection.execute(sa.text(statement))
    return connection.scalar(sa.text("SELECT count(*) FROM documents")) or 0


def _statements(parts: int) -> list[str]:
    return [
        *(part.strip() for part in _BEFORE.split(";") if part.strip()),
        *(_PART.format(parts=parts, part=part) for part in range(parts)),
        _TRIGGER,
        *(part.strip() for part in _AFTER.split(";") if part.strip()),
    ]
