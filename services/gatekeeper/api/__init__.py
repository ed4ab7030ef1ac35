"""The HTTP API (contracts.md §4): `create_app`, `openapi` and `run_api` are what others use."""
