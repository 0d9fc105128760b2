"""The two scripts of Web Push on a phone: the button's on the answer page, and the service worker that shows messages.

They are served from our own origin as files, so the page's policy needs no inline script. Both hold no data: texts,
link and key stand in the page's attributes, what is shown comes encrypted with the push.
"""

from __future__ import annotations

PAGE_SCRIPT = """'use strict';
(async () => {
  const box = document.getElementById('push');
  if (!box) return;
  const button = document.getElementById('push-button');
  const said = document.getElementById('push-said');
  const say = (name, more) => { said.textContent = box.dataset[name] + (more ? ' ' + more : ''); };
  const bytes = (text) => {
    const base = text.replace(/-/g, '+').replace(/_/g, '/');
    return Uint8Array.from(atob(base + '='.repeat((4 - base.length % 4) % 4)), (one) => one.charCodeAt(0));
  };
  const post = async (path, body) => {
    const answer = await fetch('/answer/push/' + path, {
      method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body)});
    if (!answer.ok) {
      const told = await answer.json().catch(() => ({}));
      throw new Error(told.error ? told.error.message : 'HTTP ' + answer.status);
    }
  };
  box.hidden = false;
  if (!window.isSecureContext) { button.hidden = true; say('insecure'); return; }
  if (!('serviceWorker' in navigator) || !('PushManager' in window)) {
    button.hidden = true; say('unsupported'); return;
  }
  const registration = await navigator.serviceWorker.register('/answer/push/worker.js', {scope: '/answer/push/'});
  let current = await registration.pushManager.getSubscription();
  const show = () => { button.textContent = current ? box.dataset.off : box.dataset.here; };
  show();
  if (current) say('on');
  box.dataset.ready = 'yes';
  button.addEventListener('click', async () => {
    button.disabled = true;
    try {
      if (current) {
        await post('unsubscribe', {token: box.dataset.token, endpoint: current.endpoint});
        await current.unsubscribe();
        current = null;
        said.textContent = '';
      } else if (await Notification.requestPermission() !== 'granted') {
        say('denied');
      } else {
        const made = await registration.pushManager.subscribe(
          {userVisibleOnly: true, applicationServerKey: bytes(box.dataset.key)});
        const {endpoint, keys} = made.toJSON();
        try {
          await post('subscribe', {token: box.dataset.token, endpoint, keys});
        } catch (error) {
          await made.unsubscribe();
          throw error;
        }
        current = made;
        say('on');
      }
    } catch (error) {
      say('failed', error.message);
    }
    show();
    button.disabled = false;
  });
})();
"""

WORKER_SCRIPT = """'use strict';
self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('push', (event) => {
  let told = {};
  try { told = event.data.json(); } catch (error) { told = {title: '烽燧 Fengsui', body: ''}; }
  const chinese = (self.navigator.language || 'zh').startsWith('zh');
  event.waitUntil(self.registration.showNotification((chinese ? told.title : told.title_en) || told.title, {
    body: (chinese ? told.body : told.body_en) || told.body,
    tag: told.tag, renotify: Boolean(told.tag), requireInteraction: Boolean(told.fire), data: told.url}));
});
self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const url = event.notification.data;
  if (typeof url === 'string' && /^https?:/.test(url)) event.waitUntil(self.clients.openWindow(url));
});
"""
