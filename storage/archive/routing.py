"""Use case: look at what has arrived, and owe it to the machines that rules and policies name (PS3.4 Annexes B, R).

Nothing is asked of ingest: studies that changed are looked at soon after, each as often as it changes, and what is owed
already is not owed twice. So nothing is lost by a stop between the arrival and the look.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from storage.access import audit
from storage.access.permission import may
from storage.access.principal import Action, Principal
from storage.archive import Archive, delivery, route
from storage.archive.route import Route
from storage.errors import InvalidRequest, NotFound
from storage.index import ae as ae_rows
from storage.index import deliveries, listing
from storage.index import routes as rows

# Nodes' clocks may differ, and a row is seen only when its transaction commits.
OVERLAP = timedelta(minutes=2)
# Who is told of a study is told when nothing has been added to it for so long.
QUIET = timedelta(seconds=20)
_MARKED_EVERY = timedelta(seconds=30)
_AT_ONCE = 200


class Router:
    """Looks at what changed; ``step`` of the worker. Any number of processes may do so at once."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        # What was seen within the overlap: number and time of the change by study.
        self._seen: dict[int, tuple[int, datetime]] = {}

    def step(self) -> bool:
        """Look at the studies that changed; whether there are more.

        Raises:
            StoreUnavailable: the index cannot be reached.
        """
        now = datetime.now(UTC)
        with self._archive.index.read() as connection:
            until = rows.peek(connection)
        if until is None:
            until = self._archive.index.in_transaction(lambda connection: rows.looked_until(connection, now))
        routes = route.in_force(self._archive)
        with self._archive.index.read() as connection:
            told = rows.told_of_instances(connection)
        if not routes and not told:
            # Whoever makes the first rule need not look at all that came before.
            if now - until > OVERLAP:
                self._archive.index.in_transaction(lambda connection: rows.look_on(connection, now))
            return False
        since, after, looks = until - OVERLAP, 0, 0
        while (page := self._page(since, after)) and looks < _AT_ONCE:
            for study in page:
                change = (study["number_of_instances"], study["updated_at"])
                if self._seen.get(study["id"]) != change:
                    self._look(study, routes, told)
                    self._seen[study["id"]] = change
                    looks += 1
            since, after = page[-1]["updated_at"], page[-1]["id"]
        # When all was looked at, the next look begins here; never ahead of now, as clocks elsewhere may run ahead.
        reached = min(since, now) if page else now
        if reached - until > _MARKED_EVERY or page:
            self._archive.index.in_transaction(lambda connection: rows.look_on(connection, reached))
            self._seen = {one: change for one, change in self._seen.items() if change[1] >= reached - OVERLAP}
        return bool(page)

    def _page(self, since: datetime, after: int) -> list[rows.Row]:
        with self._archive.index.read() as connection:
            return rows.changed(connection, since, after, _AT_ONCE)

    def _look(self, study: rows.Row, routes: Sequence[Route], told: Sequence[rows.Row]) -> None:
        # What may go at once comes before what has to wait for its hours.
        for one in sorted(routes, key=lambda one: one.send_hours != ""):
            for title in one.destinations:
                self._owe(study, one, title)
        for entity in told:
            if entity["facility_id"] == study["facility_id"]:
                self._tell(study, str(entity["ae_title"]))

    def _owe(self, study: rows.Row, one: Route, title: str) -> None:
        uid = study["study_instance_uid"]
        with self._archive.index.read() as connection:
            new = deliveries.unowed(connection, "store", title, uid, one.since)
        # What a machine sent does not go back to it.
        wanted = [
            row["id"]
            for row in new
            if row["source_ae_title"] != title and one.fits(row, str(study["study_description"]))
        ]
        if not wanted:
            return

        def work(connection: rows.Connection) -> None:
            values = {"confirm": one.confirm}
            row = delivery.owe(connection, "store", title, uid, send_hours=one.send_hours, values=values)
            if deliveries.add_instances(connection, row["id"], wanted):
                delivery.reopen(connection, row, datetime.now(UTC))
                if one.confirm and not row["confirm"]:
                    deliveries.change(connection, row["id"], {"confirm": True})

        self._archive.index.in_transaction(work)

    def _tell(self, study: rows.Row, title: str) -> None:
        uid = study["study_instance_uid"]
        with self._archive.index.read() as connection:
            new = [row["id"] for row in deliveries.unowed(connection, "notify", title, uid, None)]
        if not new:
            return

        def work(connection: rows.Connection) -> None:
            quiet = datetime.now(UTC) + QUIET
            row = delivery.owe(connection, "notify", title, uid, values={"next_at": quiet})
            if deliveries.add_instances(connection, row["id"], new):
                delivery.reopen(connection, row, quiet)

        self._archive.index.in_transaction(work)


def send(archive: Archive, study_instance_uid: str, ae_title: str, principal: Principal) -> int:
    """Owe all of a study to a machine, as somebody asks for; the number of the delivery.

    Raises:
        Forbidden: the principal may not give away this study.
        NotFound: there is no such study.
        InvalidRequest: the machine is not registered, or nothing may be forwarded to it.
    """
    with archive.index.read() as connection:
        study = listing.by_uid(connection, study_instance_uid)
        entity = ae_rows.by_title(connection, ae_title)
    if study is None:
        raise NotFound("There is no such study.")
    may(principal, Action.EXPORT, study["facility_id"])
    if entity is None:
        raise InvalidRequest(f"The destination {ae_title} is not registered; add it first.")
    if not entity["may_forward"]:
        raise InvalidRequest(f"Instances may not be forwarded to {ae_title}; its policy says so.")

    def work(connection: rows.Connection) -> int:
        row = delivery.owe(connection, "store", ae_title, study_instance_uid)
        new = deliveries.unowed(connection, "store", ae_title, study_instance_uid, None)
        deliveries.add_instances(connection, row["id"], [one["id"] for one in new])
        # Who asks for a study wants it sent, whatever was sent before.
        for state in ("sent", "refused"):
            deliveries.note_all(connection, row["id"], "waiting", of=state)
        delivery.reopen(connection, row, datetime.now(UTC), force=True)
        detail: audit.Detail = {"act": "forwarding asked for", "destination": ae_title, "delivery": row["id"]}
        audit.record(
            connection,
            principal,
            Action.EXPORT,
            study_instance_uid=study_instance_uid,
            patient_id=study["patient_id"],
            detail=detail,
        )
        return int(row["id"])

    return archive.index.in_transaction(work, durable=True)
