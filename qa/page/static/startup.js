// Open WebUI appends "#:~:text=…" to a link. The browser takes away only what follows the "#".
if (/#.*#$/.test(location.hash)) history.replaceState(null, '', location.hash.slice(0, -1));

// Return the key of this tab, its kept conversation, and the place in the address, from which the
// server restores the page.
function identifyTab() {
  let key = '',
    conversation = '';
  try {
    key = sessionStorage.getItem('article-qa') || '';
    if (!key) {
      // Not randomUUID, which is missing over plain http.
      const bytes = crypto.getRandomValues(new Uint8Array(16));
      key = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
      sessionStorage.setItem('article-qa', key);
    }
    conversation = sessionStorage.getItem('article-qa-conversation') || '';
  } catch {
    // The browser refuses to store anything, so nothing survives a reload.
  }
  const name = conversation ? `${key}.${conversation}` : key;
  return [null, null, name + location.hash];
}

function markRestored() {
  window.hasRestored = true;
}

const pause = () => new Promise((done) => setTimeout(done, 50));

// Restoring the conversation would undo earlier changes, so everything else waits for it.
async function whenRestored() {
  for (let wait = 0; !window.hasRestored && wait < 100; wait += 1) await pause();
}

// A question asked right after ticking a box waits until the server knows about the box.
async function whenShelfSaved(...inputs) {
  await whenRestored();
  for (let wait = 0; window.shelfPending > 0 && wait < 100; wait += 1) await pause();
  // Gradio follows a new reply only if the end of the conversation is in view.
  const conversation = document.querySelector('#chat .panel-wrap');
  if (conversation) conversation.scrollTop = conversation.scrollHeight;
  return inputs;
}

function markShelfSaved() {
  window.shelfPending -= 1;
}

Object.assign(window, { identifyTab, markRestored, whenRestored, whenShelfSaved, markShelfSaved });
