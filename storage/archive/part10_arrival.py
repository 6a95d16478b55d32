"""Use case: keep an instance that comes as a Part 10 file in pieces (PS3.10 §7.1)."""

from collections.abc import Callable, Iterable

from storage.access.principal import Principal
from storage.archive import Archive
from storage.archive.ingest import Receipt, Source, ingest
from storage.dicom.part10 import Part10Splitter


def keep(
    archive: Archive,
    pieces: Iterable[bytes],
    source: Source,
    principal: Principal,
    *,
    facility: str,
    prove: Callable[[], None] = lambda: None,
) -> Receipt:
    """Carry one file through the spool into the archive; memory holds a piece at a time.

    Args:
        facility: code of the facility that owns it.
        prove: called when all pieces were read and nothing is kept yet; what it raises undoes the arrival.

    Raises:
        InvalidInstance: it is not a Part 10 file.
        ArchiveError: as :func:`storage.archive.ingest.ingest`.
    """
    splitter = Part10Splitter()
    first = b""
    remaining = iter(pieces)
    for piece in remaining:
        first = splitter.feed(piece)
        if splitter.meta is not None:
            break
    first += splitter.finish()
    meta = splitter.meta
    assert meta is not None  # finish() has raised otherwise
    with archive.spool.receive(
        transfer_syntax_uid=meta.transfer_syntax_uid,
        sop_class_uid=meta.sop_class_uid,
        sop_instance_uid=meta.sop_instance_uid,
        facility=facility,
    ) as writer:
        writer.write(first)
        for piece in remaining:
            writer.write(piece)
        prove()
        spooled = writer.finish(durable=False)
    return ingest(archive, spooled, source, principal)
