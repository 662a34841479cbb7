"""What is said about whether a badge is in force: (outcome, reason) -> sentence, a table for each check."""

from __future__ import annotations

from verifier.words import FAILED, PASSED, SKIPPED, UNKNOWN, Rows, Sentence

DATES: Rows = {
    (PASSED, "in-force"): Sentence(
        "In force since {valid_from}{valid_until}.", "E mana ana mai i te {valid_from}{valid_until}."
    ),
    (FAILED, "expired"): Sentence("It expired on {valid_until}.", "I pau te wā i te {valid_until}."),
    (FAILED, "not-yet-valid"): Sentence("It only begins on {valid_from}.", "Ka tīmata i te {valid_from}."),
}

_STATUS: Rows = {
    (SKIPPED, "no-status"): Sentence(
        "The badge names no list for this, so there is none to look at.",
        "Kāore te tohu e whakaingoa ana i tētahi rārangi mō tēnei, nō reira kāore he mea hei titiro.",
    ),
    (UNKNOWN, "status-type-unknown"): Sentence(
        "The badge uses a kind of status ({type}) that this verifier does not know.",
        "Kāore tēnei pūmanatawa e mōhio ki te momo tūnga ({type}) o te tohu.",
    ),
    (UNKNOWN, "status-purpose-unknown"): Sentence(
        "The badge uses a status ({purpose}) that this verifier does not know.",
        "Kāore tēnei pūmanatawa e mōhio ki te tūnga ({purpose}) o te tohu.",
    ),
    (UNKNOWN, "too-many-status-entries"): Sentence(
        "The badge names {count} status entries; only {limit} are checked.",
        "E {count} ngā tūnga kei te tohu; kia {limit} anake ka arowhaihia.",
    ),
    (UNKNOWN, "status-entry-malformed"): Sentence(
        "The badge's own status entry cannot be used. {detail}", "Kāore e taea te whakamahi i te tūnga kei te tohu."
    ),
    (UNKNOWN, "status-unreachable"): Sentence(
        "The issuer's list could not be retrieved. {detail}", "Kāore i taea te tiki i te rārangi a te kaituku."
    ),
    (UNKNOWN, "status-list-malformed"): Sentence(
        "The issuer's list cannot be read. {detail}", "Kāore e taea te pānui i te rārangi a te kaituku."
    ),
    (UNKNOWN, "status-list-unproven"): Sentence(
        "The list's own signature does not stand. {detail}", "Kāore e tū ana te hainatanga o te rārangi."
    ),
    (UNKNOWN, "status-list-foreign"): Sentence(
        "The list comes from {list_issuer}, who may not speak for this issuer.",
        "Nā {list_issuer} te rārangi, kāore ōna mana ki te kōrero mō tēnei kaituku.",
    ),
    (UNKNOWN, "status-list-elsewhere"): Sentence(
        "The list at that address says that it belongs at another, {list_id}.",
        "E kī ana te rārangi kei taua wāhitau nō wāhi kē, nō {list_id}.",
    ),
    (UNKNOWN, "status-purpose-differs"): Sentence(
        "The list is for another purpose ({list_purpose}) than the badge says.",
        "Mō tētahi atu take ({list_purpose}) te rārangi, kaua mō tā te tohu e kī nei.",
    ),
    (UNKNOWN, "status-list-expired"): Sentence(
        "The list was only to be relied on until {list_valid_until}.",
        "Tae noa ki te {list_valid_until} anake te whirinakitanga ki te rārangi.",
    ),
    (UNKNOWN, "status-list-not-yet"): Sentence(
        "The list only begins on {list_valid_from}.", "Ka tīmata te rārangi i te {list_valid_from}."
    ),
    (UNKNOWN, "status-list-stale"): Sentence(
        "The list was last retrieved on {retrieved_on}, too long ago to say what holds now.",
        "Nō te {retrieved_on} te tikinga whakamutunga o te rārangi: he roa rawa hei kī he aha te mana ināianei.",
    ),
    (UNKNOWN, "list-rolled-back"): Sentence(
        "The list is of {list_valid_from}; a newer one, of {newest_valid_from}, was seen before. What was withdrawn "
        "since then is missing from it, so it clears nothing.",
        "Nō te {list_valid_from} te rārangi; i kitea i mua tētahi mea hou ake, nō te {newest_valid_from}. "
        "Kāore ngā tangohanga o muri mai i roto, nō reira kāore he tohu e wātea i a ia.",
    ),
    (UNKNOWN, "list-forked"): Sentence(
        "Two different lists of one moment ({list_valid_from}) were seen at its address.",
        "E rua ngā rārangi rerekē o te wā kotahi ({list_valid_from}) i kitea i tōna wāhitau.",
    ),
    (UNKNOWN, "status-list-short"): Sentence(
        "The list is shorter than the standard allows. {detail}",
        "He poto ake te rārangi i tā te paerewa e whakaae ana.",
    ),
    (UNKNOWN, "status-index-out-of-range"): Sentence(
        "{detail}", "Kei waho te tau o te tohu i te rārangi a te kaituku."
    ),
}
REVOCATION: Rows = _STATUS | {
    (PASSED, "not-revoked"): Sentence(
        "The issuer has not withdrawn it, by the list of {list_valid_from}.", "Kāore te kaituku i tango i te tohu."
    ),
    (FAILED, "withdrawn"): Sentence(
        "The issuer has withdrawn it, by the list of {list_valid_from}.", "Kua tangohia te tohu e te kaituku."
    ),
}
SUSPENSION: Rows = _STATUS | {
    (PASSED, "not-suspended"): Sentence(
        "The issuer has not put it on hold, by the list of {list_valid_from}.",
        "Kāore te kaituku i whakatārewa i te tohu.",
    ),
    (FAILED, "suspended"): Sentence(
        "The issuer has put it on hold, by the list of {list_valid_from}.", "Kua whakatārewatia te tohu e te kaituku."
    ),
}

LINEAGE: Rows = {
    (PASSED, "newest"): Sentence(
        "No newer version of this badge stands at its own address.",
        "Kāore he putanga hou ake o tēnei tohu kei tōna ake wāhitau.",
    ),
    (FAILED, "replaced"): Sentence(
        "The issuer signed a newer version of this badge on {newer_valid_from}; use that one: {address}",
        "Kua hainatia he putanga hou o tēnei tohu i te {newer_valid_from}; whakamahia tērā: {address}",
    ),
    (SKIPPED, "no-address"): Sentence(
        "The badge has no web address of its own, where a newer version could stand.",
        "Kāore he wāhitau tukutuku o te tohu e tū ai tētahi putanga hou.",
    ),
    (SKIPPED, "not-published"): Sentence(
        "Nothing is published at the badge's own address, as when its learner keeps it private; by the issuer's list, "
        "this one is not withdrawn.",
        "Kāore he mea i whakaputaina ki te wāhitau ake o te tohu, pērā i te wā e noho tūmataiti ana; e ai ki te "
        "rārangi a te kaituku, kāore tēnei tohu i tangohia.",
    ),
    (UNKNOWN, "address-unpublished"): Sentence(
        "Nothing is published at the badge's own address, so nobody can see whether a newer version replaces it.",
        "Kāore he mea i whakaputaina ki te wāhitau ake o te tohu, nō reira kāore e kitea mēnā kua whakakapia.",
    ),
    (UNKNOWN, "address-unreachable"): Sentence(
        "The badge's own address did not answer, so nobody looked for a newer version.",
        "Kāore te wāhitau o te tohu i whakautu, nō reira kāore i rapua he putanga hou ake.",
    ),
    (UNKNOWN, "address-unreadable"): Sentence(
        "What stands at the badge's own address is not a badge that can be read.",
        "Ko te mea kei te wāhitau o te tohu, kāore e taea te pānui hei tohu.",
    ),
    (UNKNOWN, "refresh-unreachable"): Sentence(
        "The badge's refresh service, where its issuer keeps the newest version, did not answer.",
        "Kāore te ratonga whakahou o te tohu i whakautu; kei reira te putanga hou rawa a te kaituku.",
    ),
    (UNKNOWN, "refresh-type-unknown"): Sentence(
        "The badge names a refresh service of a kind ({type}) that this verifier does not know.",
        "Kāore tēnei pūmanatawa e mōhio ki te momo ratonga whakahou ({type}) o te tohu.",
    ),
    (UNKNOWN, "address-holds-another"): Sentence(
        "Another badge stands at this badge's own address.", "He tohu kē kei te wāhitau o tēnei tohu."
    ),
    (UNKNOWN, "newer-not-genuine"): Sentence(
        "What stands at the badge's own address says it is newer, but is not genuine.",
        "E kī ana te mea kei te wāhitau o te tohu he hou ake ia, engari ehara i te tūturu.",
    ),
}
