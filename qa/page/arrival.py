"""A page that has just come: what it tells of itself, and what waits until it is whole."""

from __future__ import annotations

# Of its key and the place that its address names. getRandomValues is there over http, too.
ARRIVAL_SCRIPT = """
() => {
  let key = '';
  try {
    key = sessionStorage.getItem('article-qa') || '';
    if (!key) {
      const bytes = crypto.getRandomValues(new Uint8Array(16));
      key = [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('');
      sessionStorage.setItem('article-qa', key);
    }
  } catch {}  // a browser may refuse to store anything: then nothing is kept
  return [null, null, key + location.hash];
}
"""
# What is done before the conversation is back would be undone by it, so it waits for this.
ARRIVED_SCRIPT = "() => { window.hasArrived = true; }"
WHEN_ARRIVED = """
  for (let wait = 0; !window.hasArrived && wait < 100; wait += 1) {
    await new Promise(done => setTimeout(done, 50));
  }
"""
