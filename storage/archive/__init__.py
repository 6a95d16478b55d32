"""The archive: its use cases, one per module, and the parts they work on."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

from storage.archive.precedence import Precedence
from storage.archive.recent import Recent
from storage.archive.searchable import Searchable
from storage.archive.store_audit import StoreAudit
from storage.cache import HotCache
from storage.index.engine import Index
from storage.index.intake import Intake
from storage.objects import ObjectStore, open_store
from storage.settings import StorageSettings
from storage.spool import Spool


@dataclass(frozen=True)
class Archive:
    """Index, objects and spool of one node; safe to share between threads."""

    index: Index
    objects: ObjectStore
    spool: Spool
    settings: StorageSettings
    cache: HotCache | None = None  # None: the object store is a local folder itself
    store_audit: StoreAudit = field(default_factory=StoreAudit, repr=False, compare=False)
    recent: Recent = field(default_factory=Recent, repr=False, compare=False)

    @cached_property
    def intake(self) -> Intake:
        """The quick way into the index, shared by all threads of this process."""
        return Intake(self.index)

    @cached_property
    def searchable(self) -> Searchable:
        """The attributes that are searched beside the columns of the index."""
        return Searchable(self.index)

    @cached_property
    def derived(self) -> HotCache:
        """What was made of instances for viewers, on the local disk: it can be thrown away."""
        return HotCache.derived(self.settings)

    @cached_property
    def precedence(self) -> Precedence:
        """Whether instances arrive just now, and how long background work rests meanwhile."""
        return Precedence(self.spool.incoming)

    @classmethod
    def open(cls, settings: StorageSettings) -> Self:
        """Open what the settings name; the tables are not migrated.

        Raises:
            StoreUnavailable: a folder or bucket cannot be reached.
        """
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        return cls(
            index=Index(settings.index_url),
            objects=open_store(settings),
            spool=Spool(
                settings.data_dir / "spool",
                minimum_free_bytes=settings.minimum_free_bytes,
                maximum_instance_bytes=settings.maximum_instance_bytes,
            ),
            settings=settings,
            cache=HotCache.open(settings),
        )

    def close(self) -> None:
        """Close the connections of the index; files of a half-written instance are left to the next start."""
        if "intake" in self.__dict__:
            self.intake.close()
        self.spool.close()
        self.index.close()
