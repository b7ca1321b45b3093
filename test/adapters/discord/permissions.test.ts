import { describe, expect, it } from "vitest";
import { permission, permissionsOf } from "../../../adapters/discord/permissions.ts";

const view = String(permission.viewChannel);
const send = String(permission.sendMessages);
const both = String(permission.viewChannel | permission.sendMessages);
const role = (permissions: string) => ({ name: "role", permissions, bot: undefined });
const guild = {
  id: "1",
  owner: "9",
  roles: new Map([
    ["1", role(both)],
    ["2", role("0")],
    ["3", role(String(permission.administrator))],
  ]),
};
const may = (user: string, roles: string[], overwrites: Parameters<typeof permissionsOf>[2]) => {
  const allowed = permissionsOf(guild, { user, roles }, overwrites);
  return {
    view: (allowed & permission.viewChannel) !== 0n,
    send: (allowed & permission.sendMessages) !== 0n,
  };
};

describe("what a member may do in a channel", () => {
  it("begins with the roles", () => {
    expect(may("5", [], [])).toEqual({ view: true, send: true });
  });

  it("is changed by everybody's overwrite, then the roles', then the member's own", () => {
    const hidden = { id: "1", type: 0, allow: "0", deny: view } as const;
    const forRole = { id: "2", type: 0, allow: view, deny: send } as const;
    const forOne = { id: "5", type: 1, allow: send, deny: "0" } as const;
    expect(may("5", ["2"], [forOne, forRole, hidden])).toEqual({ view: true, send: true });
    expect(may("6", ["2"], [forOne, forRole, hidden])).toEqual({ view: true, send: false });
    expect(may("6", [], [forOne, forRole, hidden])).toEqual({ view: false, send: false });
  });

  it("prefers what one of several roles allows to what another denies", () => {
    const deny = { id: "2", type: 0, allow: "0", deny: send } as const;
    const allow = { id: "4", type: 0, allow: send, deny: "0" } as const;
    expect(may("5", ["2", "4"], [deny, allow]).send).toBe(true);
  });

  it("is everything for the owner and administrators", () => {
    const hidden = { id: "1", type: 0, allow: "0", deny: both } as const;
    expect(may("9", [], [hidden])).toEqual({ view: true, send: true });
    expect(may("5", ["3"], [hidden])).toEqual({ view: true, send: true });
  });

  it("is nothing where the server says nonsense", () => {
    const broken = { id: "1", type: 0, allow: "x", deny: both } as const;
    expect(may("5", ["404"], [broken])).toEqual({ view: false, send: false });
  });
});
