//! A file as a stream of bytes: decompressed by its first bytes, its digest taken on the way.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest, Sha256};

use crate::error::SourceError;

/// Files from this size on show how far they are, on a terminal.
const PROGRESS_FROM: u64 = 100_000_000;
const BUFFER: usize = 1 << 18;

/// An open input.
pub struct Stream {
    /// As typed; `-` is standard input.
    pub name: String,
    /// The file, where its bytes are as they lie on the disk.
    pub plain: Option<PathBuf>,
    reader: Decoder,
}

enum Decoder {
    Plain(Raw),
    Gzip(Box<MultiGzDecoder<BufReader<Raw>>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, BufReader<Raw>>>),
}

/// The bytes as they lie on the disk, with what was read ahead to know them.
type Raw = io::Chain<Cursor<Vec<u8>>, Hashing>;

struct Hashing {
    inner: Box<dyn Read + Send>,
    digest: Sha256,
    progress: ProgressBar,
}

impl Stream {
    /// Opens a file, or standard input where the path is `-`.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let name = path.display().to_string();
        let io_error = |source: io::Error| {
            if source.kind() == io::ErrorKind::NotFound {
                return SourceError::Missing { path: name.clone() };
            }
            SourceError::Io { path: name.clone(), source }
        };
        let (inner, size): (Box<dyn Read + Send>, u64) = if name == "-" {
            (Box::new(io::stdin()), 0)
        } else {
            let file = File::open(path).map_err(io_error)?;
            let size = file.metadata().map_err(io_error)?.len();
            (Box::new(file), size)
        };
        let mut raw = Hashing { inner, digest: Sha256::new(), progress: progress(&name, size) };
        let mut magic = Vec::new();
        raw.by_ref().take(4).read_to_end(&mut magic).map_err(io_error)?;
        let gzip = magic.starts_with(&[0x1f, 0x8b]);
        let zstd = magic == [0x28, 0xb5, 0x2f, 0xfd];
        let raw = Cursor::new(magic).chain(raw);
        let reader = if gzip {
            Decoder::Gzip(Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER, raw))))
        } else if zstd {
            let buffered = BufReader::with_capacity(BUFFER, raw);
            Decoder::Zstd(Box::new(zstd::stream::read::Decoder::with_buffer(buffered).map_err(io_error)?))
        } else {
            Decoder::Plain(raw)
        };
        let is_plain = matches!(reader, Decoder::Plain(_)) && name != "-";
        Ok(Self { plain: is_plain.then(|| path.to_owned()), name, reader })
    }

    /// What the failure of a read means.
    pub fn error(&self, source: io::Error) -> SourceError {
        let path = self.name.clone();
        match &self.reader {
            Decoder::Plain(_) => SourceError::Io { path, source },
            Decoder::Gzip(_) => SourceError::Compressed { path, format: "gzip", source },
            Decoder::Zstd(_) => SourceError::Compressed { path, format: "zstd", source },
        }
    }

    /// The digest of the bytes on the disk in hex, once everything was read.
    pub fn digest(self) -> String {
        let raw = match self.reader {
            Decoder::Plain(raw) => raw,
            Decoder::Gzip(gzip) => gzip.into_inner().into_inner(),
            Decoder::Zstd(zstd) => zstd.finish().into_inner(),
        };
        let (_, hashing) = raw.into_inner();
        hashing.progress.finish_and_clear();
        hex(hashing.digest)
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.reader {
            Decoder::Plain(reader) => reader.read(buffer),
            Decoder::Gzip(reader) => reader.read(buffer),
            Decoder::Zstd(reader) => reader.read(buffer),
        }
    }
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.digest.update(&buffer[..count]);
        self.progress.inc(count as u64);
        Ok(count)
    }
}

/// A digest in hex.
pub fn hex(digest: Sha256) -> String {
    base16ct::lower::encode_string(&digest.finalize())
}

/// A bar on standard error, where that is a terminal and the file is long.
fn progress(name: &str, size: u64) -> ProgressBar {
    if size < PROGRESS_FROM {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template("{msg} {bar:40} {bytes}/{total_bytes} {eta}").expect("the template is valid");
    ProgressBar::new(size).with_style(style).with_message(name.to_owned())
}
