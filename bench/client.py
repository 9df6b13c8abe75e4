"""One client of a crowd: asks for a page again and again, and prints the seconds that each answer took.

    python -m bench.client PORT PATH START SECONDS COOKIES

A process of its own, so that clients wait for the server and not for each other. START is an instant of the machine's
monotonic clock: all begin together, and end together.
"""

import sys
import time

from bench.serving import asker, spent


def main(port: int, path: str, start: float, seconds: float, cookies: str) -> None:
    ask, times = asker(port, path, cookies), []
    time.sleep(max(0.0, start - time.monotonic()))
    while time.monotonic() < start + seconds:
        times.append(spent(ask))
    print(*times, sep="\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), float(sys.argv[4]), sys.argv[5])
