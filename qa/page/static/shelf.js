// Send each click in the list of articles, with the state of all boxes, so that two quick clicks
// cannot undo one another. Search and ticks need no answer from the server.
function setUpShelf({ element, trigger, watch }) {
  let rows = [],
    unticked = new Set();
  const fold = (text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const tagsOf = (row) => [...row.querySelectorAll('[data-tag]')].map((each) => each.dataset.tag);
  const readRows = () => {
    rows = [...element.querySelectorAll('li')].map((row) => {
      const tags = tagsOf(row).map((tag) => tag.toLowerCase());
      const title = row.querySelector('.title').textContent;
      return {
        row,
        id: row.dataset.id,
        box: row.querySelector('input[type=checkbox]'),
        tags,
        words: fold([title, ...tags].join('\n')),
      };
    });
  };
  const readTicks = () => {
    unticked = new Set(rows.filter(({ box }) => !box.checked).map(({ id }) => id));
  };
  const search = () => {
    const query = element.querySelector('input[name=find]')?.value || '';
    const wanted = fold(query).split(/\s+/).filter(Boolean);
    let found = 0;
    for (const each of rows) {
      each.row.hidden = !wanted.every((word) => each.words.includes(word));
      if (!each.row.hidden) found += 1;
    }
    const pick = element.querySelector('[data-pick=found]');
    if (pick) {
      pick.hidden = !wanted.length || !found;
      pick.textContent = `the ${found} found`;
    }
    const unfound = element.querySelector('.unfound');
    if (unfound) unfound.hidden = !wanted.length || found > 0;
    const count = element.querySelector('.count');
    if (count) count.textContent = `${rows.length - unticked.size} of ${rows.length} asked`;
  };
  const send = async (source, values) => {
    window.shelfPending = (window.shelfPending || 0) + 1;
    const data = {
      action: source.dataset.do,
      id: source.closest('[data-id]')?.dataset.id || '',
      ...values,
      unselected: [...unticked],
    };
    await whenRestored();
    trigger('click', data);
  };
  const choose = { dataset: { do: 'choose' }, closest: () => null };
  const tick = (isWanted) => {
    for (const each of rows) each.box.checked = isWanted(each);
    readTicks();
    search();
    send(choose);
  };
  const picks = {
    all: () => true,
    none: () => false,
    found: ({ row }) => !row.hidden,
  };
  element.addEventListener('click', (event) => {
    const source = event.target.closest('[data-pick], [data-tag], [data-do]');
    if (!source || source.tagName === 'FORM') return;
    const { pick, tag } = source.dataset;
    if (pick) tick(picks[pick]);
    else if (tag) tick(({ tags }) => tags.includes(tag.toLowerCase()));
    else {
      readTicks();
      search();
      send(source);
    }
  });
  element.addEventListener('input', (event) => {
    if (event.target.name === 'find') search();
  });
  element.addEventListener('change', (event) => {
    if (event.target.name !== 'sort') return;
    send({ dataset: { do: 'sort' }, closest: () => null }, { order: event.target.value });
  });
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    const { title, tags } = event.target.elements;
    send(event.target, { title: title.value, tags: tags.value });
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
      send(choose);
    }, 1000 * Number(line.dataset.left));
  };
  const show = () => {
    readRows();
    // Gradio reuses the elements, which keep their ticks. While a click is on its way to the
    // server, the ticks that arrive are older than those shown.
    const isOlder = window.shelfPending > 0;
    for (const { id, box } of rows) box.checked = isOlder ? !unticked.has(id) : box.defaultChecked;
    readTicks();
    search();
  };
  show();
  watch('value', () => {
    for (const line of element.querySelectorAll('[data-left]')) startTimer(line);
    show();
    const order = element.querySelector('select[name=sort] [selected]');
    if (order) order.selected = true;
    const next = element.querySelector('[data-focus]');
    next?.focus();
    if (next?.select) next.select();
  });
}

Object.assign(window, { setUpShelf });
