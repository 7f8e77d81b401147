//! End to end: real sockets on ports that the kernel chose, clients that we did not write, real WebSockets, a real browser.

mod access;
mod bad_input;
mod binary;
mod browser;
mod calls;
mod capture;
mod command_line;
mod document;
mod feed;
mod harness;
mod isolation;
mod lab;
mod lab_end;
mod lab_page;
mod lab_wire;
mod ladder;
mod lessons;
mod limits;
mod loopback;
mod outside;
mod programs;
mod recording;
mod traced;
