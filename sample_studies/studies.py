"""The list of all sample studies."""

from sample_studies import ct_head, mr_brain
from sample_studies.study import Task


def all_tasks() -> list[Task]:
    """Every image of every study, study by study."""
    return [*ct_head.tasks(), *mr_brain.tasks()]
