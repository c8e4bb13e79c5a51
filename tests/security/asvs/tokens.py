"""V9: self-contained tokens."""

from tests.security.asvs.rows import Covered, Requirement

TOKENS = (
    Requirement(
        "9.1.1",
        1,
        "Nothing in a token is believed before its signature",
        Covered(
            "",
            "tests/security/test_tokens.py::test_no_bit_of_a_token_can_be_changed",
            "tests/accounts/test_login.py::test_a_forged_token_is_refused_even_where_anonymous_clients_may_read",
        ),
    ),
    Requirement(
        "9.1.2",
        1,
        "Only allowed algorithms count, and never none",
        Covered(
            "HS256 for the blog's own tokens; RS256 and ES256 for those of providers.",
            "tests/security/test_tokens.py::test_a_token_does_not_choose_how_it_is_checked",
            "tests/security/test_tokens.py::test_a_key_pair_of_the_attackers_signs_nothing",
            "tests/security/test_tokens.py::test_a_public_key_is_no_secret",
            "tests/accounts/test_identities.py::test_a_secret_that_both_sides_know_is_no_key_to_sign_with",
        ),
    ),
    Requirement(
        "9.1.3",
        1,
        "Keys come from the settings, not from the token",
        Covered(
            "Those of providers come from the address that their issuer publishes.",
            "tests/security/test_tokens.py::test_a_token_does_not_bring_its_own_key",
            "tests/accounts/test_identities.py::test_a_key_is_used_only_for_what_it_was_made_for",
        ),
    ),
    Requirement(
        "9.2.1",
        1,
        "A token counts in its time only",
        Covered(
            "",
            "tests/security/test_tokens.py::test_a_token_is_good_in_its_time_and_for_its_purpose_only",
            "tests/accounts/test_recovery.py::test_a_link_does_not_work_for_ever",
        ),
    ),
    Requirement(
        "9.2.2",
        2,
        "A token of one kind is not taken for another",
        Covered(
            "",
            "tests/security/test_tokens.py::test_a_token_of_one_kind_is_never_taken_for_another",
            "tests/security/test_tokens.py::test_only_a_pending_token_stands_for_a_password",
            "tests/accounts/test_provider_sign_in.py::test_a_flow_token_that_was_not_made_here_is_refused",
        ),
    ),
    Requirement(
        "9.2.3",
        2,
        "A token for another service is refused",
        Covered(
            "By audience and issuer; ID tokens by client id and nonce.",
            "tests/security/test_tokens.py::test_a_token_is_good_in_its_time_and_for_its_purpose_only",
            "tests/accounts/test_identities.py::test_an_id_token_that_says_something_else_is_refused",
        ),
    ),
    Requirement(
        "9.2.4",
        2,
        "One key for several audiences: each token names its own",
        Covered("", "tests/security/test_tokens.py::test_a_token_of_one_kind_is_never_taken_for_another"),
    ),
)
