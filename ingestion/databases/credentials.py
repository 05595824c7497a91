"""How to log in to a database: from the environment or `.dlt/secrets.toml`, as dlt finds it. Never in a file
that is committed, nor on a command line, which every user of the machine sees.
"""

import os

import sqlalchemy as sa
from dlt.common.configuration.exceptions import ConfigFieldMissingException, ConfigurationException
from dlt.common.configuration.resolve import resolve_configuration
from dlt.common.configuration.specs import ConnectionStringCredentials

from ingestion import PROJECT
from ingestion.databases.dialects import DIALECTS
from ingestion.errors import OntimeError

"""The folder whose `.dlt/` holds dlt's settings and secrets."""


def address_of(name: str) -> sa.URL:
    """The address of a database with its secrets, such as `mysql://reader:...@db.example.org/fleet`.

    Raises OntimeError, without the secrets, when there is none, or none of a database that can be read.
    """
    try:
        found = _found(name)
    except ConfigurationException:
        raise OntimeError(
            f"{name}: no address to log in with was found, or it is none", where(name)
        ) from None
    address = sa.make_url(found.to_native_representation())
    if address.get_backend_name() not in DIALECTS:
        kinds = ", ".join(sorted(DIALECTS))
        raise OntimeError(f"{name}: the address begins with none of {kinds}", where(name))
    return address


def has_address(name: str) -> bool:
    """Whether somebody has set an address to log in with, a right one or not; an empty one is none."""
    if os.environ.get(variable(name)) == "":
        return False
    try:
        _found(name)
    except ConfigFieldMissingException:
        return False
    except ConfigurationException:
        return True
    return True


def _found(name: str) -> ConnectionStringCredentials:
    os.environ["DLT_PROJECT_DIR"] = str(PROJECT)
    return resolve_configuration(ConnectionStringCredentials(), sections=("sources", name))


def where(name: str) -> str:
    """The remedy: where the address of a database stands."""
    return (
        f"set {variable(name)}=mysql://user:password@host/database (or postgresql://...) in the"
        f" environment, or sources.{name}.credentials in .dlt/secrets.toml"
    )


def variable(name: str) -> str:
    """The environment variable of the address of a database."""
    return f"SOURCES__{name.upper()}__CREDENTIALS"
