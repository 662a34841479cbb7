"""Writes the pictures of this folder: some sound, most broken, each named after what is wrong with it."""

import zlib
from pathlib import Path

HERE = Path(__file__).parent
JSON = '{"name":"Wharehuia Tāmaki 🐝"}'
OTHER = '{"name":"Somebody Else"}'
JWS = "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"
OB3 = "https://purl.imsglobal.org/ob/v3p0"

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, body: bytes, *, crc: int | None = None) -> bytes:
    checksum = zlib.crc32(kind + body) if crc is None else crc
    return len(body).to_bytes(4, "big") + kind + body + checksum.to_bytes(4, "big")


def itxt(text: bytes, *, keyword: bytes = b"openbadgecredential", middle: bytes = b"\0\0\0\0\0") -> bytes:
    return chunk(b"iTXt", keyword + middle + text)


IHDR = chunk(b"IHDR", (2).to_bytes(4, "big") * 2 + b"\x08\x00\x00\x00\x00")  # 2 x 2, 8-bit grey
PIXELS = zlib.compress(b"\0\x20\x40\0\x60\x80")
IDAT = chunk(b"IDAT", PIXELS)
IEND = chunk(b"IEND", b"")
BADGE = itxt(JSON.encode())
TIME = chunk(b"tIME", b"\x07\xea\x05\x03\x0c\0\0")


def png(*chunks: bytes) -> bytes:
    return SIGNATURE + b"".join(chunks)


PNG = {
    "plain": png(IHDR, IDAT, IEND),
    "good": png(IHDR, BADGE, IDAT, IEND),
    "good-badge-after-the-pixels": png(IHDR, IDAT, BADGE, IEND),
    "good-jws": png(IHDR, itxt(JWS.encode()), IDAT, IEND),
    "good-pixels-in-two-chunks": png(IHDR, BADGE, chunk(b"IDAT", PIXELS[:5]), chunk(b"IDAT", PIXELS[5:]), IEND),
    "good-with-unknown-ancillary-chunk": png(IHDR, TIME, BADGE, chunk(b"nzXx", b"anything"), IDAT, IEND),
    "good-with-other-text": png(IHDR, chunk(b"tEXt", b"Software\0pen"), BADGE, IDAT, IEND),
    "good-beside-an-open-badges-2-url": png(
        IHDR, itxt(b"https://old.example/badge", keyword=b"openbadges"), BADGE, IDAT, IEND
    ),
    "open-badges-2": png(IHDR, itxt(b"https://old.example/badge", keyword=b"openbadges"), IDAT, IEND),
    "learner-record": png(IHDR, itxt(JSON.encode(), keyword=b"clrcredential"), IDAT, IEND),
    "keyword-in-capitals": png(IHDR, itxt(JSON.encode(), keyword=b"OpenBadgeCredential"), IDAT, IEND),
    "two-badges": png(IHDR, BADGE, itxt(OTHER.encode()), IDAT, IEND),
    "the-same-badge-twice": png(IHDR, BADGE, IDAT, BADGE, IEND),
    "second-badge-in-a-tEXt-chunk": png(
        IHDR, BADGE, chunk(b"tEXt", b"openbadgecredential\0" + OTHER.encode()), IDAT, IEND
    ),
    "badge-in-a-tEXt-chunk": png(IHDR, chunk(b"tEXt", b"openbadgecredential\0" + JSON.encode()), IDAT, IEND),
    "badge-in-a-zTXt-chunk": png(
        IHDR, chunk(b"zTXt", b"openbadgecredential\0\0" + zlib.compress(JSON.encode())), IDAT, IEND
    ),
    "badge-compressed": png(IHDR, itxt(zlib.compress(JSON.encode()), middle=b"\0\1\0\0\0"), IDAT, IEND),
    "badge-compression-method-not-zero": png(IHDR, itxt(JSON.encode(), middle=b"\0\0\1\0\0"), IDAT, IEND),
    "badge-with-a-language": png(IHDR, itxt(JSON.encode(), middle=b"\0\0\0mi\0\0"), IDAT, IEND),
    "badge-with-a-translated-keyword": png(IHDR, itxt(JSON.encode(), middle=b"\0\0\0\0tohu\0"), IDAT, IEND),
    "badge-cut-short-after-its-keyword": png(IHDR, chunk(b"iTXt", b"openbadgecredential"), IDAT, IEND),
    "badge-cut-short-in-its-fields": png(IHDR, chunk(b"iTXt", b"openbadgecredential\0\0\0"), IDAT, IEND),
    "badge-not-utf-8": png(IHDR, itxt(b'{"name":"T\xe2maki"}'), IDAT, IEND),
    "badge-empty": png(IHDR, itxt(b""), IDAT, IEND),
    "badge-checksum-wrong": png(
        IHDR, chunk(b"iTXt", b"openbadgecredential\0\0\0\0\0" + JSON.encode(), crc=1), IDAT, IEND
    ),
    "pixel-checksum-wrong": png(IHDR, BADGE, chunk(b"IDAT", PIXELS, crc=1), IEND),
    "not-a-png": b"GIF89a" + bytes(20),
    "signature-mangled-by-a-text-transfer": png(IHDR, BADGE, IDAT, IEND).replace(b"\r\n", b"\n", 1),
    "signature-only": SIGNATURE,
    "cut-in-a-chunk-header": png(IHDR, BADGE)[:-40],
    "cut-before-the-end": png(IHDR, BADGE, IDAT),
    "chunk-length-beyond-the-file": png(IHDR) + b"\xff\xff\xff\xff" + b"iTXt" + BADGE[8:] + IDAT + IEND,
    "chunk-type-not-letters": png(IHDR, BADGE, chunk(b"i\0Xt", b""), IDAT, IEND),
    "no-header": png(BADGE, IDAT, IEND),
    "header-not-first": png(BADGE, IHDR, IDAT, IEND),
    "two-headers": png(IHDR, IHDR, BADGE, IDAT, IEND),
    "header-too-short": png(chunk(b"IHDR", bytes(12)), BADGE, IDAT, IEND),
    "header-without-width": png(chunk(b"IHDR", bytes(7) + b"\x02\x08\0\0\0\0"), BADGE, IDAT, IEND),
    "header-of-ten-thousand-million-pixels": png(
        chunk(b"IHDR", (100_000).to_bytes(4, "big") * 2 + b"\x08\x00\x00\x00\x00"), BADGE, IDAT, IEND
    ),
    "no-pixels": png(IHDR, BADGE, IEND),
    "pixels-not-together": png(IHDR, chunk(b"IDAT", PIXELS[:5]), BADGE, chunk(b"IDAT", PIXELS[5:]), IEND),
    "end-not-empty": png(IHDR, BADGE, IDAT, chunk(b"IEND", b"x")),
    "bytes-after-the-end": png(IHDR, BADGE, IDAT, IEND) + b"\0",
    "badge-after-the-end": png(IHDR, IDAT, IEND, BADGE),
    "another-png-after-the-end": png(IHDR, BADGE, IDAT, IEND) + png(IHDR, itxt(OTHER.encode()), IDAT, IEND),
    "unknown-critical-chunk": png(IHDR, BADGE, chunk(b"NZXX", b""), IDAT, IEND),
    "more-chunks-than-allowed": png(IHDR, BADGE, *[chunk(b"nzXx", b"")] * 10_000, IDAT, IEND),
}

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"'
NAMESPACE = f' xmlns:openbadges="{OB3}"'
CIRCLE = '<circle cx="4" cy="4" r="3"/>'
BODY = f"<openbadges:credential><![CDATA[{JSON}]]></openbadges:credential>"


def svg(inside: str, *, head: str = HEAD + NAMESPACE, before: str = "") -> bytes:
    return f"{before}{head}>{inside}</svg>\n".encode()


SVG = {
    "plain": svg(CIRCLE, head=HEAD),
    "good": svg(BODY + CIRCLE),
    "good-laid-out-as-in-the-specification": svg(
        f"\n  <openbadges:credential>\n    <![CDATA[\n      {JSON}\n    ]]>\n  </openbadges:credential>\n  {CIRCLE}\n"
    ),
    "good-jws": svg(f'<openbadges:credential verify="{JWS}"/>' + CIRCLE),
    "good-jws-in-an-open-and-a-closing-tag": svg(
        f'<openbadges:credential verify="{JWS}"> </openbadges:credential>' + CIRCLE
    ),
    "good-escaped-instead-of-cdata": svg(
        f"<openbadges:credential>{JSON.replace('T', '&#84;')}</openbadges:credential>" + CIRCLE
    ),
    "good-another-prefix": svg(BODY.replace("openbadges:", "ob:"), head=HEAD + f' xmlns:ob="{OB3}"'),
    "good-with-declaration-comment-and-byte-order-mark": svg(
        BODY, before='\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<!-- <svg> -->\n'
    ),
    "good-badge-after-the-shapes": svg(CIRCLE + BODY),
    "open-badges-2": svg(
        '<openbadges:assertion verify="https://old.example/badge"/>' + CIRCLE,
        head=HEAD + ' xmlns:openbadges="http://openbadges.org"',
    ),
    "learner-record": svg(CIRCLE, head=HEAD + ' xmlns:clr="https://purl.imsglobal.org/clr/v2p0"'),
    "two-badges": svg(BODY + BODY.replace("Wharehuia", "Somebody")),
    "two-badges-under-two-prefixes": svg(
        BODY + BODY.replace("openbadges:", "ob:"), head=HEAD + NAMESPACE + f' xmlns:ob="{OB3}"'
    ),
    "badge-in-verify-and-body": svg(f'<openbadges:credential verify="{JWS}">{JSON}</openbadges:credential>'),
    "badge-empty": svg("<openbadges:credential/>"),
    "badge-with-empty-verify": svg('<openbadges:credential verify=""/>'),
    "badge-of-white-space": svg("<openbadges:credential> \n </openbadges:credential>"),
    "badge-not-under-the-root": svg(f"<g>{BODY}</g>"),
    "badge-is-the-root": f'<openbadges:credential{NAMESPACE} verify="{JWS}"/>'.encode(),
    "badge-in-an-inner-svg": svg(f"{HEAD}>{BODY}</svg>"),
    "badge-with-elements-inside": svg("<openbadges:credential>{<b/>}</openbadges:credential>"),
    "badge-inside-a-badge": svg(f"<openbadges:credential>{BODY}</openbadges:credential>"),
    "badge-broken-by-a-comment": svg("<openbadges:credential>{<!-- -->}</openbadges:credential>"),
    "badge-broken-by-an-instruction": svg("<openbadges:credential>{<?x y?>}</openbadges:credential>"),
    "badge-in-the-wrong-namespace": svg(BODY, head=HEAD + ' xmlns:openbadges="https://purl.imsglobal.org/ob/v3p1"'),
    "not-an-svg": b"<html><body>badge</body></html>",
    "svg-without-its-namespace": f"<svg{NAMESPACE}>{BODY}</svg>".encode(),
    "empty": b"",
    "cut-short": svg(BODY)[:-8],
    "tags-crossed": svg("<g><a></g></a>"),
    "text-after-the-end": svg(BODY) + b"more",
    "not-utf-8": svg(BODY).replace("ā".encode(), b"\xe2"),
    "utf-16": svg(BODY).decode().encode("utf-16"),
    "declared-as-another-encoding": svg(BODY, before='<?xml version="1.0" encoding="ISO-8859-1"?>'),
    "doctype": svg(BODY, before='<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd">'),
    "entity-from-a-file": svg(
        "<openbadges:credential>&f;</openbadges:credential>",
        before='<!DOCTYPE svg [<!ENTITY f SYSTEM "file:///etc/hostname">]>',
    ),
    "entities-that-multiply": svg(
        "<openbadges:credential>&c;</openbadges:credential>",
        before="<!DOCTYPE svg [<!ENTITY a '1111111111'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;'>]>",
    ),
    "undefined-entity": svg("<openbadges:credential>&nbsp;</openbadges:credential>"),
    "nested-too-deep": svg("<g>" * 64 + "</g>" * 64 + BODY),
    "more-attributes-than-allowed": svg('<g a="" b="" c="" d="" e=""/>' * 1_000 + BODY),
    "more-elements-than-allowed": svg("<g/>" * 20_000 + BODY),
}

UNSAFE = {
    "script": "<script>alert(1)</script>",
    "script-in-capitals-of-xhtml": '<h:SCRIPT xmlns:h="http://www.w3.org/1999/xhtml"/>',
    "event-attribute": '<circle r="1" onload="alert(1)"/>',
    "foreign-object": "<foreignObject><p/></foreignObject>",
    "animated-link": '<set attributeName="href" to="javascript:alert(1)"/>',
    "link": '<a href="https://evil.example"/>',
    "image-from-elsewhere": '<image href="https://evil.example/track.png"/>',
    "image-from-elsewhere-by-xlink": (
        '<image xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="//evil.example/track.png"/>'
    ),
    "image-that-is-an-svg": '<image href="data:image/svg+xml;base64,PHN2Zy8+"/>',
    "shape-used-from-elsewhere": '<use href="https://evil.example/a.svg#b"/>',
    "fill-from-elsewhere": '<circle r="1" fill="url(https://evil.example/a.svg#b)"/>',
    "style-import": "<style>@import 'https://evil.example/a.css';</style>",
    "style-url": "<style>circle { fill: url( 'https://evil.example/a' ) }</style>",
    "style-escaped": "<style>circle { fill: \\75rl(https://evil.example/a) }</style>",
    "style-split-by-cdata": "<style>circle { fill: ur<![CDATA[l(https://evil.example/a)]]> }</style>",
    "style-attribute": '<circle r="1" style="background: image-set(\'https://evil.example/a\' 1x)"/>',
    "base": '<g xml:base="https://evil.example/"/>',
    "stylesheet-instruction": '<?xml-stylesheet href="https://evil.example/a.css"?>',
}
SVG |= {f"unsafe-{name}": svg(inside + CIRCLE, head=HEAD) for name, inside in UNSAFE.items()}
SVG["artwork-with-everything-harmless"] = svg(
    '<title>Tohu</title><defs><linearGradient id="a"><stop offset="0"/></linearGradient></defs>'
    "<style>.a { fill: url(#a); stroke: #fff }</style>"
    '<g class="a" inkscape:label="C:\\art" transform="rotate(3)"><path d="M0 0h8v8z" fill="url(#a)"/>'
    '<use xlink:href="#a"/><image href="data:image/png;base64,iVBORw0KGgo="/><text x="1" y="2">Kaupae 4</text></g>',
    head=HEAD + ' xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape"'
    ' xmlns:xlink="http://www.w3.org/1999/xlink"',
)
SVG["artwork-that-is-one-empty-tag"] = f"{HEAD}/>".encode()
SVG["artwork-with-the-prefix-taken"] = svg(CIRCLE, head=HEAD + ' xmlns:openbadges="http://openbadges.org"')

if __name__ == "__main__":
    for name, data in PNG.items():
        (HERE / f"{name}.png").write_bytes(data)
    for name, data in SVG.items():
        (HERE / f"{name}.svg").write_bytes(data)
