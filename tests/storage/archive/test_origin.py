"""An object says of itself what no data set says: when and for whom it came, and as which row."""

from storage.archive import Archive
from storage.archive.upload import upload_pending
from storage.dicom.part10 import Origin, read_meta
from storage.index import rebuilding
from tests.storage import generated


def test_an_object_carries_the_time_facility_and_rows_of_its_instance(archive: Archive) -> None:
    first = generated.keep(archive, generated.ct_slice(), generated.local_source(archive, facility_id=2))
    generated.keep(archive, generated.ct_slice(study=first.study_instance_uid), generated.local_source(archive))
    assert upload_pending(archive) == 2
    origins = []
    for found in archive.objects.keys("instances/"):
        meta, _ = read_meta(archive.objects.read(found.key))
        with archive.index.read() as connection:
            (row,) = rebuilding.origins(connection, [meta.origin.instance])
        assert meta.origin == Origin(**row)
        origins.append(meta.origin)
    assert {origin.facility for origin in origins} == {"79001", "LOCAL"}
    assert len({origin.instance for origin in origins}) == 2
    assert len({origin.study for origin in origins}) == 1
