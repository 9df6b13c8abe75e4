"""From a bare machine to a complete `.venv`: what `make` runs first, with nothing but Python's standard library.

    python3 -I ecare/bootstrap.py             what `make run` needs
    python3 -I ecare/bootstrap.py --browser   and what the tests need: a browser, an antivirus

Installs missing system libraries where it can (apt, as root), says which command to type otherwise. Does nothing, in a
tenth of a second, when nothing changed. Must stay readable by older Pythons, if only to tell that they are too old.
"""

from __future__ import annotations

import ctypes
import fcntl
import glob
import hashlib
import os
import platform
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOOL = os.path.join(ROOT, ".bootstrap")  # holds uv and nothing else
UV = os.path.join(TOOL, "bin", "uv")
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "installed")
LOCK = os.path.join(ROOT, "requirements-dev.txt")
TOOL_LOCK = os.path.join(ROOT, "requirements-uv.txt")

# Not the one of an activated environment, which may be the very one to make anew.
PYTHON = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
OLDEST = (3, 11)
CANDIDATES = ("python3.14", "python3.13", "python3.12", "python3.11")
# What WeasyPrint and python-magic open at run time, and the Debian package that brings it.
LIBRARIES = (
    ("libpangoft2-1.0.so.0", "libpangoft2-1.0-0"),
    ("libharfbuzz-subset.so.0", "libharfbuzz-subset0"),
    ("libmagic.so.1", "libmagic1"),
)
# What Playwright's driver is linked with.
DRIVER_LIBRARIES = (("libatomic.so.1", "libatomic1"),)
FONTS = ("/usr/share/fonts", "/usr/local/share/fonts")
ANTIVIRUS = "clamav-daemon"
# The first draws to no screen, and spends half as much on a page as the whole browser told to do without one.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def say(text: str) -> None:
    print(text, flush=True)


def fail(text: str) -> None:
    sys.exit("\n" + text)


def use_recent_python() -> None:
    """Carry on with a Python that is recent enough, this one if possible."""
    if sys.version_info >= OLDEST:
        return
    for name in CANDIDATES:
        path = shutil.which(name)
        if path:
            os.execv(path, [path, "-I", os.path.abspath(__file__), *sys.argv[1:]])
    fail(f"Python {platform.python_version()} est trop ancien : il faut Python 3.11 ou plus récent.")


def install_packages(packages: list[str]) -> None:
    """With apt as root; otherwise stop and give the command."""
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if shutil.which("apt-get") is None:
        fail("Il manque à cette machine l'équivalent de ces paquets Debian : " + " ".join(packages))
    if os.geteuid() != 0:
        fail(f"Il manque des paquets à cette machine. Tapez :\n\n    sudo {' '.join(command)}\n")
    say(f"Installation de {' '.join(packages)}…")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")

    def install() -> int:
        return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL).returncode

    # The lists of a fresh image are empty or old: try with what is there, then refresh them.
    if not glob.glob("/var/lib/apt/lists/*Packages*") or install() != 0:
        subprocess.run(["apt-get", "update", "--quiet=2"], env=environment, stdin=subprocess.DEVNULL)
        if install() != 0:
            fail("L'installation a échoué. Une fois la cause réglée, tapez :\n\n    " + " ".join(command) + "\n")


def install_antivirus() -> None:
    """The real ClamAV, for the few tests that want it; without it, they are skipped and say so."""
    if has_antivirus() or shutil.which("apt-get") is None or os.geteuid() != 0:
        return
    try:
        install_packages([ANTIVIRUS])
    except SystemExit as failure:
        say(str(failure))


def has_antivirus() -> bool:
    return any(os.path.exists(os.path.join(folder, "clamd")) for folder in ("/usr/sbin", "/usr/local/sbin", "/usr/bin"))


def is_loadable(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def has_fonts() -> bool:
    return any(glob.glob(os.path.join(folder, "**", "*.[to]tf"), recursive=True) for folder in FONTS)


def can_create_environments() -> bool:
    """Debian and Ubuntu ship Python without what `python3 -m venv` needs."""
    command = [PYTHON, "-Ic", "import ensurepip, venv"]
    return subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0


def missing_packages(browser: bool) -> list[str]:
    """All of them at once, so that one command is enough."""
    missing = []
    if platform.system() == "Linux":
        libraries = LIBRARIES + (DRIVER_LIBRARIES if browser else ())
        missing += [package for library, package in libraries if not is_loadable(library)]
        if not has_fonts():
            missing.append("fonts-dejavu-core")
    if not os.path.exists(UV) and not can_create_environments():
        missing.append(f"python3.{sys.version_info[1]}-venv")
    # On Ubuntu that package is a snap, which containers cannot run: there, Playwright brings its own.
    if browser and shutil.which("apt-get") and system() != "ubuntu" and not has_browser():
        missing.append("chromium-headless-shell" if system() == "debian" else "chromium")
    return missing


def system() -> str:
    """« debian », « ubuntu »… as the machine names itself, or an empty text."""
    names = (line.removeprefix("ID=") for line in read("/etc/os-release").splitlines() if line.startswith("ID="))
    return next(names, "").strip('"')


def has_browser() -> bool:
    return any(starts(path) for path in map(shutil.which, BROWSERS) if path)


def starts(browser: str) -> bool:
    """Whether it really runs: on Ubuntu, chromium-browser may be a stub that asks for a snap."""
    try:
        return subprocess.run([browser, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def run(command: list[str], what: str) -> None:
    environment = dict(os.environ, UV_PYTHON_DOWNLOADS="never", PIP_DISABLE_PIP_VERSION_CHECK="1")
    environment.pop("VIRTUAL_ENV", None)
    if subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL).returncode != 0:
        fail(f"{what} a échoué : voir le message ci-dessus.")


def uv() -> str:
    """The locked uv, in an environment of its own: Debian refuses pip outside one."""
    stamp = os.path.join(TOOL, "installed")
    expected = digest(TOOL_LOCK)
    if not (os.path.exists(UV) and read(stamp) == expected):
        say("Installation de uv…")
        run([PYTHON, "-m", "venv", "--clear", TOOL], "La création de .bootstrap")
        pip = [os.path.join(TOOL, "bin", "python"), "-m", "pip", "--quiet", "install"]
        run([*pip, "--require-hashes", "--requirement", TOOL_LOCK], "L'installation de uv")
        write(stamp, expected)
    return UV


def read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def sync(tool: str) -> None:
    """Exactly the locked packages; made anew when Python or the folder changed."""
    place = f"{ROOT} {PYTHON} {platform.python_version()}"
    expected = f"{place}\n{digest(LOCK)}\n"
    installed = read(STAMP)
    python = os.path.join(VENV, "bin", "python")
    if installed == expected and os.path.exists(python):
        return
    if not installed.startswith(place + "\n") or not os.path.exists(python):
        run([tool, "venv", "--quiet", "--clear", "--python", PYTHON, VENV], "La création de .venv")
    say("Installation des dépendances…")
    command = [tool, "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode", "--python", python, LOCK]
    run(command, "L'installation des dépendances")
    write(STAMP, expected)


def bring_browser() -> None:
    """Playwright's own Chromium, where the system has none to offer."""
    playwright = [os.path.join(VENV, "bin", "python"), "-m", "playwright"]
    code = "from playwright.sync_api import sync_playwright as p\nwith p() as it: print(it.chromium.executable_path)"
    asked = subprocess.run([playwright[0], "-c", code], stdout=subprocess.PIPE, text=True)
    if starts(asked.stdout.strip()):
        return
    say("Installation de Chromium…")
    dependencies = ["--with-deps"] if os.geteuid() == 0 else []
    run([*playwright, "install", "chromium", *dependencies], "L'installation de Chromium")
    if not starts(asked.stdout.strip()):
        command = " ".join(["sudo", *playwright, "install-deps", "chromium"])
        fail(f"Il manque des bibliothèques à Chromium. Tapez :\n\n    {command}\n")


def main() -> None:
    use_recent_python()
    # `make run` and `make test` may be started together in a new clone: one installs, the other waits.
    with open(LOCK) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        browser = "--browser" in sys.argv[1:]
        packages = missing_packages(browser)
        if packages:
            install_packages(packages)
        sync(uv())
        if browser and not has_browser():
            bring_browser()
        if browser:
            install_antivirus()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
