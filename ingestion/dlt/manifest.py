"""The file format of our load jobs: a manifest says which file a job lands, and holds none of its rows.

dlt knows its file formats from two lists. A format that is in both can be imported as a file of a load
package; jobs of that format then reach the destination that supports it.
"""

from typing import cast

from dlt.common.data_writers.writers import ALL_WRITERS, FileWriterSpec, ImportFileWriter
from dlt.common.destination import LOADER_FILE_FORMATS, TLoaderFileFormat

MANIFEST = cast(TLoaderFileFormat, "manifest")
"""Name of the format, and how the names of its files end."""


class ManifestWriter(ImportFileWriter):
    """What dlt asks of a format. Nothing is written through it: manifests come as files."""

    @classmethod
    def writer_spec(cls) -> FileWriterSpec:
        return FileWriterSpec(
            MANIFEST,
            "object",
            file_extension=MANIFEST,
            is_binary_format=False,
            supports_schema_changes="True",
        )


def register() -> None:
    """Makes the format known to dlt, in this process."""
    LOADER_FILE_FORMATS.add(MANIFEST)
    if ManifestWriter not in ALL_WRITERS:
        ALL_WRITERS.append(ManifestWriter)


register()
