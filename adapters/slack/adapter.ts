/**
 * The desk's place on Slack. Here the parts are put together; what each does is in its own file:
 *
 *   payload ─▶ http-receiver / socket-receiver ─▶ events ─▶ incoming / interaction ─▶ the desk
 *   the desk ─▶ posting / draft / changing ─▶ outgoing ─▶ sending ─▶ web-api ─▶ Slack
 */
import { codeOf, DeskError } from "../../src/errors.ts";
import type { Receiver as Desk, Platform } from "../../src/platform.ts";
import { createWaits } from "../../src/waits.ts";
import { answerAt, isAnswerAddress, showPrivately, spotNamed } from "./answers.ts";
import { createBelongings } from "./belongings.ts";
import { createChanging } from "./changing.ts";
import { createChannels } from "./channels.ts";
import { createDirectThreads } from "./direct-threads.ts";
import { createDrafting } from "./draft.ts";
import { createEventHandler } from "./events.ts";
import { examine } from "./examine.ts";
import { createHttp } from "./fetch.ts";
import { whenPossible } from "./first-calls.ts";
import { createGreeting } from "./greeting.ts";
import { createGroups } from "./groups.ts";
import { createGuards } from "./guards.ts";
import { takeBackStreamOf, takeBackStreams } from "./left-streams.ts";
import { homeView } from "./outgoing.ts";
import { createPeople } from "./people.ts";
import { cut, oneLine } from "./plain-text.ts";
import { createPosting } from "./posting.ts";
import { createReactions } from "./reactions.ts";
import { createReadingBack } from "./reading-back.ts";
import type { Handle, Receiver } from "./receiver.ts";
import { receiversFor } from "./receivers.ts";
import { createRecipients } from "./recipients.ts";
import { createSending } from "./sending.ts";
import { createSharedFiles } from "./shared-files.ts";
import type { SlackParts } from "./slack-config.ts";
import { accountOf, placeOf, platformName, threadId } from "./thread-id.ts";
import { createTrouble } from "./trouble.ts";
import { createUpload, download, isSlackAddress } from "./upload.ts";
import { createWebApi } from "./web-api.ts";
import { createWorkspaces } from "./workspaces.ts";

export function createSlackAdapter(parts: SlackParts): Platform {
  const { config, clock, installations, streams, surfaces } = parts;
  const log = parts.log.with({ platform: platformName });
  const { apiUrl } = config;
  const http = createHttp();
  const waits = parts.waits ?? createWaits(clock);
  const workspaces = createWorkspaces(config.botToken, installations, clock);
  const channels = createChannels(config, () => workspaces.own?.team);
  const recipients = createRecipients();
  let desk: Desk | undefined;
  let handle: Handle | undefined;
  /** None: it does not listen. */
  let receivers: Receiver[] = [];
  /** One change after the other. */
  let lastChange: Promise<unknown> = Promise.resolve();
  let closed: Promise<void> | undefined;
  /** Aborted, what waits to begin does not begin any more. */
  let beginning = new AbortController();

  const tellTrouble = createTrouble({ desk: () => desk, clock, log });
  const api = createWebApi({
    ...(apiUrl === undefined ? {} : { apiUrl }),
    http,
    waits,
    clock,
    log,
    tokenOf: (team) => workspaces.tokenOf(team),
    async hasAnother(team, refused) {
      const workspace = await workspaces.anew(team);
      return workspace !== undefined && workspace.token !== refused;
    },
    onUnauthorized: tellTrouble,
  });
  const people = createPeople(api, () => workspaces.own, clock, log);
  const sharedFiles = createSharedFiles(api, clock, log);
  const belongs = createGroups(api, clock, () => workspaces.own?.team);
  const directThreads = createDirectThreads(api, clock, log, surfaces);
  const sending = createSending({ api, directThreads, log });
  const guards = createGuards(api, log);
  const belongings = createBelongings(api, workspaces, log);
  const posting = createPosting({
    api,
    sending,
    guards,
    readingBack: createReadingBack({ api, workspaces, directThreads }),
    belongings,
    upload: createUpload(api, http, clock),
    log,
  });
  const changing = createChanging({ api, belongings, styleOf: sending.styleOf });
  const reactions = createReactions(api);
  const greeting = createGreeting({
    api,
    posting,
    log,
    text: config.greeting,
    prompts: config.suggestedPrompts.map((prompt) =>
      typeof prompt === "string" ? { title: prompt, message: prompt } : prompt,
    ),
  });
  const draft = createDrafting({
    api,
    posting,
    sending,
    guards,
    clock,
    log,
    streams,
    recipientOf: recipients.of,
    directThreads,
  });

  async function connect(receiver: Desk, how = { listening: true }): Promise<void> {
    desk = receiver;
    if (config.botToken !== undefined) await learnOwn();
    if (streams) await takeBackStreams(api, streams, clock, log);
    handle = createEventHandler({
      api,
      workspaces,
      people,
      sharedFiles,
      sending,
      directThreads,
      greeting,
      clock,
      log,
      desk: receiver,
      homeOf: channels.homeOf,
      channelsIn: channels.in,
      onMessage: recipients.wrote,
    });
    if (how.listening) await listen(true);
    const way = !how.listening ? "none" : config.appToken ? "socket" : "http";
    log.info("slack.connected", { team: workspaces.own?.team, way });
  }

  function listen(on: boolean): Promise<void> {
    if (!on) beginning.abort(new DeskError("platform_unavailable", "Slack is being left"));
    else if (beginning.signal.aborted) beginning = new AbortController();
    const { signal } = beginning;
    const change = lastChange.then(() => (on ? startListening(signal) : stopListening()));
    lastChange = change.catch(() => undefined);
    return change;
  }

  async function startListening(giveUp: AbortSignal): Promise<void> {
    if (receivers.length > 0) return;
    if (!handle || closed) throw new DeskError("platform_unavailable", "Slack is not connected");
    receivers = receiversFor(parts, {
      http,
      waits,
      log,
      handle,
      giveUp,
      installed: workspaces.installed,
      onUnauthorized: (error) => tellTrouble("", "apps.connections.open", error),
    });
    try {
      for (const one of receivers) await one.start();
    } catch (error) {
      await stopListening();
      throw error;
    }
  }

  async function stopListening(): Promise<void> {
    await Promise.all(receivers.map((one) => one.close()));
    receivers = [];
  }

  /** Which workspace the configured token belongs to, and who the bot is there. */
  async function learnOwn(): Promise<void> {
    const self = await whenPossible(() => api.call("", "auth.test", {}), {
      clock,
      log,
      signal: beginning.signal,
    });
    if (!self.team_id || !self.user_id || config.botToken === undefined) {
      throw new DeskError("platform_unauthorized", "auth.test: this token is not a bot's");
    }
    workspaces.setOwn({
      team: self.team_id,
      bot: self.user_id,
      ...(self.bot_id ? { botId: self.bot_id } : {}),
      token: config.botToken,
      ...(self.enterprise_id ? { enterprise: self.enterprise_id } : {}),
    });
  }

  async function close(): Promise<void> {
    await listen(false);
    await api.settled();
    await http.close();
  }

  return {
    name: platformName,
    get deskChannel() {
      return channels.deskId();
    },
    connect,
    listen,
    close() {
      closed ??= close();
      return closed;
    },
    post: posting.post,
    async find(target, key, sent) {
      const found = await posting.find(target, key, sent);
      if (!found && streams) await takeBackStreamOf(key, api, streams, log);
      return found;
    },
    edit: changing.edit,
    remove: changing.remove,
    draft,
    belongs,
    mark: reactions.mark,
    react: reactions.react,
    async working(thread, step) {
      const { team, channel, ts } = await sending.shownIn(placeOf(thread));
      // Slack shows a status in threads only.
      if (ts === undefined) return;
      const status = step === undefined ? "" : cut(oneLine(step), 50);
      const loading = step === undefined ? [] : (config.loadingMessages ?? []).slice(0, 10);
      await api.call(team, "assistant.threads.setStatus", {
        channel_id: channel,
        thread_ts: ts,
        status,
        ...(loading.length > 0 ? { loading_messages: loading.map((one) => cut(oneLine(one), 50)) } : {}),
      });
    },
    async answer(interaction, post) {
      const spot = spotNamed(interaction);
      if (!spot) return false;
      const { address = "" } = spot;
      if (isAnswerAddress(address, apiUrl) && (await answerAt(http, address, spot.thread, post))) return true;
      return showPrivately(
        api,
        placeOf(threadId(spot.team, spot.channel, spot.thread)),
        spot.user,
        post,
      ).then(
        () => true,
        (error: unknown) => {
          if (codeOf(error) === "platform_unreachable" || codeOf(error) === "platform_refused") return false;
          throw error;
        },
      );
    },
    async direct(person) {
      const { team, user } = accountOf(person.id);
      const { channel } = await api.call(team, "conversations.open", { users: user });
      if (!channel?.id) throw new DeskError("platform_unreachable", "conversations.open: no direct channel");
      return { thread: threadId(team, channel.id, undefined), way: "direct" };
    },
    async home(user, post) {
      const { team, user: account } = accountOf(user);
      await api.call(team, "views.publish", { user_id: account, view: homeView(post) });
    },
    async download(file, bytesMax) {
      const { team } = placeOf(file.id);
      const located = file.source === undefined ? await sharedFiles.located(file) : file;
      const token = await workspaces.tokenOf(team);
      try {
        return await download(http, located, bytesMax, token, (url) => isSlackAddress(url, apiUrl));
      } catch (error) {
        // The next try is with the token of today.
        if (codeOf(error) === "platform_unauthorized") await workspaces.anew(team);
        throw error;
      }
    },
    async person(user) {
      const { team, user: account } = accountOf(user);
      const workspace = await workspaces.find(team);
      return workspace && people.person(workspace, account);
    },
    examine() {
      // The channels of further workspaces are asked for with other tokens.
      const { support: supportChannels, desk: deskChannel } = channels;
      return examine(api, "", { appToken: config.appToken, supportChannels, deskChannel });
    },
  };
}
