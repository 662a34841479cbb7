"""What an answer page says first: a heading for each state, a word for each verdict, a name for each check."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from verifier.report import CheckId, Outcome, Question
from verifier.words import Sentence


class State(StrEnum):
    """How a badge stands, as one would say it in passing; the three answers stand below it, each by itself."""

    GOOD = "good"
    EXPIRED = "expired"
    NOT_YET = "not-yet"
    UNKNOWN_ISSUER = "unknown-issuer"
    NOT_ACCREDITED = "not-accredited"
    STRANGER = "stranger"
    WITHDRAWN = "withdrawn"
    SUSPENDED = "suspended"
    REPLACED = "replaced"
    ALTERED = "altered"
    MALFORMED = "malformed"
    NO_BADGE = "no-badge"
    NOT_CHECKED = "not-checked"
    CURRENT_OPEN = "current-open"
    ACCREDITATION_OPEN = "accreditation-open"


HEADINGS: Final[Mapping[State, Sentence]] = MappingProxyType(
    {
        State.GOOD: Sentence("This credential is genuine and current", "He tūturu tēnei tohu, ā, e mana ana"),
        State.EXPIRED: Sentence("Genuine, but it expired on {day}", "He tūturu, engari i pau te wā i te {day}"),
        State.NOT_YET: Sentence("Genuine, but it only begins on {day}", "He tūturu, engari ka tīmata i te {day}"),
        State.UNKNOWN_ISSUER: Sentence(
            "Signed, but we do not know this issuer", "Kua hainatia, engari kāore mātou e mōhio ki tēnei kaituku"
        ),
        State.NOT_ACCREDITED: Sentence(
            "Genuine, but not accredited as it claims", "He tūturu, engari kāore i whai mana pēnei i tāna e kī nei"
        ),
        State.STRANGER: Sentence(
            "Signed, but not by a provider in the register",
            "Kua hainatia, engari ehara nā tētahi kaiwhakarato o te rēhita",
        ),
        State.WITHDRAWN: Sentence("The issuer has withdrawn this credential", "Kua tangohia tēnei tohu e tōna kaituku"),
        State.SUSPENDED: Sentence(
            "The issuer has put this credential on hold", "Kua whakatārewatia tēnei tohu e tōna kaituku"
        ),
        State.REPLACED: Sentence(
            "An old copy: the issuer has replaced it", "He tārua tawhito: kua whakakapia e tōna kaituku"
        ),
        State.ALTERED: Sentence(
            "Do not rely on this credential: it has been changed or was not signed by the named issuer",
            "Kaua e whirinaki ki tēnei tohu: kua whakarerekētia, kāore rānei i hainatia e te kaituku kua whakaingoatia",
        ),
        State.MALFORMED: Sentence(
            "Do not rely on this credential: it is damaged, or not made as a badge must be",
            "Kaua e whirinaki ki tēnei tohu: kua pakaru, kāore rānei i hangaia kia rite ki te tohu",
        ),
        State.NO_BADGE: Sentence(
            "There is no badge in this, so nothing was checked", "Kāore he tohu kei konei, nō reira kāore i arowhaihia"
        ),
        State.NOT_CHECKED: Sentence(
            "We could not finish checking. This does not mean it is false.",
            "Kāore i oti te arowhai. Ehara tēnei i te kī he teka.",
        ),
        State.CURRENT_OPEN: Sentence(
            "Genuine, but we could not find out whether it is still in force",
            "He tūturu, engari kāore i taea te kite mēnā e mana tonu ana",
        ),
        State.ACCREDITATION_OPEN: Sentence(
            "Genuine and current. Whether it was accredited could not be checked",
            "He tūturu, e mana ana. Kāore i taea te arowhai i te whakamana",
        ),
    }
)
# Added under the heading where the heading alone could be taken for more than it says.
MEANING: Final[Mapping[State, Sentence]] = MappingProxyType(
    {
        State.NO_BADGE: Sentence(
            "This does not mean that the award is false: pictures and papers lose the badge inside them on the way.",
            "Ehara tēnei i te kī he teka te whakawhiwhinga: ka ngaro te tohu i ngā pikitia me ngā pepa i te huarahi.",
        ),
        State.CURRENT_OPEN: Sentence(
            "This does not mean that it has been withdrawn.", "Ehara tēnei i te kī kua tangohia."
        ),
        State.ACCREDITATION_OPEN: Sentence(
            "This does not mean that it was not accredited.", "Ehara tēnei i te kī kāore i whai mana."
        ),
        State.ALTERED: Sentence(
            "What it claims is not shown, because nobody stands behind it.",
            "Kāore e whakaaturia ōna kerēme, nā te mea kāore he tangata hei tautoko.",
        ),
        State.MALFORMED: Sentence(
            "What it claims is not shown, because nobody stands behind it.",
            "Kāore e whakaaturia ōna kerēme, nā te mea kāore he tangata hei tautoko.",
        ),
    }
)

KINDS: Final[Mapping[State, str]] = MappingProxyType(
    {
        State.GOOD: "good",
        **dict.fromkeys((State.EXPIRED, State.NOT_YET, State.UNKNOWN_ISSUER), "warn"),
        **dict.fromkeys((State.SUSPENDED, State.REPLACED), "warn"),
        **dict.fromkeys((State.NOT_ACCREDITED, State.STRANGER, State.WITHDRAWN), "stop"),
        **dict.fromkeys((State.ALTERED, State.MALFORMED), "stop"),
        **dict.fromkeys((State.NO_BADGE, State.NOT_CHECKED, State.CURRENT_OPEN, State.ACCREDITATION_OPEN), "unknown"),
    }
)

_COULD_NOT: Final = Sentence("Could not check", "Kāore i taea te arowhai")
_NOT_ASKED: Final = Sentence("Not asked", "Kāore i pātaia")
# (question, verdict) -> the word, and good, warn, stop or unknown: which colour and which sign.
VERDICTS: Final[Mapping[tuple[Question, str], tuple[Sentence, str]]] = MappingProxyType(
    {
        (Question.GENUINE, "valid"): (Sentence("Genuine", "He tūturu"), "good"),
        (Question.GENUINE, "invalid"): (Sentence("Do not rely on it", "Kaua e whirinaki"), "stop"),
        (Question.GENUINE, "no-badge"): (Sentence("Nothing to check", "Kāore he mea hei arowhai"), "none"),
        (Question.GENUINE, "unconfirmed"): (_COULD_NOT, "unknown"),
        (Question.CURRENT, "current"): (Sentence("In force", "E mana ana"), "good"),
        (Question.CURRENT, "expired"): (Sentence("Expired", "Kua pau te wā"), "warn"),
        (Question.CURRENT, "not-yet-valid"): (Sentence("Not yet in force", "Kāore anō kia mana"), "warn"),
        (Question.CURRENT, "withdrawn"): (Sentence("Withdrawn", "Kua tangohia"), "stop"),
        (Question.CURRENT, "suspended"): (Sentence("On hold", "Kua whakatārewatia"), "warn"),
        (Question.CURRENT, "replaced"): (Sentence("Replaced by a newer one", "Kua whakakapia"), "warn"),
        (Question.CURRENT, "unconfirmed"): (_COULD_NOT, "unknown"),
        (Question.CURRENT, "not-applicable"): (_NOT_ASKED, "none"),
        (Question.ACCREDITED, "valid"): (
            Sentence("Accredited when awarded", "I whai mana i te whakawhiwhinga"),
            "good",
        ),
        (Question.ACCREDITED, "invalid"): (Sentence("Not accredited for it", "Kāore i whai mana"), "stop"),
        (Question.ACCREDITED, "unconfirmed"): (_COULD_NOT, "unknown"),
        (Question.ACCREDITED, "not-applicable"): (_NOT_ASKED, "none"),
        (Question.ACCREDITED, "no-claim"): (Sentence("Not claimed", "Kāore i kīia"), "none"),
    }
)
QUESTIONS: Final[Mapping[Question, Sentence]] = MappingProxyType(
    {
        Question.GENUINE: Sentence("Is it genuine?", "He tūturu?"),
        Question.CURRENT: Sentence("Is it in force?", "E mana ana?"),
        Question.ACCREDITED: Sentence("Was it accredited?", "I whai mana te kaiwhakarato?"),
    }
)
OUTCOMES: Final[Mapping[Outcome, Sentence]] = MappingProxyType(
    {
        Outcome.PASSED: Sentence("Passed", "I tutuki"),
        Outcome.FAILED: Sentence("Failed", "Kāore i tutuki"),
        Outcome.UNKNOWN: Sentence("Could not check", "Kāore i taea"),
        Outcome.SKIPPED: Sentence("Not needed", "Kāore i hiahiatia"),
    }
)
CHECK_NAMES: Final[Mapping[CheckId, Sentence]] = MappingProxyType(
    {
        CheckId.INTAKE: Sentence("One badge could be read", "I taea te pānui te tohu kotahi"),
        CheckId.CONFORMS: Sentence("Laid out as Open Badges 3.0", "E ū ana ki te Open Badges 3.0"),
        CheckId.LOSSLESS: Sentence("Nothing left unsigned", "Kāore he wāhanga kāore i hainatia"),
        CheckId.PROOF: Sentence("Unchanged since it was signed", "Kāore i whakarerekētia mai i te hainatanga"),
        CheckId.IDENTITY: Sentence("Signed by the issuer it names", "Nā te kaituku kua whakaingoatia i haina"),
        CheckId.DATES: Sentence("Dates", "Ngā rā"),
        CheckId.REVOCATION: Sentence("Not withdrawn", "Kāore i tangohia"),
        CheckId.SUSPENSION: Sentence("Not on hold", "Kāore i whakatārewatia"),
        CheckId.LINEAGE: Sentence("The newest version", "Te putanga hou rawa"),
        CheckId.BOUND: Sentence("The issuer is in the register", "Kei te rēhita te kaituku"),
        CheckId.LISTING: Sentence("The micro-credential was listed", "I rārangitia te tohu moroiti"),
        CheckId.PROVIDER: Sentence("The provider was registered", "I rēhitatia te kaiwhakarato"),
        CheckId.RIGHT: Sentence("The provider might award it", "I whai mana te kaiwhakarato ki te tuku"),
        CheckId.MATCH: Sentence("Level and credits are the register's", "Nō te rēhita te kaupae me ngā whiwhinga"),
        CheckId.RECIPIENT: Sentence("Whose badge it is", "Nō wai te tohu"),
        CheckId.ENDORSEMENTS: Sentence("Endorsements inside it", "Ngā tautoko kei roto"),
    }
)
# What stands in a check's evidence, for people: member -> label. A member that has none is for machines only.
EVIDENCE: Final[Mapping[str, Sentence]] = MappingProxyType(
    {
        "compared_with": Sentence("Compared with", "I whakatauritea ki"),
        "method": Sentence("By", "Mā"),
        "cryptosuite": Sentence("Kind of signature", "Momo hainatanga"),
        "verification_method": Sentence("Key", "Kī"),
        "key_source": Sentence("Key taken from", "I tīkina te kī i"),
        "signed_at": Sentence("Signed", "I hainatia"),
        "issuer": Sentence("Issuer", "Kaituku"),
        "controller": Sentence("Whose key", "Nā wai te kī"),
        "list": Sentence("List", "Rārangi"),
        "list_valid_from": Sentence("List dated", "Rā o te rārangi"),
        "retrieved_at": Sentence("Retrieved", "I tīkina"),
        "address": Sentence("Address", "Wāhitau"),
        "newer_valid_from": Sentence("Newer version signed", "I hainatia te putanga hou"),
        "valid_from": Sentence("From", "Mai i"),
        "valid_until": Sentence("Until", "Tae noa ki"),
        "on": Sentence("Day asked about", "Te rā i pātaia"),
        "signed_on": Sentence("Signing day", "Rā haina"),
        "moe_number": Sentence("Provider number", "Tau kaiwhakarato"),
        "claimed_numbers": Sentence("Number the badge claims", "Te tau e kī ana te tohu"),
        "provider_name": Sentence("Provider", "Kaiwhakarato"),
        "registered_from": Sentence("Registered from", "I rēhitatia mai i"),
        "registered_to": Sentence("Registered to", "I rēhitatia tae noa ki"),
        "ref": Sentence("NZQA reference", "Tohutoro NZQA"),
        "basis": Sentence("Right by", "Mana nā"),
        "granted_on": Sentence("Granted on", "I whakaaetia i"),
        "last_delivered_on": Sentence("Last delivered on", "Te whakaakoranga whakamutunga"),
        "ended_on": Sentence("Ended on", "I mutu i"),
        "listed_from": Sentence("Listed from", "I rārangitia mai i"),
        "level": Sentence("Level", "Kaupae"),
        "credits": Sentence("Credits", "Whiwhinga"),
        "edition": Sentence("Edition of the register", "Putanga o te rēhita"),
        "as_at": Sentence("Register as at", "Te rēhita i te"),
        "kind": Sentence("Kind", "Momo"),
        "message": Sentence("Fault", "Hapa"),
        "pointer": Sentence("Place in the badge", "Wāhi i te tohu"),
    }
)
