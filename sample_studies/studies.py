"""The list of all sample studies."""

from sample_studies import cr_chest, ct_chest, ct_head, mammogram, mr_brain, ultrasound
from sample_studies.study import Task


def all_tasks() -> list[Task]:
    """Every image of every study, study by study; the single images that take longest come first."""
    modules = (cr_chest, ultrasound, mammogram, ct_head, ct_chest, mr_brain)
    return [task for module in modules for task in module.tasks()]
