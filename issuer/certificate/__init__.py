"""A signed badge as one printed A4 sheet, a tagged PDF that carries it; knows no store and no clock, signs nothing."""

from issuer.certificate.drawing import CertificateFacts, draw_certificate

__all__ = ["CertificateFacts", "draw_certificate"]
