/**
 * Discord as a platform. It stands on the two libraries that discord.js is made of, its gateway and its REST client,
 * without discord.js's own client: that keeps everything it sees in memory and its session only there, while a desk
 * must forget what it does not need and resume its session after a restart.
 *
 *   gateway ─▶ receiving ─▶ intake (a lane a channel) ─▶ desk.receive        catch-up fetches what was missed
 *   post ─▶ posting ─▶ threads (which channel) ─▶ sending (once, whole) ─▶ rest       listening begins and ceases
 */
import { DeskError } from "../../src/errors.ts";
import type { Mark, Platform, Receiver } from "../../src/platform.ts";
import { createWaits } from "../../src/waits.ts";
import { createAnswers } from "./answers.ts";
import { atMost } from "./at-most.ts";
import { createCatchUp } from "./catch-up.ts";
import { registerCommands } from "./commands.ts";
import { createDirect } from "./direct.ts";
import type { DiscordParts } from "./discord-config.ts";
import { download } from "./download.ts";
import { createDraft, sweepDrafts } from "./draft.ts";
import { examine } from "./examine.ts";
import { firstContact } from "./first-contact.ts";
import { createGateway } from "./gateway.ts";
import { createIntake, noChannel } from "./intake.ts";
import { createInteractions } from "./interactions.ts";
import { createListening } from "./listening.ts";
import { createMembership } from "./membership.ts";
import { placeOf, type Scope } from "./place.ts";
import { createPlaces } from "./places.ts";
import { createPosting } from "./posting.ts";
import { createReceiving } from "./receiving.ts";
import { createRest } from "./rest.ts";
import { createSending } from "./sending.ts";
import { channelIdOf, parseThreadId } from "./thread-id.ts";
import { createThreads } from "./threads.ts";
import { createTyping } from "./typing.ts";
import { createNotes } from "./watermarks.ts";

const discordApi = "https://discord.com/api";
const emojiOf: Readonly<Record<Mark, string>> = { sent: "✅", failed: "⚠️", working: "⏳" };
const landWithinMs = 10_000;

export function createDiscordAdapter(parts: DiscordParts): Platform {
  const { config, log, clock, marks } = parts;
  const apiUrl = config.apiUrl ?? discordApi;
  const deskId = /^(?:discord:)?(\d+)$/.exec(config.deskChannel ?? "")?.[1];
  const inTheAir = new Set<Promise<unknown>>();
  let desk: Receiver | undefined;
  let stopped = false;
  const leaving = new AbortController();
  /** Who the bot is, as far as a session has not told. */
  let asked: string | undefined;

  const rest = createRest({
    token: config.token,
    apiUrl,
    waits: parts.waits ?? createWaits(clock),
    clock,
    ...(config.callsPerSecond === undefined ? {} : { callsPerSecond: config.callsPerSecond }),
  });
  const notes = createNotes({ marks, clock, log });
  const places = createPlaces({ rest, clock });
  const self = (): string => gateway.identity?.self ?? asked ?? "";
  const receiver = (): Receiver => {
    if (!desk) throw new DeskError("platform_unavailable", "Discord is not connected");
    return desk;
  };
  const scopeOf = (me: string): Scope => ({
    self: me,
    guilds: new Set(config.guilds),
    support: new Set(config.supportChannels),
    desk: deskId,
    isBotRole: (role) => places.isRoleOf(me, role),
    knows: (message) => receiving.knows(message),
  });
  let scope = scopeOf("");

  const catchUp = createCatchUp({
    intake: () => intake,
    places,
    rest,
    notes,
    clock,
    log,
    support: config.supportChannels,
    desk: deskId,
    self,
    stopped: () => !listening.on,
  });
  const intake = createIntake({
    async receive(incoming) {
      for (const one of incoming) {
        if (one.kind === "message" && one.message.visibility === "private")
          direct.opened(parseThreadId(one.message.thread).thread);
      }
      const to = receiver();
      const [only] = incoming;
      if (only && incoming.length === 1) await to.receive(only);
      else if (to.receiveAll) await to.receiveAll(incoming);
      else for (const one of incoming) await to.receive(one);
    },
    fetchAfter: (channel, after, urgent) => receiving.fetchAfter(channel, after, urgent),
    baseOf: catchUp.baseOf,
    notes,
    clock,
    log,
  });
  const membership = createMembership({ rest, places, clock, guilds: ourGuilds });
  const answers = createAnswers({ rest, clock });
  const interactions = createInteractions({
    answers,
    desk: receiver,
    around: (raw) => ({
      place:
        places.known(raw.channel_id ?? "") ??
        placeOf(raw.channel ?? { id: raw.channel_id, type: raw.guild_id ? 0 : 1 }, raw.guild_id),
      scope,
      names: { channel: places.channelName, role: places.roleName },
    }),
    now: rest.now,
    sawMember: membership.saw,
    clock,
    log,
  });
  const receiving = createReceiving({
    intake,
    places,
    rest,
    notes,
    scope: () => scope,
    interact: interactions.handle,
  });
  const threads = createThreads({ rest, places, log, questionOf: receiving.questionOf });
  const sending = createSending({ rest, notes, clock, log, self });
  const direct = createDirect({
    rest,
    places,
    threads,
    notes,
    clock,
    support: config.supportChannels,
    isMember: membership.isMember,
    log,
  });
  const typing = createTyping({
    show: (thread) =>
      threads.within(
        thread,
        async (channel) =>
          void (await rest.call("POST", `/channels/${channel}/typing`, { urgency: "courtesy" })),
      ),
    clock,
    log,
  });
  const posting = createPosting({
    rest,
    places,
    threads,
    sending,
    direct,
    desk: deskId,
    clock,
    log,
    showing: interactions.remember,
    replying: typing.stop,
  });

  const gateway = createGateway({
    token: config.token,
    rest,
    notes,
    clock,
    log,
    dispatch(event) {
      // What a resumed session sends again comes before it says that it has been resumed.
      if (scope.self === "") scope = scopeOf(self());
      receiving.dispatch(event);
    },
    began(ready) {
      scope = scopeOf(self());
      places.reset();
      intake.missed();
      listening.began((ready.guilds ?? []).map((guild) => guild.id));
    },
    resumed: () => listening.resumed(),
    ended(error) {
      log.error("discord.ended", { error });
      const keys: [string] = [`discord:trouble:ended:${clock.now()}`];
      const event = { kind: "trouble", keys, code: error.code, text: error.message } as const;
      intake.add({ channel: noChannel, read: () => event, taken: () => undefined });
    },
  });

  const listening = createListening({
    gateway,
    intake,
    catchUp,
    places,
    notes,
    left: () => stopped,
    started() {
      const application = gateway.identity?.application ?? self();
      track(registerCommands({ rest, notes, log, application, guilds: config.guilds }));
      return sweepDrafts(draftParts);
    },
    track,
    log,
  });

  async function ourGuilds(): Promise<readonly string[]> {
    if (config.guilds.length > 0) return config.guilds;
    const known = places.guilds();
    if (known.length > 0) return known;
    return (await rest.call<{ id: string }[]>("GET", "/users/@me/guilds")).map((guild) => guild.id);
  }

  /** Until it has ended, closing waits for it. */
  function track<T>(work: Promise<T>): Promise<T> {
    inTheAir.add(work);
    const landed = () => inTheAir.delete(work);
    work.then(landed, landed);
    return work;
  }

  /** Without a session Discord must be asked whose token this is. */
  async function introduce(): Promise<void> {
    const me = await firstContact({ what: "Discord", leaving: leaving.signal, clock, log }, () =>
      rest.call<{ id: string }>("GET", "/users/@me"),
    );
    asked = me.id;
    scope = scopeOf(me.id);
  }

  async function close(): Promise<void> {
    if (stopped) return;
    stopped = true;
    leaving.abort();
    typing.stopAll();
    rest.stopReading();
    await listening.change(false);
    await atMost(clock, landWithinMs, Promise.allSettled(inTheAir));
    await notes.close();
    rest.close();
  }

  const draftParts = { sending, notes, clock, log, within: posting.within, post: posting.post };

  return {
    name: "discord",
    ...(deskId === undefined ? {} : { deskChannel: channelIdOf(deskId) }),

    listensAlone: true,

    async connect(to, how = { listening: true }) {
      desk = to;
      await notes.open();
      try {
        await (how.listening ? listening.change(true) : introduce());
      } catch (error) {
        await close();
        throw error;
      }
    },
    listen: listening.change,
    hears: () => gateway.connected,
    close,

    post: (target, content, key) => track(posting.post(target, content, key)),
    find: posting.find,
    edit: (message, content) => track(posting.edit(message, content)),
    remove: (message) => track(posting.remove(message)),
    mark: (message, mark, set) => posting.setReaction(message, emojiOf[mark], set),
    react: posting.setReaction,
    draft: (target, key) => createDraft(draftParts, target, key),
    async working(thread, step) {
      if (step === undefined) typing.stop(thread);
      else await typing.start(thread);
    },
    answer: (interaction, content) => {
      interactions.remember(content.buttons ?? []);
      return track(answers.say(interaction, content));
    },
    direct: (person, near) => direct.open(person, near),
    belongs: membership.belongs,
    person: membership.person,
    download: (file, bytesMax) => download(file, bytesMax, { apiUrl, clock }),
    async examine() {
      const { guilds, supportChannels: support } = config;
      return examine({ rest, places, guilds, support, desk: deskId });
    },
  };
}
