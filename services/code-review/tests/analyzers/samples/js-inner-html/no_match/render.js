element.innerHTML = "";
element.innerHTML = `<br>`;
element.textContent = comment.body;
element.innerHTML = DOMPurify.sanitize(comment.body);
element.innerHTML = escapeHtml(comment.body);
const before = element.innerHTML;
