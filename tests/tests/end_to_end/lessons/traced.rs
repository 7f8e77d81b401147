//! The observer against strace: each program of each lesson is run again by itself, in network namespaces of its own, and
//! what strace sees of its system calls is what the observer reported, in the same order.
