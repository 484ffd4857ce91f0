"""What a run tells while it goes: a row of the curve, numbers for the log, a line for whoever watches.

Beside saving and keeping, the only place that waits for the device.
"""

from datetime import timedelta
from time import perf_counter

from pipeline.lm.models.flops import flops_per_token
from pipeline.lm.models.peak import mfu
from pipeline.lm.training.curve import CurveRow, Window
from pipeline.lm.training.session import Session, check


def report(session: Session) -> None:
    """Close the curve's window and tell. Raises UserError for a loss or gradient that is not finite."""
    plan, tally = session.run.plan, session.tally
    check(session)
    names = [source.corpus for source in plan.sources]
    row = session.window.row(names)
    tally.curve.append({"step": tally.step, "tokens_seen": tally.num_tokens, "lr": session.lr} | row)
    session.window = Window.empty(len(names))
    speeds = _speeds(session)
    values = {name: value for name, value in tally.curve[-1].items() if value is not None and name != "step"}
    values |= {"gradient_norm": session.guard.gradient_norm, "loss_spikes": len(tally.spikes)} | speeds
    session.track.log(tally.step, values)
    note = _note(row, names, speeds)
    session.track.progress(session.spent, plan.budget, plan.unit.replace("_", " "), note)


def _speeds(session: Session) -> dict[str, float]:
    """Tokens a second since the last report, and how long the rest takes at this pace."""
    (then, tokens_then, spent_then), now = session.reported, (perf_counter(), session.tally.num_tokens, session.spent)
    session.reported = now
    seconds = now[0] - then
    left = session.run.plan.budget - now[2]
    speeds = {
        "tokens_per_second": (now[1] - tokens_then) / seconds,
        "seconds_left": left * seconds / (now[2] - spent_then) if now[2] > spent_then else 0.0,
    }
    return speeds | _use_of_peak(session, speeds["tokens_per_second"])


def _use_of_peak(session: Session, tokens_per_second: float) -> dict[str, float]:
    """MFU (padding counts for nothing), and the peak it is a part of: all ranks' in FLOP a second."""
    if session.peak_flops is None:
        return {}
    per_token = flops_per_token(session.run.lm, session.run.plan.sequence_length)
    peak = session.peak_flops * session.engine.num_ranks
    return {"mfu": mfu(per_token, tokens_per_second, peak), "peak_flops": peak}


def _note(row: CurveRow, names: list[str], speeds: dict[str, float]) -> str:
    """`loss 2.345 (base 2.512, ldq 2.101), 27,114 tokens/s, MFU 31.2% of 0.18 TFLOP/s, 0:01:35 left`."""
    losses = {name: row[f"loss/{name}"] for name in names}
    by_source = ", ".join(f"{name} {loss:.3f}" for name, loss in losses.items() if loss is not None)
    overall = f"loss {row['loss']:.3f} ({by_source}), " if row["loss"] is not None else ""
    left = timedelta(seconds=round(speeds["seconds_left"]))
    speed = f"{speeds['tokens_per_second']:,.0f} tokens/s"
    if "mfu" in speeds:
        speed += f", MFU {speeds['mfu']:.1%} of {speeds['peak_flops'] / 1e12:.3g} TFLOP/s"
    return f"{overall}{speed}, {left} left"
