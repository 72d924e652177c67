//! Link flags of the binary: no start files, no C library, one static file that is laid out by `link.ld`.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=link.ld");
    let script = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default() + "/link.ld";
    for flag in ["-nostartfiles", "-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none", "-Wl,--gc-sections"] {
        println!("cargo::rustc-link-arg-bin=engine={flag}");
    }
    println!("cargo::rustc-link-arg-bin=engine=-Wl,-T,{script}");
}
