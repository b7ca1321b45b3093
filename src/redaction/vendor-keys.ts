/**
 * Keys that look like any other random characters and are told by the maker's name before them: `datadog_api_key=9775…`,
 * `my Mailgun token is …`. The names and shapes are those of gitleaks (MIT).
 */
import type { Find } from "./find.ts";
import { looksRandom, looksVeryRandom } from "./randomness.ts";

const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const alnum = (...lengths: (number | string)[]) => lengths.map((length) => `[a-z0-9]{${length}}`);
const hex = (...lengths: (number | string)[]) => lengths.map((length) => `[a-f0-9]{${length}}`);
const dashed = (...lengths: (number | string)[]) => lengths.map((length) => `[a-z0-9=_-]{${length}}`);

interface Vendor {
  name: string;
  /** In lower case, as a pattern where the name has several spellings. */
  spelled: RegExp;
  shapes: readonly string[];
}

const vendor = (name: string, shapes: readonly string[], spelled = name.toLowerCase()): Vendor => ({
  name,
  spelled: new RegExp(spelled),
  shapes,
});

const vendors: readonly Vendor[] = [
  vendor("Adafruit", dashed(32)),
  vendor("Adobe", hex(32)),
  vendor("Airtable", alnum(17)),
  vendor("Algolia", alnum(32)),
  vendor("Alibaba", alnum(30)),
  vendor("Asana", [...alnum(32), "\\d{16}"]),
  vendor("Atlassian", ["[a-z0-9]{20}[a-f0-9]{4}"], "atlassian|confluence|jira"),
  vendor("AWS", ["[a-z0-9/+]{40}"], "aws|amazon"),
  vendor("Beamer", ["b_[a-z0-9=_-]{44}"]),
  vendor("Bitbucket", [...alnum(32), ...dashed(64)]),
  vendor("Bittrex", alnum(32)),
  vendor("Cisco Meraki", hex(40), "meraki"),
  vendor("Cloudflare", [...dashed(40), ...hex(37)]),
  vendor("Codecov", alnum(32)),
  vendor("Cohere", alnum(40), "cohere|co_api_key"),
  vendor("Coinbase", dashed(64)),
  vendor("Confluent", alnum(16, 64)),
  vendor("Contentful", dashed(43)),
  vendor("Datadog", alnum(32, 40)),
  vendor("Discord", [...hex(64), ...dashed(32), "\\d{18}"]),
  vendor("Drone", alnum(32), "drone"),
  vendor("Dropbox", alnum(15)),
  vendor("Etsy", alnum(24)),
  vendor("Facebook", hex(32)),
  vendor("Fastly", dashed(32)),
  vendor("Finicity", [...hex(32), ...alnum(20)]),
  vendor("Finnhub", alnum(20)),
  vendor("Flickr", alnum(32)),
  vendor("FreshBooks", alnum(64)),
  vendor("Gitter", dashed(40)),
  vendor("Heroku", [uuid]),
  vendor("HubSpot", [uuid]),
  vendor("Intercom", dashed(60)),
  vendor("JFrog", alnum(64, 73), "jfrog|artifactory|bintray|xray"),
  vendor("Kraken", ["[a-z0-9/=_+-]{80,90}"]),
  vendor("KuCoin", [...hex(24), uuid]),
  vendor("LaunchDarkly", dashed(40)),
  vendor("Linear", hex(32)),
  vendor("LinkedIn", alnum(14, 16), "linked[_-]?in"),
  vendor("Lob", ["(?:live|test)_(?:pub_)?[a-f0-9]{31,35}"]),
  vendor("Looker", alnum(20, 24)),
  vendor("Mailgun", ["[a-h0-9]{32}-[a-h0-9]{8}-[a-h0-9]{8}", ...alnum(32)]),
  vendor("Mattermost", alnum(26)),
  vendor("MessageBird", [...alnum(25), uuid], "message[_-]?bird"),
  vendor("Netlify", dashed("40,46")),
  vendor("New Relic", alnum(64), "new[-_ ]?relic"),
  vendor("NYTimes", dashed(32), "nytimes|new-york-times,|newyorktimes"),
  vendor("Okta", ["00[\\w=-]{40}"]),
  vendor("Plaid", alnum(24, 30)),
  vendor("Private AI", alnum(32), "private[_-]?ai"),
  vendor("RapidAPI", dashed(50)),
  vendor("Sendbird", [...hex(40), uuid]),
  vendor("Sentry", hex(64)),
  vendor("Sidekiq", ["[a-f0-9]{8}:[a-f0-9]{8}"], "contribsys__com"),
  vendor("Snyk", [uuid]),
  vendor("Sonar", ["(?:sq[upa]_)?[a-z0-9=_-]{40}"]),
  vendor("Squarespace", [uuid]),
  vendor("Sumo Logic", ["su[a-z0-9]{12}", ...alnum(64)], "sumo"),
  vendor("Travis CI", alnum(22), "travis"),
  vendor("Twitch", alnum(30)),
  vendor("Twitter", [...alnum(25, 45, 50), "\\d{15,25}-[a-z0-9]{20,40}", "a{22}[a-z0-9%]{80,100}"]),
  vendor("Zendesk", alnum(40)),
];

const anyVendor = new RegExp(vendors.map(({ spelled }) => spelled.source).join("|"), "i");
/** What may stand between the name and the key: more words, then a sign, a verb, or the word for a key. */
const between =
  "([ \\t\\w.-]{0,30}['\"\\s]{0,3}(?:=>|\\|\\||:{1,3}=|\\?=|[=>:,]|(?:\\bis|\\bist|\\best|\\bes|key|token|secret|password)\\s)[`'\"\\s=:]{0,5})";
const patterns: readonly RegExp[] = vendors.map(
  ({ spelled, shapes }) =>
    new RegExp(`(?:${spelled.source})${between}(${shapes.join("|")})(?![\\w=-]|\\.\\w)`, "dgi"),
);

const credential = /key|token|secret|password|client|api|auth|access|credential/i;
/** Names of things that have ids and are no secret. */
export const thing =
  /(?:order|request|trace|ticket|case|invoice|session|event|message|user|account|customer|app|project|store|site|server|channel|guild|transaction|commit|build|version)[ _-]?(?:id|no|nr|number|name)?\W*(?:is|ist|est|es)?\W*$/i;

export function findVendorKeys(text: string): Find[] {
  if (!anyVendor.test(text)) return [];
  const lower = text.toLowerCase();
  return vendors.flatMap(({ name, spelled }, at) => {
    if (!spelled.test(lower)) return [];
    return Array.from(text.matchAll(patterns[at] as RegExp))
      .filter(([, label = "", value = ""]) => isKey(label, value))
      .map((match): Find => {
        const [from, to] = match.indices?.[2] ?? [0, 0];
        return { kind: `${name} key`, from, to };
      });
  });
}

function isKey(label: string, value: string): boolean {
  const called = credential.test(label);
  if (thing.test(label) && !called) return false;
  if (!/[a-z]/i.test(value)) return called;
  return called ? looksRandom(value) : looksVeryRandom(value);
}
