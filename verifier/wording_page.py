"""The words of the verifier's pages that are nobody's finding, English and te reo Māori side by side.

The Māori drafts await a te reo speaker's review, and the pages say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from verifier.words import Sentence, say

PAGE: Final[Mapping[str, Sentence]] = MappingProxyType(
    {
        # --- every page -------------------------------------------------------------------------------------------
        "site": Sentence("Badge check", "Arowhai tohu"),
        "skip": Sentence("Skip to the content", "Peke atu ki te tikanga"),
        "language": Sentence("Language", "Reo"),
        "draft": Sentence(
            "", "He tauira noa te reo Māori o ēnei whārangi: kāore anō kia arotakengia e tētahi mātanga reo."
        ),
        "development": Sentence("A development machine.", "He pūrere whanaketanga."),
        "development_more": Sentence(
            "Addresses on this machine are trusted here. Do not use it for real decisions.",
            "E whakaponotia ana ngā wāhitau o tēnei pūrere. Kaua e whakamahia mō ngā whakatau tūturu.",
        ),
        "demonstration": Sentence("Demonstration.", "He whakaaturanga."),
        "demonstration_more": Sentence(
            "The register, its providers and learners are invented.",
            "He tito noa te rēhita, ōna kaiwhakarato me ōna ākonga.",
        ),
        "register_line": Sentence(
            "Accreditation is answered by the register of {authority}, edition {edition}, as at {as_at}. That is not "
            "NZQA.",
            "Mā te rēhita a {authority} e whakautu mō te whakamana: putanga {edition}, i te {as_at}. Ehara tēnā i a "
            "NZQA.",
        ),
        "no_register": Sentence(
            "No register is in use here, so accreditation cannot be established.",
            "Kāore he rēhita e whakamahia ana i konei, nō reira kāore e taea te whakatau i te whakamana.",
        ),
        "statements": Sentence(
            "No edition of a register is in use here. Accreditation is answered by the statements of {authority} that "
            "badges carry. That is not NZQA.",
            "Kāore he putanga rēhita e whakamahia ana i konei. Mā ngā kōrero a {authority} kei roto i ngā tohu e "
            "whakautu mō te whakamana. Ehara tēnā i a NZQA.",
        ),
        "nothing_kept": Sentence(
            "No badge, address or name is kept. Not a page of NZQA or of the New Zealand Government.",
            "Kāore he tohu, he wāhitau, he ingoa rānei e puritia ana. Ehara tēnei i te whārangi a NZQA, a te "
            "Kāwanatanga o Aotearoa rānei.",
        ),
        # --- the ways in ------------------------------------------------------------------------------------------
        "home_title": Sentence("Check a badge", "Arowhaihia tētahi tohu"),
        "home_lead": Sentence(
            "Is it genuine? Is it in force? Was the provider accredited for it on the day? Three questions, three "
            "answers.",
            "He tūturu? E mana ana? I whai mana te kaiwhakarato i taua rā? E toru ngā pātai, e toru ngā whakautu.",
        ),
        "error": Sentence("Error", "Hapa"),
        "problem": Sentence("There is a problem", "He raruraru"),
        "scan": Sentence("Scan a QR code", "Matawaihia he waehere QR"),
        "scan_stop": Sentence("Stop the camera", "Whakatūria te kāmera"),
        "scan_hint": Sentence("Hold the code in front of the camera.", "Puritia te waehere i mua i te kāmera."),
        "scan_no_camera": Sentence(
            "The camera could not be used. Use your phone's own camera, or paste the link below.",
            "Kāore i taea te kāmera. Whakamahia te kāmera o tō waea, tāpirihia rānei te hononga ki raro.",
        ),
        "scan_other": Sentence(
            "That code holds no link. What it holds stands in the box below.",
            "Kāore he hononga i taua waehere. Kei te pouaka i raro ngā kupu kei roto.",
        ),
        "scan_picture": Sentence(
            "That picture carries no badge, but a code in it was read: its link stands in the box below.",
            "Kāore he tohu i taua pikitia, engari i pānuihia he waehere: kei te pouaka i raro tōna hononga.",
        ),
        "scan_with_phone": Sentence(
            "Your phone's own camera reads the code too: it opens the badge's page, which leads back to a check.",
            "Ka taea anō e te kāmera o tō waea te waehere: ka tuwhera te whārangi o te tohu.",
        ),
        "file_label": Sentence("Badge files", "Kōnae tohu"),
        "file_hint": Sentence(
            "PDF certificate, PNG, SVG, JSON or JWT; up to {limit} at once, each up to 5 MiB",
            "Tiwhikete PDF, PNG, SVG, JSON, JWT rānei; kia {limit} i te wā kotahi, kia 5 MiB te nui o ia kōnae",
        ),
        "drop": Sentence("Or drop files here", "Tukuna rānei ngā kōnae ki konei"),
        "text_label": Sentence("Or a link, or the badge itself, pasted", "He hononga rānei, te tohu tonu rānei"),
        "text_hint": Sentence(
            "A link, or a certificate's code with the address before it (badges.example.nz/s/7K3Q X9RZ 2M4T 01AB), "
            "JSON or JWT. Several links: one a line.",
            "He hononga, te waehere rānei o te tiwhikete me tōna wāhitau i mua (badges.example.nz/s/7K3Q X9RZ 2M4T "
            "01AB), JSON, JWT rānei. Ki te maha ngā hononga: kia kotahi i ia rārangi.",
        ),
        "check": Sentence("Check", "Arowhai"),
        "check_csv": Sentence("Check, and save a table (CSV)", "Arowhai, ka tiki i te ripanga (CSV)"),
        "address_tip": Sentence(
            "Anybody can print a QR code. Look at the address of the page it opens, or scan it from here: this page "
            "says where the code pointed, and asks a register of its own.",
            "Ka taea e te tangata noa te tā waehere QR. Tirohia te wāhitau o te whārangi ka tuwhera, matawaihia rānei "
            "mai i konei: ka whakaaturia te wāhi i tohua ai, ā, he rēhita anō tā tēnei whārangi.",
        ),
        # --- the answer -------------------------------------------------------------------------------------------
        "presented": Sentence(
            "This was inside a presentation. Who presented it was not checked.",
            "I roto tēnei i tētahi whakaaturanga tohu. Kāore i arowhaihia ko wai i whakaatu.",
        ),
        "this_badge": Sentence("This badge", "Tēnei tohu"),
        "what_it_says": Sentence("What it says", "Ngā kōrero o te tohu"),
        "learner": Sentence("Learner", "Ākonga"),
        "no_name": Sentence(
            "No name in the badge; ask its holder", "Kāore he ingoa i te tohu; pātai ki tōna kaipupuri"
        ),
        "title": Sentence("Badge", "Tohu"),
        "provider": Sentence("Provider, by the register", "Kaiwhakarato, e ai ki te rēhita"),
        "provider_number": Sentence("Provider number, by the register", "Tau kaiwhakarato, e ai ki te rēhita"),
        "provider_claimed": Sentence("Issuer, by its own word", "Kaituku, e ai ki a ia anō"),
        "not_in_register": Sentence("{name} (not in the register)", "{name} (kāore i te rēhita)"),
        "no_register_asked": Sentence("{name} (no register was asked)", "{name} (kāore i pātaia he rēhita)"),
        "ref": Sentence("NZQA reference", "Tohutoro NZQA"),
        "level": Sentence("Level", "Kaupae"),
        "credits": Sentence("Credits", "Whiwhinga"),
        "awarded_on": Sentence("Awarded on", "Rā whakawhiwhinga"),
        "signed_on": Sentence("Signed on", "Rā haina"),
        "expires": Sentence("Expires", "Rā mutunga"),
        "no_expiry": Sentence("It has no expiry date", "Kāore ōna rā mutunga"),
        "not_proved": Sentence("What this does not prove", "Ngā mea kāore tēnei e whakamātau"),
        "not_person": Sentence(
            "That the person in front of you is the person named. Compare it with a photo identification; names may "
            "differ from it.",
            "Ko te tangata kei mua i a koe te tangata kua whakaingoatia. Whakatauritea ki tētahi tuakiri whai "
            "whakaahua; tērā pea ka rerekē ngā ingoa.",
        ),
        "not_licence": Sentence(
            "That this is a licence or a qualification. A badge like this is neither.",
            "He raihana, he tohu mātauranga rānei tēnei. Ehara te tohu pēnei i ēnā.",
        ),
        "not_credit": Sentence(
            "That credit will be given for it elsewhere.", "Ka whakawhiwhia he whiwhinga mō tēnei ki wāhi kē."
        ),
        "where": Sentence("Where this came from", "Nō hea tēnei"),
        "link_pointed": Sentence("The link pointed to", "I tohu te hononga ki"),
        "link_written": Sentence("written {punycode}", "ko {punycode} te tuhinga"),
        "link_chosen": Sentence(
            "Whoever made the link chose that address. This page did not take its word for anything.",
            "Nā te kaihanga o te hononga taua wāhitau i kōwhiri. Kāore tēnei whārangi i whakapono noa ki tāna.",
        ),
        "given_file": Sentence(
            "A file or text was given; no link was followed.", "He kōnae, he tuhinga rānei i tukuna."
        ),
        "others": Sentence(
            "You need not take our word either. Other people's verifiers read the badge's file (JSON):",
            "Kāore he take kia whakapono koe ki a mātou anake. Ka pānui anō ngā arowhai a ētahi atu i te kōnae JSON:",
        ),
        "others_note": Sentence(
            "They are not ours, and they do not ask this register.",
            "Ehara i a mātou, ā, kāore rātou e pātai ki tēnei rēhita.",
        ),
        "own_address": Sentence("The badge's own address", "Te wāhitau ake o te tohu"),
        "json_copy": Sentence("This answer for a machine (JSON)", "Tēnei whakautu mō te pūrere (JSON)"),
        "recipient_title": Sentence("Was it issued to this e-mail address?", "I tukuna ki tēnei wāhitau īmēra?"),
        "recipient_hint": Sentence(
            "The badge holds an address in a hidden form. What you type is compared and forgotten.",
            "Kei te tohu tētahi wāhitau huna. Ka whakatauritea tāu, kātahi ka wareware.",
        ),
        "recipient_label": Sentence("E-mail address", "Wāhitau īmēra"),
        "recipient_button": Sentence("Compare", "Whakataurite"),
        "checked": Sentence("What was checked", "He aha i arowhaihia"),
        "looked_up": Sentence("Looked up", "I tirohia"),
        "nothing_looked_up": Sentence("Nothing had to be looked up.", "Kāore he mea i tirohia."),
        "reproduce": Sentence(
            "For the file: what reproduces this report", "Mō te kōnae: mā ēnei ka puta anō tēnei pūrongo"
        ),
        "reproduce_lead": Sentence(
            "The same badge, edition and lists at the same moment give the same report digest.",
            "Mā te tohu, te putanga me ngā rārangi ōrite i te wā kotahi ka puta te tapeke ōrite.",
        ),
        "report_digest": Sentence("Report digest (SHA-256)", "Tapeke o te pūrongo (SHA-256)"),
        "badge_digest": Sentence("What was given (SHA-256)", "Te mea i tukuna mai (SHA-256)"),
        "register_digest": Sentence("Register edition {edition} (SHA-256)", "Putanga {edition} o te rēhita (SHA-256)"),
        "software": Sentence("Verifier's version", "Putanga o te arowhai"),
        "moment": Sentence("Moment asked about", "Te wā i pātaia"),
        "checked_at": Sentence(
            "Checked at {moment}, by the verifier at {host}.", "I arowhaihia i te {moment}, e te arowhai kei {host}."
        ),
        "as_of": Sentence("Status lists as at {moment}", "Ngā rārangi tūnga i te {moment}"),
        "by_register": Sentence(
            "By the register of {authority}, edition {edition}, as at {as_at}. That is not NZQA.",
            "E ai ki te rēhita a {authority}, putanga {edition}, i te {as_at}. Ehara tēnā i a NZQA.",
        ),
        "again": Sentence("Check again", "Arowhai anō"),
        "check_newer": Sentence("Check the newer version", "Arowhaihia te putanga hou"),
        "try_again": Sentence("Try again", "Ngana anō"),
        "another": Sentence("Check another badge", "Arowhaihia tētahi atu tohu"),
        "print": Sentence("Printable report", "Pūrongo hei tā"),
        # --- several at once ----------------------------------------------------------------------------------------
        "several_title": Sentence("{good} of {count} badges are good", "E {good} o ngā tohu e {count} e pai ana"),
        "several_lead": Sentence(
            "Good is genuine, in force, and accredited or not claiming to be.",
            "He pai mēnā he tūturu, e mana ana, ā, i whai mana, kāore rānei i kī i whai mana.",
        ),
        "several_table": Sentence("The badges that were checked", "Ngā tohu i arowhaihia"),
        "several_answer": Sentence("Answer", "Whakautu"),
        "several_csv": Sentence("Save this table (CSV)", "Tīkina tēnei ripanga (CSV)"),
        "open_answer": Sentence("the whole answer", "te whakautu katoa"),
        # --- what could not be done -------------------------------------------------------------------------------
        "no_page": Sentence("There is no such page.", "Kāore he whārangi pēnā."),
        "too_large": Sentence(
            "That is too large: a badge file has at most 5 MiB.", "He nui rawa: kia 5 MiB te rahi rawa o te kōnae tohu."
        ),
        "too_many": Sentence(
            "That is too many at once: give at most {limit}.", "He maha rawa: kia {limit} i te wā kotahi."
        ),
        "too_often": Sentence(
            "That was too often. Wait a minute and try again.", "He auau rawa. Tatari mō te meneti, ka ngana anō."
        ),
        "not_done": Sentence("That could not be done.", "Kāore i taea."),
        "choose": Sentence(
            "Choose a file, or paste a badge or its address.",
            "Kōwhiria he kōnae, tāpirihia rānei he tohu, he wāhitau rānei.",
        ),
        "no_address": Sentence(
            "Give the badge's address; it starts with https://",
            "Homai te wāhitau o te tohu; ka tīmata ki https://",
        ),
        "code_alone": Sentence(
            "A certificate's code is looked up at its provider: type the address that stands before it as well, like "
            "badges.example.nz/s/7K3Q X9RZ 2M4T 01AB.",
            "Ka rapua te waehere o te tiwhikete i tōna kaiwhakarato: patohia hoki te wāhitau i mua, pēnei i te "
            "badges.example.nz/s/7K3Q X9RZ 2M4T 01AB.",
        ),
    }
)


def page_words(key: str, language: str, **facts: Any) -> str:
    """The words under that key. Raises KeyError."""
    return say(PAGE[key], facts, language)
