from contracts.kit.chain import Chain, Rejected
from contracts.kit.executor import Run
from contracts.kit.members import KitContract, propose
from contracts.manifest import compute_source_hash
from tests.unit.contracts.native.lifecycle import FIRST, NAME


def test_every_run_is_remembered_with_its_end_and_its_gas():
    chain = Chain()
    propose(chain, NAME, FIRST, {})
    contract = KitContract(chain, NAME)
    contract.call("add", amount=1)
    (run,) = chain.executor.runs
    assert (run.contract, run.kind, run.handler, run.status) == (NAME, "call", "add", "ok")
    assert run.gas > 0
    assert isinstance(run, Run)


def test_a_contract_runs_as_the_file_that_it_is():
    chain = Chain()
    source = FIRST.replace("+ amount", "// amount")
    chain.executor.files[compute_source_hash(source)] = "tally.py"
    propose(chain, NAME, source, {})
    try:
        KitContract(chain, NAME).call("add", amount=0)
    except Rejected as error:
        trace = error.__cause__.__traceback__ if error.__cause__ else None
        files = set()
        while trace is not None:
            files.add(trace.tb_frame.f_code.co_filename)
            trace = trace.tb_next
        assert "tally.py" in files
    else:
        raise AssertionError("a division by zero was expected")
