// Pages link to files of the repository by relative paths, so that they work where the repository is read.
// In the book those files are not there: lead to the repository instead.
for (const link of document.querySelectorAll('main a[href^="../"]')) {
    const path = link.getAttribute("href");
    if (/^(\.\.\/)+((crates|examples|contracts|vectors|xtask|fuzz|ci)\b|[A-Z]+\.html$)/.test(path)) {
        const file = path.replace(/^(\.\.\/)+/, "").replace(/\.html$/, ".md");
        link.href = "https://github.com/smart-sessions/smart-sessions/blob/main/" + file;
    }
}
