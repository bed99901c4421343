//! What must be survived, staged by a server or a machine that misbehaves.

mod child;
mod connect;
mod ends;
mod files;
mod framing;
mod interrupt;
mod limits;
mod machine;
mod outcomes;
mod pairing;
