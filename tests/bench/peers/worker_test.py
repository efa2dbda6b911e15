"""A peer's process and the conversation with it (bench/peers/worker.py)."""

import os
import sys
import tempfile
import unittest

sys.path.append(os.path.join(os.path.dirname(__file__), "../../../bench/peers"))
from worker import Cannot, Worker  # noqa: E402

READY = "print('a line of the library itself', flush=True); print('ready', 'fake', '1.0', sep='\\t', flush=True)\n"


class Conversation(unittest.TestCase):
    def start(self, text, patience=20):
        log = os.path.join(self.enterContext(tempfile.TemporaryDirectory()), "log")
        worker = Worker([sys.executable, "-c", text], "the job", 1, log, patience)
        self.addCleanup(worker.close)
        return worker

    def fails_to_start(self, text, reason, patience=20):
        with self.assertRaisesRegex(Cannot, reason):
            self.start(text, patience)

    def test_times(self):
        worker = self.start(READY + "input(); print('times', 12.5, sep='\\t', flush=True); input()")
        self.assertEqual((worker.names, worker.versions), (["fake"], ["1.0"]))
        self.assertEqual(worker.times(0.1), [12.5])

    def test_it_says_why_it_cannot(self):
        self.fails_to_start("print('cannot', 'no such operator', sep='\\t')", "^no such operator$")

    def test_a_crash_names_its_signal(self):
        self.fails_to_start("import os, signal; os.kill(os.getpid(), signal.SIGFPE)", "died of SIGFPE")

    def test_an_end_has_the_last_line_of_its_log(self):
        self.fails_to_start("import sys; sys.exit('nothing works')", "ended with 1: nothing works")

    def test_a_crash_between_questions(self):
        worker = self.start(READY + "input(); import os; os.abort()")
        with self.assertRaisesRegex(Cannot, "died of SIGABRT"):
            worker.times(0.1)
        with self.assertRaises(Cannot):
            worker.times(0.1)

    def test_silence_ends(self):
        self.fails_to_start("import time; time.sleep(60)", "did not answer in time", patience=0.2)

    def test_openblas_picks_its_kernel_itself(self):
        os.environ["OPENBLAS_CORETYPE"] = "Haswell"
        self.fails_to_start("import os; print('cannot', os.environ.get('OPENBLAS_CORETYPE'), sep='\\t')", "^None$")


if __name__ == "__main__":
    unittest.main()
