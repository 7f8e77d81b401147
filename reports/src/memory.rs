//! Memory that two processes share (mmap(2)).
#![expect(
    unsafe_code,
    reason = "no library maps a file safely: it may be shrunk, which this one cannot be"
)]

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    ptr::{NonNull, null_mut},
    slice,
    sync::atomic::AtomicU64,
};

use rustix::{
    fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, ftruncate, memfd_create},
    mm::{MapFlags, ProtFlags, mmap, munmap},
};

/// Words of memory, of 64 bits each, that another process has, too.
#[derive(Debug)]
pub struct Memory {
    first: NonNull<AtomicU64>,
    words: usize,
}

// SAFETY: it owns its mapping, and all that is done with it is done by atomic operations.
unsafe impl Send for Memory {}
// SAFETY: the same.
unsafe impl Sync for Memory {}

/// The file can become neither smaller, which would end whoever reads what is gone (SIGBUS), nor larger.
const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);

impl Memory {
    /// New memory, all zero, and the file by which another process opens it.
    ///
    /// # Errors
    /// Where the system lets us have none.
    pub fn new(words: usize) -> io::Result<(Self, OwnedFd)> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let file = memfd_create("socketscope-reports", flags)?;
        ftruncate(&file, bytes(words) as u64)?;
        fcntl_add_seals(&file, SEALS)?;
        Ok((Self::open(&file, words)?, file))
    }

    /// The memory of [`Memory::new`], by its file.
    ///
    /// # Errors
    /// Where it is no such file, or cannot be mapped.
    pub fn open(file: impl AsFd, words: usize) -> io::Result<Self> {
        let is_it = fstat(&file)?.st_size as usize == bytes(words)
            && fcntl_get_seals(&file)?.contains(SEALS);
        if !is_it {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: the kernel chooses a place of its own for it, so it stands in nobody's way.
        let place = unsafe { mmap(null_mut(), bytes(words), access, MapFlags::SHARED, file, 0)? };
        let first = NonNull::new(place.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { first, words })
    }

    /// The words.
    pub fn words(&self) -> &[AtomicU64] {
        // SAFETY: so many are mapped, aligned to a page, for as long as this lives; the file never gets smaller.
        unsafe { slice::from_raw_parts(self.first.as_ptr(), self.words) }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this size, and nobody borrows from it any more.
        let gone = unsafe { munmap(self.first.as_ptr().cast(), bytes(self.words)) };
        debug_assert!(gone.is_ok(), "what was mapped can be unmapped");
    }
}

fn bytes(words: usize) -> usize {
    words * size_of::<AtomicU64>()
}
