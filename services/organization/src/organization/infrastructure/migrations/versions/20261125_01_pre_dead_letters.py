"""Dead letters say whose they are and what was done about them."""

from crivo_messaging.migrations import extend_dead_letters_v2, restrict_dead_letters_v1

revision = "20261125_01"
down_revision = "20261124_01"
branch_labels = None
depends_on = None


def upgrade() -> None:
    extend_dead_letters_v2()


def downgrade() -> None:
    restrict_dead_letters_v1()
