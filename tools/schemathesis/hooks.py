"""Hooks of Schemathesis: every second request names objects that exist, so that it gets past "not found"."""

import json
import os

import schemathesis

# Values by parameter name, as JSON.
KNOWN = json.loads(os.environ.get("TIPHYS_FUZZ_KNOWN", "{}"))


def _is_chosen(values):
    """The same for the same values: runs with one seed stay equal."""
    return sum(json.dumps(values, sort_keys=True, default=str).encode()) % 2 == 0


def _with_known(values):
    if not isinstance(values, dict) or not _is_chosen(values):
        return values
    return {**values, **{name: KNOWN[name] for name in values if name in KNOWN}}


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    return _with_known(path_parameters)


@schemathesis.hook
def map_query(context, query):
    # With a field mask any part of an answer may be absent: its schema could not be checked.
    return _with_known({name: query[name] for name in query if name != "fields"} if isinstance(query, dict) else query)
