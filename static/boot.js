// Starts the page's WebAssembly, and says so where that cannot be.
import init from "/socketscope.js";

init({ module_or_path: "/socketscope_bg.wasm" }).catch((error) => {
  console.error(error);
  const text = document.getElementById("boot-text");
  if (text) {
    text.setAttribute("role", "alert");
    text.textContent = `The page could not start: ${error}. Reload it; it needs a browser with WebAssembly.`;
  }
});
