"""V7: sessions."""

from tests.security.asvs.rows import Covered, NotApplicable, Open, Requirement

SESSIONS = (
    Requirement(
        "7.1.1",
        2,
        "How long sessions last is documented",
        Covered(
            "In the table above, with the reason.",
            "tests/security/test_document.py::test_what_is_said_of_lifetimes_is_true",
        ),
    ),
    Requirement(
        "7.1.2",
        2,
        "How many sessions somebody may have is documented",
        Covered(
            "As many as they like; they see and end them all.",
            "tests/security/test_sessions.py::test_people_may_be_logged_in_in_as_many_places_as_they_like",
            "tests/security/test_document.py::test_what_has_to_be_said_is_said",
        ),
    ),
    Requirement(
        "7.1.3",
        2,
        "How sessions here and at providers relate is documented",
        Covered(
            "They end on their own.",
            "tests/security/test_document.py::test_what_has_to_be_said_is_said",
        ),
    ),
    Requirement(
        "7.2.1",
        1,
        "Tokens are checked by the server",
        Covered(
            "At every request, signature and session.",
            "tests/accounts/test_login.py::test_a_forged_token_is_refused_even_where_anonymous_clients_may_read",
            "tests/api/test_permissions.py::test_every_route_is_public_or_asks_who_is_there",
        ),
    ),
    Requirement(
        "7.2.2",
        1,
        "Sessions have tokens made for them, not fixed keys",
        Covered("", "tests/accounts/test_sessions.py::test_a_login_never_continues_a_session_that_was_there"),
    ),
    Requirement(
        "7.2.3",
        1,
        "Tokens that are looked up have 128 random bits",
        Covered(
            "Refresh tokens have 256.",
            "tests/security/test_randomness.py::test_a_token_has_256_bits_and_no_two_are_alike",
            "tests/security/test_randomness.py::test_no_secret_is_drawn_from_a_predictable_source",
        ),
    ),
    Requirement(
        "7.2.4",
        1,
        "Logging in makes new tokens",
        Covered(
            "A login continues no session that was there. Giving the password once more gives nothing that lasts.",
            "tests/accounts/test_sessions.py::test_a_login_never_continues_a_session_that_was_there",
        ),
    ),
    Requirement(
        "7.3.1",
        2,
        "A session that is not used ends",
        Covered(
            "After 14 days without a refresh.",
            "tests/security/test_takeover.py::test_a_session_that_is_not_used_is_not_continued",
        ),
    ),
    Requirement(
        "7.3.2",
        2,
        "Every session ends at some time",
        Covered(
            "After `REFRESH_TOKEN_EXPIRE_DAYS`, however much it is used.",
            "tests/accounts/test_sessions.py::test_a_session_that_is_used_lasts_as_long_as_it_is_said_to",
        ),
    ),
    Requirement(
        "7.4.1",
        1,
        "A session that was ended is over",
        Covered(
            "At once, its access token included.",
            "tests/accounts/test_sessions.py::test_logging_out_ends_this_session_at_once_and_no_other",
            "tests/accounts/test_sessions.py::test_logging_out_everywhere_ends_every_session_at_once",
        ),
    ),
    Requirement(
        "7.4.2",
        1,
        "Sessions end with the account",
        Covered(
            "",
            "tests/accounts/test_sessions.py::test_deactivation_ends_every_session_for_good",
            "tests/accounts/test_login.py::test_the_token_of_a_deleted_account_is_refused",
        ),
    ),
    Requirement(
        "7.4.3",
        2,
        "Other sessions can be ended when a factor has changed",
        Covered(
            "A new password ends them all; the first second factor ends the others; "
            "`POST /auth/logout-all` does at any time.",
            "tests/accounts/test_sessions.py::test_a_new_password_ends_every_session",
            "tests/accounts/test_second_factors.py::test_sessions_that_began_without_it_end",
            "tests/accounts/test_sessions.py::test_logging_out_everywhere_ends_every_session_at_once",
        ),
    ),
    Requirement(
        "7.4.4",
        2,
        "Every page has a visible way to log out",
        NotApplicable("There are no pages here; `POST /auth/logout` is for those who make them."),
    ),
    Requirement(
        "7.4.5",
        2,
        "Admins can end the sessions of others",
        Covered(
            "By deactivating the account, which can be undone, or with `commands.users revoke-sessions`.",
            "tests/accounts/test_sessions.py::test_deactivation_ends_every_session_for_good",
            "tests/commands/test_users.py::test_an_account_is_logged_out_everywhere",
        ),
    ),
    Requirement(
        "7.5.1",
        2,
        "What an account is protected with changes only after authenticating again",
        Open(
            "Password, address, second factors, passkeys, providers and tokens do. "
            "A username does not, of which the owner is told, nor does what an admin changes about others."
        ),
    ),
    Requirement(
        "7.5.2",
        2,
        "People see their sessions and end them after authenticating again",
        Open(
            "They see and end them, but are not asked for the password: "
            "whoever finds a stranger among the sessions should not be held up."
        ),
    ),
    Requirement(
        "7.5.3",
        3,
        "What is most sensitive takes further authentication",
        Open("Deleting one's account does, as does all that guards it; what admins do to others does not."),
    ),
    Requirement(
        "7.6.1",
        2,
        "Sessions here and at providers end as documented",
        Covered(
            "A session that began at a provider is like any other: it ends when it says, whatever happens there.",
            "tests/accounts/test_provider_sign_in.py::test_somebody_new_gets_an_account",
            "tests/accounts/test_sessions.py::test_a_session_that_is_used_lasts_as_long_as_it_is_said_to",
            "tests/security/test_document.py::test_what_has_to_be_said_is_said",
        ),
    ),
    Requirement(
        "7.6.2",
        2,
        "No session begins without the person's doing",
        Covered(
            "Only the client that began to sign in can finish it.",
            "tests/accounts/test_provider_sign_in.py::test_a_link_that_somebody_else_came_back_with_is_worth_nothing",
            "tests/accounts/test_provider_sign_in.py::test_no_other_sites_page_signs_its_visitor_in",
            "tests/accounts/test_sessions.py::test_no_other_sites_page_may_log_its_visitor_in",
        ),
    ),
)
