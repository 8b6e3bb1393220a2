//! What the standard library would bring: where the program starts, memory, and what happens on a panic.
#![expect(unsafe_code, reason = "an allocator and an entry point are unsafe by nature")]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::hint::spin_loop;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Where the machine starts. The result is left in a register, as nobody else is there to take it.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn _start() -> ! {
    let holds = core::hint::black_box(crate::proof::holds());
    loop {
        core::hint::black_box(holds);
        spin_loop();
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        spin_loop();
    }
}

const HEAP: usize = 256 * 1024;

/// Memory that is given out once and never taken back: enough for a program that ends.
struct Bump {
    heap: UnsafeCell<[u8; HEAP]>,
    used: AtomicUsize,
}

// SAFETY: no two callers are given the same bytes, because `used` moves on atomically.
unsafe impl Sync for Bump {}

#[global_allocator]
static ALLOCATOR: Bump = Bump { heap: UnsafeCell::new([0; HEAP]), used: AtomicUsize::new(0) };

// SAFETY: what is given out lies inside the heap, is aligned as asked, and overlaps nothing given out before.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let base = self.heap.get().cast::<u8>();
        let place = |used: usize| {
            let start = base.addr().checked_add(used)?.checked_next_multiple_of(layout.align())?;
            let offset = start.checked_sub(base.addr())?;
            Some((offset, offset.checked_add(layout.size()).filter(|end| *end <= HEAP)?))
        };
        let taken = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| Some(place(used)?.1));
        match taken.ok().and_then(place) {
            Some((offset, _)) => base.wrapping_add(offset),
            None => core::ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
