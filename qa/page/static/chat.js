function setUpTools({ element, trigger, watch }) {
  element.addEventListener('click', (event) => {
    const button = event.target.closest('[data-do]');
    if (button) trigger(button.dataset.do, { kind: button.dataset.kind || '' });
  });
  document.addEventListener('click', (event) => {
    const button = event.target.closest('#chat button.copy');
    if (button) trigger('copy', { turn: Number(button.id.replace('copy-', '')) });
  });
  watch('value', () => {
    if (element.querySelector('[data-resume]')) trigger('resume');
    const undo = element.querySelector('[data-left]');
    if (undo)
      setTimeout(() => {
        if (!element.contains(undo)) return;
        undo.remove();
        element.querySelector('[role=status]').replaceChildren();
      }, 1000 * Number(undo.dataset.left));
  });

  document.addEventListener('click', (event) => {
    const button = event.target.closest('#chat button.edit');
    if (button) trigger('edit', { turn: Number(button.id.replace('edit-', '')) });
  });
}

// Save a document that the server sends, or copy it if it has no name.
function setUpOutbox({ element, watch }) {
  const tell = (text) => {
    const place = document.querySelector('.tools [role=status]');
    if (place) place.textContent = text;
  };
  watch('value', () => {
    const parcel = element.querySelector('[data-text]');
    if (!parcel) return;
    const bytes = Uint8Array.from(atob(parcel.dataset.text), (letter) => letter.charCodeAt(0));
    if (!parcel.dataset.name) {
      const copy = navigator.clipboard?.writeText(new TextDecoder().decode(bytes));
      // A browser may refuse the clipboard to a page without https.
      (copy || Promise.reject()).then(
        () => tell('Copied'),
        () => tell('Your browser does not let this page copy. Save the conversation instead.'),
      );
      return;
    }
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([bytes], { type: parcel.dataset.type }));
    link.download = parcel.dataset.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    tell(`Saved as ${parcel.dataset.name}`);
  });
}

// Put the caret behind the last word, where typing continues.
function focusQuestion() {
  const box = document.querySelector('#question textarea');
  box.focus();
  box.setSelectionRange(box.value.length, box.value.length);
}

Object.assign(window, { setUpTools, setUpOutbox, focusQuestion });
