// The language follows the browser until a person chooses. Without this script the page begins in English.
const chinese = document.getElementById("language-zh");
const name_language = () => { document.documentElement.lang = chinese.checked ? "zh-Hans" : "en"; };
if (navigator.language.startsWith("zh")) chinese.checked = true;
document.querySelector(".language").addEventListener("change", name_language);
name_language();
