//! TUN devices: the end of the wire that a host's kernel sees as its network card.
#![expect(
    unsafe_code,
    reason = "a TUN device is made by an ioctl, which no library wraps safely without its own device type"
)]

use std::{
    fs::{File, OpenOptions},
    io,
    os::{fd::AsRawFd, unix::fs::OpenOptionsExt},
};

use nix::libc::{IFF_NO_PI, IFF_TUN, IFNAMSIZ, O_NONBLOCK, c_char, ifreq};

nix::ioctl_write_int!(
    /// TUNSETIFF of linux/if_tun.h; the kernel's Documentation/networking/tuntap.rst.
    tunsetiff, b'T', 202
);

/// Makes the device `name` in the namespace of this thread. What the kernel sends to it can be read from the file, one IP
/// packet a `read`; what is written to the file the kernel receives, before `write` returns.
pub(super) fn open(name: &str) -> io::Result<File> {
    let device =
        OpenOptions::new().read(true).write(true).custom_flags(O_NONBLOCK).open("/dev/net/tun")?;
    // SAFETY: an all-zero `ifreq` is a valid one: integers, and a union of them.
    let mut request: ifreq = unsafe { std::mem::zeroed() };
    // The last byte stays 0: the name ends within its field.
    for (to, from) in request.ifr_name[..IFNAMSIZ - 1].iter_mut().zip(name.bytes()) {
        *to = from as c_char;
    }
    request.ifr_ifru.ifru_flags = (IFF_TUN | IFF_NO_PI) as i16;
    // SAFETY: TUNSETIFF reads an `ifreq` and writes the device's name back into it; it lives until the call has returned.
    unsafe {
        tunsetiff(device.as_raw_fd(), (&raw mut request) as nix::sys::ioctl::ioctl_param_type)
    }?;
    Ok(device)
}
