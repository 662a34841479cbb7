"""The desk in te reo Māori: what the core says of a list, of a row and of the register is said in te reo too."""

from __future__ import annotations

import io
import re

import pytest
from flask.testing import FlaskClient

from issuer.staff.accounts import Role
from schemas.nzqcf import format_nz_date
from tests.issuer.provider import NOW, REF
from tests.issuer.web.conftest import Staff, csrf_of

HEADER = "learner_name,nzqa_ref,achieved_on,learner_email"


@pytest.fixture
def desk(staff: Staff) -> FlaskClient:
    client = staff(Role.ISSUE, Role.READ)
    client.get("/desk?lang=mi")
    return client


def uploaded(client: FlaskClient, data: str) -> str:
    """The page that an upload leads to."""
    form = {"csrf_token": csrf_of(client.get("/desk/issue")), "list": (io.BytesIO(data.encode()), "class.csv")}
    return client.post("/desk/issue", data=form, content_type="multipart/form-data", follow_redirects=True).text


@pytest.mark.parametrize(
    ("row", "told"),
    [
        pytest.param(f"Ana Ngata,{REF},31/02/2026,", "“31/02/2026”: kāore tēnei rā i te maramataka.", id="a day"),
        pytest.param(f"Ana Ngata,{REF},2026-10-05,ana", "Ehara tēnei i te wāhitau īmēra", id="an address"),
        pytest.param(f",{REF},2026-10-05,", "Kei te ngaro te ingoa o te ākonga.", id="a name"),
        pytest.param(f"Ana Ngata,{REF},{NOW.year + 1}-10-05,", "kia tae mai; ko", id="a day to come"),
        pytest.param(
            f"Ana Ngata,{REF},2019-10-05,",
            "i whakarārangihia, i whakaaetia ai, i muri i te 5 Whiringa-ā-nuku 2019",
            id="what the register says",
        ),
        pytest.param(f"Ana Ngata,{REF},2026-10-05,", "Kāore he wāhitau īmēra: ka tāia", id="what to look at"),
    ],
)
def test_what_is_said_of_a_row_is_te_reo(desk: FlaskClient, row: str, told: str) -> None:
    page = uploaded(desk, f"{HEADER}\nMere Āwhina,{REF},2026-10-05,mere@learner.example\n{row}\n")
    assert '<html lang="mi">' in page
    assert told in page
    assert re.findall(r'<span lang="en">[^<]*', page) == []


@pytest.mark.parametrize(
    ("data", "told"),
    [
        pytest.param("%PDF-1.7", "he PDF, ehara i te rārangi akomanga", id="a PDF"),
        pytest.param(" ", "He kau a class.csv.", id="nothing"),
        pytest.param("PK\x03\x04 and no more", "Kua pakaru te pukamahi", id="a damaged workbook"),
        pytest.param(f"{HEADER}\nMere Ko\u0304wha\0,{REF},2026-10-05,\n", "He pū huna", id="a hidden character"),
    ],
)
def test_what_is_said_of_a_file_is_te_reo(desk: FlaskClient, data: str, told: str) -> None:
    page = uploaded(desk, data)
    assert told in page
    assert re.findall(r'<span lang="en">[^<]*', page) == []


def test_the_same_day_is_english_in_the_file_of_problems(desk: FlaskClient) -> None:
    page = uploaded(desk, f"{HEADER}\nAna Ngata,{REF},{NOW.year + 1}-10-05,\n")
    batch = re.search(r"/desk/issue/([0-9a-f]{32})", page)
    assert batch is not None
    rows = desk.get(f"/desk/issue/{batch[1]}/problems.csv").get_data(as_text=True)
    assert f"has not come yet; today is {format_nz_date(NOW.date())[:2]}" in rows
    assert "kia tae mai" not in rows
