// Show the quote of a mark in a tip beside it: on hover, on focus, and on the first tap on a phone.
function setUpQuotes({ watch }) {
  const tip = document.createElement('div');
  tip.id = 'tip';
  tip.setAttribute('role', 'tooltip');
  tip.hidden = true;
  document.body.append(tip);
  let described = null,
    hideTimer = 0;
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
    const paragraph = document.createElement('p');
    paragraph.textContent = text;
    return paragraph;
  };
  const buttons = (link) => {
    const line = document.createElement('div');
    const close = document.createElement('button');
    if (link.hash) {
      const go = document.createElement('a');
      go.href = link.hash;
      go.textContent = 'Show in the article';
      go.addEventListener('click', hideTip);
      line.append(go);
    }
    close.type = 'button';
    close.textContent = 'Close';
    close.addEventListener('click', () => {
      const mark = described;
      hideTip();
      mark?.focus();
    });
    line.append(close);
    return line;
  };
  const showTip = (link, isTapped = false) => {
    clearTimeout(hideTimer);
    if (link === described) return;
    hideTip();
    if (link.title) {
      link.dataset.tip = link.title; // so that the browser does not show it too
      link.removeAttribute('title');
    }
    tip.replaceChildren(...link.dataset.tip.split('\n').map(lineOf));
    if (isTapped) tip.append(buttons(link));
    tip.setAttribute('role', isTapped ? 'dialog' : 'tooltip');
    tip.removeAttribute('aria-label');
    if (isTapped) tip.setAttribute('aria-label', 'Quote');
    tip.hidden = false;
    described = link;
    link.setAttribute('aria-describedby', 'tip');
    placeTip();
    tip.querySelector('a, button')?.focus({ preventScroll: true });
  };
  const linkOf = (event) =>
    event.target.closest?.(':is(a[href^="#s"], .status-of button):is([title],[data-tip])');
  // A tap is followed by mouse events, which are ignored.
  const phone = matchMedia('(max-width:900px)');
  let isTouch = false;
  document.addEventListener(
    'pointerdown',
    (event) => {
      isTouch = event.pointerType === 'touch';
      if (isTouch && described && !tip.contains(event.target) && linkOf(event) !== described)
        hideTip();
    },
    true,
  );
  document.addEventListener(
    'keydown',
    () => {
      isTouch = false;
    },
    true,
  );
  document.addEventListener('mouseover', (event) => {
    const link = linkOf(event);
    if (isTouch) return;
    if (link) showTip(link);
    else if (tip.contains(event.target)) clearTimeout(hideTimer);
  });
  document.addEventListener('mouseout', (event) => {
    if (isTouch || (!linkOf(event) && !tip.contains(event.target))) return;
    clearTimeout(hideTimer);
    hideTimer = setTimeout(hideTip, 200); // time to move across the gap to the tip
  });
  document.addEventListener('focusin', (event) => {
    const link = linkOf(event);
    if (!isTouch && link?.matches(':focus-visible')) showTip(link);
  });
  document.addEventListener('focusout', (event) => !isTouch && linkOf(event) && hideTip());
  document.addEventListener(
    'click',
    (event) => {
      const link = linkOf(event);
      if (!link) return;
      const leads = Boolean(link.hash); // a status that cites nothing only explains itself
      if (!isTouch && !leads) return showTip(link);
      if (!isTouch || (leads && !phone.matches) || link === described) return hideTip();
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
