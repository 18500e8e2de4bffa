// Show in the page the errors that Gradio shows in a toast that vanishes: a full queue, an upload
// over the limit, a server that does not answer. They appear below the forms if something was being
// added, otherwise above the question box, until the next question.
(() => {
  const messages = [
    [
      /currently busy|queue is full/i,
      () =>
        'Too many requests are waiting at the moment, so ' +
        'this one was not accepted. Try again in a minute.',
    ],
    [
      /maximum allowed size/i,
      (text) =>
        text.trim() +
        '. Nothing was uploaded. Split the file, ' +
        'or raise the setting max_article_bytes.',
    ],
    [
      /connection|failed to fetch|network/i,
      () =>
        'The program that serves this page does not ' +
        'answer. Check that it is running, then reload the page.',
    ],
  ];
  let isAdding = false;
  for (const kind of ['pointerdown', 'keydown', 'change', 'drop']) {
    document.addEventListener(
      kind,
      (event) => {
        isAdding = Boolean(event.target.closest?.('#add'));
      },
      true,
    );
  }
  const show = (text) => {
    const known = messages.find(([pattern]) => pattern.test(text));
    const place =
      (isAdding && document.querySelector('#note .wrong')) ||
      document.querySelector('#trouble .wrong');
    if (!place) return false;
    const message = document.createElement('p');
    message.textContent = known ? known[1](text) : text;
    place.replaceChildren(message);
    return true;
  };
  const seen = new WeakSet();
  new MutationObserver(() => {
    for (const toast of document.querySelectorAll('.toast-body.error [data-testid=toast-text]')) {
      if (seen.has(toast) || !show(toast.textContent)) continue;
      seen.add(toast);
      toast.closest('.toast-body').hidden = true;
    }
    const trouble = document.querySelector('#trouble .wrong');
    if (trouble?.firstChild && document.querySelector('.status[data-state=busy]')) {
      trouble.replaceChildren();
    }
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
