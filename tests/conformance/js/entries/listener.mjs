// A service worker: calls in the body of a request, answers in that of the response.

import { modules } from "./modules.mjs";
import { lines } from "./operations.mjs";

addEventListener("fetch", (event) => {
  event.respondWith(event.request.text().then(lines(modules)).then((answers) => new Response(answers)));
});
