"""`python -m tests.catalogue`: run every defect and every noise, print both tables, write docs/catalogue.md."""

from __future__ import annotations

import asyncio
import sys

from tests.catalogue.page import PAGE, page
from tests.catalogue.run import Result, everything


async def run() -> tuple[list[Result], list[Result]]:
    """What was found: the defects, then the noise. One line on stdout for each as it comes."""
    results = []
    async for one in everything():
        results.append(one)
        word = "ok    " if one.ok else "WRONG "
        sys.stdout.write(f"{word} {one.name:<24} {one.instrument:<40} {', '.join(one.found)}\n")
        sys.stdout.flush()
    return [one for one in results if not one.noise], [one for one in results if one.noise]


def main() -> int:
    """Exit code 0 when every defect is found and named right, and no noise is raised."""
    defects, noise = asyncio.run(run())
    PAGE.write_text(page(defects, noise))
    found, calm = sum(one.ok for one in defects), sum(one.ok for one in noise)
    sys.stdout.write(
        f"\n{found} of {len(defects)} defects found and named right; {calm} of {len(noise)} noises silent\n"
    )
    sys.stdout.write(f"page: {PAGE}\n")
    return 0 if found == len(defects) and calm == len(noise) else 1


if __name__ == "__main__":
    raise SystemExit(main())
