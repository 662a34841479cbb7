// Reads a QR code with the camera and opens the answer for the link in it. The page works without this file.
const panel = document.getElementById("scan");
const button = document.getElementById("scan-button");
const view = document.getElementById("scan-view");
const said = document.getElementById("scan-said");
const text = document.getElementById("text");
const drop = document.getElementById("drop");
const file = document.getElementById("file");

let stream = null;

// What reads a code out of a picture or a frame: the browser's own reader where it has one, else ours.
async function reader() {
  if ("BarcodeDetector" in window) {
    try {
      if ((await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
        const detector = new BarcodeDetector({ formats: ["qr_code"] });
        return async (sight) => (await detector.detect(sight))[0]?.rawValue ?? null;
      }
    } catch { /* the one below does it */ }
  }
  if (!window.jsQR) {
    await new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = panel.dataset.scanner;
      script.onload = done;
      script.onerror = failed;
      document.head.append(script);
    });
  }
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  return async (sight, most = 800) => {
    const [width, height] = [sight.videoWidth ?? sight.width, sight.videoHeight ?? sight.height];
    const scale = Math.min(1, most / Math.max(width, height, 1));
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    pen.drawImage(sight, 0, 0, canvas.width, canvas.height);
    const pixels = pen.getImageData(0, 0, canvas.width, canvas.height);
    return window.jsQR(pixels.data, pixels.width, pixels.height, { inversionAttempts: "dontInvert" })?.data || null;
  };
}

function stop() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  view.hidden = true;
  view.srcObject = null;
  button.textContent = panel.dataset.start;
}

function found(content) {
  stop();
  if (/^https?:\/\//i.test(content.trim())) {
    const answer = new URL(panel.dataset.answer, location.href);
    answer.searchParams.set("badge", content.trim());
    location.assign(answer);
    return;
  }
  text.value = content;
  said.textContent = panel.dataset.other;
  text.focus();
}

async function start() {
  said.textContent = panel.dataset.hint;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
    view.srcObject = stream;
    view.hidden = false;
    button.textContent = panel.dataset.stop;
    await view.play();
    const read = await reader();
    while (stream) {
      const content = view.readyState >= 2 ? await read(view) : null;
      if (content && stream) return found(content);
      await new Promise((next) => setTimeout(next, 150));
    }
  } catch {
    stop();
    said.textContent = panel.dataset.noCamera;
  }
}

if (navigator.mediaDevices?.getUserMedia) {
  panel.hidden = false;
  button.addEventListener("click", () => {
    if (stream) {
      stop();
      said.textContent = "";
    } else {
      start();
    }
  });
  addEventListener("pagehide", stop);
}

document.getElementById("drop-hint").hidden = false;
for (const name of ["dragover", "dragenter"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length) file.files = event.dataTransfer.files;
});

// A photograph carries no badge. When a code can be read in it, its link is offered instead; the picture stays here.
file.addEventListener("change", async () => {
  said.textContent = "";
  const photo = file.files.length === 1 ? file.files[0] : null;
  if (!photo || !["image/jpeg", "image/webp"].includes(photo.type)) return;
  try {
    const content = await (await reader())(await createImageBitmap(photo), 1600);
    if (content && /^https?:\/\//i.test(content.trim())) {
      text.value = content.trim();
      file.value = "";
      said.textContent = panel.dataset.picture;
    }
  } catch { /* the server says what is wrong with it */ }
});
