//! Link flags of the binary: no start files, no C library, one static file that is laid out by `link.ld`.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=link.ld");
    let script = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default() + "/link.ld";
    // -O2: a text that another one ends with takes no room of its own.
    let small = ["-Wl,--build-id=none", "-Wl,--gc-sections", "-Wl,-O2"];
    for flag in ["-nostartfiles", "-nostdlib", "-static", "-no-pie"].iter().chain(&small) {
        println!("cargo::rustc-link-arg-bin=engine={flag}");
    }
    println!("cargo::rustc-link-arg-bin=engine=-Wl,-T,{script}");
}
