"""Our kernel beside its peers, in one run: ``python benchmarks/compare.py [--quick] [--out FILE.json]``.

Prints Markdown tables and, with ``--out``, writes everything as JSON. See README.md for what is compared and how.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPOSITORY)] if str(REPOSITORY) not in sys.path else []

from benchmarks import accuracy, floor  # noqa: E402
from benchmarks.cases import Case, Contender, cases, use_processors  # noqa: E402

LIBRARIES = ("mc-sie", "numpy", "scipy", "numba", "jax", "jaxlib", "pandas", "pyarrow")
PRIOR = "davidson-2025"

FIRST_CALL = """
import json, time
from mc_sie import load_prior, simulate
prior = load_prior("davidson-2025")
seconds = []
for _ in range(2):
    started = time.perf_counter()
    simulate(prior, 64)
    seconds.append(time.perf_counter() - started)
print(json.dumps(seconds[0] - seconds[1]))
"""
"""Seconds that the first simulation takes longer than the second: compiling, or loading machine code."""

COMMAND = """
import atexit
from benchmarks.resident import resident_mib
from mc_sie.__main__ import main
atexit.register(lambda: print(resident_mib("VmHWM")))
main()
"""
"""The command line, with its peak memory after its output."""

HOT_IMPORT = "from mc_sie import load_prior, simulate, summarise, write_run"


def main() -> None:
    """Run everything and print the tables."""
    parser = argparse.ArgumentParser(description="Our kernel beside its peers")
    parser.add_argument("--quick", action="store_true", help="about a minute, with wide errors")
    parser.add_argument("--out", type=Path, help="JSON file to write, anew after every part")
    options = parser.parse_args()
    started = time.perf_counter()
    quick = options.quick
    report: dict[str, Any] = {"machine": machine(), "quick": quick, "cases": {}}
    print_machine(report["machine"], quick)
    for case in cases(quick=quick):
        note(f"{case.name}: timing")
        report["cases"][case.name] = {"timing": timed_case(case, n_rounds=3 if quick else 5)}
        note(f"{case.name}: accuracy")
        if case.name == "davidson_houlden":
            report["cases"][case.name]["accuracy"] = accuracy.of_davidson_houlden(case)
        else:
            report["cases"][case.name]["accuracy"] = accuracy.of_law(case, 8 if quick else 64)
        if not quick:
            note(f"{case.name}: memory")
            report["cases"][case.name]["memory"] = memory(case)
        print_case(case, report["cases"][case.name])
        save(report, options.out)
    note("floor")
    report["floor"] = floors(16 if quick else 128, cases(quick=quick), 3 if quick else 15)
    print_floor(report)
    save(report, options.out)
    note("compiling and starting")
    report["start"] = starting(3 if quick else 7, is_cold=not quick)
    print_start(report["start"])
    save(report, options.out)
    note("mc-sie run")
    report["run"] = end_to_end(2**15 if quick else 2**20)
    print_run(report["run"])
    report["wall_seconds"] = time.perf_counter() - started
    print(f"\n{report['wall_seconds']:.0f} s in all.")
    save(report, options.out)


def save(report: dict[str, Any], path: Path | None) -> None:
    """Write what there is so far, where a file was asked for."""
    if path is not None:
        path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def note(what: str) -> None:
    """Say on standard error what is being done."""
    print(f"... {what}", file=sys.stderr, flush=True)


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    model = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    git = ["git", "-C", str(REPOSITORY), "describe", "--always", "--dirty", "--exclude", "*"]
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip(),
        "cpu": model,
        "processors": use_processors(0),
        "load_before": list(os.getloadavg()) if hasattr(os, "getloadavg") else [],
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": versions,
    }


# --- Timing -----------------------------------------------------------------------------------------------------------


def timed_case(case: Case, n_rounds: int) -> dict[str, Any]:
    """Microseconds per draw of every contender, round by round, and what each costs relative to ours.

    Every round runs every contender once on every number of processors, in turns; a ratio is taken within a round.
    """
    inputs = {one.name: case.draws(one.n_draws) for one in case.contenders}
    entries = [(one, n) for one in case.contenders for n in one.threads if n <= use_processors(0)]
    first: dict[str, float] = {}
    few = case.draws(64)
    for one in case.contenders:  # compile
        seconds = [_seconds(one, few, 1) for _ in range(2)]
        first[one.name] = max(0.0, seconds[0] - seconds[1])
    found: dict[str, dict[str, list[float]]] = {}
    for turn in range(n_rounds):
        shift = turn % len(entries)
        for one, n in entries[shift:] + entries[:shift]:
            seconds_taken = _seconds(one, inputs[one.name], n)
            found.setdefault(one.name, {}).setdefault(str(n), []).append(1e6 * seconds_taken / one.n_draws)
    use_processors(0)
    ours = next((found[one.name] for one in case.contenders if one.is_ours), {})
    result = {}
    for one in case.contenders:
        by_threads = {}
        for threads, microseconds in found[one.name].items():
            row: dict[str, Any] = {"us": spread(microseconds), "rounds": microseconds}
            if threads in ours:
                row["ratio"] = spread([a / b for a, b in zip(microseconds, ours[threads], strict=True)])
            by_threads[threads] = row
        result[one.name] = {"n_draws": one.n_draws, "first_call_seconds": first[one.name], "threads": by_threads}
    return result


def _seconds(one: Contender, inputs: Any, threads: int) -> float:
    use_processors(threads)
    started = time.perf_counter()
    one.run(inputs, threads)
    return time.perf_counter() - started


def spread(values: Iterable[float]) -> dict[str, float]:
    """Median, smallest and largest."""
    ordered = sorted(values)
    return {"median": statistics.median(ordered), "low": ordered[0], "high": ordered[-1]}


# --- In processes of their own ----------------------------------------------------------------------------------------


def child(*arguments: str, **variables: str) -> tuple[str, float]:
    """Run this Python with arguments; standard output and wall seconds."""
    environment = os.environ | variables
    environment["PYTHONPATH"] = os.pathsep.join([str(REPOSITORY), environment.get("PYTHONPATH", "")])
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=environment, check=False, cwd=REPOSITORY
    )
    wall = time.perf_counter() - started
    if done.returncode != 0:
        raise RuntimeError(f"{arguments}: {done.stderr[-2000:]}")
    return done.stdout, wall


def memory(case: Case) -> dict[str, Any]:
    """Peak memory of each contender on as many draws as all can be given (fewer for one that goes draw by draw)."""
    script = str(REPOSITORY / "benchmarks" / "memory.py")
    most = max(one.n_draws for one in case.contenders)
    common = min(one.n_draws for one in case.contenders if one.n_draws >= most // 64)
    return {
        one.name: json.loads(child(script, case.name, one.name, str(min(common, one.n_draws)))[0])
        for one in case.contenders
    }


def floors(n_draws: int, compared: list[Case], n_rounds: int) -> dict[str, Any]:
    """Calls per draw, their price, the floor that makes, and how many times above it ours is on one thread.

    Prices and times are taken by turns, since the machine may be slower a minute later.
    """
    script = str(REPOSITORY / "benchmarks" / "floor.py")
    counts = json.loads(child(script, str(n_draws), NUMBA_DISABLE_JIT="1")[0])
    use_processors(1)
    nanoseconds = floor.prices()
    found = floor.floors(counts, nanoseconds)
    for case in compared:
        for one in case.contenders:
            if one.name in counts.get(case.name, {}):
                inputs, above = case.draws(one.n_draws), []
                one.run(case.draws(64), 1)  # compile
                for _ in range(n_rounds):
                    floor_now = floor.floors(counts, floor.prices(3))[case.name][one.name]["floor_us"]
                    above.append(1e6 * _seconds(one, inputs, 1) / one.n_draws / floor_now)
                found[case.name][one.name]["times_above"] = spread(above)
    use_processors(0)
    return {"nanoseconds": nanoseconds, "cases": found}


def starting(n_rounds: int, *, is_cold: bool) -> dict[str, Any]:
    """Seconds to compile (if ``is_cold``), to load machine code, to import and to show the help."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        where = {"MC_SIE_CACHE": folder} if is_cold else {}
        if is_cold:
            found["first_simulation_cold"] = json.loads(child("-c", FIRST_CALL, **where)[0])
            out = ("--out", str(Path(folder) / "run"))
            found["first_run_cold"] = child("-m", "mc_sie", "run", PRIOR, *out, MC_SIE_CACHE=str(Path(folder) / "own"))[
                1
            ]
        found["first_simulation_cached"] = json.loads(child("-c", FIRST_CALL, **where)[0])
    commands = {
        "python": ("-c", "pass"),
        "import mc_sie": ("-c", "import mc_sie"),
        HOT_IMPORT: ("-c", HOT_IMPORT),
        "mc-sie --help": ("-m", "mc_sie", "--help"),
    }
    walls: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(n_rounds):
        for name, arguments in commands.items():
            walls[name].append(child(*arguments)[1])
    return {**found, "wall": {name: spread(seconds) for name, seconds in walls.items()}}


def end_to_end(n_draws: int) -> dict[str, Any]:
    """``mc-sie run`` as a command, and its stages."""
    stages = json.loads(child(str(REPOSITORY / "benchmarks" / "stages.py"), str(n_draws))[0])
    with tempfile.TemporaryDirectory() as folder:
        command = ("run", PRIOR, "--draws", str(n_draws), "--quiet", "--out", str(Path(folder) / "run"))
        output, wall = child("-c", COMMAND, *command)
    return {"stages": stages, "command_seconds": wall, "command_peak_mib": float(output.split()[-1])}


# --- Tables -----------------------------------------------------------------------------------------------------------


def print_machine(about: dict[str, Any], quick: bool) -> None:
    """What and when."""
    libraries = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    print(f"# Benchmarks of {about['date']}, commit {about['commit']}{', quick' if quick else ''}\n")
    print(
        f"{about['cpu']}, {about['processors']} processors, {about['system']}, Python {about['python']}; {libraries}."
    )
    if about["load_before"] and about["load_before"][0] > 0.5:
        print(f"The machine was busy before: load {about['load_before'][0]:.1f}.")


def table(head: list[str], rows: list[list[str]]) -> None:
    """A Markdown table."""
    print("| " + " | ".join(head) + " |")
    print("|" + "|".join(["---"] + ["---:"] * (len(head) - 1)) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


def _range(values: dict[str, float] | None, form: str = ".3g") -> str:
    if values is None:
        return ""
    return f"{values['median']:{form}} ({values['low']:{form}}-{values['high']:{form}})"


def print_case(case: Case, found: dict[str, Any]) -> None:
    """One case: time, ratio, memory, accuracy."""
    print(f"\n## {case.name}\n")
    rows = []
    for one in case.contenders:
        timing = found["timing"][one.name]
        exact = found["accuracy"].get(one.name)
        for n, row in timing["threads"].items():
            cells = [one.name, n, _range(row["us"]), _range(row.get("ratio"), ".2g")]
            first_row = n == next(iter(timing["threads"]))
            cells.append(f"{timing['first_call_seconds']:.2g}" if first_row else "")
            used = found.get("memory", {}).get(one.name)
            cells.append(f"{used['mib']:.0f} for {used['n_draws']:,}" if used and first_row else "")
            cells += accuracy_cells(exact) if first_row else ["", ""]
            rows.append(cells)
    last = ["differ from the simulator", ""] if case.name == "davidson_houlden" else ["error of times", "of gains"]
    table(["contender", "threads", "us per draw", "x ours", "first call, s", "peak MiB", *last], rows)


def accuracy_cells(exact: dict[str, Any] | None) -> list[str]:
    """Errors, 99 % and worst; or how many events differ."""
    if exact is None:
        return ["", ""]
    if "n_rows" in exact:
        return [f"{exact['events_that_differ']} of {exact['n_rows']}", ""]
    cells = [f"{exact[name]['q99']:.0e}, {exact[name]['worst']:.0e}" for name in ("times", "gains")]
    if exact["codes_that_differ"]:
        cells[1] += f"; {exact['codes_that_differ']} codes differ"
    return cells


def print_floor(report: dict[str, Any]) -> None:
    """Calls, floor and how far above it the kernel is, on one thread; the last by turns, not from the timings above."""
    print("\n## Floor: transcendental calls per draw at the price of a bare loop\n")
    rows = []
    for case, ways in report["floor"]["cases"].items():
        for name, found in ways.items():
            ours = report["cases"][case]["timing"][name]["threads"]["1"]["us"]["median"]
            calls = ", ".join(f"{number:.0f} {function}" for function, number in found["calls_per_draw"].items())
            rows.append(
                [case, name, calls, f"{found['floor_us']:.3g}", f"{ours:.3g}", _range(found["times_above"], ".2g")]
            )
    table(["case", "way", "calls per draw", "floor, us", "ours, us", "x floor"], rows)
    prices = ", ".join(f"{name} {ns:.1f}" for name, ns in report["floor"]["nanoseconds"].items())
    print(f"\nNanoseconds a call: {prices}.")


def print_start(found: dict[str, Any]) -> None:
    """Compiling and starting."""
    print("\n## Compiling and starting\n")
    rows = []
    if "first_simulation_cold" in found:
        rows.append(["first simulation, compiling", f"{found['first_simulation_cold']:.2f}"])
        rows.append(["first `mc-sie run`, compiling in two processes", f"{found['first_run_cold']:.2f}"])
    rows.append(["first simulation, machine code cached", f"{found['first_simulation_cached']:.2f}"])
    rows += [[f"`{name}`", _range(seconds, ".2f")] for name, seconds in found["wall"].items()]
    table(["what", "seconds"], rows)


def print_run(found: dict[str, Any]) -> None:
    """The command by stage."""
    stages = found["stages"]
    print(f"\n## `mc-sie run {PRIOR} --draws {stages['n_draws']}`\n")
    rows = [[stage, f"{seconds:.2f}"] for stage, seconds in stages["seconds"].items()]
    rows.append([f"**the command, start to end** (peak {found['command_peak_mib']:.0f} MiB)"])
    rows[-1].append(f"**{found['command_seconds']:.2f}**")
    table(["stage", "seconds"], rows)


if __name__ == "__main__":
    main()
