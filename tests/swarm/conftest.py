"""The product on a real Swarm of two nodes, built from the working tree and deployed once for all tests here."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.chaos.ledger import ledger_server
from tests.swarm.site import Site, open_site, prepare
from tests.systems.s3 import s3_server
from tests.systems.swarm.cluster import Swarm, make_swarm
from tests.systems.swarm.images import DATA, build_data, build_small
from tests.systems.swarm.nodes import Node, machines
from tests.systems.swarm.refusals import KernelRefusesError
from tests.systems.swarm.trial import try_out
from tools.launcher.test_tiers import KERNEL_REFUSES


@pytest.fixture(scope="session")
def nodes() -> Iterator[list[Node]]:
    """Two machines, the first of them on and tried out. Where the kernel refuses such machines, nothing is tested."""
    with ExitStack() as stack:
        try:
            found = stack.enter_context(machines(2))
            found[0].start()
            build_data(found[0])
            try_out(found[0], DATA)
        except KernelRefusesError as error:
            pytest.exit(f"the Swarm cannot be tested: {error}", returncode=KERNEL_REFUSES)
        yield found


@pytest.fixture(scope="session")
def deployed(nodes: list[Node]) -> Iterator[Site]:
    """Two nodes with the first release of the product on them."""
    here = nodes[0].network.gateway
    with ledger_server(here) as ledger, s3_server(host=here) as store:
        prepare(nodes, ledger)
        with open_site(make_swarm(nodes), ledger, store) as site:
            yield site


@pytest.fixture
def site(deployed: Site) -> Site:
    """The site with everything standing and a worker on each node, whatever an earlier test did."""
    deployed.swarm.wait_until_it_stands()
    deployed.sign_in()
    deployed.wait_for_workers({node.name for node in deployed.swarm.nodes})
    return deployed


@pytest.fixture(scope="session")
def plain_swarm(nodes: list[Node]) -> Iterator[Swarm]:
    """Two nodes with one small image on each, and nothing else. Those of the product have been tried out before."""
    assert nodes
    with machines(2) as pair:
        for node in pair:
            node.start()
            build_small(node)
        yield make_swarm(pair)
