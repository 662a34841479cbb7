"""The issuer service for people and machines: Flask views over the issuer's core; nothing is decided or signed here."""
