"""Real hosts with real dockerds on one machine, in namespaces; see lab.py for the way in."""

from .docker import Container, DockerHost
from .host import Host
from .lab import Lab
from .shell import CommandFailed, LabError

__all__ = ["CommandFailed", "Container", "DockerHost", "Host", "Lab", "LabError"]
