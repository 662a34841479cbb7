"""A verified edition -> a public, searchable register as static files; signs nothing and judges no award."""

from issuer.authority.site.writing import Written, write_site

__all__ = ["Written", "write_site"]
