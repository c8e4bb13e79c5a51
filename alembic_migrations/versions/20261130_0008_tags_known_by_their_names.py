"""tags known by their names

Tags get a key by which their names are compared; until now, tags whose names have the same transliteration were one.
Where several tags have the same name, the oldest gets the key, and the others stay as they are.

Revision ID: 0008
Revises: 0007
Create Date: 2026-11-30 23:40:18.508133
"""

import re
import unicodedata
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | Sequence[str] | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_MAX_LENGTH = 300
_BATCH = 1000
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    "\U000e0100-\U000e01ef]"
)
_tags = sa.table("tags", sa.column("id", sa.BigInteger), sa.column("name", sa.Text), sa.column("name_key", sa.Text))


def _name_key(name: str) -> str:
    folded = unicodedata.normalize("NFD", _UNSEEN.sub("", name)).casefold()
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", folded).casefold())
    return " ".join(folded.split())


def upgrade() -> None:
    # By code point on PostgreSQL; SQLite sorts in this way anyway.
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    kind = sa.String(_MAX_LENGTH, collation="C" if on_postgresql else None)
    op.add_column("tags", sa.Column("name_key", kind, nullable=True))
    _fill()
    op.create_index("uq_tags_name_key", "tags", ["name_key"], unique=True)


def _fill() -> None:
    connection = op.get_bind()
    ids: dict[str, int] = {}
    for tag_id, name in connection.execute(sa.select(_tags.c.id, _tags.c.name).order_by(_tags.c.id)):
        key = _name_key(name)
        if len(key) <= _MAX_LENGTH:
            ids.setdefault(key, tag_id)
    keyed = [{"tag_id": tag_id, "key": key} for key, tag_id in ids.items()]
    statement = _tags.update().where(_tags.c.id == sa.bindparam("tag_id")).values(name_key=sa.bindparam("key"))
    for start in range(0, len(keyed), _BATCH):
        connection.execute(statement, keyed[start : start + _BATCH])


def downgrade() -> None:
    op.drop_index("uq_tags_name_key", "tags")
    op.drop_column("tags", "name_key")
