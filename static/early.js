// Before the first paint: the remembered theme, and the language, whose texts are fetched from here on. A script of its
// own, since the page allows none inline.
const root = document.documentElement;
const remembered = (what) => {
  try {
    return localStorage.getItem(`socketscope.${what}`);
  } catch {
    // Without storage the system's theme and the browser's language it is.
  }
};
const theme = remembered("theme");
if (theme === "light" || theme === "dark") root.dataset.theme = theme;
const language = remembered("language") || navigator.language || "";
root.lang = language.startsWith("zh") ? "zh-Hans" : "en";
document.getElementById(`words-${root.lang}`).rel = "preload";
