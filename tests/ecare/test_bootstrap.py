"""What `make` does first. Whether a bare machine is really completed is seen on one, not here."""

import re
import subprocess
import sys
import tomllib

import pytest

from ecare import bootstrap, embedded


def test_says_nothing_and_changes_nothing_when_all_is_there() -> None:
    stamp = embedded.ROOT / ".venv" / "installed"
    if not stamp.exists():
        pytest.skip("this environment was not made by make")
    before = stamp.stat().st_mtime_ns
    done = subprocess.run(
        [sys.executable, "-I", "ecare/bootstrap.py"], cwd=embedded.ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert stamp.stat().st_mtime_ns == before


def test_is_told_which_command_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(SystemExit, match="sudo apt-get install --yes --no-install-recommends libmagic1 chromium"):
        bootstrap.install_packages(["libmagic1", "chromium"])


@pytest.mark.parametrize(
    ("system", "wanted"), [("debian", {"chromium-headless-shell"}), ("linuxmint", {"chromium"}), ("ubuntu", set())]
)
def test_asks_for_every_missing_package_at_once(monkeypatch: pytest.MonkeyPatch, system: str, wanted: set[str]) -> None:
    monkeypatch.setattr("platform.system", lambda: "Linux")
    for name in ("is_loadable", "has_fonts", "can_create_environments", "has_browser"):
        monkeypatch.setattr(bootstrap, name, lambda *_: False)
    monkeypatch.setattr(bootstrap, "system", lambda: system)
    monkeypatch.setattr(bootstrap, "UV", "/nowhere")
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    for_run = bootstrap.missing_packages(browser=False)
    for_test = bootstrap.missing_packages(browser=True)
    assert {"libpangoft2-1.0-0", "libharfbuzz-subset0", "libmagic1", "fonts-dejavu-core"} < set(for_run)
    assert f"python3.{sys.version_info[1]}-venv" in for_run
    assert set(for_test) - set(for_run) == {"libatomic1"} | wanted


def test_a_machine_that_cannot_have_an_antivirus_is_told_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[list[str]] = []

    def install(packages: list[str]) -> None:
        asked.append(packages)
        bootstrap.fail("L'installation a échoué.")

    monkeypatch.setattr(bootstrap, "install_packages", install)
    monkeypatch.setattr(bootstrap, "has_antivirus", lambda: False)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    bootstrap.install_antivirus()
    assert not asked, "only the administrator of the machine installs"
    monkeypatch.setattr("os.geteuid", lambda: 0)
    bootstrap.install_antivirus()
    assert asked == [["clamav-daemon"]]
    assert "L'installation a échoué." in capsys.readouterr().out


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-uv.txt"])
def test_every_package_is_locked_by_its_hash_and_no_host_is_named(name: str) -> None:
    text = (embedded.ROOT / name).read_text().replace("\\\n", " ")
    lines = text.splitlines()
    assert lines
    assert all(re.match(r"[a-z0-9.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line) for line in lines)
    assert "://" not in text
    assert "--index" not in text


def test_every_direct_dependency_is_locked() -> None:
    project = tomllib.loads((embedded.ROOT / "pyproject.toml").read_text())
    locked = set(re.findall(r"^([a-z0-9.-]+)==", (embedded.ROOT / "requirements-dev.txt").read_text(), re.MULTILINE))
    asked = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    assert {re.match(r"[a-z0-9.-]+", name).group() for name in asked} <= locked  # type: ignore[union-attr]
