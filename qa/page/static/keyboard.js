// Keyboard and screen reader support that Gradio's markup lacks. Escape cancels what is under way
// where the focus is (a question, an addition, a rename); in a cited place it leads back to its mark.
// When the focused element disappears, the question box gets the focus, except on touch screens,
// where that would open the keyboard over the answer.
(() => {
  const find = (selector) => document.querySelector(selector);
  const narrow = matchMedia('(max-width:900px)'),
    touch = matchMedia('(pointer:coarse)');
  const arrange = () => {
    const shelf = find('#shelf-column'),
      chat = find('#chat-column');
    if (!shelf || !chat) return;
    const [first, second] = narrow.matches ? [chat, shelf] : [shelf, chat];
    if (first.compareDocumentPosition(second) & Node.DOCUMENT_POSITION_FOLLOWING) return;
    const held = document.activeElement;
    if (narrow.matches) chat.after(shelf);
    else chat.before(shelf);
    if (held !== document.activeElement) held.focus();
  };
  const name = () => {
    const examples = find('#chat .examples[role=list]');
    if (!examples) return;
    examples.setAttribute('role', 'group');
    examples.setAttribute('aria-label', 'Questions to begin with');
  };
  // What had the focus may go a moment after the state changes, but not once the visitor acts.
  let turn = '',
    wanted = false;
  const settle = () => {
    const status = find('.status'),
      box = find('#question textarea');
    const now = status ? status.dataset.state + status.dataset.turn : '';
    if (now !== turn) wanted = ['done', 'stopped', 'ready'].includes(status?.dataset.state);
    turn = now;
    if (!wanted || !box || touch.matches || document.activeElement !== document.body) return;
    wanted = false;
    box.focus();
  };
  // The newest link of the conversation that leads to the place which is lit.
  const origin = () => {
    const links = [...document.querySelectorAll('#chat a[href^="#s"]')].filter(
      (link) => link.hash === location.hash && !link.closest('details:not([open])'),
    );
    return links.findLast((link) => link.matches('[title],[data-tip]')) || links.at(-1);
  };
  const back = (event) => {
    if (event.key !== 'Escape' || event.isComposing) return;
    const at = event.target,
      undo = at
        .closest('#shelf li, #add, #chat-column')
        ?.querySelector('[data-do=cancel], [data-do=stop]');
    if (undo) undo.click();
    else if (location.hash && at.closest('#article')) {
      (origin() || find('#question textarea')).focus();
    }
  };
  const goBack = (event) => {
    const link = event.target.closest?.('#back a') && origin();
    if (!link) return; // to the conversation, as the address says
    event.preventDefault();
    link.scrollIntoView({ block: 'center' });
    link.focus({ preventScroll: true });
  };
  const mend = () => {
    arrange();
    name();
    settle();
  };
  new MutationObserver(mend).observe(document.documentElement, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ['data-state', 'data-turn'],
  });
  for (const act of ['pointerdown', 'keydown']) {
    document.addEventListener(
      act,
      () => {
        wanted = false;
      },
      true,
    );
  }
  narrow.addEventListener('change', arrange);
  document.addEventListener('keydown', back);
  document.addEventListener('click', goBack);
})();
