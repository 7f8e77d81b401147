//! The page: from `frontend/` and `static/` to the folder `target/page` that the server embeds.
//!
//! ```text
//! target/page/index.html                  static/index.html
//! target/page/style.HASH.css              each static/*.css and static/*.js
//! target/page/words.HASH.en.txt           the page's texts in each language; the page fetches the one that it speaks
//! target/page/more-words.HASH.en.txt      those that a room's first diagram does not need
//! target/page/module.HASH/                the frontend; its files name each other, so the hash is that of them all
//!             socketscope.js              wasm-bindgen's script; its default export starts the page
//!             socketscope_bg.wasm         what static/boot.js hands to that export
//!             split_later.wasm            what the page fetches once it has started
//!             __wasm_split.js             how
//!             snippets/…                  scripts that crates brought along, if any
//! target/page/icon.svg, fonts/…           the rest of static/ as it is, except static/lessons
//! target/page/….br, ….gz                  beside each compressible file (not with --quick)
//! ```
//!
//! HASH is 16 hexadecimal digits of the content, so what is under such a name never changes.
//! `index.html` and the scripts of static/ name these files as absolute paths in double quotes,
//! without the hash, as in `"/style.css"`; the names with the hash are put in here.

use std::{
    fs,
    hash::{DefaultHasher, Hasher},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use socketscope_diagram::wording::{EN, Wording, ZH};
use wasm_bindgen_cli_support::Bindgen;

use crate::{
    compress,
    shell::{root, run, step, target},
    shorten::shorten,
    split,
    toolchain::{Toolchain, WASM},
    wasm_opt,
};

/// The names of the page's package and binary.
pub(crate) const FRONTEND: &str = "socketscope-frontend";

/// The module's first part, and the script that loads it.
const FIRST: &str = "socketscope_bg.wasm";
const SCRIPT: &str = "socketscope.js";

/// How the page is made, so that a change of the making makes it anew.
const RECIPE: [&str; 5] = [
    include_str!("page.rs"),
    include_str!("split.rs"),
    include_str!("shorten.rs"),
    include_str!("compress.rs"),
    include_str!("wasm_opt.rs"),
];

/// The page's languages.
const LANGUAGES: [&Wording; 2] = [&EN, &ZH];

/// How much work goes into making the page small.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(crate) enum Finish {
    /// For development: not optimised, not compressed.
    Quick,
    /// Optimised by the compiler, compressed.
    Small,
    /// Optimised by wasm-opt too: for what is handed out.
    Smallest,
}

/// The folder that the server embeds.
pub(crate) fn folder() -> PathBuf {
    target().join("page")
}

/// Builds what changed of the page.
pub(crate) fn build(finish: Finish) -> Result<()> {
    let wasm = compile(finish)?;
    let ingredients = ingredients(&wasm)?;
    let stamp = target().join("page.stamp");
    let done = fs::read_to_string(&stamp).is_ok_and(|stamp| match stamp.split_once(' ') {
        // A page that was made smaller than asked for will do.
        Some((made_of, made)) => {
            made_of == ingredients && made.parse().is_ok_and(|made: u8| made >= finish as u8)
        }
        None => false,
    });
    if done && folder().is_dir() {
        return Ok(());
    }
    step(format!("writing {}", folder().display()));
    // Made beside and then renamed: a server that reads the folder never sees half a page.
    let fresh = target().join("page.new");
    let old = target().join("page.old");
    for leftover in [&fresh, &old] {
        if leftover.exists() {
            fs::remove_dir_all(leftover)?;
        }
    }
    assemble(&wasm, finish, &fresh)?;
    if folder().exists() {
        fs::rename(folder(), &old)?;
    }
    fs::rename(&fresh, folder())?;
    fs::write(stamp, format!("{ingredients} {}", finish as u8))?;
    if old.exists() {
        fs::remove_dir_all(old)?;
    }
    Ok(())
}

/// Compiles the frontend and returns the module as the compiler left it.
fn compile(finish: Finish) -> Result<PathBuf> {
    let profile = if finish == Finish::Quick { "dev" } else { "page" };
    step(format!("compiling the page for the browser (profile {profile})"));
    let folder = target().join("wasm");
    let build = ["--package", FRONTEND, "--bin", FRONTEND, "--profile", profile, "--target-dir"];
    let mut cargo = match finish {
        Finish::Quick => Toolchain::bring()?.cargo("build"),
        Finish::Small | Finish::Smallest => Toolchain::bring_small()?.cargo_small("build"),
    };
    run(cargo.args(build).arg(&folder))?;
    let profile = if finish == Finish::Quick { "debug" } else { "page" };
    Ok(folder.join(WASM).join(profile).join(FRONTEND).with_extension("wasm"))
}

/// A hash of what the page is made of and how.
fn ingredients(wasm: &Path) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    hasher.write(&fs::read(wasm)?);
    for file in files(&root().join("static"))? {
        hasher.write(file.as_os_str().as_encoded_bytes());
        hasher.write(&fs::read(file)?);
    }
    let words = LANGUAGES.iter().flat_map(|words| words.files());
    words.for_each(|file| hasher.write(file.as_bytes()));
    RECIPE.iter().for_each(|source| hasher.write(source.as_bytes()));
    Ok(format!("{:016x}", hasher.finish()))
}

fn assemble(wasm: &Path, finish: Finish, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let mut names = Names::default();
    bind(wasm, finish, folder, &mut names)?;
    for words in LANGUAGES {
        let tag = words.language.tag();
        let [first, rest] = words.files();
        names.write(folder, &format!("words.{tag}.txt"), first.as_bytes())?;
        names.write(folder, &format!("more-words.{tag}.txt"), rest.as_bytes())?;
    }

    let source = root().join("static");
    let mut index = None;
    for file in files(&source)? {
        let name = file.strip_prefix(&source)?.to_string_lossy().into_owned();
        if name == "index.html" {
            index = Some(fs::read_to_string(file)?);
        } else if let (false, Some("css" | "js")) = (name.contains('/'), extension(&file)) {
            let text = names.put_into(fs::read_to_string(file)?);
            names.write(folder, &name, text.as_bytes())?;
        } else {
            let copy = folder.join(&name);
            copy.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::copy(&file, copy)?;
        }
    }
    let index = index.context("the page needs static/index.html")?;
    ensure!(
        index.contains("\"/socketscope.js\""),
        "static/index.html names no \"/socketscope.js\""
    );
    fs::write(folder.join("index.html"), names.put_into(index))?;

    if finish != Finish::Quick {
        step("compressing the page");
        compress::folder(folder)?;
    }
    Ok(())
}

/// Cuts the module, runs wasm-bindgen, and writes what comes of that.
fn bind(wasm: &Path, finish: Finish, folder: &Path, names: &mut Names) -> Result<()> {
    let module = folder.join("module");
    fs::create_dir_all(&module)?;
    let first = split::split(wasm, &module, SCRIPT)?;
    let mut output = Bindgen::new()
        .input_path(&first)
        .out_name("socketscope")
        .web(true)?
        .typescript(false)
        .omit_default_module_path(true)
        // The table of functions: the rest calls the first part through it.
        .keep_lld_exports(true)
        // Names make a panic's stack readable, and they are a quarter of the module.
        .remove_name_section(finish != Finish::Quick)
        .remove_producers_section(true)
        .generate_output()?;
    output.emit(&module)?;
    fs::remove_file(first)?;
    if finish != Finish::Quick {
        split::tighten(&module.join(split::REST))?;
        shorten(&module.join(FIRST), &module.join(SCRIPT))?;
    }
    if finish == Finish::Smallest {
        wasm_opt::optimise(&module.join(FIRST))?;
        wasm_opt::optimise(&module.join(split::REST))?;
    }
    let mut hasher = DefaultHasher::new();
    for file in files(&module)? {
        hasher.write(&fs::read(file)?);
    }
    let hashed = format!("module.{:016x}", hasher.finish());
    fs::rename(module, folder.join(&hashed))?;
    for name in [FIRST, SCRIPT] {
        names.0.push((name.to_owned(), format!("{hashed}/{name}")));
    }
    Ok(())
}

/// The files that are named after their content: the plain name and the name with the hash.
#[derive(Default)]
struct Names(Vec<(String, String)>);

impl Names {
    /// Writes `style.css` as `style.0123456789abcdef.css`.
    fn write(&mut self, folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
        let (stem, extension) =
            name.split_once('.').context("a file of the page has no extension")?;
        let mut hasher = DefaultHasher::new();
        hasher.write(bytes);
        let hashed = format!("{stem}.{:016x}.{extension}", hasher.finish());
        fs::write(folder.join(&hashed), bytes)?;
        self.0.push((name.to_owned(), hashed));
        Ok(())
    }

    /// Replaces `"/style.css"` by the name that the file was written under.
    fn put_into(&self, text: String) -> String {
        self.0.iter().fold(text, |text, (plain, hashed)| {
            text.replace(&format!("\"/{plain}\""), &format!("\"/{hashed}\""))
        })
    }
}

/// The page's files below a folder, sorted. Lessons are the server's, not the page's.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if !path.is_dir() {
            found.push(path);
        } else if !path.ends_with("static/lessons") {
            found.extend(files(&path)?);
        }
    }
    found.sort();
    Ok(found)
}

fn extension(file: &Path) -> Option<&str> {
    file.extension()?.to_str()
}
