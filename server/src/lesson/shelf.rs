//! The lessons that there are: those that came with the server, and those in folders of the teacher's.

mod syntax;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rust_embed::RustEmbed;
use socketscope_protocol::{Bilingual, LessonId, SourceFile};

use crate::process::Python;

use super::{
    Lesson,
    read::{self, Mistake, PLAN, line_at},
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
        Python::check().err().map(|told| told.english)
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

    /// The titles of all lessons in their order, for the command line, and everything that is wrong. Only here is Python
    /// asked about a teacher's files: whoever runs a lesson hears it from the program itself.
    pub fn check(&self) -> (Vec<(String, Bilingual)>, Vec<Mistake>) {
        let (mut titles, mut mistakes, mut code) = (Vec::new(), Vec::new(), Vec::new());
        let all = self.all();
        for (id, found) in &all {
            match found {
                Ok(lesson) => {
                    titles.push((id.0.clone(), lesson.title.clone()));
                    let mut folders = self.folders.iter().map(|folder| folder.join(&id.0));
                    if let Some(folder) = folders.find(|folder| folder.is_dir()) {
                        let path = |name: &str| folder.join(name).display().to_string();
                        code.extend(lesson.files.iter().map(|it| (path(&it.name), &*it.code)));
                    }
                }
                Err(wrong) => mistakes.extend(wrong.iter().cloned()),
            }
        }
        mistakes.extend(syntax::mistakes(&code));
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
    if folder.join(PLAN).is_file() {
        return vec![wrong(
            folder,
            "this is a lesson itself: name the folder that it is in".into(),
        )];
    }
    let folders = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
    let lesson = |path: PathBuf| {
        let id = LessonId(name_of(&path));
        if !is_name(&id.0) {
            return wrong(
                &path,
                "a lesson's folder is named by at most 48 small letters, digits and hyphens".into(),
            );
        }
        let found = files_in(&path)
            .and_then(|files| assemble(id.clone(), &path.display().to_string(), files));
        (id, found)
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

/// The files in a lesson's folder, or each that cannot be read.
fn files_in(folder: &Path) -> Result<Vec<SourceFile>, Vec<Mistake>> {
    let wrong = |path: &Path, line: usize, what: String| Mistake {
        file: path.display().to_string(),
        line,
        what,
    };
    let paths = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>())
        .map_err(|error| vec![wrong(folder, 0, format!("this folder cannot be read: {error}"))])?;
    let (mut files, mut mistakes) = (Vec::new(), Vec::new());
    for path in paths {
        let name = name_of(&path);
        if !path.is_file() || (name != PLAN && !name.ends_with(".py")) {
            continue;
        }
        match fs::read(&path).map(String::from_utf8) {
            Ok(Ok(code)) => files.push(SourceFile { name, code }),
            Ok(Err(error)) => {
                let line = line_at(error.as_bytes(), error.utf8_error().valid_up_to());
                mistakes.push(wrong(
                    &path,
                    line,
                    "this is no text in UTF-8: save the file in this encoding".into(),
                ));
            }
            Err(error) => {
                mistakes.push(wrong(&path, 0, format!("this file cannot be read: {error}")))
            }
        }
    }
    if mistakes.is_empty() { Ok(files) } else { Err(mistakes) }
}

fn assemble(id: LessonId, folder: &str, files: Vec<SourceFile>) -> Found {
    let (plan, files): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.name == PLAN);
    let plan = plan.first().map(|plan| plan.code.as_str());
    read::lesson(id, folder, plan, files).map(Arc::new)
}
