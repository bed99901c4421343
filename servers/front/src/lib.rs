//! What every front shares: flags, listener, ready line, signals, counters.
