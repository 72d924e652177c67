//! Bundles for OCI runtimes: mount, PID and UTS namespaces, /proc and an empty /dev, and nothing else that costs time.

use crate::contenders::machine_name;
use crate::support::{Who, world};
use serde_json::json;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Makes a bundle that runs this command. Returns the words that have crun or runc run it; both take the same.
pub(crate) fn words(who: Who, root: &Path, command: &[&str]) -> Vec<OsString> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    // Kept until the world is removed.
    let directory = world().directory(who).keep();
    let namespaces = |names: &[&str]| names.iter().map(|name| json!({ "type": name })).collect::<Vec<_>>();
    let linux = match who {
        Who::Root => json!({ "namespaces": namespaces(&["mount", "pid", "uts"]) }),
        Who::User => {
            let map = json!([{ "containerID": 0, "hostID": who.uid(), "size": 1 }]);
            json!({ "namespaces": namespaces(&["mount", "pid", "uts", "user"]), "uidMappings": map, "gidMappings": map })
        }
    };
    let config = json!({
        "ociVersion": "1.0.2",
        "process": {
            "terminal": false,
            "user": { "uid": 0, "gid": 0 },
            "args": command,
            "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            "cwd": "/",
            "noNewPrivileges": true,
        },
        "root": { "path": root },
        "hostname": "bench",
        "mounts": [
            { "destination": "/proc", "type": "proc", "source": "proc" },
            { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"] },
        ],
        "linux": linux,
    });
    fs::write(directory.join("config.json"), config.to_string()).unwrap();
    vec![
        "--root".into(),
        directory.join("state").into(),
        "run".into(),
        "--bundle".into(),
        directory.into(),
        format!("{}-{number}", machine_name()).into(),
    ]
}
