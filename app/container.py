"""The services of one unit of work, for requests, commands and jobs alike."""

import app.hooks  # noqa: F401 - tables without hooks would invalidate nothing
from app.accounts.container import AccountServices
from app.comments.service import CommentService
from app.content.container import ContentServices
from app.idempotency.service import IdempotencyService
from app.privacy.exporter import ExportService
from app.queue.job_admin import JobAdmin
from app.unit_of_work import UnitOfWork, per_unit


class Services:
    """Each is made when it is first asked for."""

    def __init__(self, unit: UnitOfWork) -> None:
        self.unit = unit

    accounts = per_unit(AccountServices)
    comments = per_unit(CommentService)
    content = per_unit(ContentServices)
    exports = per_unit(ExportService)
    idempotency = per_unit(IdempotencyService)
    job_admin = per_unit(lambda unit: JobAdmin(unit.session, unit.audit))
