//! How this process began: its arguments, its environment, its ids.

use crate::config::Words;
use core::ffi::{CStr, c_char};
use linux_raw_sys::auxvec;

/// What the kernel gave this process to begin with.
#[derive(Clone, Copy)]
pub struct Start {
    arguments: &'static [Option<&'static c_char>],
    environment: &'static [Option<&'static c_char>],
    auxiliary: *const [usize; 2],
}

impl Start {
    /// Reads the stack of a process that has just begun.
    ///
    /// # Safety
    /// `stack` must be the stack pointer of the first instruction. What it points to must not change from then on.
    #[must_use]
    pub unsafe fn from_stack(stack: *const usize) -> Self {
        // SAFETY: the ABI puts argc, argv, NULL, envp, NULL and the auxiliary vector there (getauxval(3), elf(5)); thin
        // references have the layout of the pointers, NULL being `None`, and the texts live as long as the process.
        unsafe {
            let count = *stack;
            let vector = stack.add(1).cast::<Option<&'static c_char>>();
            let environment = vector.add(count + 1);
            let mut length = 0;
            while (*environment.add(length)).is_some() {
                length += 1;
            }
            Self {
                arguments: core::slice::from_raw_parts(vector, count + 1),
                environment: core::slice::from_raw_parts(environment, length + 1),
                auxiliary: environment.add(length + 1).cast(),
            }
        }
    }

    /// The program's name and its arguments.
    #[must_use]
    pub const fn arguments(&self) -> Words {
        Words(self.arguments)
    }

    /// The environment, NULL-terminated.
    #[must_use]
    pub const fn environment(&self) -> Words {
        Words(self.environment)
    }

    /// Real and effective ids, and whether the file gave more than the caller had: no system call is needed for it.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        let mut credentials = Credentials { uid: 0, euid: 0, gid: 0, egid: 0, elevated: true };
        let mut entry = self.auxiliary;
        loop {
            // SAFETY: the vector ends with AT_NULL, and the loop with it.
            let [kind, value] = unsafe { *entry };
            match kind as u32 {
                auxvec::AT_NULL => return credentials,
                auxvec::AT_UID => credentials.uid = value as u32,
                auxvec::AT_EUID => credentials.euid = value as u32,
                auxvec::AT_GID => credentials.gid = value as u32,
                auxvec::AT_EGID => credentials.egid = value as u32,
                auxvec::AT_SECURE => credentials.elevated = value != 0,
                _ => {}
            }
            // SAFETY: as above.
            entry = unsafe { entry.add(1) };
        }
    }
}

/// Who the process was when it began.
#[derive(Clone, Copy, Debug)]
pub struct Credentials {
    /// Real user id.
    pub uid: u32,
    /// Effective user id.
    pub euid: u32,
    /// Real group id.
    pub gid: u32,
    /// Effective group id.
    pub egid: u32,
    /// Set-user-id, set-group-id, or capabilities of the file.
    pub elevated: bool,
}

impl Words {
    /// The words, one after the other.
    pub fn iter(self) -> impl Iterator<Item = &'static CStr> {
        self.0.iter().map_while(|word| word.map(Self::text))
    }

    /// The text that begins here.
    #[must_use]
    pub const fn text(first: &'static c_char) -> &'static CStr {
        // SAFETY: a word comes from the kernel, which terminates every text, or from `Words::word`.
        unsafe { CStr::from_ptr(first) }
    }

    /// A text of engine's own as a word.
    #[must_use]
    pub const fn word(text: &CStr) -> Option<&c_char> {
        // SAFETY: a `CStr` has at least its NUL, and the reference lives no longer than it does.
        Some(unsafe { &*text.as_ptr() })
    }

    /// Without the first `count` words; `None` where no word is left.
    #[must_use]
    pub fn skip(self, count: usize) -> Option<Self> {
        self.0.get(count..).filter(|words| matches!(words, [Some(_), ..])).map(Self)
    }
}
