// Highlight the place that the address names, and scroll to it. CSS :target cannot do this: Gradio
// reuses elements, so the target would move to other words, and a place that arrives after its link
// was clicked never becomes the target.
function setUpArticle({ element, trigger, watch }) {
  // The place or edge that the visitor asked for and the server has yet to send.
  let requested = '';
  const nameInAddress = () => location.hash.slice(1);
  const paper = () => element.querySelector('.paper');
  // On a wide screen the article scrolls by itself.
  const hasScrollbar = () => paper().scrollHeight > paper().clientHeight;
  const highlight = (name) => {
    for (const old of element.querySelectorAll('.lit')) old.classList.remove('lit');
    const place = name && document.getElementById(name);
    if (!place || !element.contains(place)) return null;
    for (const part of [place, ...element.querySelectorAll(`[data-part="${name}"]`)]) {
      part.classList.add('lit');
    }
    return place;
  };
  // Who prefers the printed pages gets the article of a place opened, not unfolded below another.
  const isShown = (name) => {
    const place = highlight(name);
    if (printedPages.isOpen()) return printedPages.has(name);
    return place && !(printedPages.isPreferred() && place.closest('details:not(:first-of-type)'));
  };
  // Of a quoted row, the cell with the short answer is brought into view.
  const scrollTable = (name) => {
    const place = document.getElementById(name);
    const table = place?.closest('.table');
    if (!table) return;
    const row = document.querySelector(`#chat a[href="#${name}"]`)?.previousElementSibling;
    const cells = [...(row?.querySelectorAll('.cell') ?? [])];
    const parts = [place, ...element.querySelectorAll(`[data-part="${name}"]`)];
    const cited = parts[cells.findIndex((cell) => cell.querySelector('strong'))] ?? place;
    const [inside, around] = [cited.getBoundingClientRect(), table.getBoundingClientRect()];
    if (inside.right > around.right || inside.left < around.left) {
      table.scrollLeft += inside.left + inside.width / 2 - around.left - around.width * 0.7;
    }
  };
  const follow = (name) => {
    if (!/^s\d+-\d+-[0-9a-f]{8}$/.test(name)) return;
    requested = isShown(name) ? '' : name;
    if (requested) trigger('follow', { place: name });
    else if (printedPages.isOpen()) printedPages.show(name, true);
    else scrollTable(name);
  };
  // A new answer scrolls only the article; a place that the visitor asked for scrolls the page too.
  const scrollToTarget = (name, isRequested) => {
    const place = document.getElementById(name);
    scrollTable(name);
    if (name === 'start' || name === 'end') {
      paper().scrollTo({ top: name === 'start' ? 0 : paper().scrollHeight, behavior: 'instant' });
      if (!isRequested) return;
      if (!hasScrollbar()) paper().scrollIntoView({ block: name });
      element.querySelector('.turning')?.focus({ preventScroll: true });
    } else if (place && isRequested) {
      place.closest('details')?.setAttribute('open', '');
      place.scrollIntoView();
      place.focus({ preventScroll: true });
    } else if (place && hasScrollbar()) {
      paper().scrollTop +=
        place.getBoundingClientRect().top -
        paper().getBoundingClientRect().top -
        paper().clientHeight / 4;
    }
  };
  addEventListener('hashchange', () => follow(nameInAddress()));
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href^="#s"]');
    if (link && link.hash === location.hash) follow(nameInAddress()); // no hashchange follows
  });
  element.addEventListener('click', (event) => {
    const button = event.target.closest('[data-turn]');
    if (!button) return;
    requested = button.dataset.turn === 'before' ? 'end' : 'start';
    trigger('turn', { to: button.dataset.turn });
  });
  // Gradio may replace elements, or reset their classes, after it has reported a new value.
  new MutationObserver(() => {
    const place = document.getElementById(nameInAddress());
    if (place && !place.classList.contains('lit')) highlight(nameInAddress());
  }).observe(element, { childList: true, subtree: true, attributeFilter: ['class', 'id'] });
  // A place that was followed in the other view need not be in the part that is shown here.
  document.addEventListener('viewchange', () => {
    const name = nameInAddress();
    if (printedPages.isOpen()) {
      // The place was read in another article, unfolded below the open one.
      const place = document.getElementById(name)?.closest('#article details[open]');
      if (place && !printedPages.has(name)) follow(name);
    } else if (printedPages.has(name)) {
      if (highlight(name)) scrollToTarget(name, false);
      else follow(name);
    }
  });
  printedPages.update();
  watch('value', () => {
    printedPages.update();
    highlight(nameInAddress());
    const target = element.querySelector('[data-target]')?.dataset.target;
    if (!target) return;
    const isRequested = target === requested;
    if (isRequested) requested = '';
    if (printedPages.isOpen()) printedPages.show(target, isRequested);
    else scrollToTarget(target, isRequested);
  });
}

Object.assign(window, { setUpArticle });
