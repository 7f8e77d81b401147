//! The lessons that there are: those that came with the server, and those in folders of the teacher's.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rust_embed::RustEmbed;
use socketscope_protocol::{Bilingual, LessonId, SourceFile};

use crate::process::Python;

use super::{
    Lesson,
    read::{self, Mistake, PLAN},
};

#[derive(RustEmbed)]
#[folder = "../static/lessons"]
struct Own;

/// Where lessons come from. They are read anew whenever they are asked for: whoever writes one sees it at once.
#[derive(Clone, Debug, Default)]
pub struct Lessons {
    folders: Vec<PathBuf>,
}

/// A lesson, or what is wrong with it.
type Found = Result<Arc<Lesson>, Vec<Mistake>>;

impl Lessons {
    /// The lessons that came with the server, and the folders in each of `folders`, which go before those of the same name.
    pub fn new(folders: Vec<PathBuf>) -> Self {
        Self { folders }
    }

    /// What stands in the way of running any lesson on this machine, in a sentence that says what to do.
    pub fn obstacle() -> Option<String> {
        Python::check().err()
    }

    /// All lessons in their order, and behind them what is wrong with those that cannot be read.
    pub(crate) fn all(&self) -> Vec<(LessonId, Found)> {
        let mut found: Vec<_> = self.read().into_iter().collect();
        let order = |found: &Found| found.as_ref().map_or(u32::MAX, |lesson| lesson.order);
        found.sort_by_key(|(_, found)| order(found));
        found
    }

    /// The lesson called `id`; none where there is none.
    pub(crate) fn get(&self, id: &LessonId) -> Option<Found> {
        self.read().remove(id)
    }

    /// The titles of all lessons in their order, for the command line, and everything that is wrong.
    pub fn check(&self) -> (Vec<(String, Bilingual)>, Vec<Mistake>) {
        let (mut titles, mut mistakes) = (Vec::new(), Vec::new());
        for (id, found) in self.all() {
            match found {
                Ok(lesson) => titles.push((id.0, lesson.title.clone())),
                Err(wrong) => mistakes.extend(wrong),
            }
        }
        (titles, mistakes)
    }

    fn read(&self) -> BTreeMap<LessonId, Found> {
        let mut found = BTreeMap::new();
        let mut own: BTreeMap<String, Vec<SourceFile>> = BTreeMap::new();
        for path in Own::iter() {
            if let (Some((folder, name)), Some(file)) = (path.split_once('/'), Own::get(&path)) {
                let code = String::from_utf8_lossy(&file.data).into_owned();
                let files = own.entry(folder.to_owned()).or_default();
                files.push(SourceFile { name: name.to_owned(), code });
            }
        }
        for (id, files) in own {
            found.insert(LessonId(id.clone()), assemble(LessonId(id.clone()), &id, files));
        }
        for folder in self.folders.iter().rev() {
            found.extend(in_folder(folder));
        }
        found
    }
}

/// The folders in `folder`, each a lesson.
fn in_folder(folder: &Path) -> Vec<(LessonId, Found)> {
    let wrong = |path: &Path, what: String| {
        let id = LessonId(name_of(path));
        (id, Err(vec![Mistake { file: path.display().to_string(), line: 0, what }]))
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            return vec![wrong(folder, format!("this folder of lessons cannot be read: {error}"))];
        }
    };
    let folders = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
    let lesson = |path: PathBuf| {
        let id = LessonId(name_of(&path));
        if !is_name(&id.0) {
            return wrong(
                &path,
                "a lesson's folder is named by at most 48 small letters, digits and hyphens".into(),
            );
        }
        match files_in(&path) {
            Ok(files) => (id.clone(), assemble(id, &path.display().to_string(), files)),
            Err(error) => wrong(&path, format!("its files cannot be read: {error}")),
        }
    };
    folders.map(lesson).collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// It becomes a part of addresses.
fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=48).contains(&name.len()) && name.bytes().all(plain)
}

fn files_in(folder: &Path) -> std::io::Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = name_of(&path);
        if path.is_file() && (name == PLAN || name.ends_with(".py")) {
            files.push(SourceFile { name, code: fs::read_to_string(&path)? });
        }
    }
    Ok(files)
}

fn assemble(id: LessonId, folder: &str, files: Vec<SourceFile>) -> Found {
    let (plan, files): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.name == PLAN);
    let plan = plan.first().map(|plan| plan.code.as_str());
    read::lesson(id, folder, plan, files).map(Arc::new)
}
