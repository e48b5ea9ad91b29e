//! How much memory this process may use, and how much of it is left, as its control group says: versions 1 and 2, as hosts and
//! containers mount them.

use std::fs;
use std::path::{Path, PathBuf};

/// A limit from here on is none: version 1 says the largest number of pages for it.
const UNLIMITED: u64 = 1 << 62;

/// The limit in bytes; none where there is none, or where the system does not say.
pub(crate) fn memory_limit_bytes() -> Option<u64> {
    own_files()?.into_iter().filter_map(|file| limit(&fs::read_to_string(file).ok()?)).min()
}

/// What is left below the tightest limit, in bytes; none where there is no limit, or where the system does not say. Pages of files
/// that were not used lately make room.
pub fn memory_left_bytes() -> Option<u64> {
    own_files()?.iter().filter_map(|file| left(file)).min()
}

fn left(file: &Path) -> Option<u64> {
    let limit = limit(&fs::read_to_string(file).ok()?)?;
    let used = match file.file_name()?.to_str()? {
        "memory.max" => "memory.current",
        _ => "memory.usage_in_bytes",
    };
    let used: u64 = fs::read_to_string(file.with_file_name(used)).ok()?.trim().parse().ok()?;
    let statistics = fs::read_to_string(file.with_file_name("memory.stat")).unwrap_or_default();
    Some(limit.saturating_sub(used.saturating_sub(inactive_file(&statistics))))
}

/// Bytes of files' pages that can be given back, of a group and those below it.
fn inactive_file(statistics: &str) -> u64 {
    let value = |name: &str| statistics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    value("total_inactive_file ").or_else(|| value("inactive_file ")).unwrap_or(0)
}

fn own_files() -> Option<Vec<PathBuf>> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    Some(files(&groups, &mounts))
}

/// The files that may hold a limit: the process's group's and those of all groups above it.
fn files(groups: &str, mounts: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(group)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let (kind, name) = match controllers {
            "" => ("cgroup2", "memory.max"),
            many if many.split(',').any(|one| one == "memory") => ("cgroup", "memory.limit_in_bytes"),
            _ => continue,
        };
        let found = mounts.lines().filter_map(|line| Mount::of(line, kind));
        for mount in found {
            files.extend(mount.upwards(Path::new(group)).map(|folder| folder.join(name)));
        }
    }
    files
}

/// Where a hierarchy of control groups is mounted.
struct Mount {
    /// The group that is seen at the mount point.
    root: PathBuf,
    point: PathBuf,
}

impl Mount {
    /// The mount of a line of mountinfo, where it is of this file system and, in version 1, of the memory controller.
    fn of(line: &str, kind: &str) -> Option<Self> {
        let (mount, system) = line.split_once(" - ")?;
        let mut words = mount.split(' ').skip(3);
        let (root, point) = (words.next()?, words.next()?);
        let mut system = system.split(' ');
        let is_kind = system.next()? == kind;
        let options = system.nth(1).unwrap_or_default();
        let is_memory = kind == "cgroup2" || options.split(',').any(|option| option == "memory");
        (is_kind && is_memory).then(|| Self { root: root.into(), point: point.into() })
    }

    /// The folders of a group and of those above it. In a container the group's path may be the host's, which is not seen
    /// there: then the mount point is the group.
    fn upwards(self, group: &Path) -> impl Iterator<Item = PathBuf> {
        let inside = group.strip_prefix(&self.root).unwrap_or(Path::new("")).to_owned();
        let folders: Vec<PathBuf> = inside.ancestors().map(|part| self.point.join(part)).collect();
        folders.into_iter()
    }
}

/// What a limit's file says.
fn limit(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|bytes| *bytes < UNLIMITED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(files: Vec<PathBuf>) -> Vec<String> {
        files.into_iter().map(|file| file.display().to_string()).collect()
    }

    #[test]
    fn version_2_is_read_at_the_group_and_above_it() {
        let mounts = "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw";
        let found = texts(files("0::/pod/container\n", mounts));
        let expected =
            ["/sys/fs/cgroup/pod/container/memory.max", "/sys/fs/cgroup/pod/memory.max", "/sys/fs/cgroup/memory.max"];
        assert_eq!(found, expected);
    }

    #[test]
    fn version_1_is_read_where_its_memory_controller_is_mounted() {
        let mounts = "33 32 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n\
                      36 32 0:31 /kubepods/pod1 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory";
        let found = texts(files("4:cpu,cpuacct:/kubepods/pod1\n9:memory:/kubepods/pod1/c\n", mounts));
        let expected = ["/sys/fs/cgroup/memory/c/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_group_that_the_container_does_not_see_is_the_mount_point() {
        let mounts = "35 24 0:30 /kubepods/c1 /sys/fs/cgroup ro - cgroup2 cgroup rw";
        assert_eq!(texts(files("0::/../other", mounts)), ["/sys/fs/cgroup/memory.max"]);
    }

    #[test]
    fn what_is_left_counts_the_pages_of_files_that_make_room() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        file("memory.max", "1000\n");
        file("memory.current", "700\n");
        assert_eq!(left(&folder.path().join("memory.max")), Some(300));
        file("memory.stat", "anon 500\ninactive_file 150\nactive_file 50\n");
        assert_eq!(left(&folder.path().join("memory.max")), Some(450));
        assert_eq!(inactive_file("inactive_file 1\ntotal_inactive_file 7\n"), 7);

        file("memory.limit_in_bytes", "9223372036854771712\n");
        file("memory.usage_in_bytes", "700\n");
        assert_eq!(left(&folder.path().join("memory.limit_in_bytes")), None);
    }

    #[test]
    fn no_limit_is_told_from_one() {
        assert_eq!(limit("157286400\n"), Some(157_286_400));
        assert_eq!(limit("max\n"), None);
        assert_eq!(limit("9223372036854771712\n"), None);
    }
}
