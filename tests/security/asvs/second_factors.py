"""V6.5 to V6.7: second factors."""

from tests.security.asvs.rows import Covered, NotApplicable, Open, Requirement

_NOT_BY_PHONE = NotApplicable("Nothing is sent to a phone, and no code is sent by any other way.")
SECOND_FACTORS = (
    Requirement(
        "6.5.1",
        2,
        "Codes work once",
        Covered(
            "Also when they are used twice at once.",
            "tests/accounts/test_second_factors.py::test_a_code_works_once",
            "tests/accounts/test_second_factors.py::test_of_two_who_use_a_code_at_once_one_is_let_in",
            "tests/accounts/test_second_factors.py::test_the_code_that_confirmed_the_app_does_not_log_in",
            "tests/accounts/test_second_factors.py::test_a_recovery_code_logs_in_once_and_its_owner_is_told",
        ),
    ),
    Requirement(
        "6.5.2",
        2,
        "Recovery codes that could be guessed are stored as slow, salted hashes",
        Covered(
            "They have 120 bits, so a plain hash is enough.",
            "tests/security/test_randomness.py::test_only_what_nobody_can_try_out_is_stored_as_a_plain_hash",
            "tests/accounts/test_recovery_codes.py::test_the_digest_is_a_plain_hash_of_the_letters_and_digits",
        ),
    ),
    Requirement(
        "6.5.3",
        2,
        "Codes and seeds come from a secure source of random numbers",
        Covered(
            "",
            "tests/security/test_randomness.py::test_no_secret_is_drawn_from_a_predictable_source",
            "tests/accounts/test_recovery_codes.py::test_every_position_takes_every_character",
            "tests/accounts/test_totp.py::test_secrets_have_160_bits_and_are_never_the_same",
        ),
    ),
    Requirement(
        "6.5.4",
        2,
        "Codes have at least 20 bits",
        Covered("120 bits.", "tests/accounts/test_recovery_codes.py::test_codes_are_four_groups_of_base32"),
    ),
    Requirement(
        "6.5.5",
        2,
        "A code of an authenticator app is good for 30 seconds, others for ten minutes",
        Open(
            "A code is also accepted in the step of 30 seconds before its own and the one after it, as RFC 6238 "
            "recommends for clocks that differ; each works once. No codes are sent."
        ),
    ),
    Requirement(
        "6.5.6",
        3,
        "Every factor can be revoked",
        Covered(
            "By its owner, and by whoever runs the server.",
            "tests/accounts/test_second_factors.py::test_without_the_app_the_password_is_enough_again",
            "tests/accounts/test_second_factors.py::test_new_recovery_codes_end_the_old_ones",
            "tests/accounts/test_second_factors.py::test_somebody_who_has_lost_everything_can_be_helped",
            "tests/accounts/test_passkeys.py::test_with_the_last_passkey_the_protection_goes",
        ),
    ),
    Requirement(
        "6.5.7",
        3,
        "Biometrics are used only beside something else",
        Covered(
            "They stay in the authenticator, which somebody has to have as well; the blog sees neither.",
            "tests/accounts/test_webauthn.py::test_a_new_passkey_is_to_be_found_without_a_name_and_to_verify_its_user",
            "tests/accounts/test_webauthn.py::test_a_misbehaving_authenticator_does_not_log_in",
        ),
    ),
    Requirement(
        "6.5.8",
        3,
        "Codes are checked against the server's time",
        Covered(
            "No request says what time it is.",
            "tests/accounts/test_totp.py::test_a_code_of_another_time_is_refused",
            "tests/architecture/test_rules.py::test_only_the_clock_asks_what_time_it_is",
        ),
    ),
    Requirement("6.6.1", 2, "Codes by phone are sent only to numbers that were checked", _NOT_BY_PHONE),
    Requirement("6.6.2", 2, "A code that was sent belongs to one request", _NOT_BY_PHONE),
    Requirement("6.6.3", 2, "Codes that were sent cannot be guessed", _NOT_BY_PHONE),
    Requirement("6.6.4", 3, "Nobody is flooded with push notifications", _NOT_BY_PHONE),
    Requirement(
        "6.7.1",
        3,
        "What verifies a signature cannot be exchanged",
        Covered(
            "The public key of a passkey is written when it is added, and never again.",
            "tests/security/test_sessions.py::test_the_key_of_a_passkey_is_written_once",
            "tests/accounts/test_passkeys.py::test_the_public_half_is_all_that_is_stored",
        ),
    ),
    Requirement(
        "6.7.2",
        3,
        "Challenges have 64 bits and are never the same",
        Covered("256 bits.", "tests/security/test_randomness.py::test_a_challenge_has_256_bits_and_no_two_are_alike"),
    ),
)
