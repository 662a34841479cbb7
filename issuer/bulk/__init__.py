"""A class list between upload and result: read, asked about, checked, confirmed, run; no Flask, no SQL."""
