"""V6.1 to V6.4: passwords, logging in, and getting back in."""

from tests.security.asvs.rows import Covered, NotApplicable, Open, Requirement

AUTHENTICATION = (
    # --- Documentation -----------------------------------------------------------------------------------------------
    Requirement(
        "6.1.1",
        1,
        "Limits on guessing are documented, and so is why nobody can lock others out",
        Covered(
            "Every limit is in the table above, with what remains.",
            "tests/security/test_document.py::test_every_limit_is_in_the_document",
        ),
    ),
    Requirement(
        "6.1.2",
        2,
        "Words that passwords must not consist of are documented",
        Open("One's own address and username make a password weak; there is no list of words about the site."),
    ),
    Requirement(
        "6.1.3",
        2,
        "All ways to log in are documented together",
        Covered(
            "The list above; the test finds every route that gives out tokens.",
            "tests/security/test_document.py::test_every_way_in_is_in_the_document",
        ),
    ),
    # --- Passwords ---------------------------------------------------------------------------------------------------
    Requirement(
        "6.2.1",
        1,
        "Passwords have at least 8 characters",
        Covered(
            "At least 10.",
            "tests/accounts/test_registration.py::test_a_password_that_is_easily_guessed_is_refused",
            "tests/security/test_passwords.py::test_only_its_length_is_asked_of_it",
        ),
    ),
    Requirement(
        "6.2.2",
        1,
        "People can change their password",
        Covered(
            "Every login ends with it.",
            "tests/accounts/test_profile.py::test_a_new_password_replaces_the_old_one_and_ends_every_login",
        ),
    ),
    Requirement(
        "6.2.3",
        1,
        "Changing it takes the current one",
        Covered(
            "Accounts without a password need a login of the last ten minutes.",
            "tests/accounts/test_profile.py::test_the_current_password_has_to_be_known",
        ),
    ),
    Requirement(
        "6.2.4",
        1,
        "The 3,000 most common passwords that would be long enough are refused",
        Open(
            "What would be guessed within a million tries by zxcvbn's estimate is refused. That is most of such a "
            "list: short common passwords and what people add to them. But it is no list of 3,000 of this length."
        ),
    ),
    Requirement(
        "6.2.5",
        1,
        "Any characters may be used, and none must be",
        Covered("", "tests/security/test_passwords.py::test_no_composition_is_asked_for_and_none_refused"),
    ),
    Requirement(
        "6.2.6",
        1,
        "Password fields are masked",
        Covered(
            "There are no pages here; the schema marks every such field as a password for those who make them.",
            "tests/security/test_passwords.py::test_the_schema_tells_frontends_how_to_ask_for_a_password",
        ),
    ),
    Requirement(
        "6.2.7",
        1,
        "Pasting and password managers are not hindered",
        NotApplicable("There are no pages here. Nothing in the API needs a password to be typed by hand."),
    ),
    Requirement(
        "6.2.8",
        1,
        "Passwords are compared exactly as they were typed",
        Covered(
            "Nothing is cut off, and no case is folded. Unicode's normalisation (NFKC, as NIST SP 800-63B asks for) "
            "makes one password of what keyboards and systems encode in different ways.",
            "tests/security/test_passwords.py::test_a_password_is_compared_as_it_is",
            "tests/security/test_passwords.py::test_one_password_is_one_however_it_is_typed",
            "tests/accounts/test_registration.py::test_a_password_of_10_to_256_characters_is_taken_as_it_is",
        ),
    ),
    Requirement(
        "6.2.9",
        2,
        "64 characters are allowed",
        Covered(
            "Up to 256.",
            "tests/accounts/test_registration.py::test_a_password_of_10_to_256_characters_is_taken_as_it_is",
        ),
    ),
    Requirement(
        "6.2.10",
        2,
        "Passwords do not expire",
        Covered("", "tests/security/test_passwords.py::test_a_password_does_not_get_too_old"),
    ),
    Requirement(
        "6.2.11",
        2,
        "The documented words are refused",
        Open("One's own words are, and count as first guesses within a longer one; those of the site are not (6.1.2)."),
    ),
    Requirement(
        "6.2.12",
        2,
        "Passwords from known breaches are refused",
        Open("Only the estimate of 6.2.4 is made: no service outside is asked, and no large list is shipped."),
    ),
    # --- Logging in --------------------------------------------------------------------------------------------------
    Requirement(
        "6.3.1",
        1,
        "Guessing and stuffing are held up as documented",
        Covered(
            "By address of the client, and by the login that is tried.",
            "tests/api/test_rate_limits.py::test_guessing_from_many_addresses_slows_down_and_is_locked_out_for_minutes",
            "tests/api/test_rate_limits.py::test_one_address_cannot_try_one_password_on_many_accounts",
            "tests/api/test_rate_limits.py::test_hammering_does_not_lock_for_longer",
            "tests/api/test_rate_limits.py::test_a_made_up_address_does_not_help",
        ),
    ),
    Requirement(
        "6.3.2",
        1,
        "There are no default accounts",
        Covered("", "tests/security/test_passwords.py::test_nobody_has_an_account_before_somebody_opens_one"),
    ),
    Requirement(
        "6.3.3",
        2,
        "Access takes several factors",
        Open(
            "Offered to everybody and asked of the roles in `REQUIRE_2FA_FOR`, which is empty unless set: "
            "readers of a blog may do with a password."
        ),
    ),
    Requirement(
        "6.3.4",
        2,
        "There is no undocumented way in, and all are equally strong",
        Covered(
            "Every way in ends in the same place, which asks for the second factor if there is one.",
            "tests/accounts/test_provider_sign_in.py::test_the_second_factor_is_asked_for_all_the_same",
            "tests/security/test_document.py::test_every_way_in_is_in_the_document",
            "tests/accounts/test_second_factors.py::test_a_forgotten_password_is_no_way_around_it",
        ),
    ),
    Requirement(
        "6.3.5",
        3,
        "People are told of suspicious logins",
        Open(
            "They are told of a stolen refresh token, of a used recovery code, and of second factors that are guessed "
            "after a right password, but neither of wrong passwords nor of a login from a new place."
        ),
    ),
    Requirement(
        "6.3.6",
        3,
        "Mail is no way to log in",
        Covered(
            "A mailed link confirms an address or sets a password; whoever follows it still has to log in.",
            "tests/security/test_sessions.py::test_no_mailed_link_logs_anybody_in",
        ),
    ),
    Requirement(
        "6.3.7",
        3,
        "People are told when what they log in with changes",
        Covered(
            "By mail: of a new password, username, address, factor, provider or token, whoever changed it.",
            "tests/security/test_takeover.py::test_owners_hear_of_what_others_change",
            "tests/accounts/test_email_change.py::test_the_old_address_is_told_when_it_is_asked_for_and_when_it_is_done",
        ),
    ),
    Requirement(
        "6.3.8",
        3,
        "Nobody can find out who has an account",
        Covered(
            "Answers, statements and hashes are the same; usernames are public, as authors are.",
            "tests/accounts/test_no_enumeration.py::test_a_wrong_login_is_answered_alike",
            "tests/accounts/test_no_enumeration.py::test_registering_is_answered_alike",
            "tests/accounts/test_no_enumeration.py::test_registering_takes_the_same_statements",
            "tests/accounts/test_no_enumeration.py::test_asking_for_a_mail_is_answered_alike",
            "tests/accounts/test_no_enumeration.py::test_failures_lock_what_was_typed_whether_or_not_it_is_known",
            "tests/security/test_passwords.py::test_an_unknown_login_takes_as_many_hashes_as_a_known_one",
        ),
    ),
    # --- Beginning, and getting back in ------------------------------------------------------------------------------
    Requirement(
        "6.4.1",
        1,
        "Initial secrets are random, expire, and do not become passwords",
        Covered(
            "Nobody is given a password; links are signed or random, and end by time and by use.",
            "tests/accounts/test_recovery.py::test_the_mailed_link_confirms_the_address_once",
            "tests/accounts/test_recovery.py::test_a_link_does_not_work_for_ever",
            "tests/accounts/test_registration_modes.py::test_an_invitation_works_once",
            "tests/accounts/test_registration_modes.py::test_an_invitation_expires",
            "tests/commands/test_users.py::test_an_account_is_made_with_a_link_to_choose_the_password",
            "tests/security/test_randomness.py::test_no_secret_is_drawn_from_a_predictable_source",
        ),
    ),
    Requirement(
        "6.4.2",
        1,
        "There are no hints and no secret questions",
        Covered("", "tests/security/test_passwords.py::test_nobody_is_asked_for_hints_or_secrets_that_others_know"),
    ),
    Requirement(
        "6.4.3",
        2,
        "A forgotten password is reset safely, and not around a second factor",
        Covered(
            "The link works once, for two hours, until password or address change.",
            "tests/accounts/test_second_factors.py::test_a_forgotten_password_is_no_way_around_it",
            "tests/accounts/test_recovery.py::test_the_link_works_once_and_so_do_all_others_of_its_time",
            "tests/accounts/test_recovery.py::test_the_link_works_once_even_when_it_is_used_twice_at_once",
            "tests/accounts/test_recovery.py::test_a_link_does_not_work_for_ever",
        ),
    ),
    Requirement(
        "6.4.4",
        2,
        "Replacing a lost factor takes as much proof as setting it up did",
        Covered(
            "A recovery code; without one, whoever runs the server removes it, and has to know who asks.",
            "tests/accounts/test_second_factors.py::test_a_recovery_code_logs_in_once_and_its_owner_is_told",
            "tests/accounts/test_passkeys.py::test_a_recovery_code_does_for_a_lost_passkey",
            "tests/accounts/test_second_factors.py::test_somebody_who_has_lost_everything_can_be_helped",
            "tests/commands/test_users.py::test_whoever_lost_the_second_factor_gets_in_without_it",
        ),
    ),
    Requirement(
        "6.4.5",
        3,
        "People are reminded before what they log in with expires",
        Open(
            "Passwords and second factors do not expire. Personal access tokens may, and nobody is reminded: "
            "the list of tokens says when."
        ),
    ),
    Requirement(
        "6.4.6",
        3,
        "Admins can have a password reset but cannot choose it",
        Covered(
            "They can have the link mailed, and on the command line printed to be passed on.",
            "tests/accounts/test_admin_users.py::test_what_not_even_admins_may_set_is_refused",
            "tests/commands/test_users.py::test_a_link_to_choose_another_password_is_printed_or_mailed",
            "tests/accounts/test_recovery.py::test_the_mailed_link_changes_the_password_and_ends_every_login",
        ),
    ),
)
