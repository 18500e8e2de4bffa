// Send what is pressed in the list of articles. All boxes are sent each time, so that two quick
// clicks cannot undo one another.
function setUpShelf({ element, trigger, watch }) {
  const send = async (source, title) => {
    window.shelfPending = (window.shelfPending || 0) + 1;
    const pressed = {
      action: source.dataset.do,
      id: source.closest('[data-id]')?.dataset.id || '',
      title: title || '',
      left_out: [...element.querySelectorAll('input[type=checkbox]:not(:checked)')].map(
        (box) => box.closest('li').dataset.id,
      ),
    };
    await whenRestored();

    trigger('click', pressed);
  };
  element.addEventListener('click', (event) => {
    const source = event.target.closest('[data-do]');
    if (source && source.tagName !== 'FORM') send(source);
  });
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    send(event.target, event.target.elements.title.value);
  });
  // Remove Undo when its time is over, and ask the server for the list as it is by then.
  const timed = new Set();
  const time = (line) => {
    const number = line.dataset.removal;
    if (timed.has(number)) return;
    timed.add(number);
    setTimeout(() => {
      const late = element.querySelector(`[data-removal="${number}"]`);
      if (!late) return;
      const had = late.contains(document.activeElement);
      late.remove();
      if (had) document.querySelector('#shelf .title, #question textarea')?.focus();
      send({ dataset: { do: 'choose' }, closest: () => null });
    }, 1000 * Number(line.dataset.left));
  };
  watch('value', () => {
    for (const line of element.querySelectorAll('[data-left]')) time(line);
    // Gradio keeps the elements, and with them what was ticked.
    for (const box of element.querySelectorAll('input[type=checkbox]')) {
      box.checked = box.defaultChecked;
    }
    const next = element.querySelector('[data-focus]');
    next?.focus();
    if (next?.select) next.select();
  });
}

Object.assign(window, { setUpShelf });
