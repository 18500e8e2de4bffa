// Log out by the button in the top bar.
function setUpAccount({ element }) {
  element.addEventListener('click', async (event) => {
    if (!event.target.closest('[data-do=logout]')) return;
    // Not a form: this page sends no referrer, so that a form would be sent without its origin.
    await fetch('logout', { method: 'POST', redirect: 'manual' });
    location.assign('login');
  });
}

Object.assign(window, { setUpAccount });
