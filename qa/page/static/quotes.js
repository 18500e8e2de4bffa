// Show the quote behind a mark beside it: on hover, on focus, and on the first tap on a phone.
function setUpQuotes({ watch }) {
  const tip = document.createElement('div');
  tip.id = 'tip';
  tip.setAttribute('role', 'tooltip');
  tip.hidden = true;
  document.body.append(tip);
  let described = null,
    leaving = 0;
  const hideTip = () => {
    described?.removeAttribute('aria-describedby');
    described = null;
    tip.hidden = true;
  };
  const placeTip = () => {
    if (!described) return;
    const at = described.getClientRects()[0];
    if (!described.isConnected || !at) return hideTip();
    const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
    const above = at.top - tip.offsetHeight - 6;
    tip.style.left = `${Math.max(8, Math.min(at.left, room))}px`;
    tip.style.top = `${above >= 8 ? above : at.bottom + 6}px`;
  };
  const lineOf = (text) => {
    const told = document.createElement('p');
    told.textContent = text;
    return told;
  };
  const choices = (link) => {
    const line = document.createElement('div'),
      go = document.createElement('a');
    const close = document.createElement('button');
    go.href = link.hash;
    go.textContent = 'Show in the article';
    close.type = 'button';
    close.textContent = 'Close';
    close.addEventListener('click', () => {
      const mark = described;
      hideTip();
      mark?.focus();
    });
    go.addEventListener('click', hideTip);
    line.append(go, close);
    return line;
  };
  const showTip = (link, isTapped = false) => {
    clearTimeout(leaving);
    if (link === described) return;
    hideTip();
    if (link.title) {
      link.dataset.tip = link.title; // or the browser would show it as well
      link.removeAttribute('title');
    }
    tip.replaceChildren(...link.dataset.tip.split('\n').map(lineOf));
    if (isTapped) tip.append(choices(link));
    tip.setAttribute('role', isTapped ? 'dialog' : 'tooltip');
    tip.removeAttribute('aria-label');
    if (isTapped) tip.setAttribute('aria-label', 'Quote');
    tip.hidden = false;
    described = link;
    link.setAttribute('aria-describedby', 'tip');
    placeTip();
    tip.querySelector('a')?.focus({ preventScroll: true });
  };
  const tipped = (event) => event.target.closest?.('a[href^="#s"]:is([title],[data-tip])');
  // A tap is followed by mouse events, which are ignored.
  const phone = matchMedia('(max-width:900px)');
  let byTouch = false;
  document.addEventListener(
    'pointerdown',
    (event) => {
      byTouch = event.pointerType === 'touch';
      if (byTouch && described && !tip.contains(event.target) && tipped(event) !== described)
        hideTip();
    },
    true,
  );
  document.addEventListener(
    'keydown',
    () => {
      byTouch = false;
    },
    true,
  );
  document.addEventListener('mouseover', (event) => {
    const link = tipped(event);
    if (byTouch) return;
    if (link) showTip(link);
    else if (tip.contains(event.target)) clearTimeout(leaving);
  });
  document.addEventListener('mouseout', (event) => {
    if (byTouch || (!tipped(event) && !tip.contains(event.target))) return;
    clearTimeout(leaving);
    leaving = setTimeout(hideTip, 200); // time to move across the gap to the tip
  });
  document.addEventListener('focusin', (event) => {
    const link = tipped(event);
    if (!byTouch && link?.matches(':focus-visible')) showTip(link);
  });
  document.addEventListener('focusout', (event) => !byTouch && tipped(event) && hideTip());
  document.addEventListener(
    'click',
    (event) => {
      const link = tipped(event);
      if (!link) return;
      if (!byTouch || !phone.matches || link === described) return hideTip();
      event.preventDefault();
      event.stopPropagation();
      showTip(link, true);
    },
    true,
  );
  document.addEventListener('keydown', (event) => event.key === 'Escape' && hideTip());
  document.addEventListener('scroll', placeTip, { capture: true, passive: true });
  addEventListener('resize', placeTip);
  watch('value', placeTip);
}

Object.assign(window, { setUpQuotes });
