"""V6.8: signing in with a provider."""

from tests.security.asvs.rows import Covered, NotApplicable, Open, Requirement

FEDERATION = (
    Requirement(
        "6.8.1",
        2,
        "Nobody is taken for somebody else of another provider",
        Open(
            "An account elsewhere is known by the provider and its id there. But a reader or an author who signs in "
            "for the first time is linked to the account here with the address that the provider has verified, so that "
            "every provider is believed about every address; editors and admins link it themselves."
        ),
    ),
    Requirement(
        "6.8.2",
        2,
        "What a provider signs is checked",
        Covered(
            "With the keys that the provider publishes, fetched at each login.",
            "tests/accounts/test_identities.py::test_an_id_token_that_the_provider_did_not_sign_is_refused",
            "tests/accounts/test_identities.py::test_a_secret_that_both_sides_know_is_no_key_to_sign_with",
            "tests/accounts/test_identities.py::test_nothing_is_signed_with_a_key_that_is_none",
        ),
    ),
    Requirement("6.8.3", 2, "A SAML assertion is used once", NotApplicable("There is no SAML.")),
    Requirement(
        "6.8.4",
        2,
        "How strongly the provider has authenticated somebody is taken into account",
        Covered(
            "It is not asked: signing in there counts as one factor, and the second one is asked for here.",
            "tests/accounts/test_provider_sign_in.py::test_the_second_factor_is_asked_for_all_the_same",
            "tests/security/test_document.py::test_what_has_to_be_said_is_said",
        ),
    ),
)
