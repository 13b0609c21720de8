// Keeps what the page says of the service as it is now, and lets its texts be copied. The page works without it.
"use strict";

const EVERY = 15_000; // milliseconds, also the deadline of one question
const LIVE = ["state", "time", "parts"];

function show(place, content) {
  // What has not changed is left alone, so that screen readers announce changes and nothing else.
  if (place.innerHTML !== content.innerHTML) {
    place.replaceChildren(...(content.content ?? content).cloneNode(true).childNodes);
  }
}

async function refresh() {
  try {
    const answer = await fetch(location.pathname, { cache: "no-store", signal: AbortSignal.timeout(EVERY) });
    if (answer.status === 429) {
      return; // asked too often, which says nothing of the service
    }
    if (!answer.ok) {
      throw new Error(`status ${answer.status}`);
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of LIVE) {
      show(document.getElementById(id), page.getElementById(id));
    }
  } catch {
    show(document.getElementById("state"), document.getElementById("no-answer"));
    document.getElementById("parts").replaceChildren();
  }
}

async function keepLive() {
  if (!document.hidden) {
    await refresh();
  }
  setTimeout(keepLive, EVERY);
}

setTimeout(keepLive, EVERY);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
addEventListener("online", refresh);
addEventListener("offline", refresh);

// Browsers have a clipboard for pages from https and from this machine.
for (const button of navigator.clipboard ? document.querySelectorAll("button") : []) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.parentElement.querySelector("pre").textContent);
    document.getElementById("told").textContent = "Copied.";
    button.firstChild.data = "Copied";
    setTimeout(() => {
      document.getElementById("told").textContent = "";
      button.firstChild.data = "Copy";
    }, 2000);
  });
}
