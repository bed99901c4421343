//! crossover: which experiments are asked, and in which order.
