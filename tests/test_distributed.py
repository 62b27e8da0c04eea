"""Classification on a local Ray cluster, one of whose actors is killed."""

from __future__ import annotations

import pathlib
import threading
import time
from collections.abc import Iterator

import pytest
from conftest import SENTENCES

ray = pytest.importorskip("ray", reason="clusters need the ray extra")
psutil = pytest.importorskip("psutil", reason="clusters need the ray extra")

from pyarrow import parquet  # noqa: E402
from ray.data import DataContext, from_items  # noqa: E402

from conflict_nlp import Classifier  # noqa: E402
from conflict_nlp.distributed import classify_dataset  # noqa: E402
from conflict_nlp.errors import DataError  # noqa: E402


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, configure_logging=False)
    DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


def kill_one_actor(killed: list[int], stop: threading.Event) -> None:
    """Kill the process of one actor as soon as there are two."""
    while not stop.is_set() and not killed:
        actors = [
            process
            for process in psutil.Process().children(recursive=True)
            if "BatchClassifier" in " ".join(process.cmdline()[:1])
        ]
        if len(actors) >= 2:
            time.sleep(0.3)
            actors[0].kill()
            killed.append(actors[0].pid)
        time.sleep(0.05)


def test_no_row_is_lost_or_doubled_when_an_actor_dies(
    cluster: None, exported: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    texts = [text for text, *_ in SENTENCES]
    rows = [{"id": i, "text": texts[i % len(texts)], "stance": "mine"} for i in range(20_000)]
    rows[7]["text"] = None
    killed: list[int] = []
    stop = threading.Event()
    killer = threading.Thread(target=kill_one_actor, args=(killed, stop))
    killer.start()
    made = classify_dataset(
        from_items(rows, override_num_blocks=20),
        model=str(exported),
        concurrency=2,
        batch_size=100,
    )
    made.write_parquet(str(tmp_path / "out"))
    stop.set()
    killer.join()
    assert killed, "no actor was killed, so nothing was tested"
    table = parquet.read_table(tmp_path / "out")
    assert sorted(table["id"].to_pylist()) == list(range(20_000))
    assert set(table["input_stance"].to_pylist()) == {"mine"}
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert sum(parquet.read_metadata(path).num_rows for path in files) == 20_000
    by_id = dict(zip(table["id"].to_pylist(), table.to_pylist(), strict=True))
    alone = Classifier.from_pretrained(exported).classify(texts[1])
    assert by_id[1]["primary_event"] == alone.primary_event
    assert by_id[1]["stance_probability"] == alone.stance.probability
    assert by_id[7]["abstain"] == "empty"


def test_a_text_column_without_text(cluster: None, exported: pathlib.Path) -> None:
    numbers = classify_dataset(from_items([{"text": 5}]), model=str(exported), concurrency=1)
    with pytest.raises(Exception, match="column 'text' is of type int64; accepted is text"):
        numbers.take_all()


def test_unknown_extras(cluster: None) -> None:
    with pytest.raises(DataError, match="unknown extras"):
        classify_dataset(from_items([{"text": "x"}]), extras=("colour",))
