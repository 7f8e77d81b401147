// Sets the remembered theme before the first paint: a script of its own, since the page allows none inline.
try {
  const theme = localStorage.getItem("socketscope.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Without storage the system's theme it is.
}
