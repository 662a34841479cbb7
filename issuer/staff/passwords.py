"""Passwords: how they are hashed and compared, which are refused, one-time ones; whose they are is not known."""

from __future__ import annotations

import secrets
import unicodedata
from functools import lru_cache
from typing import Final

from werkzeug.security import check_password_hash, generate_password_hash

from schemas.errors import InputError

MIN_CHARS: Final = 12
MAX_CHARS: Final = 200  # long sentences fit; more would only cost memory
_METHOD: Final = "scrypt:32768:8:1"  # OWASP's second setting; some 32 MiB and 60 ms a try
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # no 0 and o, no 1, i and l
_GROUPS, _GROUP_CHARS = 4, 4  # 79 bits

# The longest of the commonest lists that have 12 characters at all, and what people here would think of first.
_COMMON: Final = (
    "123456789012 1234567890123 12345678901234 123456123456 111111111111 000000000000 qwertyuiopas qwertyuiop12 "
    "qwertyuiop123 1qaz2wsx3edc 1q2w3e4r5t6y q1w2e3r4t5y6 qazwsxedcrfv password1234 password12345 password123456 "
    "passwordpassword passw0rd1234 p@ssw0rd1234 password123! password2024 password2025 password2026 "
    "administrator administrator1 adminadminadmin welcome12345 welcome123456 letmein12345 iloveyou1234 "
    "iloveyouiloveyou changeme1234 changemechangeme abcdefghijkl abcdef123456 abc123abc123 abcd1234abcd "
    "newzealand12 newzealand123 newzealand2025 newzealand2026 aotearoa1234 aotearoa2026 wellington123 "
    "auckland1234 christchurch1 kiaora123456 microcredential microcredentials openbadges123 badgeissuer1 "
    "trustno1trustno1 monkey123456 dragon123456 football1234 superman1234 sunshine1234 princess1234 "
    "correcthorsebatterystaple"
)


def hash_password(password: str, *, method: str = _METHOD) -> str:
    """What is stored: method, salt and hash."""
    return generate_password_hash(_tidy(password), method=method)


def is_password(stored: str | None, given: str) -> bool:
    """Whether it is the password. With none stored, the same work is done for nothing: the answer takes as long."""
    tidy = _tidy(given[:MAX_CHARS])
    if stored is None:
        check_password_hash(_decoy(), tidy)
        return False
    return check_password_hash(stored, tidy)


def check_password(password: str, *, email: str) -> None:
    """Refuse what is too short, too common or the address itself (NIST SP 800-63B). Raises InputError."""
    tidy = _tidy(password)
    if len(tidy) < MIN_CHARS:
        raise InputError(f"Choose a password of at least {MIN_CHARS} characters.", field="new", reason="short")
    if len(password) > MAX_CHARS:
        raise InputError(f"A password has at most {MAX_CHARS} characters.", field="new", reason="long")
    bare = tidy.casefold()
    if bare in _COMMON.split() or len(set(bare)) < 4:
        raise InputError(
            "That is one of the passwords people guess first. Choose another.", field="new", reason="common"
        )
    if bare in {email.casefold(), email.casefold().replace("@", "")}:
        raise InputError("Choose a password that is not your e-mail address.", field="new", reason="email")


def new_one_time_password() -> str:
    """Four groups that can be read out over the telephone."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP_CHARS)) for _ in range(_GROUPS))


def _tidy(password: str) -> str:
    """One form of the same text, whatever keyboard wrote it (NIST SP 800-63B, 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


@lru_cache(maxsize=1)
def _decoy() -> str:
    return hash_password(secrets.token_hex(16))
