"""Names fixed elsewhere: specification URLs, type names, status purposes, NZ identifier types. Constants only."""

from __future__ import annotations

# --- JSON-LD contexts -------------------------------------------------------------------------------------------
CREDENTIALS_V2 = "https://www.w3.org/ns/credentials/v2"
CREDENTIALS_V1 = "https://www.w3.org/2018/credentials/v1"
OB3 = "https://purl.imsglobal.org/spec/ob/v3p0/"
OB3_CONTEXT = OB3 + "context-3.0.3.json"
OB3_EXTENSIONS = OB3 + "extensions.json"
OB3_SCHEMA = OB3 + "schema/json/ob_v3p0_achievementcredential_schema.json"
DATA_INTEGRITY_V2 = "https://w3id.org/security/data-integrity/v2"
DATA_INTEGRITY_V1 = "https://w3id.org/security/data-integrity/v1"
ED25519_2020_V1 = "https://w3id.org/security/suites/ed25519-2020/v1"
MULTIKEY_V1 = "https://w3id.org/security/multikey/v1"
DID_V1 = "https://www.w3.org/ns/did/v1"

# --- Data Integrity ---------------------------------------------------------------------------------------------
DATA_INTEGRITY_PROOF = "DataIntegrityProof"
ED25519_SIGNATURE_2020 = "Ed25519Signature2020"
ASSERTION_METHOD = "assertionMethod"
EDDSA_RDFC_2022 = "eddsa-rdfc-2022"
EDDSA_JCS_2022 = "eddsa-jcs-2022"
ECDSA_RDFC_2019 = "ecdsa-rdfc-2019"
ECDSA_JCS_2019 = "ecdsa-jcs-2019"
ECDSA_SD_2023 = "ecdsa-sd-2023"

# --- Bitstring Status List 1.0 ----------------------------------------------------------------------------------
BITSTRING_ENTRY = "BitstringStatusListEntry"
BITSTRING_LIST = "BitstringStatusList"
BITSTRING_CREDENTIAL = "BitstringStatusListCredential"
REVOCATION = "revocation"
SUSPENSION = "suspension"

# --- 1EdTech's own, from before Open Badges 3.0 turned to W3C's -----------------------------------------------------
REVOCATION_LIST_1EDTECH = "1EdTechRevocationList"
CREDENTIAL_REFRESH = "1EdTechCredentialRefresh"
JSON_SCHEMA_1EDTECH = "1EdTechJsonSchemaValidator2019"

# --- New Zealand, in OB 3.0's own extension points ("ext:" terms, Open Badges 3.0, IdentifierTypeEnum) ----------
EXT_NZQA_REFERENCE = "ext:NZQAReference"
EXT_MOE_NUMBER = "ext:MoEProviderNumber"
EXT_NZQCF_LEVEL = "ext:NZQCFLevel"
EXT_NZQA_LISTING = "ext:NZQAListing"
EXT_NZQA_STANDARD = "ext:NZQAStandard"
EXT_NZROA = "ext:NZRoA"
EXT_NZQCF_CREDITS = "ext:NZQCFCredits"  # the rest: only in a register authority's statement inside a badge
EXT_AWARDING_RIGHT = "ext:NZQAAwardingRight"
EXT_REGISTER_EDITION = "ext:RegisterEdition"
EXT_DEMONSTRATION_EDITION = "ext:DemonstrationRegisterEdition"
EXT_SIGNING_KEY = "ext:SigningKey"
NZQCF_FRAMEWORK = "New Zealand Qualifications and Credentials Framework"
NZQCF_PAGE = (
    "https://www2.nzqa.govt.nz/qualifications-and-standards/about-new-zealand-qualifications-credentials-framework"
)
NZQA_STANDARD_PAGE = "https://www.nzqa.govt.nz/nqfdocs/units/pdf/{standard}.pdf"
NZQA_LISTING_PAGE = "https://www.nzqa.govt.nz/nzqf/search/viewQualification.do?selectedItemKey={ref}"
NZROA_PAGE = "https://www.nzqa.govt.nz/international/nz-quals-overseas/getting-docs/"

FINAL_LIST_NAME = "Final status list"  # the `name` of a status list after which its issuer signs no other

# --- media types ------------------------------------------------------------------------------------------------
VC_LD_JSON = "application/vc+ld+json"
VC_JWT = "application/vc+jwt"
DID_LD_JSON = "application/did+ld+json"
