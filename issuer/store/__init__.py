"""What an instance remembers: SQLAlchemy Core tables and the queries on them; all SQL lives here."""

from issuer.store.engine import Store, open_store

__all__ = ["Store", "open_store"]
