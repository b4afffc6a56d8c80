"""The schema's history. One file a step, never changed once released; `Database.upgrade` runs
what is missing, and a test holds the sum of all steps against `cases.tables`.

Steps lead forward only: going back would drop the history of cases. Restore a backup instead.
"""
