"""`pages.yml`: main is built, composed with the previews, checked, and deployed."""

from __future__ import annotations

from .conftest import Closed, Deployed, Forged, Scored


def test_all(
    published: Deployed, worsened: Scored, forged: Forged, mended: Scored, forked: Scored, first_renders: Scored, closed: Closed, released, checked
) -> None:
    for name, value in list(locals().items()):
        print("=" * 100, name)
        runs = {"a": value} if hasattr(value, "log") else vars(value) if hasattr(value, "__dict__") else dict(enumerate(value))
        for k, r in runs.items():
            if hasattr(r, "run"): r = r.run
            if hasattr(r, "log"):
                print("-" * 20, k, r.workflow, r.conclusion)
                print(r.log)
                for j in r.jobs.values(): print(j.name, j.result, j.commands); print(j.summary[:1500])
            elif k == "comments" and isinstance(r, list): print(r)
    print(published.history, closed.pages.history, forged.pages.previews, closed.pages.previews)
