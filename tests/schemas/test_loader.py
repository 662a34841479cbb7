import hashlib
from importlib import resources

import pytest

from schemas import vocabulary as v
from schemas.errors import UnpinnedContext
from schemas.loader import CURRENT, HISTORICAL, document_loader, held, historical_texts_for, load_context
from schemas.manifest import CONTEXTS, SCHEMAS


def test_every_pinned_file_has_its_digest_and_every_file_is_pinned() -> None:
    pinned = [*CONTEXTS, *SCHEMAS.values()]
    for entry in pinned:
        data = resources.files("schemas").joinpath(entry.file).read_bytes()
        assert hashlib.sha256(data).hexdigest() == entry.sha256, entry.file
    on_disk = {
        path.name
        for folder in ("contexts", "json")
        for path in resources.files("schemas").joinpath(folder).iterdir()
        if path.is_file()
    }
    assert on_disk <= {entry.file.split("/")[-1] for entry in pinned}


def test_no_pinned_context_uses_import() -> None:
    for entry in CONTEXTS:
        assert b'"@import"' not in entry.read()


def test_both_texts_of_a_context_are_held() -> None:
    old = next(texts for texts in HISTORICAL if set(texts.editions) == {v.OB3_CONTEXT})
    assert "endorsementJwt" in str(load_context(v.OB3_CONTEXT))
    assert "endorsementJwt" not in str(load_context(v.OB3_CONTEXT, texts=old))
    assert load_context(v.CREDENTIALS_V2) != load_context(v.CREDENTIALS_V2, texts=HISTORICAL[1])


def test_only_texts_that_matter_to_a_document_are_tried() -> None:
    assert historical_texts_for({"@context": [v.CREDENTIALS_V1, v.OB3 + "context-3.0.1.json"]}) == ()
    assert len(historical_texts_for({"@context": [v.CREDENTIALS_V2, v.OB3_CONTEXT]})) == 3


def test_a_loaded_context_is_a_copy() -> None:
    load_context(v.CREDENTIALS_V2)["@context"].clear()
    assert load_context(v.CREDENTIALS_V2)["@context"]


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://example.org/context", id="somebody's own"),
        pytest.param("http://www.w3.org/ns/credentials/v2", id="http for https"),
        pytest.param("https://www.w3.org/ns/credentials/v2/", id="a slash more"),
        pytest.param("https://www.w3.org/ns/credentials/v2#", id="a fragment"),
        pytest.param("file:///etc/passwd", id="a file"),
    ],
)
def test_any_other_url_is_refused_by_name(url: str) -> None:
    assert not held(url)
    with pytest.raises(UnpinnedContext) as refused:
        document_loader(CURRENT)(url, None)
    assert refused.value.extensions["url"] == url
