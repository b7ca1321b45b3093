/**
 * What happens with each payload that arrives, over either transport: whose it is, what it means, and that the desk has
 * it before Slack is told so.
 */
import type { Clock } from "../../src/clock.ts";
import type { Log } from "../../src/log.ts";
import type { Incoming, Person } from "../../src/message.ts";
import type { Receiver as Desk } from "../../src/platform.ts";
import { nameOf, type Spot } from "./answers.ts";
import type { DirectThreads } from "./direct-threads.ts";
import { refusesToken } from "./faults.ts";
import type { Greeting } from "./greeting.ts";
import { endsInstallation, incomingFrom, type People as PeopleOf, type Where } from "./incoming.ts";
import { answerAddressOf, interactionFrom, spotOf } from "./interaction.ts";
import { askModal } from "./outgoing.ts";
import { at, type Json, textAt } from "./payload.ts";
import type { People } from "./people.ts";
import type { Handle } from "./receiver.ts";
import type { Sending } from "./sending.ts";
import type { SharedFiles } from "./shared-files.ts";
import { isDirect, threadId } from "./thread-id.ts";
import type { WebApi } from "./web-api.ts";
import type { Workspace, Workspaces } from "./workspaces.ts";

export interface EventParts {
  api: WebApi;
  workspaces: Workspaces;
  people: People;
  sharedFiles: SharedFiles;
  sending: Pick<Sending, "saw">;
  directThreads: DirectThreads;
  greeting: Greeting;
  clock: Clock;
  log: Log;
  desk: Desk;
  /** The workspace in which this channel is one of the desk's; undefined when it is none. */
  homeOf(channel: string): string | undefined;
  /** The desk's channels in this workspace. */
  channelsIn(team: string): Pick<Where, "supportChannels" | "deskChannel">;
  /** Told of every message, for streams to it. */
  onMessage(team: string, event: Json): void;
}

export function createEventHandler(parts: EventParts): Handle {
  const { api, workspaces, people, sharedFiles, sending, directThreads, greeting, clock, log, desk } = parts;

  return async (body) => {
    const workspace = (await shared(body)) ?? (await workspaces.of(body));
    if (!workspace) {
      log.debug("slack.unknown_workspace", { type: body.type });
      return undefined;
    }
    if (textAt(body, "type") === "event_callback") await event(workspace, body);
    else await interaction(workspace, body);
    return undefined;
  };

  /**
   * A channel of the desk's that is shared with a company where the app is installed as well: Slack tells of it now as
   * the one's, now as the other's. The desk has it in one workspace, and a button there is in a message of its bot there.
   */
  async function shared(body: Json): Promise<Workspace | undefined> {
    const about = at(body, "event");
    const channel =
      textAt(about, "channel") ?? textAt(about, "item", "channel") ?? textAt(body, "channel", "id");
    const home = channel === undefined ? undefined : parts.homeOf(channel);
    const workspace = home === undefined ? undefined : await workspaces.find(home);
    const isIts = body.is_ext_shared_channel === true || textAt(body, "message", "user") === workspace?.bot;
    return isIts ? workspace : undefined;
  }

  async function event(workspace: Workspace, body: Json): Promise<void> {
    const about = at(body, "event");
    if (textAt(about, "type") === "assistant_thread_started") {
      // Not the core's business, and nothing that a second delivery could spoil: Slack need not wait for it.
      openedPane(workspace, about ?? {});
      return;
    }
    await learnThread(workspace, about ?? {});
    const incoming = await withDetails(workspace, body, (whole, who) =>
      incomingFrom(whole, whereOf(workspace), who),
    );
    if (!incoming) return;
    if (endsInstallation(incoming)) return installationEnded(workspace, incoming);
    await remember(workspace, incoming, about ?? {});
    await take(incoming);
  }

  /**
   * Slack brings for a day what a desk that was down has missed: the app may have been installed anew since. So the token
   * is asked, and as long as nobody can say, this is not acknowledged.
   */
  async function installationEnded({ team }: Workspace, incoming: Incoming): Promise<void> {
    const current = await workspaces.anew(team);
    if (!current) return;
    const works = await api.call(team, "auth.test", {}).then(
      () => true,
      (error: unknown) => {
        if (refusesToken(error)) return false;
        throw error;
      },
    );
    if (works) {
      log.info("slack.installed_since", { team, key: incoming.keys[0] });
      return;
    }
    await take(incoming);
    await workspaces.end(current);
  }

  async function interaction(workspace: Workspace, body: Json): Promise<void> {
    const { user, channel, root, thread } = spotOf(body);
    const spot = { team: workspace.team, user, channel, ...(thread === undefined ? {} : { thread }) };
    if (root !== undefined && isDirect(channel)) await directThreads.learn(workspace, channel, root);
    const address = answerAddressOf(body);
    const name = nameOf({ ...spot, ...(address === undefined ? {} : { address }) }, clock);
    const found = await withDetails(workspace, body, (whole, who) =>
      interactionFrom(whole, whereOf(workspace), who, name),
    );
    switch (found.kind) {
      case "incoming":
        return take(found.incoming);
      case "ask":
        // The trigger is good for three seconds: Slack is acknowledged while the modal opens.
        void openModal(workspace, found.trigger, askModal(found, found.returns), spot);
        return;
      case "ignored":
        log.info("slack.interaction_ignored", { team: workspace.team, why: found.why });
    }
  }

  function openedPane({ team }: Workspace, about: Json): void {
    const [channel, thread] = ["channel_id", "thread_ts"].map((key) =>
      textAt(about, "assistant_thread", key),
    );
    if (channel && thread) directThreads.isOwn(team, channel, thread);
    void greeting.greet(team, about);
  }

  /** A direct message below one of the bot's own may belong to a longer conversation. */
  async function learnThread(workspace: Workspace, about: Json): Promise<void> {
    const channel = textAt(about, "channel") ?? "";
    if (!isDirect(channel)) return;
    const message = at(about, "message") ?? at(about, "previous_message") ?? about;
    const root = textAt(message, "thread_ts");
    if (root === undefined || root === textAt(message, "ts")) return;
    if (textAt(message, "parent_user_id") === workspace.bot)
      await directThreads.learn(workspace, channel, root);
  }

  async function openModal(
    workspace: Workspace,
    trigger: string,
    view: ReturnType<typeof askModal>,
    { user, channel, thread }: Spot,
  ): Promise<void> {
    try {
      await api.call(workspace.team, "views.open", { trigger_id: trigger, view });
    } catch (error) {
      log.warn("slack.modal_not_opened", { team: workspace.team, error });
      const text = "That took too long. Please press the button again.";
      const where = { channel, user, ...(thread === undefined ? {} : { thread_ts: thread }) };
      await api
        .call(workspace.team, "chat.postEphemeral", { ...where, text })
        .catch((second: unknown) => log.debug("slack.not_told", { team: workspace.team, error: second }));
    }
  }

  async function take(incoming: Incoming): Promise<void> {
    try {
      await desk.receive(incoming);
    } catch (error) {
      log.warn("slack.not_taken", { kind: incoming.kind, key: incoming.keys[0], error });
      throw error;
    }
  }

  /** Translates with what is known; what is not, names and files, is looked up, and it is translated again. */
  async function withDetails<T>(
    workspace: Workspace,
    body: Json,
    translate: (body: Json, who: PeopleOf) => T,
  ): Promise<T> {
    const unknown = new Set<string>();
    const who = (user: string): Person => {
      const { person, certain } = people.known(workspace, user);
      if (!certain) unknown.add(user);
      return person;
    };
    const first = translate(body, who);
    if (first === undefined) return first;
    const [whole] = await Promise.all([
      sharedFiles.described(workspace.team, body),
      unknown.size > 0 && people.lookUp(workspace, unknown),
    ]);
    return whole === body && unknown.size === 0 ? first : translate(whole, who);
  }

  function whereOf({ team, bot }: Workspace): Where {
    const isFlat = (channel: string, root: string) => directThreads.isFlat(team, channel, root);
    return { team, bot, isFlat, ...parts.channelsIn(team) };
  }

  async function remember({ team }: Workspace, incoming: Incoming, about: Json): Promise<void> {
    if (incoming.kind !== "message") return;
    const [channel, ts, thread] = ["channel", "ts", "thread_ts"].map((key) => textAt(about, key));
    if (!channel || !ts) return;
    sending.saw(team, channel, ts);
    parts.onMessage(team, about);
    if (incoming.message.visibility === "shared") return;
    if (incoming.message.thread === threadId(team, channel, undefined))
      await directThreads.wrote(team, channel, thread);
    else if (thread !== undefined) {
      void greeting.entitle(team, channel, thread, incoming.message.text);
    }
  }
}
