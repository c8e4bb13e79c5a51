"""All tables: importing this module makes the metadata complete."""

from app.accounts import models as accounts
from app.audit import models as audit
from app.comments import models as comments
from app.content import models as content
from app.db.base import Base
from app.db.changes import models as changes
from app.queue import models as queue

__all__ = ["Base", "accounts", "audit", "changes", "comments", "content", "queue"]
