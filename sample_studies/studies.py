"""The list of all sample studies."""

from sample_studies import (
    angiogram,
    cr_chest,
    ct_chest,
    ct_head,
    electrocardiogram,
    mammogram,
    mr_brain,
    pet_ct,
    plan,
    ultrasound,
)
from sample_studies.study import Task


def all_tasks() -> list[Task]:
    """Every image of every study, study by study; the single images that take longest come first."""
    modules = (
        cr_chest, ultrasound, mammogram, angiogram, ct_head, ct_chest, mr_brain, electrocardiogram, pet_ct, plan,
    )  # fmt: skip
    return [task for module in modules for task in module.tasks()]
