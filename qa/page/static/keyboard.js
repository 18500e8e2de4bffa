// Keyboard and screen reader support that Gradio's markup lacks. Escape cancels the question, the
// addition or the renaming where the focus is; in a cited place it returns to its mark. When the
// focused element disappears, the question box gets the focus, except on touch screens, where that
// would open the keyboard over the answer.
(() => {
  const find = (selector) => document.querySelector(selector);
  const narrow = matchMedia('(max-width:900px)'),
    touch = matchMedia('(pointer:coarse)');
  const arrangeColumns = () => {
    const shelf = find('#shelf-column'),
      chat = find('#chat-column');
    if (!shelf || !chat) return;
    const [first, second] = narrow.matches ? [chat, shelf] : [shelf, chat];
    if (first.compareDocumentPosition(second) & Node.DOCUMENT_POSITION_FOLLOWING) return;
    const focused = document.activeElement;
    if (narrow.matches) chat.after(shelf);
    else chat.before(shelf);
    if (focused !== document.activeElement) focused.focus();
  };
  const nameExamples = () => {
    const examples = find('#chat .examples[role=list]');
    if (!examples) return;
    examples.setAttribute('role', 'group');
    examples.setAttribute('aria-label', 'Suggested questions');
  };
  // The focused element may disappear a moment after the state changes. Once the visitor does
  // something, the focus is left alone.
  let lastState = '',
    isDue = false;
  const restoreFocus = () => {
    const status = find('.status'),
      box = find('#question textarea');
    const state = status ? status.dataset.state + status.dataset.turn : '';
    if (state !== lastState) isDue = ['done', 'stopped', 'ready'].includes(status?.dataset.state);
    lastState = state;
    if (!isDue || !box || touch.matches || document.activeElement !== document.body) return;
    isDue = false;
    box.focus();
  };
  // The link of the conversation that was followed to the highlighted place, else the newest one.
  let followed = null;
  const origin = () => {
    if (followed?.isConnected && followed.hash === location.hash) return followed;
    const links = [...document.querySelectorAll('#chat a[href^="#s"]')].filter(
      (link) => link.hash === location.hash && !link.closest('details:not([open])'),
    );
    return links.findLast((link) => link.matches('[title],[data-tip]')) || links.at(-1);
  };
  const onEscape = (event) => {
    if (event.key !== 'Escape' || event.isComposing) return;
    const at = event.target,
      cancel = at
        .closest('#shelf li, #add, #chat-column')
        ?.querySelector('[data-do=cancel], [data-do=stop]');
    if (cancel) cancel.click();
    else if (location.hash && at.closest('#article, #pages')) {
      (origin() || find('#question textarea')).focus();
    }
  };
  const returnToMark = (event) => {
    const link = event.target.closest?.('#back a, #pages .back a') && origin();
    if (!link) return; // the link leads to the conversation
    event.preventDefault();
    link.scrollIntoView({ block: 'center' });
    link.focus({ preventScroll: true });
  };
  const update = () => {
    arrangeColumns();
    nameExamples();
    restoreFocus();
  };
  new MutationObserver(update).observe(document.documentElement, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ['data-state', 'data-turn'],
  });
  document.addEventListener(
    'click',
    (event) => {
      followed = event.target.closest?.('#chat a[href^="#s"]') || followed;
    },
    true,
  );
  for (const kind of ['pointerdown', 'keydown']) {
    document.addEventListener(
      kind,
      () => {
        isDue = false;
      },
      true,
    );
  }
  narrow.addEventListener('change', arrangeColumns);
  document.addEventListener('keydown', onEscape);
  document.addEventListener('click', returnToMark);
})();
