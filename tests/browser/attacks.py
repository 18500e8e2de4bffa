"""A page of another website that tries every way a browser has to reach the page under test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MARKER = "smuggled"
# Each tries one way and returns what it got; what it could do is seen at the server as well.
ATTACKS = {
    "fetch, reading": """
        const answer = await fetch(target + 'config');
        return 'read ' + (await answer.text()).length;""",
    "fetch with credentials": """
        const answer = await fetch(target, {credentials: 'include'});
        return 'read ' + (await answer.text()).length;""",
    "no-cors fetch": """
        const answer = await fetch(target, {mode: 'no-cors'});
        return answer.type === 'opaque' ? 'opaque, unread' : 'read';""",
    "POST of a file, no-cors": """
        const form = new FormData();
        form.append('files', new Blob(['smuggled']), 'smuggled.txt');
        const answer = await fetch(target + 'gradio_api/upload',
          {method: 'POST', mode: 'no-cors', body: form});
        return answer.type === 'opaque' ? 'opaque, unread' : 'read';""",
    "POST of a file, reading": """
        const form = new FormData();
        form.append('files', new Blob(['smuggled']), 'smuggled.txt');
        const answer = await fetch(target + 'gradio_api/upload', {method: 'POST', body: form});
        return 'read ' + await answer.text();""",
    "POST of an event, as text": """
        const body = JSON.stringify({data: ['smuggled', 'smuggled'], fn_index: addText,
          session_hash: 'smuggled'});
        const answer = await fetch(target + 'gradio_api/queue/join',
          {method: 'POST', mode: 'no-cors', body, headers: {'content-type': 'text/plain'}});
        return answer.type === 'opaque' ? 'opaque, unread' : 'read';""",
    "POST of an event, as JSON": """
        const body = JSON.stringify({data: ['smuggled', 'smuggled'], fn_index: addText,
          session_hash: 'smuggled'});
        const answer = await fetch(target + 'gradio_api/queue/join',
          {method: 'POST', body, headers: {'content-type': 'application/json'}});
        return 'read ' + await answer.text();""",
    "a form that is sent": """
        const form = document.createElement('form');
        Object.assign(form, {action: target + 'gradio_api/upload', method: 'post',
          enctype: 'multipart/form-data', target: 'sink'});
        const sink = document.createElement('iframe');
        sink.name = 'sink';
        const field = document.createElement('input');
        field.type = 'file';
        field.name = 'files';
        const files = new DataTransfer();
        files.items.add(new File(['smuggled'], 'smuggled.txt'));
        field.files = files.files;
        form.append(field);
        document.body.append(sink, form);
        const loaded = new Promise(done => { sink.onload = done; });
        form.submit();
        await loaded;
        return sink.contentDocument ? 'read' : 'a page that cannot be read';""",
    "EventSource": """
        const events = new EventSource(target + 'gradio_api/heartbeat/smuggled');
        return await new Promise(done => {
          events.onopen = events.onmessage = () => done('open');
          events.onerror = () => { events.close(); done('refused'); };
        });""",
    "WebSocket": """
        const socket = new WebSocket(target.replace('http', 'ws') + 'gradio_api/queue/join');
        return await new Promise(done => {
          socket.onopen = () => done('open');
          socket.onerror = () => done('refused');
        });""",
    "an iframe": """
        const frame = document.createElement('iframe');
        const loaded = new Promise(done => { frame.onload = done; });
        frame.src = target;
        document.body.append(frame);
        await loaded;
        return frame.contentDocument ? 'read' : 'a page that cannot be read';""",
    "window.open, its DOM and messages": """
        const other = window.open(target);
        let heard = false;
        window.addEventListener('message', event => { heard ||= event.source === other; });
        for (let wait = 0; wait < 100 && !other.closed; wait += 1) {
          other.postMessage('smuggled', '*');
          await new Promise(done => setTimeout(done, 20));
        }
        try { return 'read ' + other.document.title; }
        catch { return heard ? 'answered' : 'unread'; }""",
    "an image": """
        const image = new Image();
        return await new Promise(done => {
          image.onload = () => done('loaded');
          image.onerror = () => done('refused');
          image.src = target + 'favicon.ico';
        });""",
    "a script": """
        const script = document.createElement('script');
        return await new Promise(done => {
          script.onload = () => done('loaded');
          script.onerror = () => done('refused');
          script.src = target + 'static/js/iframeResizer.contentWindow.min.js';
          document.head.append(script);
        });""",
    "a style sheet": """
        const link = document.createElement('link');
        link.rel = 'stylesheet';
        return await new Promise(done => {
          link.onload = () => done('loaded');
          link.onerror = () => done('refused');
          link.href = target + 'theme.css';
          document.head.append(link);
        });""",
    "sendBeacon": """
        const form = new FormData();
        form.append('files', new Blob(['smuggled']), 'smuggled.txt');
        navigator.sendBeacon(target + 'gradio_api/upload', form);
        return 'unread';""",
}
UNREAD = {
    "TypeError: Failed to fetch",
    "opaque, unread",
    "refused",
    "a page that cannot be read",
    "unread",
}
"""The results that an attack may get."""


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Another website</title><body>")

    def log_message(self, *_: object) -> None: ...


@contextmanager
def another_website() -> Iterator[int]:
    """Serve an empty page, and give its port; names that resolve there are its names."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
