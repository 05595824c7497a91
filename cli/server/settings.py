"""Texts that the embedded server and its clients read: `server.conf` and `server.env`."""

import os
import shlex
import shutil
from pathlib import Path

MIB = 1024 * 1024

LOOPBACK = "127.0.0.1"


def server_conf(memory: int, port: int, socket_folder: Path) -> str:
    """Postgres settings for a machine with `memory` bytes, included by postgresql.conf.

    A warehouse can be built again from its sources: the settings keep it whole, and are fast before all.
    """
    folder = str(socket_folder).replace("'", "''")
    return f"""\
listen_addresses = '{LOOPBACK}'
port = {port}
unix_socket_directories = '"{folder}"'
unix_socket_permissions = 0700
timezone = 'UTC'
log_timezone = 'UTC'

shared_buffers = {_mebibytes(memory // 8, 128, 3072)}MB
effective_cache_size = {_mebibytes(memory // 2, 256, 65536)}MB
work_mem = {_mebibytes(memory // 64, 16, 128)}MB
maintenance_work_mem = {_mebibytes(memory // 16, 64, 512)}MB
dynamic_shared_memory_type = {shared_memory_type()}
jit = off

wal_level = minimal
max_wal_senders = 0
max_wal_size = 4GB
checkpoint_timeout = 30min
# Commits wait for no disk, but for those that people are told of: loads, decisions, publications, restores.
synchronous_commit = off

# Sessions of killed clients end within a second, and with them their locks.
client_connection_check_interval = 1s
"""


DLT_FOLDER = "DLT_DATA_DIR"
"""The variable of dlt that says where pipelines are: `ontime load` keeps its last ones there."""

# Names the server that an activated `.venv` exported as PGHOST, to tell it from one that the user chose.
ACTIVATED_HOST = "ONTIME_ACTIVATED_HOST"


def server_env(socket_folder: Path, port: int, password: str, dlt_folder: Path) -> str:
    """Shell lines for an activated `.venv`: dbt, psql and other clients find the server, as transformer, and
    `dlt pipeline` finds the pipelines.

    Another server that the shell's user named is kept; one that another clone's `.venv` named is not.
    """
    folder = shlex.quote(str(socket_folder))
    return f"""\
# Written by `ontime up`, read by `. .venv/bin/activate`.
if [ -z "${{PGHOST:-}}" ] || [ "$PGHOST" = {folder} ] || [ "$PGHOST" = "${{{ACTIVATED_HOST}:-}}" ]; then
export {ACTIVATED_HOST}={folder}
export PGHOST={folder}
export PGPORT='{port}'
export PGUSER='transformer'
export PGPASSWORD={shlex.quote(password)}
export PGDATABASE="${{PGDATABASE:-ontime}}"
export {DLT_FOLDER}={shlex.quote(str(dlt_folder))}
fi
"""


def memory_bytes() -> int:
    """Memory of this machine, or of this container when it is given less."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(machine, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    except (OSError, ValueError):  # no control group, or "max"
        return machine


def shared_memory_type() -> str:
    """System V where /dev/shm is small (64 MB in a container): a parallel join would run out of it."""
    shm = Path("/dev/shm")
    return "sysv" if shm.exists() and shutil.disk_usage(shm).total < 1024 * MIB else "posix"


def _mebibytes(size: int, least: int, most: int) -> int:
    """`size` bytes as whole MiB between `least` and `most`."""
    return max(least, min(size // MIB, most))
