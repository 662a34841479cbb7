"""Every limit in one place, each with its reason. One over must fail: tests/schemas/test_limits.py."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonLimits:
    """What a JSON text may cost: bytes of UTF-8, nesting depth, and number of values (containers and leaves)."""

    max_bytes: int
    max_depth: int
    max_values: int


MIB = 1024 * 1024

# A badge, DID document or list credential. The fullest example in the OB 3.0 specification has 545 values;
# PyLD takes 7 s at nesting 100.
DOCUMENT = JsonLimits(max_bytes=1 * MIB, max_depth=32, max_values=1_000)
# A register edition: 60,000 rights of about 200 bytes each, and room to grow; flat by construction.
EDITION = JsonLimits(max_bytes=64 * MIB, max_depth=8, max_values=4_000_000)
# Our own configuration files (column maps, did-maps): a did-map may name one file per badge.
CONFIGURATION = JsonLimits(max_bytes=64 * MIB, max_depth=8, max_values=2_000_000)
# Completions that a program sends at once: so many rows of eleven members, in a request that is checked while it waits.
MACHINE_BATCH = JsonLimits(max_bytes=8 * MIB, max_depth=3, max_values=150_000)
# What a verifier remembers of editions and lists: both counts below at some 300 bytes each, and long addresses.
HIGH_WATER = JsonLimits(max_bytes=32 * MIB, max_depth=6, max_values=1_000_000)
# A JWS header: four members, of which a JWK with an 8,192-bit RSA key is the largest.
JOSE_HEADER = JsonLimits(max_bytes=8 * 1024, max_depth=4, max_values=64)

MAX_JSON_INTEGER = 2**53 - 1  # RFC 8785 and JavaScript read no larger whole number exactly
MAX_IMAGE_BYTES = 5 * MIB  # a baked badge picture; ours are under 100 KiB
MAX_IMAGE_PIXELS = 25_000_000  # decompression bombs; a badge of 5,000 x 5,000 is already absurd
MAX_ARTWORK_SIDE = 1_200  # pixels; what uploaded artwork is scaled down to: larger only makes every badge heavier
MAX_PNG_CHUNKS = 10_000  # a 5 MiB picture in IDATs of 8 KiB has 640
PDF_SECONDS = 5.0  # for the process that reads one PDF, its start included; ours take 0.2 s
MAX_TOGETHER = 40  # badges given at once on the verifier's page: a site's contractors on one morning
TOGETHER_SECONDS = 24.0  # after which none of them is begun; each may take FETCH_TOTAL_SECONDS, and eight run at once
MAX_TOGETHER_BYTES = 32 * MIB  # of one such request
MAX_PDF_READERS = 2  # such processes at once, each of up to 512 MiB
MAX_SVG_DEPTH = 64  # nesting in artwork drawn by people stays below 20
MAX_SVG_ATTRIBUTES = 5_000  # attributes in one picture, all elements together
MAX_SVG_ELEMENTS = 20_000  # a traced photograph has some thousands
MAX_PROOFS = 8  # a proof set; each costs a canonicalisation
MAX_SD_BYTES = 128 * 1024  # a selective-disclosure proof value: 64 bytes for each of some hundred statements
MAX_SD_ITEMS = 4_000  # numbers, signatures and labels in one; the fullest example in the specification has under 400
MAX_PRESENTED = 16  # credentials in one presentation; each is verified like one of its own
MAX_STATUS_ENTRIES = 8  # each costs a retrieval
MAX_CREDENTIAL_SCHEMAS = 2  # of strangers, in one badge; each costs a retrieval and a process
MAX_SCHEMA_READERS = 2  # processes that apply a stranger's schema at once
SCHEMA_SECONDS = 2.5  # one such process, its start included; an honest schema takes a third of a second
MAX_REFRESH_SERVICES = 2  # each costs a retrieval; a badge names one
MAX_ENDORSEMENTS = 16  # inside one badge; each costs a canonicalisation and a retrieval
MAX_STAPLED_KEYS = 16  # keys bound by one statement of an authority inside a badge; a provider has two or three
MAX_INCLUSION_PATH = 64  # a Merkle tree of 2**64 badges
MAX_INCLUSION_PROOFS = 16  # beside one badge: its versions and forms; each is hashed along its path
MAX_BASE58_CHARS = 200  # base58 decoding is quadratic; the longest we need (P-384 Multikey) is 70, a P-384 proof 133
MAX_BITSTRING_BYTES = 8 * MIB  # 67 million entries; 1.4 MB of gzip inflates to 1 GiB
MIN_BITSTRING_ENTRIES = 131_072  # Bitstring Status List 1.0, 3.1: 16 KiB, for herd privacy
MAX_URL_CHARS = 2_048  # longer than any browser bar shows; hosts refuse more
MAX_DID_CHARS = 512
MIN_RSA_BITS = 2_048  # NIST SP 800-131A: less is no longer acceptable
MAX_RSA_BITS = 8_192  # verification time grows with the square of the size
MAX_JWS_CHARS = 1 * MIB  # the whole compact text, as a document of its own

CANONICALIZATION_SECONDS = 2.0  # an honest badge takes 5 ms
MAX_BLANK_NODES = 400  # the fullest example in the specification has under 60
MAX_NDEGREE_CALLS = 64  # Hash N-Degree Quads runs; an honest badge needs none or a few; a 7-clique needs 100,000s

FETCH_SECONDS = 3.0  # per request, connection to last byte
FETCH_TOTAL_SECONDS = 12.0  # everything one report may wait for
MAX_FETCH_BYTES = 1 * MIB
MAX_REDIRECTS = 2
MAX_RESOLVING = 64  # name look-ups under way at once; one of a silent name server lasts half a minute
MAX_CACHED_BYTES = 64 * MIB  # status lists and key documents a verifier's process keeps for a minute
MAX_CACHED_ADDRESSES = 4_096
MAX_BATCH_MEMBERS = 100  # badges in one request of a machine; each is verified like one of its own
MAX_BATCH_SECONDS = 40.0  # for one such request; who is not reached by then is told so
# Badges that a machine sends at once; each is held to DOCUMENT besides.
VERIFIER_BATCH = JsonLimits(max_bytes=8 * MIB, max_depth=34, max_values=MAX_BATCH_MEMBERS * 1_000)

MAX_TABLE_BYTES = 32 * MIB  # a class list: 200,000 rows of 160 bytes
MAX_TABLE_ROWS = 200_000
MAX_STREAM_BYTES = 512 * MIB  # a CSV on the command line, which is never whole in memory: 2,000,000 rows of 250 bytes
MAX_STREAM_ROWS = 2_000_000  # what is kept of each in memory is 30 bytes; the rest, a kilobyte, is on disk for a while
MAX_MACHINE_ROWS = 10_000  # through the API at once: they are checked within the request, some seconds
MAX_TABLE_COLUMNS = 200
MAX_CELL_CHARS = 2_000
MAX_TABLE_CELLS = 6_000_000  # rows x columns of a sheet, empty ones too: one stray cell at XFD1048576 makes 17 billion
MAX_RECORD_LINES = 50  # lines one CSV row may run over; more is a quotation mark that was never closed
MAX_XLSX_INFLATED = 128 * MIB  # a workbook's parts together; 200,000 rows of eleven columns take about 100 MiB
MAX_XLSX_PARTS = 2_000  # files in a workbook's zip; a plain one has a dozen
MAX_NAME_CHARS = 200  # a person's name; the longest on record in New Zealand are under 100
MAX_ROW_KEY_CHARS = 100

MAX_RECORD_BYTES = 64 * MIB  # one CSV file of register records, as large as the edition made of all of them may be
MAX_RECORD_ROWS = 1_000_000  # rights of every provider to every listing it ever had; a national register has 60,000
MAX_RECORD_CHARS = 20_000  # a purpose statement of several pages
MAX_RECORD_FAULTS = 1_000  # faults reported at once: a file of the wrong kind has one in every cell
MAX_SUCCESSION_PATHS = 1_000  # chains of successions that lead to one provider; New Zealand's longest history has a few
ENROLMENT_DAYS = 30  # how old a request to register a key may be when it is accepted
MAX_ENROLLED_KEYS = 16  # in one request; a provider has one for badges and one for status lists, and their successors

MAX_SEEN_AUTHORITIES = 16  # in one high-water file; a verifier believes one register, or a few
MAX_SEEN_EDITIONS = 1_000  # remembered of one authority: an edition a week for nineteen years
MAX_SEEN_LISTS = 20_000  # status lists remembered; each provider has one for every 100,000 badges or so
MAX_SEEN_STRANGERS = 4_096  # lists of issuers outside the register, remembered by one process and never written down
HIGH_WATER_LOCK_SECONDS = 10.0  # another process holds the file for milliseconds
MAX_REQUESTED_ANCHORS = 1_000  # in one request: a provider that anchors every day asks for three years at once
