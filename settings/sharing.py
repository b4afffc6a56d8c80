"""Who takes which camera 分工: the one file of a town, shared among its workers.

A worker takes the cameras of the sites and grids that it names, those that it names itself, and
those that name it. No order decides: what two take is an error, and so is what nobody takes.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from domain.place import Site
from settings.townfile import CameraSettings, ShareSettings, TownFile
from settings.yamlfile import Location, dotted


class Taken(NamedTuple):
    """That a worker takes a camera, and where the file says so."""

    worker_id: str
    where: Location


class Sharing:
    """The cameras of a file, each with who takes it."""

    def __init__(self, file: TownFile) -> None:
        self._file = file
        self._sites = {site.id: site for site in file.sites}
        self._grids_of: dict[str, frozenset[str]] = {}

    @property
    def worker_ids(self) -> tuple[str, ...]:
        """All workers of the town, in the file's order: one where none is named."""
        return tuple(self._file.workers) or (self._file.worker.id,)

    def worker_of(self, camera: CameraSettings) -> str | None:
        """Who takes a camera, the first where the file names two; None if nobody does."""
        if not self._file.workers:
            return self._file.worker.id
        return next((taken.worker_id for taken in self.takers(camera)), None)

    def takers(self, camera: CameraSettings) -> Iterator[Taken]:
        """Everyone who takes a camera, by each word that says so."""
        for worker_id, share in self._file.workers.items():
            for place in self._words_for(share, camera):
                yield Taken(worker_id, ("workers", worker_id, *place))
            if camera.worker == worker_id:
                yield Taken(worker_id, ("cameras", self._file.cameras.index(camera), "worker"))

    def problems(self) -> Iterator[tuple[Location, str]]:
        """What is wrong with the sharing, each with the place where it stands."""
        yield from self._said_beside()
        yield from self._idle_words()
        for index, camera in enumerate(self._file.cameras):
            if (words := self._wrong_with(camera)) is not None:
                yield ("cameras", index, "worker"), f"camera {camera.id}: {words}"

    def _wrong_with(self, camera: CameraSettings) -> str | None:
        workers = self._file.workers
        if camera.worker is not None and camera.worker not in workers:
            known = ", ".join(workers) or "none; name it there"
            return f"expected one of workers ({known}), got {camera.worker!r}"
        takers = list(self.takers(camera))
        if len({taken.worker_id for taken in takers}) > 1:
            said = " and ".join(f"{each.worker_id} ({dotted(each.where)})" for each in takers)
            return f"expected one worker, got {said}"
        if workers and not takers and camera.enabled:
            return f"expected a worker, none of {', '.join(workers)} takes it"
        return None

    def _said_beside(self) -> Iterator[tuple[Location, str]]:
        if self._file.workers and "id" in self._file.worker.model_fields_set:
            words = "expected this only without workers; a process is told by --id who it is"
            yield ("worker", "id"), words

    def _idle_words(self) -> Iterator[tuple[Location, str]]:
        """Words for cameras that are none: a misspelt one would leave its cameras to nobody."""
        plan = self._file.grids.grids if self._file.grids else ()
        known = {
            "sites": [site.id for site in self._file.sites],
            "cameras": [camera.id for camera in self._file.cameras],
            "grids": [grid.id for grid in plan],
        }
        for worker_id, share in self._file.workers.items():
            for key, ids in known.items():
                for index, word in enumerate(getattr(share, key)):
                    if not any(fnmatchcase(id_, word) for id_ in ids):
                        words = f"worker {worker_id}: expected the id of one of {key}, got {word!r}"
                        yield ("workers", worker_id, key, index), words

    def _words_for(self, share: ShareSettings, camera: CameraSettings) -> Iterator[Location]:
        """The places in a worker's share that speak of a camera."""
        named = (("sites", share.sites, camera.site_id), ("cameras", share.cameras, camera.id))
        for key, words, id_ in named:
            for index, word in enumerate(words):
                if fnmatchcase(id_, word):
                    yield (key, index)
        for index, grid_id in enumerate(share.grids):
            if grid_id in self._grids_at(camera.site_id):
                yield ("grids", index)

    def _grids_at(self, site_id: str) -> frozenset[str]:
        """The grids, of all levels, that a site lies in."""
        if site_id not in self._grids_of:
            self._grids_of[site_id] = frozenset(self._found(self._sites.get(site_id)))
        return self._grids_of[site_id]

    def _found(self, site: Site | None) -> Iterator[str]:
        if site is not None and self._file.grids is not None:
            for grid in self._file.grids.grids:
                if grid.contains(site.position):
                    yield grid.id
