"""Whether a saved object and the images it speaks of are of one patient (PS3.3 §C.7.1.1).

An archive keeps what contradicts its study as it came, so an object may stand in a study, and speak of images, of
somebody else: nothing of it may be shown on them.
"""

from collections.abc import Callable, Iterator, Mapping

from pydicom.dataset import Dataset

from storage.dicom.likeness import alike, same_name

_KEYWORDS = {
    "patient_id": "PatientID",
    "issuer_of_patient_id": "IssuerOfPatientID",
    "patient_birth_date": "PatientBirthDate",
    "patient_name": "PatientName",
}
_REFERENCED_SOP_INSTANCE = 0x00081155
_PREDECESSORS = 0x0040A360

Identity = Mapping[str, str]


def identity_of(header: Dataset) -> Identity:
    """Who a header says it is of."""
    return {name: str(header.get(keyword) or "").strip() for name, keyword in _KEYWORDS.items()}


def are_one(first: Identity, second: Identity) -> bool:
    """Whether two identities may be one person's.

    The ID, its issuer and the day of birth must not contradict each other. Names may: they change, and are spelt in
    several ways, but not where one of the two has no ID.
    """
    for column in ("patient_id", "issuer_of_patient_id", "patient_birth_date"):
        if not alike(column, first[column], second[column]):
            return False
    known = first["patient_id"] and second["patient_id"]
    return bool(known) or same_name(first["patient_name"], second["patient_name"])


def referenced(saved: Dataset) -> Iterator[str]:
    """UIDs of all images that an object speaks of, each once; not of those that it replaces."""
    seen: set[str] = set()
    waiting = [saved]
    while waiting:
        for element in waiting.pop():
            if element.tag == _REFERENCED_SOP_INSTANCE and str(element.value) not in seen:
                seen.add(str(element.value))
                yield str(element.value)
            elif element.VR == "SQ" and element.tag != _PREDECESSORS:
                waiting += element.value


def is_of_its_images(
    saved: Dataset, identity_of_image: Callable[[str], Identity | None], most: int | None = None
) -> bool:
    """Whether an object is of the patient of its images; ``most``: no more of these are asked about.

    ``identity_of_image`` gives ``None`` for images that are not here.
    """
    own = identity_of(saved)
    for number, uid in enumerate(referenced(saved)):
        if most is not None and number >= most:
            break
        found = identity_of_image(uid)
        if found is not None and not are_one(own, found):
            return False
    return True
