"""`supercharger calibrate`: tasks through the node in use, a fit of what came out, stored by the model."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from pytest_supercharger import containers, ending, finding, fits, nodes
from pytest_supercharger.calibrating import figures, library
from pytest_supercharger.calibrating.collecting import Collector
from pytest_supercharger.calibrating.layout import lay_out
from pytest_supercharger.calibrating.outcomes import Outcomes, known_of
from pytest_supercharger.calibrating.tasks import Task, TaskError, choose, make
from pytest_supercharger.calibration import fit
from pytest_supercharger.errors import NodeError, SourceError
from pytest_supercharger.inflight import Generator
from pytest_supercharger.options import Settings
from pytest_supercharger.reporting import Reporter

__all__ = ["Calibrate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrate:
    """One run of the command; `run` gives its exit status."""

    settings: Settings
    files: tuple[Path, ...] = ()  # of tasks beside the shipped ones
    json: Path | None = None
    reporter: Reporter
    tasks: Callable[[], Sequence[Task]] = library.shipped

    def run(self) -> int:
        """Collect what is missing, store the fit, show the figures; 1 where a task has no outcome for an error.

        Raises:
            SuperchargeError: the command cannot be carried out; outcomes so far are kept.
        """
        problems: dict[str, str] = {}
        tasks = [*{task.id: task for task in (*self.tasks(), *self._more(problems))}.values()]
        say = self.reporter.line
        with ending.in_order(), nodes.opened(self.settings, say) as generator:
            identity = _identity(generator)
            outcomes = Outcomes(fits.folder_of(identity), self.settings)
            missing = outcomes.missing(tasks)
            say(f"{len(tasks)} tasks for {generator.model}, {len(tasks) - len(missing)} of them known already")
            problems |= self._collect(missing, generator, outcomes) if missing else {}
            lines = outcomes.all()
            found = fit(known for line in lines if (known := known_of(line)) is not None)
            path = fits.save(found, identity, generator.model)
            shown = figures.figures(lines, found, generator.model, self.settings.confidence)
        for task, why in problems.items():
            say(f"{task} has no outcome: {why}")
        self.reporter.block("\n" + "\n".join(figures.table(shown)) + "\n")
        say(f"the fit is in {path}")
        if self.json is not None:
            _write(self.json, json.dumps({"version": 1, "errors": problems, **shown}, indent=2) + "\n")
        return 1 if problems else 0

    def _more(self, problems: dict[str, str]) -> list[Task]:
        """The tasks of the files; one that cannot be used keeps nobody from the others."""
        found: list[Task] = []
        for number, row in enumerate(row for file in self.files for row in choose(file, 0, self.settings.seed)):
            try:
                found.append(make(row))
            except TaskError as error:
                problems[str(row.get("task_id", f"task {number + 1}"))] = str(error)
        return found

    def _collect(self, tasks: Sequence[Task], generator: Generator, outcomes: Outcomes) -> dict[str, str]:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="supercharger-calibrate-")))
            work = finding.find(lay_out(folder / "project", tasks))
            sandbox = stack.enter_context(containers.sandbox(work.project, self.settings, self.reporter.line))
            collector = Collector(
                work=work,
                settings=self.settings,
                generator=generator,
                sandbox=sandbox,
                reporter=self.reporter,
                outcomes=outcomes,
            )
            return collector.run(tasks)


def _identity(generator: Generator) -> str:
    identities = generator.identities
    if len(identities) > 1:
        raise NodeError(f"the nodes have {len(identities)} different models; calibrate them one after the other")
    identity = next(iter(identities), "")
    if not identity:
        raise NodeError("the node does not say which model it has, so no fit can be stored for it")
    return identity


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SourceError(f"{path} cannot be written ({error.strerror}); give --json another file") from None
