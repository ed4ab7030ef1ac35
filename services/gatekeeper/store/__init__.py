"""Rows and named queries: one module for each group of tables. PostgreSQL is the truth (design.md §1)."""
