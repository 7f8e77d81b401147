//! A lesson as a student sees it.
