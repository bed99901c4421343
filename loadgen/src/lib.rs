//! Pushes load at an HTTP server on a schedule and certifies what it measured.
