"""tap - results, one a line, as prove and scripts/check read them."""

MAX_SHOWN = 12  # findings of one test


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0

    def result(self, name, problems):
        """One test: it passed if problems is empty."""
        self.count += 1
        self.failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {self.count} - {name}")
        for problem in problems[:MAX_SHOWN]:
            print(f"    # {problem}")
        if len(problems) > MAX_SHOWN:
            print(f"    # and {len(problems) - MAX_SHOWN} more")
        print(end="", flush=True)

    @staticmethod
    def note(text):
        print(f"# {text}", flush=True)

    def finish(self):
        print(f"1..{self.count}", flush=True)
        return 1 if self.failed else 0
