/**
 * Where the customers of a Slack run write: a third in a direct message, a third in threads of the assistant pane, where
 * replies are streamed, and a third in threads of a support channel. Every second three are in another workspace, and
 * each of them is somebody's twin: with the same user, the same channel, and messages of the very same times.
 */
import type { SlackServer } from "../doubles/slack-server/slack-server.ts";
import { messagesIn } from "../doubles/slack-server/world.ts";

export const ownTeam = "T1";
export const otherTeam = "T2";
/** Both are of one organisation, whose directory tells who the customers are. */
const enterprise = "E1";
export const support = "C1";
export const office = "C2";
export const staffIds = ["U2", "U3"];

export interface Home {
  team: string;
  user: string;
  channel: string;
  /** Of the thread in which they write; the first message of a thread in a channel makes it. */
  root?: string;
  /** The newest message. */
  last: { ts: string; gesture: string } | undefined;
  /** Who is the same in the own workspace. */
  twin: Home | undefined;
}

export function inhabit(slack: SlackServer, customers: number): Home[] {
  slack.addTeam(otherTeam, "Another Example");
  for (const team of [ownTeam, otherTeam]) {
    const known = slack.world.teams.get(team);
    if (known) known.enterprise = enterprise;
    slack.addUser("U2", { team, name: "Maya" });
    slack.addUser("U3", { team, name: "Tom" });
    slack.addChannel(support, { team, name: "support", members: [...staffIds] });
  }
  slack.addChannel(office, { name: "desk", kind: "group", members: staffIds });
  const homes: Home[] = [];
  for (let at = 0; at < customers; at++) {
    const twin = Math.floor(at / 3) % 2 === 1 ? homes[at - 3] : undefined;
    homes.push(homeOf(slack, at, twin));
  }
  return homes;
}

function homeOf(slack: SlackServer, at: number, twin: Home | undefined): Home {
  const team = twin ? otherTeam : ownTeam;
  const user = twin?.user ?? `U${100 + at}`;
  const email = `customer${at}@${team.toLowerCase()}.example`;
  slack.addUser(user, { team, enterprise, name: `Customer ${at}`, email });
  const { directChannel } = slack.asUser(user, team);
  const home: Home = { team, user, channel: directChannel, last: undefined, twin };
  if (at % 3 === 1) home.root = atTime(slack, twin?.root, () => slack.addAssistantThread(user, team));
  if (at % 3 === 2) {
    home.channel = support;
    slack.world.channels.get(`${team} ${support}`)?.members.add(user);
  }
  return home;
}

/**
 * The customer writes, at the time and by the gesture of their twin where that is not behind what they have written.
 * @param lateMs how much later Slack tells of it
 */
export function write(slack: SlackServer, home: Home, text: string, lateMs: number): string {
  const { team, user, channel, root, twin } = home;
  const begins = channel === support && root === undefined;
  const same = begins && twin?.root !== undefined ? { ts: twin.root, gesture: `first-${user}` } : twin?.last;
  const equal = same !== undefined && same.ts > (home.last?.ts ?? "") ? same : undefined;
  const gesture = equal?.gesture ?? `gesture-${slack.world.nextId("m")}`;
  const more = root === undefined ? {} : { threadTs: root };
  const ts = atTime(slack, equal?.ts, () => {
    void slack.asUser(user, team).say(channel, text, { ...more, clientMsgId: gesture, lateMs });
    return equal?.ts ?? messagesIn(slack.world, team, channel).at(-1)?.ts ?? "";
  });
  if (begins) home.root = ts;
  home.last = { ts, gesture };
  return ts;
}

/** What is said in it has this very time, by which Slack tells messages of a channel apart. */
function atTime<T>({ world }: SlackServer, ts: string | undefined, say: () => T): T {
  const { nextTs } = world;
  if (ts !== undefined) world.nextTs = () => ts;
  try {
    return say();
  } finally {
    world.nextTs = nextTs;
  }
}
