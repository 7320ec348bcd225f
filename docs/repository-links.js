// Pages link to files of the repository by relative paths, so that they work where the repository is read.
// In the book those files are not there: lead to the repository instead.
for (const link of document.querySelectorAll('main a[href^="../"]')) {
    const path = link.getAttribute("href");
    if (/^(\.\.\/)+(crates|examples|contracts|vectors|xtask|fuzz|ci|README\.md|CONTRIBUTING\.md|SECURITY\.md|CHANGELOG\.md)/.test(path)) {
        link.href = "https://github.com/smart-sessions/smart-sessions/blob/main/" + path.replace(/^(\.\.\/)+/, "");
    }
}
