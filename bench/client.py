"""One client of a crowd: asks for a page again and again, and prints the seconds that each answer took.

    python bench/client.py PORT PATH SECONDS COOKIES

A process of its own, so that clients wait for the server and not for each other.
"""

import http.client
import sys
import time


def main(port: int, path: str, seconds: float, cookies: str) -> None:
    times, end = [], time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", path, headers={"Cookie": cookies})
        response = connection.getresponse()
        response.read()
        connection.close()
        if response.status != 200:
            sys.exit(f"{path}: {response.status}")
        times.append(time.perf_counter() - start)
    print(*times, sep="\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4])
