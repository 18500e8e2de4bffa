// Show in the page what Gradio shows in a toast that vanishes: a full queue, an upload over the
// limit, a server that is gone. It appears below the forms if something was being added, otherwise
// above the question box, until the next question.
(() => {
  const sentences = [
    [
      /currently busy|queue is full/i,
      () =>
        'Too many requests are waiting here at the moment, so ' +
        'this one was not taken. Try again in a minute.',
    ],
    [
      /maximum allowed size/i,
      (text) =>
        text.trim() +
        '. Nothing was uploaded. Give a part of it, ' +
        'or raise the setting max_article_bytes.',
    ],
    [
      /connection|failed to fetch|network/i,
      () =>
        'The program that serves this page does not ' +
        'answer. See whether it still runs, then reload the page.',
    ],
  ];
  let adding = false;
  for (const kind of ['pointerdown', 'keydown', 'change', 'drop']) {
    document.addEventListener(
      kind,
      (event) => {
        adding = Boolean(event.target.closest?.('#add'));
      },
      true,
    );
  }
  const tell = (text) => {
    const known = sentences.find(([sign]) => sign.test(text));
    const place =
      (adding && document.querySelector('#note .wrong')) ||
      document.querySelector('#trouble .wrong');
    if (!place) return false;
    const told = document.createElement('p');
    told.textContent = known ? known[1](text) : text;
    place.replaceChildren(told);
    return true;
  };
  const seen = new WeakSet();
  new MutationObserver(() => {
    for (const toast of document.querySelectorAll('.toast-body.error [data-testid=toast-text]')) {
      if (seen.has(toast) || !tell(toast.textContent)) continue;
      seen.add(toast);
      toast.closest('.toast-body').hidden = true;
    }
    const trouble = document.querySelector('#trouble .wrong');
    if (trouble?.firstChild && document.querySelector('.status[data-state=busy]')) {
      trouble.replaceChildren();
    }
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
