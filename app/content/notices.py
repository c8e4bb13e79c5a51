"""What authors are told about their articles without having asked, at once and then at most every 15 minutes."""

from app.mail.notices import notice_kind

PUBLICATION_FAILED = notice_kind("publication_failed", "An article could not be published")
