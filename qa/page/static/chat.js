// Send the clicks on the buttons below the conversation and on those of its replies.
function setUpTools({ element, trigger, watch }) {
  window.addEventListener('streamlost', () => trigger('reopen'));
  element.addEventListener('click', (event) => {
    const button = event.target.closest('[data-do]');
    if (button) trigger(button.dataset.do, { kind: button.dataset.kind || '' });
  });
  document.addEventListener('click', (event) => {
    const button = event.target.closest('#chat :is(button.copy, button.edit, button.other)');
    if (!button) return;
    const [action, turn] = button.id.split('-');
    trigger(action, { turn: Number(turn) });
  });
  watch('value', () => {
    if (element.querySelector('[data-resume]')) trigger('resume');
  });
}

// Save a document that the server sends, or copy it if it has no name.
function setUpOutbox({ element, watch }) {
  const showStatus = (text) => {
    const place = document.querySelector('.tools [role=status]');
    if (place) place.textContent = text;
  };
  watch('value', () => {
    const sent = element.querySelector('[data-text]');
    if (!sent) return;
    const bytes = Uint8Array.from(atob(sent.dataset.text), (letter) => letter.charCodeAt(0));
    if (!sent.dataset.name) {
      const copy = navigator.clipboard?.writeText(new TextDecoder().decode(bytes));
      // A browser may refuse the clipboard to a page without https.
      (copy || Promise.reject()).then(
        () => showStatus('Copied'),
        () =>
          showStatus('Your browser does not let this page copy. Save the conversation instead.'),
      );
      return;
    }
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([bytes], { type: sent.dataset.type }));
    link.download = sent.dataset.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    showStatus(`Saved as ${sent.dataset.name}`);
  });
}

// Send the chosen way to answer. A question asked right after it waits until it is saved.
function setUpWays({ element, trigger, watch }) {
  element.addEventListener('change', async (event) => {
    window.shelfPending = (window.shelfPending || 0) + 1;
    await whenRestored();
    trigger('choose', { way: event.target.value });
  });
  watch('value', () => {
    // Gradio reuses the elements, which keep the visitor's choice.
    for (const way of element.querySelectorAll('input')) way.checked = way.defaultChecked;
  });
}

// Put the caret at the end of the text.
function focusQuestion() {
  const box = document.querySelector('#question textarea');
  box.focus();
  box.setSelectionRange(box.value.length, box.value.length);
}

Object.assign(window, { setUpTools, setUpOutbox, setUpWays, focusQuestion });
