// A bookmark that opens this page with the address of another one. The address is only filled in:
// nothing is added until somebody presses "Add page", so a link on a website cannot add anything.
const MAX_GIVEN_CHARS = 4000;

function givenAddress() {
  const given = new URLSearchParams(location.search).get('add') || '';
  if (!given || given.length > MAX_GIVEN_CHARS) return '';
  try {
    const { protocol, href } = new URL(given);
    return ['http:', 'https:'].includes(protocol) ? href : '';
  } catch {
    return '';
  }
}

function setUpBookmarklet({ element }) {
  const link = element.querySelector('a');
  const page = JSON.stringify(`${location.origin}${location.pathname}?add=`);
  link.href = `javascript:void(open(${encodeURIComponent(page)}+encodeURIComponent(location.href)))`;
  link.addEventListener('click', (event) => {
    event.preventDefault();
    element.querySelector('.given').textContent = 'Drag it to the bar of your bookmarks instead.';
  });
}

// Gradio builds a tab when it is opened, and the accordion around it, too.
async function fillGivenAddress() {
  const address = givenAddress();
  if (!address) return;
  history.replaceState(null, '', location.pathname + location.hash);
  await whenRestored();
  const find = async (selector) => {
    for (let wait = 0; wait < 100; wait += 1) {
      const found = document.querySelector(selector);
      if (found) return found;
      await pause();
    }
    return null;
  };
  const head = await find('#add > button');
  if (!document.querySelector('#add [role=tab]')?.checkVisibility()) head?.click();
  const tabs = () => [...document.querySelectorAll('#add [role=tab]')];
  await find('#add [role=tab]');
  tabs()
    .find((tab) => tab.textContent.trim() === 'Web address')
    ?.click();
  const box = await find('#new-url :is(textarea, input)');
  const note = await find('#bookmarklet .given');
  if (!box || !note) return;
  box.value = address;
  box.dispatchEvent(new Event('input', { bubbles: true }));
  note.textContent = 'The address is filled in. Press “Add page” to add it.';
  box.scrollIntoView({ block: 'nearest' });
}

fillGivenAddress();

Object.assign(window, { setUpBookmarklet });
