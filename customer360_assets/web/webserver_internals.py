"""The names that Dagster's webserver keeps to itself and this project needs.

`tests/web/test_webserver_internals.py` fails when a release changes them.
"""

# The app behind the access guard: the public command, dagster-webserver, starts it without one.
from dagster_webserver.app import create_app_from_workspace_process_context

# What the UI shows as its own version; the package itself has it, but does not export it to types.
from dagster_webserver.version import __version__

__all__ = ["__version__", "create_app_from_workspace_process_context"]
