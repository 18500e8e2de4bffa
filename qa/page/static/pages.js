// Show the pages of the open article as printed, with boxes around the cited words. Each page is an
// empty frame of the right shape until it comes near the visible part; only a few pictures are kept.
const printedPages = (() => {
  // The widths that the server draws, in pixels.
  const WIDTHS = [500, 800, 1200, 1800, 2600];
  const ZOOMS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4];
  // A browser opens six connections to a server, and the page itself needs two of them.
  const AT_ONCE = 2;
  const KEPT = 12;
  const PAUSE_MS = 80; // while the pages fly past, none is asked for
  const RETRY_MS = 2000;
  const MOST_TRIES = 5;
  const MOST_READ_ALOUD = 300; // letters of a cited place
  const STORED = 'article-qa-view';
  let root = null,
    viewer = null,
    data = null,
    sheets = [],
    observer = null,
    zoom = 1,
    timer = 0;
  const narrow = matchMedia('(max-width:900px)');
  const near = new Set(); // the sheets near the visible part
  const drawn = new Set(); // those with a picture, the oldest first
  const loading = new Map(); // the picture that is being loaded for a sheet

  const isPreferred = () => root?.dataset.view === 'pages';
  const isOpen = () => Boolean(data) && isPreferred();
  const has = (name) => Boolean(data?.places[name]);
  const faceOf = (sheet) => sheet.querySelector('.face');
  const numberOf = (sheet) => Number(sheet.dataset.page);
  const address = (page, ending) => {
    const folder = location.pathname.replace(/\/?$/, '/');
    return `${folder}pages/${data.id}/${page}.${ending}`;
  };

  const element = (tag, name, text = '') => {
    const made = document.createElement(tag);
    made.className = name;
    made.textContent = text;
    return made;
  };
  const caption = (page, sure) => {
    if (sure === null) return `Page ${page}`;
    if (!sure) return `Page ${page} · a scan whose letters were not recognised`;
    const words =
      sure < data.bad
        ? `hard to read: recognised from a scan, only ${sure} % sure. Compare quotes with the picture`
        : `recognised from a scan, ${sure} % sure`;
    return `Page ${page} · ${words}`;
  };
  const buildSheets = () => {
    const pages = data.sizes.flatMap(([width, height, sure, count]) =>
      Array(count).fill([width, height, sure]),
    );
    sheets = pages.map(([width, height, sure], i) => {
      const sheet = element('figure', 'sheet'),
        face = element('div', 'face');
      sheet.dataset.page = i + 1;
      face.style.aspectRatio = `${width} / ${height}`;
      const above = element('figcaption', '', caption(i + 1, sure));
      if (sure !== null && sure < data.bad) above.className = 'hard';
      sheet.append(above, face);
      return sheet;
    });
    near.clear();
    drawn.clear();
    loading.clear();
    observer?.disconnect();
    observer = new IntersectionObserver(onIntersection, { root: viewer, rootMargin: '60% 0px' });
    viewer.replaceChildren(...sheets);
    for (const sheet of sheets) observer.observe(sheet);
    viewer.scrollTo({ top: 0, left: 0, behavior: 'instant' });
    viewer.setAttribute('aria-label', `Pages of ${data.title}`);
    root.querySelector('.page-count').textContent = `of ${sheets.length.toLocaleString('en')}`;
    showNumber();
  };

  // Boxes of the cited words.
  const labelOf = (name, place) => {
    const cited = place.number ? `Cited [${place.number}]` : 'Cited earlier';
    const kind = { cited, near: 'Nearest passage', found: 'Retrieved passage' }[place.kind];
    const words = document.getElementById(name)?.textContent.slice(0, MOST_READ_ALOUD);
    return words ? `${kind}: ${words}` : kind;
  };
  // One layer for all boxes of a page, so that the colours of two that overlap do not add up.
  const layerOf = (page) => {
    const face = sheets[page - 1] && faceOf(sheets[page - 1]);
    if (!face) return null;
    if (!face.querySelector('.boxes')) face.append(element('div', 'boxes'));
    return face.querySelector('.boxes');
  };
  const drawBoxes = () => {
    for (const old of viewer.querySelectorAll('.boxes')) old.remove();
    for (const [name, place] of Object.entries(data.places)) {
      place.boxes.forEach(([page, left, top, width, height], i) => {
        const box = element('div', `box ${place.kind}${place.number ? ' new' : ''}`);
        box.dataset.place = name;
        Object.assign(box.style, {
          left: `${left}%`,
          top: `${top}%`,
          width: `${width}%`,
          height: `${height}%`,
        });
        if (i === 0) {
          box.tabIndex = -1;
          box.setAttribute('role', 'img');
          box.setAttribute('aria-label', labelOf(name, place));
          if (place.number) box.dataset.number = place.number;
        }
        layerOf(page)?.append(box);
      });
    }
  };
  const light = (name) => {
    for (const old of viewer.querySelectorAll('.box.lit')) old.classList.remove('lit');
    const boxes = [...viewer.querySelectorAll(`.box[data-place="${name}"]`)];
    for (const box of boxes) box.classList.add('lit');
    return boxes[0];
  };

  // Pictures.
  const widthOf = (sheet) => {
    const needed = faceOf(sheet).clientWidth * (window.devicePixelRatio || 1);
    return WIDTHS.find((width) => width >= needed * 0.9) || WIDTHS.at(-1);
  };
  const wants = (sheet) =>
    !loading.has(sheet) &&
    !sheet.dataset.failed &&
    Number(sheet.dataset.drawn || 0) < widthOf(sheet);
  const later = (pause = PAUSE_MS) => {
    clearTimeout(timer);
    timer = setTimeout(loadNext, pause);
  };
  const loadNext = () => {
    if (!isOpen()) return;
    const middle = currentPage();
    const distance = (sheet) => Math.abs(numberOf(sheet) - middle);
    const wanted = [...near].filter(wants).sort((a, b) => distance(a) - distance(b));
    for (const sheet of wanted.slice(0, Math.max(0, AT_ONCE - loading.size))) load(sheet);
  };
  const load = async (sheet) => {
    const picture = new Image(),
      width = widthOf(sheet),
      page = numberOf(sheet);
    picture.alt = `Page ${page}`;
    picture.src = `${address(page, 'webp')}?width=${width}&v=${data.version}`;
    loading.set(sheet, picture);
    const isCurrent = () => loading.get(sheet) === picture;
    try {
      await picture.decode();
      if (!isCurrent()) return;
      faceOf(sheet).querySelector('img')?.remove();
      faceOf(sheet).prepend(picture);
      sheet.dataset.drawn = width;
      drawn.delete(sheet);
      drawn.add(sheet);
      dropOldest();
      if (!sheet.querySelector('.unseen')) await readText(sheet);
    } catch {
      if (isCurrent()) await explain(sheet, picture.src);
    }
    if (isCurrent()) loading.delete(sheet);
    later(0);
  };
  // A screen reader reads the text of the page after its picture.
  const readText = async (sheet) => {
    const answer = await fetch(address(numberOf(sheet), 'txt'));
    if (answer.ok) faceOf(sheet).after(element('div', 'unseen', await answer.text()));
  };
  const explain = async (sheet, source) => {
    const answer = await fetch(source).catch(() => null);
    const tries = Number(sheet.dataset.tries || 0) + 1;
    sheet.dataset.tries = tries;
    // A busy server, or one that does not answer, is asked again.
    if ((!answer || answer.ok || answer.status === 503) && tries < MOST_TRIES) {
      await new Promise((done) => setTimeout(done, RETRY_MS));
      return;
    }
    sheet.dataset.failed = 'yes';
    const reason = answer && !answer.ok ? await answer.text() : 'This page cannot be shown.';
    const text = `${reason} The Text view has its text.`;
    faceOf(sheet).append(element('p', 'fault', text));
  };
  const dropOldest = () => {
    for (const sheet of drawn) {
      if (drawn.size <= KEPT) return;
      if (near.has(sheet)) continue;
      sheet.querySelector('img')?.remove();
      sheet.querySelector('.unseen')?.remove();
      delete sheet.dataset.drawn;
      drawn.delete(sheet);
    }
  };
  const onIntersection = (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) near.add(target);
      else {
        near.delete(target);
        const picture = loading.get(target);
        loading.delete(target);
        if (picture && !picture.isConnected) picture.src = ''; // cancels the request
      }
    }
    later();
  };

  // Where the reader is.
  const currentPage = () => {
    const line = viewer.scrollTop + viewer.clientHeight / 3;
    let low = 0,
      high = sheets.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (sheets[middle].offsetTop <= line) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
  const showNumber = () => {
    const box = root.querySelector('[name=page]');
    if (document.activeElement !== box) box.value = currentPage();
  };
  const goTo = (page) => {
    const sheet = sheets[Math.min(Math.max(page, 1), sheets.length) - 1];
    viewer.scrollTo({ top: sheet.offsetTop - 8, behavior: 'instant' });
    showNumber();
  };
  // Scroll to the boxes of a place; the page scrolls too if the visitor asked for the place.
  const show = (name, isRequested) => {
    const place = data.places[name];
    if (!place) return;
    const box = light(name);
    const block = narrow.matches ? 'start' : 'nearest';
    if (isRequested) root.scrollIntoView({ block, behavior: 'instant' });
    if (!box) {
      goTo(place.page);
      if (isRequested) viewer.focus({ preventScroll: true });
      return;
    }
    const at = box.getBoundingClientRect(),
      frame = viewer.getBoundingClientRect();
    viewer.scrollTo({
      top: viewer.scrollTop + at.top - frame.top - viewer.clientHeight / 4,
      left: viewer.scrollLeft + at.left - frame.left - viewer.clientWidth / 4,
      behavior: 'instant',
    });
    if (isRequested) box.focus({ preventScroll: true });
    showNumber();
  };
  const setZoom = (next) => {
    const page = currentPage(),
      sheet = sheets[page - 1];
    const share = (viewer.scrollTop - sheet.offsetTop) / sheet.offsetHeight;
    const across = (viewer.scrollLeft + viewer.clientWidth / 2) / viewer.scrollWidth;
    zoom = next;
    viewer.style.setProperty('--zoom', zoom);
    viewer.scrollTo({
      top: sheet.offsetTop + share * sheet.offsetHeight,
      left: across * viewer.scrollWidth - viewer.clientWidth / 2,
      behavior: 'instant',
    });
    root.querySelector('.zoom output').textContent = `${Math.round(100 * zoom)} %`;
    for (const step of ['in', 'out']) {
      root.querySelector(`[data-zoom=${step}]`).disabled =
        zoom === ZOOMS.at(step === 'in' ? -1 : 0);
    }
    later();
  };
  const stepZoom = (step) => {
    if (step === 'fit') return setZoom(1);
    const next =
      step === 'in' ? ZOOMS.find((each) => each > zoom) : ZOOMS.findLast((each) => each < zoom);
    if (next) setZoom(next);
  };

  const choose = (view) => {
    root.dataset.view = view;
    for (const way of root.querySelectorAll('[name=view]')) way.checked = way.value === view;
    if (isOpen()) later(0);
  };
  const placeToShow = () => {
    const name = location.hash.slice(1);
    if (has(name)) return name;
    return Object.keys(data.places).find((each) => data.places[each].number === 1);
  };
  // Take over what the server says about the pages of the open article.
  const update = () => {
    const sent = document.querySelector('#article [data-printed]');
    if (!root) return;
    const next = sent ? JSON.parse(sent.dataset.printed) : null;
    const isSame = next && data && next.id === data.id && next.version === data.version;
    data = next;
    root.hidden = !data;
    if (!data) {
      viewer.replaceChildren();
      sheets = [];
      return;
    }
    if (!isSame) buildSheets();
    drawBoxes();
    light(location.hash.slice(1));
    if (isOpen()) later(0);
  };
  const onKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input')) return;
    const step = { '+': 'in', '=': 'in', '-': 'out', 0: 'fit' }[event.key];
    const turn = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) stepZoom(step);
    else if (turn && viewer.contains(event.target) && viewer.scrollWidth <= viewer.clientWidth) {
      goTo(currentPage() + turn);
    } else return;
    event.preventDefault();
  };
  const setUp = (frame) => {
    root = frame;
    viewer = root.querySelector('.sheets');
    let stored = '';
    try {
      stored = localStorage.getItem(STORED);
    } catch {
      // The browser refuses to store anything, so the choice is for this visit.
    }
    choose(stored === 'pages' ? 'pages' : 'text');
    root.addEventListener('change', (event) => {
      if (event.target.name !== 'view') return;
      choose(event.target.value);
      try {
        localStorage.setItem(STORED, event.target.value);
      } catch {
        // As above.
      }
      const name = placeToShow();
      if (isOpen() && name) show(name, false);
      document.dispatchEvent(new Event('viewchange'));
    });
    root.querySelector('form').addEventListener('submit', (event) => {
      event.preventDefault();
      const page = Number.parseInt(event.target.elements.page.value, 10);
      if (page) goTo(page);
      viewer.focus({ preventScroll: true });
      showNumber();
    });
    root.addEventListener('click', (event) => {
      const button = event.target.closest('[data-zoom]');
      if (button) stepZoom(button.dataset.zoom);
    });
    root.addEventListener('keydown', onKey);
    viewer.addEventListener('scroll', () => requestAnimationFrame(showNumber), { passive: true });
    new ResizeObserver(() => later()).observe(viewer);
    update();
  };
  return { setUp, update, isPreferred, isOpen, has, show };
})();

function setUpPages({ element }) {
  printedPages.setUp(element.querySelector('.printed'));
}

Object.assign(window, { printedPages, setUpPages });
