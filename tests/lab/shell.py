"""Running commands: one function, one error."""

import subprocess


class LabError(RuntimeError):
    """The lab itself could not do something; never a verdict about the product."""


class CommandFailed(LabError):
    def __init__(self, result):
        self.result = result
        super().__init__(
            f"exit {result.returncode}: {' '.join(map(str, result.args))}\n{result.stdout}{result.stderr}"
        )


def run(argv, *, check=True, input=None, timeout=60, env=None):
    """Run a command without a terminal and return its CompletedProcess (text)."""
    stdin = {"input": input} if input is not None else {"stdin": subprocess.DEVNULL}
    binary = isinstance(input, bytes)
    done = subprocess.run(
        [str(word) for word in argv], capture_output=True, text=not binary, timeout=timeout, env=env, **stdin
    )
    if binary:
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
    if check and done.returncode != 0:
        raise CommandFailed(done)
    return done
