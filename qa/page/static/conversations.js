// Send each click and search in the list of kept conversations.
function setUpConversations({ element, trigger, watch }) {
  const PAUSE_MS = 250; // while somebody types
  const send = async (action, source, text = '') => {
    await whenRestored();
    trigger('click', { action, id: source?.closest('[data-id]')?.dataset.id || '', text });
  };
  let typing = 0;
  const search = () => {
    clearTimeout(typing);
    send('search', null, element.querySelector('[name=words]').value);
  };
  element.addEventListener('input', (event) => {
    if (event.target.name !== 'words') return;
    clearTimeout(typing);
    typing = setTimeout(search, PAUSE_MS);
  });
  element.addEventListener('click', (event) => {
    const source = event.target.closest('button[data-do]');
    if (!source) return;
    send(source.dataset.do, source);
    // Below one another, the list and the conversation are not in view together.
    if (source.dataset.do === 'open' && matchMedia('(max-width:900px)').matches)
      document.querySelector('#chat')?.scrollIntoView();
  });
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    if (event.target.dataset.do === 'search') search();
    else send('save', event.target, event.target.elements.name.value);
  });
  element.addEventListener('keydown', (event) => {
    const cancel = event.target.closest('li')?.querySelector('[data-do=cancel]');
    if (event.key === 'Escape' && cancel) cancel.click();
  });
  // Remove Undo after its time, and get the current list from the server.
  const timers = new Set();
  const startTimer = (line) => {
    const number = line.dataset.id;
    if (timers.has(number)) return;
    timers.add(number);
    setTimeout(() => {
      const expired = element.querySelector(`.removed [data-id="${number}"]`);
      if (!expired) return;
      const hadFocus = expired.contains(document.activeElement);
      expired.remove();
      if (hadFocus) element.querySelector('[name=words]').focus();
      send('refresh');
    }, 1000 * Number(line.dataset.left));
  };
  const today = new Date().toDateString();
  const update = () => {
    for (const line of element.querySelectorAll('[data-left]')) startTimer(line);
    for (const time of element.querySelectorAll('time')) {
      const date = new Date(time.dateTime);
      time.textContent =
        date.toDateString() === today
          ? date.toLocaleTimeString([], { timeStyle: 'short' })
          : date.toLocaleDateString([], { dateStyle: 'medium' });
    }
    const next = element.querySelector('[data-focus]');
    next?.closest('li')?.scrollIntoView({ block: 'nearest' });
    next?.focus();
    if (next?.select) next.select();
  };
  watch('value', update);
  update(); // Gradio creates the list only when its section is opened
}

// Pin answers, and write notes on them in one form below the conversation.
function setUpNote({ element, trigger }) {
  const form = element.querySelector('form');
  const { note } = form.elements;
  const SHOWN = 60; // letters of the question
  let turn = 0;
  const isBusy = () => document.querySelector('.status[data-state=busy]');
  const send = async (name, data) => {
    while (isBusy()) await pause(); // the answer that comes would undo the change
    trigger(name, data);
  };
  const close = () => {
    form.hidden = true;
    document.getElementById(`note-${turn}`)?.focus();
  };
  const open = (number) => {
    turn = number;
    const asked = document.querySelectorAll('#chat [data-testid=user]')[turn - 1];
    const words = asked?.textContent.trim() || '';
    const shown = words.length > SHOWN ? `${words.slice(0, SHOWN)}…` : words;
    form.querySelector('label span').textContent = `Your note on “${shown}”`;
    // biome-ignore lint/performance/useDomNodeTextContent: its lines are apart by <br>
    note.value = document.getElementById(`note-text-${turn}`)?.innerText || '';
    form.hidden = false;
    note.focus();
  };
  document.addEventListener('click', (event) => {
    const button = event.target.closest('#chat :is(button.pin, button.note)');
    if (!button) return;
    const [action, number] = button.id.split('-');
    if (action === 'pin') send('pin', { turn: Number(number) });
    else open(Number(number));
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send('save', { turn, note: note.value });
    close();
  });
  form.querySelector('[data-do=cancel]').addEventListener('click', close);
  form.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    close();
  });
}

// Show only the pinned answers, until the conversation changes. Remember which conversation is
// open, so that a reload finds it again after a restart of the server.
function setUpKeeping({ element, watch }) {
  const show = (isOnly) => {
    document.body.classList.toggle('pinned-only', isOnly);
    element.querySelector('[data-filter]')?.setAttribute('aria-pressed', isOnly);
  };
  element.addEventListener('click', (event) => {
    const button = event.target.closest('[data-filter]');
    if (button) show(button.getAttribute('aria-pressed') !== 'true');
  });
  watch('value', () => {
    show(false);
    const { conversation } = element.querySelector('.tools').dataset;
    try {
      if (conversation !== undefined) {
        sessionStorage.setItem('article-qa-conversation', conversation);
      }
    } catch {
      // The browser refuses to store anything.
    }
  });
}

Object.assign(window, { setUpConversations, setUpNote, setUpKeeping });
