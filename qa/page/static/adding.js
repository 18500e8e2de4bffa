// Disable the forms while something is added and put the focus on Stop. Refuse a file that is too
// large before it is uploaded: the server could only cut the upload off.
function setUpAdding({ element, trigger, watch }) {
  let held = null;
  element.addEventListener('click', (event) => {
    if (event.target.closest('[data-do=stop]')) trigger('stop');
  });
  watch('value', () => {
    const state = element.querySelector('[data-state]').dataset.state,
      busy = state === 'busy';
    const forms = [...element.closest('#add').querySelectorAll('.tabs')];
    const focused = document.activeElement;
    if (busy && forms.some((form) => form.contains(focused))) {
      held = focused;
      element.querySelector('[data-do=stop]').focus();
    }
    for (const form of forms) form.inert = busy;
    if (state === 'done') document.querySelector('#question textarea')?.focus();
    else if (!busy && held && focused === document.body) held.focus();
    if (!busy) held = null;
  });
  const refuse = (event, files) => {
    const limit = Number(element.querySelector('[data-limit]').dataset.limit);
    const large = [...(files || [])].filter((file) => file.size > limit).map((file) => file.name);
    if (!large.length || !event.target.closest('#files')) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if ('value' in event.target) event.target.value = '';
    const told = document.createElement('p');
    told.textContent =
      `${large.join(', ')}: over the limit of ${limit.toLocaleString('en')} bytes ` +
      'for a file. Nothing was uploaded. Give a part of it, or raise the setting ' +
      'max_article_bytes.';
    element.querySelector('[role=status]').replaceChildren();
    element.querySelector('.wrong').replaceChildren(told);
  };
  document.addEventListener('change', (event) => refuse(event, event.target.files), true);
  document.addEventListener('drop', (event) => refuse(event, event.dataTransfer?.files), true);
}

Object.assign(window, { setUpAdding });
