"""A prior file by question and answer, on a terminal of its own; into a pipe nothing is asked."""

import os
import select
import signal
import subprocess
import sys
import time

import pytest

from mc_sie import load_prior
from mc_sie.quantities import MODEL_QUANTITIES, QUANTITIES

pty = pytest.importorskip("pty", reason="there are no pseudo-terminals here")
if not hasattr(pty, "fork"):
    pytest.skip("there are no pseudo-terminals here", allow_module_level=True)

PATIENCE = 60.0  # seconds for one answer of the program
CONTROL_C = b"\x03"
CONTROL_D = b"\x04"
STATED = 13  # quantities that davidson-2025 states


class Terminal:
    """The program on a terminal, answered question by question."""

    def __init__(self, folder, *arguments):
        self.pid, self.place = pty.fork()
        if self.pid == 0:  # the program
            os.chdir(folder)
            os.environ.update(COLUMNS="200", TERM="dumb")
            os.execv(sys.executable, [sys.executable, "-m", "mc_sie", *arguments])
        self.shown = ""

    def until(self, text):
        """What it shows until it has shown a text."""
        while text not in self.shown:
            more = self._read()
            assert more, f"it ended before {text!r}: {self.shown!r}"
            self.shown += more
        before, _, self.shown = self.shown.partition(text)
        return before

    def answer(self, question, text):
        """Wait for a question and answer it; what was shown before it."""
        before = self.until(f"{question}: ")
        self.type(text)
        return before

    def type(self, text):
        """A line, or keys as they are."""
        os.write(self.place, text if isinstance(text, bytes) else f"{text}\n".encode())

    def end(self):
        """Exit status, and what was shown last."""
        while more := self._read():
            self.shown += more
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]), self.shown

    def _read(self):
        """What it shows next, nothing when it has ended."""
        assert select.select([self.place], [], [], PATIENCE)[0], f"it waits for an answer after {self.shown!r}"
        try:
            return os.read(self.place, 65536).decode().replace("\r\n", "\n")
        except OSError:  # how Linux says that the other side has closed
            return ""


def keep_all(terminal, *names):
    for name in names:
        terminal.answer(f"{name} [keep]", "")


def names_of(prior):
    return [name for name, entry in prior.entries.items() if not entry.is_default]


def test_a_dialogue_ends_in_a_file_that_runs(cli, here):
    terminal = Terminal(here, "priors", "new", "my beliefs.toml")
    shown = terminal.answer("Number, name or file [davidson-2025]", "nobody-2025")
    assert "12.39 % (SE 0.02)" in shown
    assert "Davidson & Houlden (2025): no compute bottleneck" in shown
    assert "'nobody-2025' is neither a shipped prior" in terminal.answer("Number, name or file [davidson-2025]", "")
    terminal.answer("Title [My beliefs]", "Harder, faster")
    terminal.answer("Author [none named]", "Ann")

    shown = terminal.answer("rho [keep]", "1.2")
    assert "rho (1 of 13): CES substitution parameter" in shown
    assert "unit 1, in [-50, 1)" in shown
    assert "70 % uniform from -0.2 to 0, 10 % exactly 0; 90 % interval -0.3 to 0" in shown
    assert "[rho] value = 1.2 is above 1. rho lies in [-50, 1)" in terminal.answer("rho [keep]", "-0.4 to -0.1")
    assert "normal with q05 = -0.4, q95 = -0.1" in terminal.answer("source [my judgement (Ann)]", "back")
    terminal.answer("rho [keep]", "sigma 0.7 to 0.9")
    assert "sigma: lognormal with q05 = 0.7, q95 = 0.9" in terminal.answer("source [my judgement (Ann)]", "")

    terminal.answer("r [keep]", "?")
    help_text = terminal.answer("r [keep]", "lognormal 1.2 0.5 truncate_low=0.01 truncate_high=100")
    assert "here a lognormal" in help_text
    assert "triangular low peak high: Triangular." in help_text
    terminal.answer("source [my judgement (Ann)]", 'Smith (2026), "Returns"')
    terminal.answer("mode [keep]", "back")
    assert "you said: r: lognormal" in terminal.answer("r [keep]", "")
    terminal.answer("mode [keep]", "shortening 0.3, from_scratch 0.7")
    terminal.answer("source [my judgement (Ann)]", "")
    asked = names_of(load_prior("davidson-2025"))
    assert len(asked) == STATED
    keep_all(terminal, *asked[3:])

    end = "Enter writes my beliefs.toml; or name a quantity to change"
    shown = terminal.answer(end, "rho_long")
    assert "What differs from davidson-2025" in shown
    assert "davidson-2025: rho: mixture" in shown
    assert "one bottleneck may be counted twice" in shown
    terminal.answer("rho_long [nothing]", "0")
    terminal.answer("source [my judgement (Ann)]", "")
    assert "[rho_long] is given without [reconfiguration" in terminal.answer("Name a quantity", "rho_long")
    assert "you said: rho_long: exactly 0" in terminal.answer("rho_long [keep]", "base")
    terminal.answer(end, "bottlenecks")
    terminal.answer("How rho, alpha_compute and r fit together", "r is net of the share")
    assert not (here / "my beliefs.toml").exists()
    terminal.answer(end, "")
    status, shown = terminal.end()
    assert status == 0
    for command in ("priors show", "run", "compare davidson-2025"):
        assert f"mc-sie {command} 'my beliefs.toml'" in shown

    prior = load_prior("my beliefs.toml")
    assert (prior.title, prior.description, prior.bottlenecks) == (
        "Harder, faster",
        "The beliefs of Ann.",
        "r is net of the share",
    )
    assert prior.warnings == ()
    own = {name: entry for name, entry in prior.entries.items() if entry.origin.endswith("my beliefs.toml")}
    assert list(own) == ["r", "mode", "sigma"]
    assert own["r"].source == 'Smith (2026), "Returns"'
    assert own["r"].judgement is None
    assert own["sigma"].source == "my judgement (Ann)"
    assert own["sigma"].judgement
    assert own["sigma"].distribution.ppf([0.05, 0.95]).tolist() == pytest.approx([0.7, 0.9])
    draws = ("--draws", "64", "--replicates", "4")
    assert cli("run", "my beliefs.toml", *draws, "--quiet")[0] == 0


def test_a_set_can_be_started_from_nothing(here):
    terminal = Terminal(here, "priors", "new", "mine.toml")
    terminal.answer("Number, name or file [davidson-2025]", "none")
    terminal.answer("Title [My beliefs]", "")
    terminal.answer("Author [none named]", "")
    terminal.answer("rho [must be given]", "")
    terminal.answer("rho [must be given]", "0")
    terminal.answer("source [my judgement]", "me")
    terminal.answer("r [must be given]", "0.4 to 3.6")
    terminal.answer("source [my judgement]", "me")
    assert "default says: none" in terminal.answer("mode [keep]", "back")
    terminal.answer("r [keep]", "")
    keep_all(terminal, *[name for name in MODEL_QUANTITIES[2:] if not QUANTITIES[name].optional])
    terminal.answer("Enter writes mine.toml; or name a quantity to change", "")
    status, shown = terminal.end()
    assert (status, "compare" in shown) == (0, False)
    assert [name for name, entry in load_prior("mine.toml").entries.items() if not entry.is_default] == ["rho", "r"]


@pytest.mark.parametrize("way", ["quit", CONTROL_D, CONTROL_C])
def test_who_leaves_leaves_nothing_behind(here, way):
    terminal = Terminal(here, "priors", "new", "mine.toml", "--extends", "davidson-2025")
    terminal.answer("Title [My beliefs]", "Mine")
    terminal.answer("Author [none named]", "Me")
    terminal.answer("rho [keep]", "0")
    terminal.until("source [my judgement (Me)]: ")
    time.sleep(0.5)  # a signal between the prompt and the wait for input is only seen at the next key
    terminal.type(way)
    status, shown = terminal.end()
    interrupted = 128 + signal.SIGINT, "mc-sie: interrupted; nothing half-written is left"
    code, line = interrupted if way == CONTROL_C else (1, "mc-sie: mine.toml is not written")
    assert status == code
    assert line in shown
    assert "Traceback" not in shown
    assert list(here.iterdir()) == []


def test_answers_are_not_lost_when_the_file_appears_meanwhile(here):
    terminal = Terminal(here, "priors", "new", "mine.toml", "--extends", "davidson-2025")
    terminal.answer("Title [My beliefs]", "")
    terminal.answer("Author [none named]", "")
    keep_all(terminal, *names_of(load_prior("davidson-2025")))
    terminal.until("Enter writes mine.toml; or name a quantity to change: ")
    (here / "mine.toml").write_text("somebody else's")
    terminal.type("")
    assert "mine.toml exists already." in terminal.answer("Another file", "other.toml")
    assert terminal.end()[0] == 0
    assert (here / "mine.toml").read_text() == "somebody else's"
    assert load_prior("other.toml").digest == load_prior("davidson-2025").digest


def test_nothing_is_asked_for_a_file_that_cannot_be_written(here):
    (here / "mine.toml").touch()
    status, shown = Terminal(here, "priors", "new", "mine.toml").end()
    assert status == 2
    assert "exists already" in shown
    assert "Which set" not in shown


def test_a_pool_cannot_be_started_from(here):
    status, shown = Terminal(here, "priors", "new", "mine.toml", "--extends", "agnostic").end()
    assert status == 2
    assert "agnostic is a pool, which has no entries to inherit. Start from a member: " in shown


def test_a_template_can_be_had_on_a_terminal(here):
    status, shown = Terminal(here, "priors", "new", "mine.toml", "--template").end()
    assert (status, "[keep]" in shown) == (0, False)
    assert load_prior("mine.toml").title == "My beliefs"


def test_into_a_pipe_the_template_is_written_as_ever(here):
    program = [sys.executable, "-m", "mc_sie", "priors", "new", "mine.toml"]
    done = subprocess.run(program, cwd=here, input="", capture_output=True, text=True, check=True)
    assert done.stdout == "mine.toml written. Edit it, then: mc-sie priors check mine.toml && mc-sie run mine.toml\n"
    from mc_sie.priors import new_prior_text

    assert (here / "mine.toml").read_text(encoding="utf-8") == new_prior_text("davidson-2025")
