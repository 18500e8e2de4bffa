// Highlight the place that the address names, and scroll to it. CSS :target cannot do this: Gradio
// changes the elements in place, so the target stays on other words, and a place that arrives after
// its link was clicked never becomes the target.
function setUpArticle({ element, trigger, watch }) {
  // What the visitor asked for and the server has yet to send: a place or an edge.
  let wanted = '';
  const named = () => location.hash.slice(1);
  const paper = () => element.querySelector('.paper');
  // On a wide screen the article scrolls by itself.
  const scrolls = () => paper().scrollHeight > paper().clientHeight;
  const light = (name) => {
    for (const old of element.querySelectorAll('.lit')) old.classList.remove('lit');
    const place = name && document.getElementById(name);
    if (!place || !element.contains(place)) return null;
    for (const part of [place, ...element.querySelectorAll(`[data-part="${name}"]`)]) {
      part.classList.add('lit');
    }
    return place;
  };
  const follow = (name) => {
    if (!/^s\d+-\d+-[0-9a-f]{8}$/.test(name)) return;
    wanted = light(name) ? '' : name;
    if (wanted) trigger('follow', { place: name });
  };
  // A new answer scrolls only the article; what the visitor asked for is scrolled into view.
  const landAt = (name, isAsked) => {
    const place = document.getElementById(name);
    if (name === 'start' || name === 'end') {
      paper().scrollTo({ top: name === 'start' ? 0 : paper().scrollHeight, behavior: 'instant' });
      if (!isAsked) return;
      if (!scrolls()) paper().scrollIntoView({ block: name });
      element.querySelector('.turning')?.focus({ preventScroll: true });
    } else if (place && isAsked) {
      place.closest('details')?.setAttribute('open', '');
      place.scrollIntoView();
      place.focus({ preventScroll: true });
    } else if (place && scrolls()) {
      paper().scrollTop +=
        place.getBoundingClientRect().top -
        paper().getBoundingClientRect().top -
        paper().clientHeight / 4;
    }
  };
  addEventListener('hashchange', () => follow(named()));
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href^="#s"]');
    if (link && link.hash === location.hash) follow(named()); // then no hashchange follows
  });
  element.addEventListener('click', (event) => {
    const button = event.target.closest('[data-turn]');
    if (!button) return;
    wanted = button.dataset.turn === 'before' ? 'end' : 'start';
    trigger('turn', { to: button.dataset.turn });
  });
  watch('value', () => {
    light(named());
    const land = element.querySelector('[data-land]')?.dataset.land;
    if (!land) return;
    const isAsked = land === wanted;
    if (isAsked) wanted = '';
    landAt(land, isAsked);
  });
}

Object.assign(window, { setUpArticle });
