//! What every contender answers: endpoints, parameters, refusals, expected replies; no I/O.
