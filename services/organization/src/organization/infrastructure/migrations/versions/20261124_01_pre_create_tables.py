"""Create the tables."""

import sqlalchemy as sa
from alembic import op
from crivo_messaging.migrations import create_messaging_tables_v1, drop_messaging_tables_v1

revision = "20261124_01"
down_revision = None


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _organization() -> sa.Column[object]:
    return sa.Column("organization_id", sa.Uuid, sa.ForeignKey("organizations.id"), nullable=False)


def upgrade() -> None:
    create_messaging_tables_v1()
    op.create_table(
        "organizations",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        _moment("created_at"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid, primary_key=True),
        _organization(),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        _moment("created_at"),
        sa.UniqueConstraint("email", name="users_email"),
    )
    op.create_index("users_organization", "users", ["organization_id", "id"])
    op.create_table(
        "sign_in_failures",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("email", sa.Text, nullable=False),
        _moment("at"),
    )
    op.create_index("sign_in_failures_email", "sign_in_failures", ["email", "at"])
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid, primary_key=True),
        _organization(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.LargeBinary, nullable=False),
        _moment("created_at"),
        _moment("expires_at", nullable=True),
        _moment("revoked_at", nullable=True),
        _moment("last_used_at", nullable=True),
    )
    op.create_index("api_keys_organization", "api_keys", ["organization_id", "id"])


def downgrade() -> None:
    for table in ("api_keys", "sign_in_failures", "users", "organizations"):
        op.drop_table(table)
    drop_messaging_tables_v1()
