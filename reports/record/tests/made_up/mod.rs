//! A run that was never made.

use reports_record::{Run, SCHEMA};
use serde_json::json;

pub(crate) fn run() -> Run {
    let phase = json!({"warm_up_s": 0.3, "duration_s": 1.0});
    let run = json!({
        "schema": SCHEMA,
        "id": "20260102T030405Z-made-up",
        "command": "cargo crossover run made-up",
        "started_at": "2026-01-02T03:04:05Z",
        "definition": {
            "name": "made-up", "question": "Is it so – or not?", "blocks": 2, "seed": 1, "contender_cpus": 1,
            "phases": {
                "closed": phase, "open": phase, "open_load": 0.5, "calibration": phase,
                "timeout_s": 5.0, "grace_s": 0.1,
            },
            "pairs": [{"role": "control", "sync": "a", "async": "b"}],
            "duplicate": {"of": "b", "name": "b-again"},
            "cells": [],
            "predictions": [],
        },
        "contenders": [],
        "environment": {
            "crossover": "0.1.0", "commit": null, "dirty": null, "rustc": "rustc 1.89.0", "kernel": "Linux",
            "cpu": {
                "model": "made up", "online": 2, "threads_per_core": null, "governor": null,
                "virtualised": true, "clock_source": null,
            },
            "memory_bytes": null, "client_cpus": [0], "contender_cpus": [1], "descriptor_limit": 1024,
            "throttled_before": null, "remarks": [],
        },
    });
    serde_json::from_value(run).unwrap()
}
