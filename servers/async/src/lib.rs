//! Every endpoint answered by awaiting, and its precise timer.
