//! The HTTP/1.1 codec that the control pair shares.
