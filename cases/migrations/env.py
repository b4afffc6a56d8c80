"""Run by Alembic, on the connection (and in the transaction) that `Database.upgrade` opened."""

from alembic import context

from cases import clock_tables, place_tables, tables
from cases.table_base import Base

TABLES = tables, place_tables, clock_tables
"""Named, so that all of them are known to `Base`."""

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,  # SQLite can too, once the driver keeps its hands off transactions
)
with context.begin_transaction():
    context.run_migrations()
