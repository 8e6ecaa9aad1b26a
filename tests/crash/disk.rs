//! A disk as a recording says it was, and as a power cut could have left it.

use std::collections::{BTreeMap, HashMap};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use tests::log::Chance;

use super::recording::{Record, Recording};

/// The disk while a recording is played. What is synced stands; the rest is pending.
pub struct Disk<'a> {
    recording: &'a Recording,
    /// The next record to play.
    at: usize,
    /// Names that are durable.
    names: BTreeMap<PathBuf, Named>,
    /// Names that were given or taken since their folder was synced.
    pending_names: Vec<(usize, PathBuf, Change)>,
    files: Vec<File>,
    /// Which file has an inode now; an inode is used again after its file is gone.
    inodes: HashMap<u64, usize>,
    folders: HashMap<u64, PathBuf>,
}

#[derive(Debug, Clone, Copy)]
enum Named {
    Folder,
    File(usize),
}

#[derive(Debug, Clone)]
enum Change {
    Give(PathBuf, Named),
    Take(PathBuf),
    Move(PathBuf, PathBuf),
}

#[derive(Debug, Default)]
struct File {
    durable: Vec<u8>,
    /// Records that are not synced.
    pending: Vec<usize>,
}

impl<'a> Disk<'a> {
    /// An empty data folder.
    pub fn new(recording: &'a Recording) -> Self {
        Self {
            recording,
            at: 0,
            names: BTreeMap::new(),
            pending_names: Vec::new(),
            files: Vec::new(),
            inodes: HashMap::new(),
            folders: HashMap::from([(recording.folder_inode, PathBuf::new())]),
        }
    }

    /// Plays the recording up to a cut.
    pub fn play(&mut self, cut: usize) {
        while self.at < cut {
            let record = self.recording.get(self.at);
            self.take_in(record);
            self.at += 1;
        }
    }

    fn take_in(&mut self, record: Record<'_>) {
        match record.kind {
            b'N' => (),
            b'C' => {
                self.files.push(File::default());
                let file = self.files.len() - 1;
                self.inodes.insert(record.inode, file);
                let path = self.path(record.bytes);
                self.rename(Change::Give(path, Named::File(file)));
            }
            b'M' => {
                let path = self.path(record.bytes);
                self.folders.insert(record.inode, path.clone());
                self.rename(Change::Give(path, Named::Folder));
            }
            b'U' => {
                let path = self.path(record.bytes);
                self.rename(Change::Take(path));
            }
            b'R' => {
                let mut paths = record.bytes.split(|it| *it == 0).map(|it| self.path(it));
                let (from, to) = (paths.next().unwrap(), paths.next().unwrap());
                drop(paths);
                self.rename(Change::Move(from, to));
            }
            b'W' | b'T' | b'F' => {
                let file = self.inodes[&record.inode];
                self.files[file].pending.push(self.at);
            }
            b'S' => self.sync(record.inode, record.number as usize),
            kind => panic!("the recorder does not write {kind}"),
        }
    }

    /// The path within the data folder.
    fn path(&self, bytes: &[u8]) -> PathBuf {
        let path = Path::new(std::ffi::OsStr::from_bytes(bytes));
        path.strip_prefix(&self.recording.folder).unwrap().to_owned()
    }

    fn rename(&mut self, change: Change) {
        let path = match &change {
            Change::Give(path, _) | Change::Take(path) | Change::Move(_, path) => path,
        };
        let folder = path.parent().unwrap().to_owned();
        self.pending_names.push((self.at, folder, change));
    }

    fn sync(&mut self, inode: u64, covered: usize) {
        if let Some(folder) = self.folders.get(&inode) {
            let names = &mut self.names;
            self.pending_names.retain(|(at, of, change)| {
                let durable = of == folder && *at < covered;
                if durable {
                    apply_name(names, change);
                }
                !durable
            });
            return;
        }
        let file = &mut self.files[self.inodes[&inode]];
        let durable = file.pending.partition_point(|it| *it < covered);
        for index in file.pending.drain(..durable) {
            apply_whole(&mut file.durable, self.recording.get(index));
        }
    }

    /// Writes to `folder` what the disk could hold if the power went now.
    pub fn write_image(&self, folder: &Path, chance: &mut Chance) {
        for (path, named) in self.surviving_names(chance) {
            let path = folder.join(path);
            // A name whose folder is lost is lost with it.
            if !path.parent().unwrap().is_dir() {
                continue;
            }
            match named {
                Named::Folder => std::fs::create_dir(&path).unwrap(),
                Named::File(file) => {
                    std::fs::write(&path, self.surviving_bytes(file, chance)).unwrap();
                }
            }
        }
    }

    /// A file system with a journal keeps the changes of a folder in order, up to some point.
    fn surviving_names(&self, chance: &mut Chance) -> BTreeMap<PathBuf, Named> {
        let mut names = self.names.clone();
        let mut folders = BTreeMap::<&Path, Vec<&Change>>::new();
        for (_, folder, change) in &self.pending_names {
            folders.entry(folder).or_default().push(change);
        }
        for (_, changes) in folders {
            let kept = pick_up_to(changes.len(), chance);
            changes.iter().take(kept).for_each(|it| apply_name(&mut names, it));
        }
        names
    }

    fn surviving_bytes(&self, file: usize, chance: &mut Chance) -> Vec<u8> {
        let file = &self.files[file];
        let mut bytes = file.durable.clone();
        let pending = file.pending.iter().map(|it| self.recording.get(*it)).collect::<Vec<_>>();
        // Pages have no order among each other, but a file that shrinks shrinks at one point.
        let shrinks = pending.iter().any(|it| it.kind == b'T');
        if shrinks {
            let kept = pick_up_to(pending.len(), chance);
            pending.iter().take(kept).for_each(|it| apply_whole(&mut bytes, *it));
            return bytes;
        }
        // A page of the cache is written as one; a sector is what a disk never tears.
        let page = if chance.one_in(4) { 512 } else { 4096 };
        apply_pages(&mut bytes, &pending, page, chance);
        bytes
    }
}

/// None, all, or some, each as likely.
fn pick_up_to(count: usize, chance: &mut Chance) -> usize {
    match chance.below(3) {
        0 => 0,
        1 => count,
        _ => chance.below(count + 1),
    }
}

fn apply_name(names: &mut BTreeMap<PathBuf, Named>, change: &Change) {
    match change {
        Change::Give(path, named) => {
            names.insert(path.clone(), *named);
        }
        Change::Take(path) => {
            names.remove(path);
        }
        Change::Move(from, to) => {
            let moved = names.keys().filter(|it| it.starts_with(from)).cloned();
            for path in moved.collect::<Vec<_>>() {
                let named = names.remove(&path).unwrap();
                let rest = path.strip_prefix(from).unwrap();
                let to = if rest.as_os_str().is_empty() { to.clone() } else { to.join(rest) };
                names.insert(to, named);
            }
        }
    }
}

fn apply_whole(bytes: &mut Vec<u8>, record: Record<'_>) {
    let number = record.number as usize;
    match record.kind {
        b'T' => bytes.resize(number, 0),
        b'F' => bytes.resize(bytes.len().max(number), 0),
        _ => put(bytes, number, record.bytes),
    }
}

fn put(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    let end = at + piece.len();
    bytes.resize(bytes.len().max(end), 0);
    bytes[at..end].copy_from_slice(piece);
}

/// Each page is as it was after none, some or all of the writes that touched it.
fn apply_pages(bytes: &mut Vec<u8>, pending: &[Record<'_>], page: usize, chance: &mut Chance) {
    let pieces = pending.iter().filter(|it| it.kind == b'W').flat_map(|it| pieces_of(it, page));
    let pieces = pieces.collect::<Vec<_>>();
    let mut touched = BTreeMap::<usize, usize>::new();
    for (at, _) in &pieces {
        *touched.entry(at / page).or_default() += 1;
    }
    // Often all pages share one fate; else each has its own.
    let fate = chance.below(5);
    let mut kept = touched;
    for count in kept.values_mut() {
        *count = match fate {
            0 => 0,
            1 => *count,
            _ => pick_up_to(*count, chance),
        };
    }
    let sizes = pending.iter().map(|it| it.number as usize + it.bytes.len());
    if chance.one_in(2) {
        // The size may be written without the bytes: they read as zero.
        let size = sizes.max().unwrap_or(0).max(bytes.len());
        bytes.resize(size, 0);
    }
    for (at, piece) in pieces {
        let left = kept.get_mut(&(at / page)).unwrap();
        if *left > 0 {
            *left -= 1;
            put(bytes, at, piece);
        }
    }
}

/// A write, cut where pages end.
fn pieces_of<'a>(record: &Record<'a>, page: usize) -> Vec<(usize, &'a [u8])> {
    let (mut at, mut rest) = (record.number as usize, record.bytes);
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(rest.len().min(page - at % page));
        pieces.push((at, piece));
        at += piece.len();
        rest = more;
    }
    pieces
}
