"""V6.8: signing in with a provider."""

from tests.security.asvs.rows import Covered, NotApplicable, Open, Requirement

FEDERATION = (
    Requirement("6.8.1", 2, "Nobody is taken for somebody else of another provider", Open("PENDING")),
    Requirement(
        "6.8.2",
        2,
        "What a provider signs is checked",
        Covered(
            "With the keys that the provider publishes, fetched at each login.",
            "tests/unit/test_identities.py::test_an_id_token_that_the_provider_did_not_sign_is_refused",
            "tests/unit/test_identities.py::test_a_secret_that_both_sides_know_is_no_key_to_sign_with",
            "tests/unit/test_identities.py::test_nothing_is_signed_with_a_key_that_is_none",
        ),
    ),
    Requirement("6.8.3", 2, "A SAML assertion is used once", NotApplicable("There is no SAML.")),
    Requirement(
        "6.8.4", 2, "How strongly the provider has authenticated somebody is taken into account", Open("PENDING")
    ),
)
