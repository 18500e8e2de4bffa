// Send each click in the list of articles, with the state of all boxes, so that two quick clicks
// cannot undo one another.
function setUpShelf({ element, trigger, watch }) {
  const send = async (source, title) => {
    window.shelfPending = (window.shelfPending || 0) + 1;
    const data = {
      action: source.dataset.do,
      id: source.closest('[data-id]')?.dataset.id || '',
      title: title || '',
      unselected: [...element.querySelectorAll('input[type=checkbox]:not(:checked)')].map(
        (box) => box.closest('li').dataset.id,
      ),
    };
    await whenRestored();
    trigger('click', data);
  };
  element.addEventListener('click', (event) => {
    const source = event.target.closest('[data-do]');
    if (source && source.tagName !== 'FORM') send(source);
  });
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    send(event.target, event.target.elements.title.value);
  });
  // Remove Undo after its time, and get the current list from the server.
  const timers = new Set();
  const startTimer = (line) => {
    const number = line.dataset.removal;
    if (timers.has(number)) return;
    timers.add(number);
    setTimeout(() => {
      const expired = element.querySelector(`[data-removal="${number}"]`);
      if (!expired) return;
      const hadFocus = expired.contains(document.activeElement);
      expired.remove();
      if (hadFocus) document.querySelector('#shelf .title, #question textarea')?.focus();
      send({ dataset: { do: 'choose' }, closest: () => null });
    }, 1000 * Number(line.dataset.left));
  };
  watch('value', () => {
    for (const line of element.querySelectorAll('[data-left]')) startTimer(line);
    // Gradio reuses the elements, which keep their ticks.
    for (const box of element.querySelectorAll('input[type=checkbox]')) {
      box.checked = box.defaultChecked;
    }
    const next = element.querySelector('[data-focus]');
    next?.focus();
    if (next?.select) next.select();
  });
}

Object.assign(window, { setUpShelf });
