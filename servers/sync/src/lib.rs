//! Every endpoint answered by blocking.
