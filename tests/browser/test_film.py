"""The whole film: an ugly spreadsheet becomes badges, a learner claims one on a phone, an employer checks the print."""

from __future__ import annotations

import email
import email.policy
import io
import json
import re
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pypdfium2
import zxingcpp
from PIL import Image, ImageFilter
from playwright.sync_api import expect

from tests.browser.conftest import BASE_URL, Town
from tests.browser.looking import EMAIL, arrive, axe_faults, follow, new_page, watch, width_fault
from tests.patience import PATIENCE, until

PASSWORD = "correct horse battery staple"
NSNS = ("0123456789", "987654321", "192837465")
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
DESKTOP = {"viewport": {"width": 1280, "height": 900}}


def ugly_csv() -> bytes:
    """As an older Excel saves it: Windows-1252, a zero eaten, a birth date nobody asked for, shared and missing mail."""
    rows = [
        "Class of spring;;;;;;",
        "Student Number;First name;Surname;D.O.B.;Course Code;Completed;E-mail",
        f"{NSNS[0]};Zoë;Brontë;1/02/2001;SEED-1;3/05/2026;zoe@learners.example",
        f"{NSNS[1]};Sam;Tester;1/02/2001;426;31/02/2026;sam.tester@learners.example",
        ";Ana;Whānau".encode().decode("ascii", "ignore") + ";1/02/2001;426;4/05/2026;family@learners.example",
        ";Tui;Whanau;1/02/2001;426;4/05/2026;family@learners.example",
        ";Ngaio;Paper;1/02/2001;426;5/05/2026;",
    ]
    return "\r\n".join(rows).encode("cp1252")


def ugly_workbook() -> bytes:
    """A merged header in two rows, dates as serials, macrons, a reference Excel made a number of."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Te Kura Whakaatu", None, None, None, None, None])
    sheet.append(["Learner", None, "Award", None, "Contact", "NSN"])
    sheet.append(["First name", "Last name", "NZQA ref", "Date achieved", "E-mail", None])
    sheet.merge_cells("A2:B2")
    sheet.merge_cells("C2:D2")
    sheet.append(["Māia", "Ngāti-Tūhoe", 426, 46145, "maia@learners.example", NSNS[2]])
    sheet.append(["Hōne", "Āwhina", 426, 46146, "hone@learners.example", None])
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


class Film:
    """The scenes as they are played, and everything public that was seen on the way."""

    def __init__(self, town: Town, browser: Any) -> None:
        self.town = town
        self.browser = browser
        self.transcript: list[str] = []
        self.faults: list[str] = []

    def scene(self, words: str) -> None:
        self.transcript.append(words)

    def page(self, look: dict[str, Any], **more: Any) -> Any:
        page = new_page(self.browser, **look, **more)
        self.faults.append(f"({len(self.faults)})")
        watched = watch(page)
        page.on("close", lambda _page: self.faults.extend(watched))
        return page

    def look(self, page: Any, what: str, *, width: int) -> None:
        """Every page the film shows is looked at as axe does, and must fit the screen."""
        wrong = axe_faults(page)
        assert not wrong, f"{what}: {wrong}"
        assert width_fault(page, width) is None, f"{what} {width_fault(page, width)}"

    def mails(self) -> list[Any]:
        return [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in sorted(self.town.mail.glob("*.eml"))
        ]


def test_from_an_ugly_spreadsheet_to_an_employer_on_site(town: Town, browser: Any, tmp_path: Path) -> None:
    film = Film(town, browser)
    desk = film.page(DESKTOP)
    sign_in(film, desk)
    first = issue_ugly_csv(film, desk, tmp_path)
    second = issue_workbook(film, desk, tmp_path)
    links = release_and_catch(film, desk, (first, second))
    a_scanner_opens_every_link(film, links)
    badge = claim_on_a_phone(film, links["maia@learners.example"])
    an_employer_scans_the_print(film, badge)
    a_name_is_corrected(film, desk, badge)
    nothing_private_is_public(film, badge, tmp_path)
    print("\n".join(["", *film.transcript]))


def sign_in(film: Film, desk: Any) -> None:
    town = film.town
    town.issuer("mail-settings", "--smtp-host", "127.0.0.1", "--smtp-port", town.smtp_port, "--security", "none",
                "--from", "badges@film.example")  # fmt: skip
    desk.goto(f"{town.origin}/desk")
    film.look(desk, "sign-in", width=1280)
    desk.get_by_label(re.compile("e-?mail", re.IGNORECASE)).fill("hine@film.example")
    desk.get_by_label("Password", exact=True).fill(town.accounts["hine@film.example"])
    follow(desk, desk.get_by_role("button", name="Sign in"))
    for box in desk.locator("input[type=password]").all():
        old = "current" in (box.get_attribute("autocomplete") or "")
        box.fill(town.accounts["hine@film.example"] if old else PASSWORD)
    follow(desk, desk.get_by_role("button", name="Change password"))
    arrive(desk, desk.get_by_role("heading", name=re.compile("Kia ora")))
    film.look(desk, "overview", width=1280)
    film.scene("Hine signs in with a one-time password and chooses her own.")


def issue_ugly_csv(film: Film, desk: Any, tmp_path: Path) -> str:
    path = tmp_path / "class of spring.csv"
    path.write_bytes(ugly_csv())
    desk.goto(f"{film.town.origin}/desk/issue")
    desk.set_input_files("input[type=file]", path)
    follow(desk, desk.get_by_role("button", name="Read the list"))
    arrive(desk, desk.get_by_role("heading", name="Letters with marks"))
    film.look(desk, "questions", width=1280)
    assert "Zoë" in desk.content()
    desk.get_by_label("Yes, read the file this way").check()
    follow(desk, desk.get_by_role("button", name="Go on"))
    code = desk.get_by_label("Micro-credential for SEED-1")
    arrive(desk, code)
    film.look(desk, "questions about codes", width=1280)
    code.select_option("0426")
    follow(desk, desk.get_by_role("button", name="Check the list"))
    arrive(desk, desk.get_by_role("heading", name="1 row needs fixing"))
    film.look(desk, "check", width=1280)
    assert "Row 4" in desk.content()
    for number in NSNS:
        assert number not in desk.content()
    desk.get_by_label("Completed").fill("28/02/2026")
    follow(desk, desk.get_by_role("button", name="Save and check again"))
    follow(desk, desk.get_by_role("link", name="Go on with 5 badges"))
    film.look(desk, "confirm", width=1280)
    follow(desk, desk.get_by_role("button", name="Issue 5 badges"))
    arrive(desk, desk.get_by_role("heading", name="5 badges were issued"))
    film.look(desk, "results", width=1280)
    film.scene("A Windows-1252 list: she confirms the letters, says what SEED-1 stands for, mends 31 February in place; "
               "426 has its zero again; 5 badges are issued.")  # fmt: skip
    return str(desk.url)


def issue_workbook(film: Film, desk: Any, tmp_path: Path) -> str:
    path = tmp_path / "autumn.xlsx"
    path.write_bytes(ugly_workbook())
    results = ""
    for turn in ("first", "again"):
        desk.goto(f"{film.town.origin}/desk/issue")
        desk.set_input_files("input[type=file]", path)
        follow(desk, desk.get_by_role("button", name="Read the list"))
        if desk.get_by_role("button", name="Check the list").count():
            follow(desk, desk.get_by_role("button", name="Check the list"))
        if turn == "again":
            arrive(desk, desk.get_by_text("Every learner in this list has the badge already."))
            break
        follow(desk, desk.get_by_role("link", name="Go on with 2 badges"))
        follow(desk, desk.get_by_role("button", name="Issue 2 badges"))
        arrive(desk, desk.get_by_role("heading", name="2 badges were issued"))
        results = str(desk.url)
    film.scene("A workbook with a merged header and serial dates: 2 badges; uploaded again: none.")
    return results


def release_and_catch(film: Film, desk: Any, batches: tuple[str, ...]) -> dict[str, str]:
    for url in batches:
        desk.goto(url)
        follow(desk, desk.get_by_role("button", name=re.compile("^Release")))
    wanted = {"zoe@learners.example", "sam.tester@learners.example", "maia@learners.example", "hone@learners.example"}
    until(lambda: {mail["To"] for mail in film.mails()} >= wanted, "the mail")
    assert {mail["To"] for mail in film.mails()} == wanted  # a shared and a missing address get slips instead
    links = {}
    for mail in film.mails():
        text = mail.get_body(("plain",)).get_content()
        found = re.search(rf"{re.escape(film.town.origin)}/claim/[a-z2-7]{{26}}", text)
        assert found, text
        links[mail["To"]] = found[0]
    desk.goto(batches[0])
    follow(desk, desk.get_by_role("link", name="Open the slips"))
    expect(desk.get_by_role("article")).to_have_count(3)
    film.look(desk, "slips", width=1280)
    film.scene("The mail is released: 4 letters are caught, each once; 3 slips are printed for those without an "
               "address of their own.")  # fmt: skip
    return links


def a_scanner_opens_every_link(film: Film, links: dict[str, str]) -> None:
    for link in links.values():
        for method in ("GET", "HEAD", "GET"):
            request = urllib.request.Request(link, method=method, headers={"User-Agent": "link scanner"})  # noqa: S310
            with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own loopback address
                assert answer.status == 200
    film.scene("A mail scanner opens every link, three times; nothing is claimed by it.")


def claim_on_a_phone(film: Film, link: str) -> dict[str, Any]:
    phone = film.page(PHONE, accept_downloads=True)
    phone.goto(link)
    film.look(phone, "claim page", width=360)
    expect(phone.get_by_role("button", name="Take my badge")).to_have_count(1)
    phone.goto(f"{link}?lang=mi")
    assert phone.locator("html").get_attribute("lang") == "mi"
    film.look(phone, "claim page in te reo Māori", width=360)
    phone.goto(f"{link}?lang=en")
    phone.get_by_label("Anyone who has the link").check()
    follow(phone, phone.get_by_role("button", name="Take my badge"))
    arrive(phone, phone.get_by_text("The badge is yours."))
    film.look(phone, "a learner's own page", width=360)
    follow(phone, phone.get_by_role("link", name="Open the page"))
    film.look(phone, "badge page", width=360)
    page_url = str(phone.url)
    phone.go_back()
    answer = phone.request.get(
        phone.get_by_role("link", name="Add to LinkedIn").evaluate("a => a.href"), max_redirects=0
    )
    leads = urlsplit(answer.headers["location"])
    fields = {name: values[0] for name, values in parse_qs(leads.query).items()}
    assert (leads.netloc, leads.path) == ("www.linkedin.com", "/profile/add")
    assert fields["startTask"] == "CERTIFICATION_NAME"
    assert (fields["issueYear"], fields["issueMonth"]) == ("2026", "5")
    assert fields["certUrl"].startswith((BASE_URL, film.town.origin))
    with phone.expect_download() as download:
        phone.get_by_role("link", name=re.compile("Certificate")).first.click()
    pdf = Path(download.value.path()).read_bytes()
    document = json.loads(
        phone.request.get(phone.get_by_role("link", name=re.compile("badge as a file")).evaluate("a => a.href")).body()
    )
    film.scene("Māia opens her link on a phone, in both languages, lets anyone with the link see the page, takes the "
               "badge, and gets a LinkedIn form filled in for May 2026.")  # fmt: skip
    return {"pdf": pdf, "document": document, "page": page_url, "link": link}


def an_employer_scans_the_print(film: Film, badge: dict[str, Any]) -> None:
    sheet = pypdfium2.PdfDocument(badge["pdf"])[0].render(scale=150 / 72).to_pil().convert("L")
    worn = sheet.filter(ImageFilter.GaussianBlur(1.2)).rotate(11, expand=True, fillcolor=255, resample=Image.BICUBIC)
    (code,) = zxingcpp.read_barcodes(worn)
    # A provider that takes seconds to answer leaves the verifier in doubt, and it says so: then it is asked again.
    until(lambda: verdicts(check(film, {"url": code.text})) == ["valid", "current", "valid"], "a good answer", every=1)
    employer = film.page(PHONE)

    def is_answered() -> bool:
        employer.goto(f"{film.town.verifier}/verify?badge={code.text}")
        return bool(employer.get_by_text("Accredited when awarded", exact=False).count())

    until(is_answered, "a good answer on the page", every=1)
    film.look(employer, "the verifier's answer", width=360)
    film.scene("The certificate is printed, blurred and turned; its QR code is read and answered: genuine, in force, "
               "accredited when awarded.")  # fmt: skip


def a_name_is_corrected(film: Film, desk: Any, badge: dict[str, Any]) -> None:
    short_id = badge["document"]["id"].rpartition("/")[2]
    desk.goto(f"{film.town.origin}/desk/badges/{short_id}/correct")
    desk.get_by_label("Name", exact=False).first.fill("Māia Ngāti-Tūhoe Rangi")
    film.look(desk, "correct", width=1280)
    follow(desk, desk.get_by_role("button", name="See what would change"))
    film.look(desk, "before and after", width=1280)
    follow(desk, desk.get_by_role("button", name="Correct and sign again"))
    until(lambda: verdicts(check(film, {"credential": badge["document"]}))[:2] == ["valid", "replaced"],
          "the old copy is told as replaced", every=1)  # fmt: skip
    film.scene("The first phone call: the name is corrected; the old copy is told as replaced by a newer one.")


def nothing_private_is_public(film: Film, badge: dict[str, Any], tmp_path: Path) -> None:
    town = film.town
    town.issuer("publish", tmp_path / "site")
    public = [path.read_bytes() for path in (tmp_path / "site").rglob("*") if path.is_file()]
    names = [str(path.relative_to(tmp_path)) for path in (tmp_path / "site").rglob("*")]
    for suffix in ("", "/mi", ".json", ".png", ".svg", ".pdf"):
        with urllib.request.urlopen(badge["page"].split("?")[0].removesuffix("/mi") + suffix) as answer:  # noqa: S310
            public.append(answer.read())
    for data in public:
        for number in NSNS:
            assert number.encode() not in data
        assert b"learners.example" not in data
    assert not [name for name in names if EMAIL.search(name) or any(number in name for number in NSNS)]
    film.scene("Every public byte is searched: no student number, no e-mail address.")


def verdicts(report: dict[str, Any]) -> list[str]:
    return [report[question]["verdict"] for question in ("genuine", "current", "accredited")]


def check(film: Film, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        f"{film.town.verifier}/verify", data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
        report: dict[str, Any] = json.load(answer)
    return report
