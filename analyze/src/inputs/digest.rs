//! Digests of bytes and of several files, in hex.

use cnsim_records::FileFacts;
use cnsim_records::open::hex;
use sha2::{Digest, Sha256};

/// The hex digest of bytes.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(Sha256::new_with_prefix(bytes))
}

/// One digest for all inputs: that of a single file, else the digest of the digests in the order of the inputs.
pub(crate) fn combined_digest(files: &[&FileFacts]) -> String {
    if let [file] = files {
        return file.sha256.clone();
    }
    let lines: String = files.iter().map(|file| format!("{}\n", file.sha256)).collect();
    sha256(lines.as_bytes())
}
