"""The stages of a report beside DuckDB, pandas and Polars, each as a process of its own, in one run.

compare_stages.py FILE | --grow SOURCE.csv [--rows 5000000] | --flood [--copies 20]
                  [--programs target/release] [--python PYTHON] [--repeat 3] [--work FOLDER]

FILE is a CSV of the published form, or an events.parquet in its run folder. --grow makes the CSV from a published one by
grow.py; --flood makes a run folder of ten million rows by `cnsim run`, grow_run.py and `cnsim-analyze fetch`. The programs are
looked for below --programs: cargo build --release --workspace --bins --example stages. PYTHON has duckdb, pandas, polars,
pyarrow and scipy. The peers compute less than cnsim; what each does stands in its file. The fastest of the repeats counts, and
the largest peak. What is made stays in --work for the next time, where that is given.
"""

import argparse
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
STAGES = ["read", "measure", "audit", "report"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=pathlib.Path)
    parser.add_argument("--grow", type=pathlib.Path, metavar="SOURCE.csv")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--flood", action="store_true")
    parser.add_argument("--copies", type=int, default=20)
    parser.add_argument("--programs", type=pathlib.Path, default=HERE.parents[1] / "target" / "release")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--work", type=pathlib.Path, help="where a grown file is kept for the next run")
    chosen = parser.parse_args()
    if [chosen.file is not None, chosen.grow is not None, chosen.flood].count(True) != 1:
        parser.error("name a FILE, or make one with --grow or --flood")
    return chosen


def grown(source, rows, work):
    """A CSV of the published form."""
    path = work / f"{source.stem}-{rows}.csv"
    if not path.exists():
        run(sys.executable, HERE / "grow.py", source, rows, path)
    return path


def flood(chosen, work):
    """The records of a long run on two hosts, in its folder."""
    folder = work / f"flood-{chosen.copies}"
    path = folder / "long" / "one" / "events.parquet"
    if path.exists():
        return path
    shutil.rmtree(folder, ignore_errors=True)
    cnsim, analyze = chosen.programs / "cnsim", chosen.programs / "cnsim-analyze"
    run(cnsim, "run", "--nodes", 1000, "--topology", "k-regular:8", "--rounds", 71, "--condition", "flood", "--seed", 3,
        "--run-id", "base", "--out", folder / "runs")  # fmt: skip
    base, fetched = folder / "runs" / "base", folder / "fetched" / "base" / "events.parquet"
    run(analyze, "fetch", base / "events.jsonl", "-o", folder / "fetched")
    run(chosen.python, HERE / "grow_run.py", base, fetched, chosen.copies, "one", folder / "grown")
    run(analyze, "fetch", folder / "grown" / "one.parquet", "-o", folder / "long")
    for file in (folder / "grown" / "one").iterdir():
        shutil.copy(file, path.parent)
    return path


def run(*command):
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)


def commands(chosen, path, work):
    """What is measured, the one that others are compared with first."""
    python = lambda script: [chosen.python, HERE / script, path]  # noqa: E731
    stages = chosen.programs / "examples" / "stages"
    # A run folder is read whole, for its manifest says what its rounds are.
    is_run = (path.parent / "manifest.json").exists()
    read = path.parent if is_run else path
    found = {"DuckDB, T in one query": python("duckdb_t.py")}
    if path.suffix == ".parquet":
        found["pandas and SciPy, statistics"] = python("pandas_statistics.py")
    else:
        found["pandas, T"] = python("pandas_t.py")
    found["Polars, metrics"] = python("polars_metrics.py")
    for stage in STAGES:
        found[f"cnsim until {stage}"] = [stages, read, "--until", stage, "--output", work / "report"]
    return found


def measured(command, log):
    """Wall seconds, processor seconds and peak MB of a command."""
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=log, stderr=log)
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.monotonic() - begun
    if status != 0:
        log.seek(0)
        sys.exit(f"{' '.join(map(str, command))} failed:\n{log.read().decode()[-2000:]}")
    return wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def machine():
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return f"{len(os.sched_getaffinity(0))} processors ({names[0] if names else platform.machine()}), {platform.release()}"


def main():
    # A process begins with its parent's memory as its peak, so this one loads nothing.
    chosen = arguments()
    with tempfile.TemporaryDirectory() as temporary:
        work = chosen.work or pathlib.Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        path = chosen.file or (flood(chosen, work) if chosen.flood else grown(chosen.grow, chosen.rows, work))
        found = commands(chosen, path, work)
        runs = {name: [] for name in found}
        # Round by round, so that a busy minute does not fall on one of them alone.
        for _ in range(chosen.repeat):
            for name, command in found.items():
                with tempfile.TemporaryFile() as log:
                    runs[name].append(measured(command, log))
        print(f"{machine()}; {path.name}, {path.stat().st_size / 1e6:.0f} MB; fastest of {chosen.repeat}\n")
        print("| | wall s | CPU s | peak MB | wall / DuckDB |\n|---|---|---|---|---|")
        base_s = min(wall_s for wall_s, _, _ in runs[next(iter(found))])
        for name, of_name in runs.items():
            wall_s, cpu_s, _ = min(of_name)
            peak_mb = max(peak_mb for _, _, peak_mb in of_name)
            print(f"| {name} | {wall_s:.2f} | {cpu_s:.2f} | {peak_mb:.0f} | {wall_s / base_s:.2f} |")
        if chosen.work is not None:
            shutil.rmtree(work / "report", ignore_errors=True)


if __name__ == "__main__":
    main()
