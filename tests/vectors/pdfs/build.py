"""Writes the PDFs of this folder: a few sound, most hostile or broken, each named after what is wrong with it."""

import zlib
from pathlib import Path

HERE = Path(__file__).parent
JSON = b'{"type":["VerifiableCredential"],"name":"Wharehuia T\xc4\x81maki"}'
OTHER = b'{"type":["VerifiableCredential"],"name":"Somebody Else"}'
JWS = b"eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"
PAGES = {2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", 3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] >>"}


def stream(data: bytes, entries: bytes = b"/Type /EmbeddedFile /Filter /FlateDecode", *, raw: bool = False) -> bytes:
    body = data if raw else zlib.compress(data, 9)
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(body), body)


def filespec(number: int, name: bytes = b"badge.json") -> bytes:
    return b"<< /Type /Filespec /F (%s) /UF (%s) /AFRelationship /Source /EF << /F %d 0 R >> >>" % (name, name, number)


def pdf(objects: dict[int, bytes], *, trailer: bytes = b"") -> bytes:
    out, places = bytearray(b"%PDF-1.7\n"), {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start, size = len(out), max(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        out += b"%010d 00000 %c \n" % (places.get(number, 0), b"n" if number in places else b"f")
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, start)
    return bytes(out)


def carrying(*files: bytes, names: bytes = b"", catalog: bytes = b"", more: dict[int, bytes] | None = None) -> bytes:
    """A document with these streams attached, each under the name badge.json."""
    objects, listed = dict(PAGES), []
    for place, one in enumerate(files):
        number = 10 + 2 * place
        objects |= {number: filespec(number + 1), number + 1: one}
        listed.append(b"(badge%d.json) %d 0 R" % (place, number))
    names = names or b"<< /EmbeddedFiles << /Names [%s] >> >>" % b" ".join(listed)
    objects[1] = b"<< /Type /Catalog /Pages 2 0 R /Names %s %s >>" % (names, catalog)
    return pdf(dict(sorted((objects | (more or {})).items())))


SOUND = carrying(stream(JSON))
PDFS = {
    "good": SOUND,
    "good-jws": carrying(stream(JWS)),
    "good-not-compressed": carrying(stream(JSON, b"/Type /EmbeddedFile", raw=True)),
    "good-the-same-badge-twice": carrying(stream(JSON), stream(JSON)),
    "good-names-that-go-round-in-a-circle": carrying(
        stream(JSON), names=b"<< /EmbeddedFiles 8 0 R >>",
        more={8: b"<< /Kids [9 0 R] >>", 9: b"<< /Kids [8 0 R] /Names [(badge.json) 10 0 R] >>"},
    ),
    "no-badge": pdf({1: b"<< /Type /Catalog /Pages 2 0 R >>", **PAGES}),
    "no-badge-but-a-text-attached": carrying(stream(b"kia ora")).replace(b"badge.json", b"notes.text"),
    "several-badges": carrying(stream(JSON), stream(OTHER)),
    "encrypted": pdf(
        {1: b"<< /Type /Catalog /Pages 2 0 R >>", **PAGES,
         4: b"<< /Filter /Standard /V 1 /R 2 /P -4 /O (00000000000000000000000000000000) "
            b"/U (00000000000000000000000000000000) >>"},
        trailer=b"/Encrypt 4 0 R /ID [(0123456789abcdef) (0123456789abcdef)]",
    ),
    "active-javascript-on-opening": carrying(
        stream(JSON), catalog=b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"
    ),
    "active-javascript-in-the-names": carrying(
        stream(JSON), names=b"<< /JavaScript << /Names [(a) 8 0 R] >> >>",
        more={8: b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"},
    ),
    "active-launch": carrying(stream(JSON), catalog=b"/OpenAction << /S /Launch /F (cmd.exe) >>"),
    "many-attachments": carrying(*(stream(OTHER.replace(b"Else", b"%d" % one)) for one in range(17))),
    "nested": carrying(stream(JSON), catalog=b"/Deep " + b"[" * 60 + b"]" * 60),
    "damaged-by-nesting": carrying(stream(JSON), catalog=b"/Deep " + b"[" * 30_000 + b"]" * 30_000),
    "swells": carrying(stream(b"{" + b" " * 90_000_000)),
    "swells-to-two-mebibytes": carrying(stream(JSON[:-1] + b" " * 2_097_152 + b"}")),
    "damaged-attachment": carrying(stream(b"not deflated", raw=True)),
    "damaged-attachment-in-another-filter": carrying(
        stream(JSON.hex().encode(), b"/Type /EmbeddedFile /Filter /ASCIIHexDecode", raw=True)
    ),
    "damaged-cut-short": SOUND[: len(SOUND) // 2],
    "damaged-nothing-but-its-first-line": b"%PDF-1.7\n",
    "damaged-length-that-refers-to-itself": carrying(
        b"<< /Type /EmbeddedFile /Length 11 0 R >>\nstream\n{}\nendstream"
    ),
    "good-cross-reference-that-goes-round-in-a-circle": SOUND.replace(
        b"/Root 1 0 R  >>", b"/Root 1 0 R /Prev %d >>" % SOUND.rindex(b"xref\n0")
    ),
    "not-utf-8": carrying(stream(b'{"VerifiableCredential":"\xff"}')),
}  # fmt: skip


if __name__ == "__main__":
    for old in HERE.glob("*.pdf"):
        old.unlink()
    for name, data in PDFS.items():
        (HERE / f"{name}.pdf").write_bytes(data)
