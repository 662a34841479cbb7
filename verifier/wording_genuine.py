"""What is said about whether a badge is genuine: (outcome, reason) -> sentence, a table for each check."""

from __future__ import annotations

from verifier.words import FAILED, PASSED, SKIPPED, UNKNOWN, Rows, Sentence

_CONTEXT_NOT_HELD = Sentence(
    "The badge uses a vocabulary ({context}) that this verifier does not hold, so its meaning cannot be checked.",
    "Kei te whakamahi te tohu i tētahi kuputaka ({context}) kāore i a mātou.",
)

INTAKE: Rows = {
    (PASSED, "read"): Sentence("One badge was read from the {kind}.", "Kotahi te tohu i pānuihia mai i te {kind}."),
    (FAILED, "empty"): Sentence("{detail}", "He kau tēnei kōnae."),
    (FAILED, "json-malformed"): Sentence(
        "The file is damaged or is not a badge. {detail}", "Kua pakaru te kōnae, ehara rānei i te tohu."
    ),
    (FAILED, "jws-malformed"): Sentence(
        "The signed text is damaged or is not a badge. {detail}",
        "Kua pakaru te tuhinga kua hainatia, ehara rānei i te tohu.",
    ),
    (FAILED, "too-large"): Sentence("{detail}", "He nui rawa te kōnae hei pānui."),
    (FAILED, "baking"): Sentence("{detail}", "Kāore i taea te tiki i te tohu i roto i te pikitia."),
    (FAILED, "no-badge"): Sentence("{detail}", "Kāore he tohu kei roto i tēnei pikitia; whakamahia te hononga."),
    (FAILED, "several"): Sentence("{detail}", "He maha ngā tohu kei konei; tukuna mai kia kotahi i te wā kotahi."),
    (FAILED, "open-badges-2"): Sentence(
        "{detail}", "He tohu Open Badges 2 tēnei; ko te Open Badges 3.0 anake ka arowhaihia."
    ),
    (FAILED, "clr"): Sentence("{detail}", "He Comprehensive Learner Record tēnei, ehara i te tohu kotahi."),
    (FAILED, "web-page"): Sentence("{detail}", "He whārangi tukutuku tēnei, ehara i te tohu."),
    (FAILED, "not-a-badge"): Sentence("{detail}", "Ehara tēnei i te tohu."),
    (UNKNOWN, "jws-unsupported"): Sentence(
        "The badge is signed in a way that this verifier does not know. {detail}",
        "Kāore tēnei pūmanatawa e mōhio ki te āhua o te hainatanga o te tohu.",
    ),
    (UNKNOWN, "pdf-not-read"): Sentence("{detail}", "Kāore i taea te pānui i te PDF."),
    (UNKNOWN, "unreachable"): Sentence("The badge could not be retrieved. {detail}", "Kāore i taea te tiki i te tohu."),
}

CONFORMS: Rows = {
    (PASSED, "conforms"): Sentence(
        "The badge is laid out as Open Badges 3.0 requires.", "E ū ana te tohu ki te paerewa Open Badges 3.0."
    ),
    (FAILED, "disguised"): Sentence(
        "The badge is written so that a reader could be misled about what was signed: {detail}.",
        "Kua tuhia te tohu kia pōhēhē pea te kaipānui ki te mea i hainatia: {detail}.",
    ),
    (FAILED, "contexts"): Sentence(
        "It does not name its vocabularies as an Open Badges 3.0 badge must: {detail}.",
        "Kāore te tohu i whakaingoa i ōna kuputaka e ai ki te paerewa Open Badges 3.0: {detail}.",
    ),
    (FAILED, "schema"): Sentence(
        "The badge is not laid out as Open Badges 3.0 requires: {detail}.",
        "Kāore te tohu e ū ana ki te paerewa Open Badges 3.0: {detail}.",
    ),
    (FAILED, "malformed"): Sentence(
        "The badge is not laid out as Open Badges 3.0 requires. {detail}",
        "Kāore te tohu e ū ana ki te paerewa Open Badges 3.0.",
    ),
    (FAILED, "claims-differ"): Sentence(
        "What the signature envelope says differs from the badge inside it: {detail}.",
        "He rerekē ngā kōrero o te kōpaki hainatanga i ō te tohu kei roto: {detail}.",
    ),
    (FAILED, "own-schema"): Sentence(
        "The badge does not keep to the layout that it names itself: {detail}.",
        "Kāore te tohu e ū ana ki te hanga i whakaingoatia e ia anō: {detail}.",
    ),
    (UNKNOWN, "schema-unreachable"): Sentence(
        "The badge names a layout of its own ({schema}), which could not be retrieved.",
        "E whakaingoa ana te tohu i tōna ake hanga ({schema}), engari kāore i taea te tiki.",
    ),
    (UNKNOWN, "schema-unreadable"): Sentence(
        "The badge names a layout of its own ({schema}), which cannot be applied.",
        "E whakaingoa ana te tohu i tōna ake hanga ({schema}), engari kāore e taea te whakamahi.",
    ),
    (UNKNOWN, "too-many-schemas"): Sentence(
        "The badge names {count} layouts of its own; no more than {limit} are applied.",
        "E {count} ngā hanga e whakaingoatia ana e te tohu; kia {limit} anake ka whakamahia.",
    ),
    (UNKNOWN, "context-not-held"): _CONTEXT_NOT_HELD,
}

LOSSLESS: Rows = {
    (PASSED, "nothing-lost"): Sentence(
        "Everything in the badge is covered by the signature; nothing can be slipped in beside it.",
        "E kapi ana ngā mea katoa o te tohu i te hainatanga.",
    ),
    (FAILED, "term-dropped"): Sentence(
        "The badge holds something that its signature would not cover: {detail}.",
        "Kei te tohu tētahi mea kāore e kapi i tōna hainatanga: {detail}.",
    ),
    (FAILED, "canonicalization-limit"): Sentence(
        "The badge is built so that checking it would take too much work.",
        "He pēnei te hanga o te tohu e nui rawa ai te mahi ki te arowhai.",
    ),
    (FAILED, "malformed"): Sentence(
        "The badge cannot be read as linked data. {detail}", "Kāore e taea te pānui i te tohu hei raraunga tūhono."
    ),
    (UNKNOWN, "context-not-held"): _CONTEXT_NOT_HELD,
    (SKIPPED, "signed-as-text"): Sentence(
        "The signature covers the whole text of the badge, so nothing can be left out of it.",
        "E kapi ana te tuhinga katoa o te tohu i te hainatanga.",
    ),
}

PROOF: Rows = {
    (PASSED, "verified"): Sentence(
        "The badge has not been changed since it was signed{signed_on}: the signature was checked with {key}.",
        "Kāore te tohu i whakarerekētia mai i te hainatanga.",
    ),
    (FAILED, "no-proof"): Sentence("The badge is not signed.", "Kāore te tohu i hainatia."),
    (FAILED, "too-many-proofs"): Sentence(
        "The badge carries {count} signatures; no more than {limit} are checked.",
        "E {count} ngā hainatanga kei te tohu; kia {limit} anake ka arowhaihia.",
    ),
    (FAILED, "proof-malformed"): Sentence(
        "A signature of the badge is malformed. {detail}", "Kua pakaru tētahi hainatanga o te tohu."
    ),
    (FAILED, "signature-wrong"): Sentence(
        "The badge has been changed since it was signed, or was not signed with the named key.",
        "Kua whakarerekētia te tohu, kāore rānei i hainatia ki te kī kua whakaingoatia.",
    ),
    (FAILED, "proof-purpose"): Sentence(
        "The signature was made for another purpose ({purpose}), not to state what a badge says.",
        "I hainatia mō tētahi atu take ({purpose}), kaua mō te kī a te tohu.",
    ),
    (FAILED, "proof-domain"): Sentence("{detail}", "Kāore te hainatanga i hangaia mō te rohe i tonoa."),
    (FAILED, "proof-challenge"): Sentence("{detail}", "Kāore te hainatanga e whakautu ana i te wero i tukuna."),
    (FAILED, "proof-from-future"): Sentence(
        "The signature says it was made on {signed}, which has not come yet.",
        "E kī ana te hainatanga nō te {signed}, he wā kāore anō kia tae mai.",
    ),
    (FAILED, "proof-expired"): Sentence(
        "The signature was only to be relied on until {expires}.",
        "Tae noa ki te {expires} anake te whirinakitanga ki te hainatanga.",
    ),
    (FAILED, "key-disagrees"): Sentence(
        "The badge was signed with a key that the issuer's website shows, but the register has another key for this "
        "issuer. Somebody else may have taken over the website.",
        "Kāore te kī o te paetukutuku e ōrite ana ki tērā o te rēhita.",
    ),
    (FAILED, "key-compromised"): Sentence(
        "The signing key was stolen or lost from {compromised_from}, and the badge was signed after that.",
        "I tāhaetia te kī haina i mua i te hainatanga o te tohu.",
    ),
    (UNKNOWN, "key-compromised"): Sentence(
        "The signing key was stolen or lost from {compromised_from}. The badge says it was signed before, but that "
        "cannot be told apart: it may be genuine. Ask the issuer for a new copy.",
        "I tāhaetia te kī haina. Tērā pea he tūturu te tohu, engari kāore e taea te whakatau.",
    ),
    (FAILED, "key-refused"): Sentence(
        "The signing key is one that must not be trusted. {detail}", "Kaua e whakaponohia te kī haina."
    ),
    (FAILED, "key-not-authorised"): Sentence(
        "The issuer does not let this key sign badges. {detail}",
        "Kāore te kaituku i whakaae kia haina tēnei kī i ngā tohu.",
    ),
    (FAILED, "key-expired"): Sentence(
        "The issuer says that the signing key was not to be used after {expires}.",
        "E kī ana te kaituku kaua te kī haina e whakamahia i muri i te {expires}.",
    ),
    (FAILED, "key-revoked"): Sentence(
        "The issuer withdrew the signing key on {revoked}.", "I tangohia te kī haina e te kaituku i te {revoked}."
    ),
    (FAILED, "canonicalization-limit"): Sentence(
        "The badge is built so that checking its signature would take too much work, so it is not believed.",
        "He pēnei te hanga o te tohu e nui rawa ai te mahi ki te arowhai i te hainatanga, nō reira kāore "
        "e whakaponohia.",
    ),
    (FAILED, "document-refused"): Sentence(
        "The badge cannot be put into the form that is signed. {detail}",
        "Kāore e taea te huri i te tohu ki te āhua ka hainatia.",
    ),
    (UNKNOWN, "proof-unsupported"): Sentence(
        "The badge is signed in a way this verifier does not know ({suite}).",
        "Kāore tēnei pūmanatawa e mōhio ki te āhua o te hainatanga ({suite}).",
    ),
    (UNKNOWN, "key-unreachable"): Sentence(
        "The issuer's key could not be retrieved, so the signature could not be checked. {detail}",
        "Kāore i taea te tiki i te kī a te kaituku, nō reira kāore i taea te arowhai i te hainatanga.",
    ),
    (UNKNOWN, "context-not-held"): _CONTEXT_NOT_HELD,
}

IDENTITY: Rows = {
    (PASSED, "controller-is-issuer"): Sentence(
        "The key belongs to the issuer that the badge names, {issuer}.",
        "Nō te kaituku e whakaingoatia ana te kī: {issuer}.",
    ),
    (FAILED, "controller-not-issuer"): Sentence(
        "The badge names {issuer} as its issuer, but was signed by {controller}.",
        "Ko {issuer} te kaituku e kīia ana, engari nā {controller} i haina.",
    ),
    (UNKNOWN, "issuer-proof-unchecked"): Sentence(
        "Whether the issuer that the badge names signed it could not be found out.",
        "Kāore i taea te kite mēnā nā te kaituku e whakaingoatia ana i haina.",
    ),
}
