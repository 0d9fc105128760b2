"""Alembic's entry: runs migrations on the connection that `alerts.database` hands over."""

from alembic import context

from alerts.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
