//! Link flags of the binary: no start files, no C library, one static file that runs where it is put.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for flag in ["-nostartfiles", "-nostdlib", "-static", "-no-pie"] {
        println!("cargo::rustc-link-arg-bins={flag}");
    }
    // A note that changes with every build and a table of unwinding that nobody walks only cost room.
    for flag in ["-Wl,--build-id=none", "-Wl,--gc-sections", "-Wl,-z,norelro"] {
        println!("cargo::rustc-link-arg-bins={flag}");
    }
}
