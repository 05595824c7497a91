"""What the machine must have: Java, the package pyspark, and the JDBC driver of Postgres."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from ingestion.errors import OntimeError

OLDEST_JAVA = 17
DRIVERS = (Path("/usr/share/java/postgresql.jar"),)  # where Debian's package has it
JDBC_DRIVER = "ONTIME_JDBC_DRIVER"
"""Names the driver's file where it lies elsewhere."""


def spark_home() -> Path:
    """The folder of Spark's programs and jars. Raises OntimeError where it is not installed."""
    package = importlib.util.find_spec("pyspark")
    if package is None or not package.submodule_search_locations:
        raise OntimeError("the package pyspark is not installed", "run: make spark")
    return Path(package.submodule_search_locations[0])


def java() -> Path:
    """The program java, of JAVA_HOME or on PATH. Raises OntimeError where it is missing or too old."""
    remedy = f"install it (Debian: apt-get install openjdk-{OLDEST_JAVA}-jre-headless), or set JAVA_HOME"
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home, "bin"))) if home else shutil.which("java")
    if not found:
        raise OntimeError(f"there is no java {f'in {home}/bin' if home else 'on PATH'}", remedy)
    said = subprocess.run([found, "-version"], capture_output=True, text=True, errors="replace").stderr
    version = re.search(r'version "(?:1\.)?(\d+)', said)
    if not version:
        raise OntimeError(f"{found} does not say its version: {said.strip()[:200]}", remedy)
    if int(version[1]) < OLDEST_JAVA:
        raise OntimeError(f"{found} is Java {version[1]}; Spark takes {OLDEST_JAVA} or newer", remedy)
    return Path(found)


def jdbc_driver() -> Path:
    """The driver by which Spark and Hive speak to Postgres. Raises OntimeError where it is missing."""
    named = os.environ.get(JDBC_DRIVER)
    places = [Path(named)] if named else DRIVERS
    for place in places:
        if place.is_file():
            return place.absolute()
    raise OntimeError(
        f"there is no JDBC driver of Postgres at {', '.join(map(str, places))}",
        f"install it (Debian: apt-get install libpostgresql-jdbc-java), or name it: {JDBC_DRIVER}=<file>",
    )
