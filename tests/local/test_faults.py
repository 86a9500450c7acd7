"""Faults are drawn as often as ordered, and the same each time with a seed."""

import json

from local.faults import Dice, Fault, Faults, faults_from


def test_a_seed_makes_the_draws_the_same() -> None:
    faults = Faults(error_rate=0.3, reset_rate=0.3, jitter_seconds=1, seed=5)
    first, second = Dice(faults), Dice(faults)
    series = [(first.fault(), first.delay()) for _ in range(50)]
    assert series == [(second.fault(), second.delay()) for _ in range(50)]
    assert {fault for fault, _ in series} == {Fault.ERROR, Fault.RESET, None}


def test_the_rates_are_kept() -> None:
    dice = Dice(Faults(error_rate=0.2, hang_rate=0.1, seed=1))
    drawn = [dice.fault() for _ in range(10_000)]
    assert 1_800 < drawn.count(Fault.ERROR) < 2_200
    assert 800 < drawn.count(Fault.HANG) < 1_200
    assert drawn.count(None) == 10_000 - drawn.count(Fault.ERROR) - drawn.count(Fault.HANG)


def test_every_fault_has_a_knob() -> None:
    for fault in Fault:
        assert Dice(faults_from(json.dumps({f"{fault}_rate": 1}).encode())).fault() is fault
