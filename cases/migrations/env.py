"""Run by Alembic, on the connection (and in the transaction) that `Database.upgrade` opened."""

from alembic import context

from cases.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,  # SQLite can too, once the driver keeps its hands off transactions
)
with context.begin_transaction():
    context.run_migrations()
