// Disable the forms while something is added, and move the focus to Stop. Refuse a file over the
// limit before the upload, which the server could only cut off.
function setUpAdding({ element, trigger, watch }) {
  let lastFocused = null;
  element.addEventListener('click', (event) => {
    if (event.target.closest('[data-do=stop]')) trigger('stop');
  });
  watch('value', () => {
    const state = element.querySelector('[data-state]').dataset.state,
      busy = state === 'busy';
    const forms = [...element.closest('#add').querySelectorAll('.tabs')];
    const focused = document.activeElement;
    if (busy && forms.some((form) => form.contains(focused))) {
      lastFocused = focused;
      element.querySelector('[data-do=stop]').focus();
    }
    for (const form of forms) form.inert = busy;
    if (state === 'done') document.querySelector('#question textarea')?.focus();
    else if (!busy && lastFocused && focused === document.body) lastFocused.focus();
    if (!busy) lastFocused = null;
  });
  const refuse = (event, files) => {
    const limit = Number(element.querySelector('[data-limit]').dataset.limit);
    const large = [...(files || [])].filter((file) => file.size > limit).map((file) => file.name);
    if (!large.length || !event.target.closest('#files')) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if ('value' in event.target) event.target.value = '';
    const message = document.createElement('p');
    message.textContent =
      `${large.join(', ')}: over the limit of ${limit.toLocaleString('en')} bytes for a file. ` +
      'Nothing was uploaded. Split the file, or raise the setting max_article_bytes.';
    element.querySelector('[role=status]').replaceChildren();
    element.querySelector('.wrong').replaceChildren(message);
  };
  document.addEventListener('change', (event) => refuse(event, event.target.files), true);
  document.addEventListener('drop', (event) => refuse(event, event.dataTransfer?.files), true);
}

Object.assign(window, { setUpAdding });
