"""Names under which tags, categories and authors were public."""

from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, BigId, one_of


class Named(StrEnum):
    """What has such names."""

    TAG = "tag"
    CATEGORY = "category"
    AUTHOR = "author"


class FormerName(Base):
    """A slug or username that something had in public, and what it leads to; to nothing, if that is deleted."""

    __tablename__ = "former_names"

    resource: Mapped[Named] = mapped_column(one_of(Named, "resource"), primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), primary_key=True)
    tag_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("tags.id", ondelete="SET NULL"), index=True)
    category_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("categories.id", ondelete="SET NULL"), index=True)
    # Gone with the account: what somebody was called is forgotten with them.
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id", ondelete="CASCADE"), index=True)
