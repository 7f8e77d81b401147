// Starts the page's WebAssembly, and says so where that, or its language, cannot be had.
import init from "/socketscope.js";

addEventListener("unhandledrejection", ({ reason }) => {
  // It is there until the page has started.
  const text = document.getElementById("boot-text");
  if (text) {
    text.setAttribute("role", "alert");
    text.textContent = document.documentElement.lang === "en"
      ? `The page could not start: ${reason}. Reload it; it needs a browser with WebAssembly.`
      : `页面无法启动：${reason}。请重新加载；它需要支持 WebAssembly 的浏览器。`;
  }
});
init({ module_or_path: "/socketscope_bg.wasm" });
