// Gradio 6.31 closes its stream of results when the server has sent the last one, even if another
// event has joined the queue meanwhile. That event waits until any further event opens the stream.
// So if a stream was closed and an event is left without its result, send one that does nothing.
(() => {
  const PAUSE_MS = 500; // Gradio opens the stream itself for an event that joins after the end
  const waiting = new Set();
  const early = new Set(); // results that overtook the reply to the event's request
  let isOpen = false;
  const onMessage = (line) => {
    if (line.includes('"msg":"close_stream"')) {
      isOpen = false;
      setTimeout(() => {
        if (!isOpen && waiting.size) window.dispatchEvent(new Event('streamlost'));
      }, PAUSE_MS);
    } else if (line.includes('"msg":"process_completed"')) {
      const id = line.match(/"event_id":"(\w+)"/)?.[1];
      if (!waiting.delete(id)) early.add(id);
    } else if (line.includes('"msg":"unexpected_error"')) waiting.clear();
  };
  const observed = (response) => {
    const decoder = new TextDecoder();
    let rest = '';
    const observer = new TransformStream({
      transform(piece, controller) {
        const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
        rest = lines.pop();
        lines.forEach(onMessage);
        controller.enqueue(piece);
      },
    });
    response.body.pipeTo(observer.writable).catch((error) => {
      // Gradio closes a stream by aborting it. After any other error it gives up every event.
      if (error.name !== 'AbortError') waiting.clear();
    });
    return new Response(observer.readable, response);
  };
  const { fetch } = window;
  window.fetch = async (...request) => {
    const address = String(request[0].url || request[0]);
    const isStream = address.includes('/queue/data?');
    if (isStream) isOpen = true;
    const response = await fetch(...request);
    if (!response.ok) return response;
    if (isStream) return observed(response);
    if (address.includes('/queue/join?')) {
      const { event_id: id } = await response.clone().json();
      if (!early.delete(id)) waiting.add(id);
    }
    return response;
  };
})();
