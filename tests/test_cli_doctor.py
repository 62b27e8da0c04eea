"""`conflict-nlp doctor`."""

from __future__ import annotations

import hashlib
import re

from cli_helpers import run

from conflict_nlp.cli import doctor


def test_doctor_says_that_it_works(fake):
    shown = run("doctor").stdout
    for words in (
        "tiny-model",
        "tiny-encoder",
        "onnxruntime",
        "2.5 MB",
        "shelling 97%",
        "int8 features",
        "works",
    ):
        assert words in shown
    digest = hashlib.sha256(b"weights").hexdigest()[:12]
    assert re.search(rf"model\.onnx +sha256 {digest}\n", shown)


def test_doctor_fails_when_the_model_does(fake):
    shown = run("doctor", "--model", "absent", code=1).stdout
    assert "ModelNotFoundError: There is no model 'absent'." in shown
    assert "DOES NOT WORK" in shown


def test_doctor_names_the_line_that_installs_what_is_missing(fake, monkeypatch):
    requirements = ["numpy>=1.26", "torch[cpu]>=2.4; extra == 'train'", 'onnx; extra == "train"']
    versions = {"conflict-nlp": "0.1.0", "numpy": "2.4.6", "onnx": "1.23"}

    def version(name):
        if name not in versions:
            raise doctor.metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(doctor.metadata, "requires", lambda name: requirements)
    monkeypatch.setattr(doctor.metadata, "version", version)
    shown = run("doctor").stdout
    assert "numpy 2.4.6" in shown
    assert 'torch; install with: pip install "conflict-nlp[train]"' in shown
    assert "numpy; install" not in shown


def test_cpu_features_are_whole_words(tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("flags : fpu avx2 avx512_vnni_x avx_vnni\n")
    assert doctor.cpu_features(cpuinfo) == "avx_vnni, avx2"
    cpuinfo.write_text("flags : fpu\n")
    assert doctor.cpu_features(cpuinfo) == "none"
