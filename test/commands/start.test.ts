import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { careful } from "../fixtures/scenarios.ts";
import { writeShop } from "../fixtures/workspace.ts";
import { closeTerminals, openTerminal, temporaryFolder } from "../journeys/terminal.ts";

let folder: ReturnType<typeof temporaryFolder>;
let shop: string;
let data: string;
beforeEach(() => {
  folder = temporaryFolder();
  shop = writeShop(join(folder.path, "shop"), careful);
  data = join(folder.path, "data");
});
afterEach(() => {
  closeTerminals();
  folder.remove();
});

describe("the line that says that the desk is ready", () => {
  it("has the process, the platforms, and where its HTTP API really listens", async () => {
    const desk = await openTerminal(data, { args: ["--workspace", shop], env: { HTTP_PORT: "0" } });
    const ready = await desk.logs("desk.ready");
    expect(ready).toMatchObject({ pid: desk.pid, platforms: ["http"] });
    expect(ready.http).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    expect((await fetch(`${ready.http}/healthz`)).status).toBe(200);
  });

  it("says nothing of HTTP where there is none", async () => {
    const desk = await openTerminal(data, { args: ["--workspace", shop] });
    const ready = await desk.logs("desk.ready");
    expect(ready.platforms).toEqual(["console"]);
    expect(ready).not.toHaveProperty("http");
  });
});
