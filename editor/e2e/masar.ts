// A real Masar with an empty data folder, and a browser that is signed in to it. Every test file
// starts one of each and stops them again.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";

export type Language = "en" | "ar";
export type Theme = "light" | "dark";

export interface Masar {
  url: string;
  token: string;
  browser: Browser;
  /** Calls the API as a program would. */
  api: <T>(method: string, path: string, body?: unknown) => Promise<T>;
  /** A page in a language and a theme, signed in unless told otherwise. */
  open: (
    path: string,
    how?: { language?: Language; theme?: Theme; signedIn?: boolean; size?: readonly [number, number] },
  ) => Promise<Page>;
  stopServer: () => Promise<void>;
  startServer: () => Promise<void>;
  stop: () => Promise<void>;
}

const binary = process.env.MASAR_BIN ?? new URL("../../target/debug/masar", import.meta.url).pathname;
const browserPath =
  process.env.MASAR_CHROMIUM ??
  ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
    existsSync(path),
  );

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const probe = createServer();
    probe.on("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === "object" && address ? found(address.port) : failed(new Error("no port")),
      );
    });
  });
}

async function answers(url: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const ready = await fetch(`${url}/ready`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    await new Promise((wake) => setTimeout(wake, 50));
  }
  throw new Error(`Masar does not answer at ${url}`);
}

export async function startMasar(): Promise<Masar> {
  const folder = await mkdtemp(join(tmpdir(), "masar-e2e-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let server: ChildProcess | null = null;

  const startServer = async () => {
    server = spawn(binary, ["serve", "--listen", `127.0.0.1:${port}`, "--data", folder], { stdio: "ignore" });
    await answers(url);
  };
  const stopServer = async () => {
    const running = server;
    server = null;
    if (!running || running.exitCode !== null) return;
    const gone = new Promise((done) => running.once("exit", done));
    running.kill("SIGKILL");
    await gone;
  };

  await startServer();
  const token = (await readFile(join(folder, "api-token"), "utf8")).trim();
  const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });

  return {
    url,
    token,
    browser,
    startServer,
    stopServer,
    api: async (method, path, body) => {
      const response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return text ? JSON.parse(text) : null;
    },
    open: async (
      path,
      { language = "en", theme = "light", signedIn = true, size = [1440, 900] as const } = {},
    ) => {
      const context = await browser.newContext({
        viewport: { width: size[0], height: size[1] },
        permissions: ["clipboard-read", "clipboard-write"],
        reducedMotion: "reduce",
      });
      await context.addInitScript(
        ([given, spoken, look]) => {
          if (given && !localStorage.getItem("masar.token")) localStorage.setItem("masar.token", given);
          if (!localStorage.getItem("masar.preferences")) {
            const state = {
              language: spoken,
              theme: look,
              digits: "latn",
              calendar: "gregory",
              favourites: [],
            };
            localStorage.setItem("masar.preferences", JSON.stringify({ state, version: 0 }));
          }
        },
        [signedIn ? token : "", language, theme] as const,
      );
      const page = await context.newPage();
      page.setDefaultTimeout(25_000);
      await page.goto(url + path);
      return page;
    },
    stop: async () => {
      await browser.close();
      await stopServer();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
