//! The result file's types, versioned.
