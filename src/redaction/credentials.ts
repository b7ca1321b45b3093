/** Credentials in headers, addresses, connection strings and commands. */
import { type Find, findAll } from "./find.ts";

interface Place {
  kind: string;
  hint: RegExp;
  /** Flags `d` and `g`; group 1 is what goes. */
  pattern: RegExp;
}

const places: readonly Place[] = [
  {
    kind: "authorization",
    hint: /authorization/i,
    pattern:
      /\bauthorization["'`]?\s{0,3}[:=]\s{0,3}["'`]?(?:(?:digest|aws4-hmac-sha256|hawk|oauth)\s+([^\r\n]{6,})|(?:(?:basic|bearer|token|api-?token|api-?key|negotiate|bot|key)\s+)?([^\s"'`,;]{6,}))/dgi,
  },
  {
    kind: "authorization",
    hint: /bearer/i,
    pattern: /\bbearer\s{1,3}(?=[\w~+/.=-]{0,200}\d)([\w~+/.=-]{16,})/dgi,
  },
  {
    kind: "authorization",
    hint: /basic/i,
    pattern: /\bbasic\s{1,3}((?=[A-Za-z0-9+/]{0,200}[A-Z0-9+/=])[A-Za-z0-9+/]{12,}={1,2})/dgi,
  },
  {
    kind: "authorization",
    hint: /\bx-[\w-]{0,40}(?:key|token|secret|auth)/i,
    pattern: /\bx-[\w-]{0,40}(?:key|token|secret|auth)["'`]?\s{0,3}:\s{0,3}["'`]?([^\s"'`,;]{6,})/dgi,
  },
  {
    kind: "cookie",
    hint: /cookie/i,
    pattern: /\b(?:set-)?cookie["'`]?\s{0,3}:\s{0,3}["'`]?([\w!#$%&*+.^|~-]{1,60}=[^\r\n"'`]{6,})/dgi,
  },
  {
    kind: "authorization",
    hint: /\bcurl\b/i,
    pattern:
      /(?:-H|--header)[= \t]{0,5}["'][\w-]{0,40}(?:key|token|secret|auth\w{0,12}|cookie)[ \t]{0,3}:[ \t]{0,5}(?:(?:basic|bearer|token|api-token)[ \t]+)?([^"'\n]{6,})["']/dgi,
  },
  {
    kind: "credentials",
    hint: /\bcurl\b|\bwget\b/i,
    pattern:
      /(?<![\w-])(?:-u|--(?:proxy-)?user)[= \t]{0,5}("[^"\n]{0,200}:[^"\n]{0,200}"|'[^'\n]{0,200}:[^'\n]{0,200}'|(?:"[^"\n]{3,200}"|'[^'\n]{3,200}'|[^\s"':]{0,200}):(?:"[^"\n]{3,200}"|'[^'\n]{3,200}'|[^\s"']{1,200}))/dgi,
  },
  {
    kind: "password",
    hint: /:\/\//,
    pattern:
      /(?<![a-z0-9+.-])(?!https?:)[a-z][a-z0-9+.-]{1,30}:\/\/[^\s:/?#@"'`<>]{0,200}:([^\s"'`<>@]{1,200})@/dgi,
  },
  {
    kind: "credentials",
    hint: /https?:\/\/[^\s/?#]{0,400}@/i,
    pattern: /https?:\/\/([^\s:/?#@"'`<>]{0,200}:[^\s/?#@"'`<>]{1,200}|[\w-]{16,200}(?=@))@/dgi,
  },
  {
    kind: "key",
    hint: /[?&]\w/,
    pattern:
      /[?&](?:access_token|refresh_token|id_token|auth_token|token|api_?key|apikey|key|sig|signature|secret|client_secret|password|passwd|pwd|code_verifier|x-amz-signature|x-amz-credential|x-amz-security-token|x-goog-signature)=([^\s&#"'`<>)\]]{6,})/dgi,
  },
  {
    kind: "key",
    hint: /[?&;](?:(?:j|php)?sess(?:ion)?_?id|sid|session|code|ticket)=/i,
    pattern:
      /[?&;](?:(?:j|php)?sess(?:ion)?_?id|sid|session|code|ticket)=(?=[^\s&#]{0,60}\d)([^\s&#"'`<>)\]]{20,})/dgi,
  },
  {
    kind: "password",
    hint: /<add /i,
    pattern: /<add key="(?:cleartext)?password"\s{0,20}value="([^"\n]{4,400})"/dgi,
  },
];

export function findCredentials(text: string): Find[] {
  const finds = places
    .filter(({ hint }) => hint.test(text))
    .flatMap(({ kind, pattern }) => inEitherGroup(text, pattern, kind));
  return /\bkind:\s{0,9}["']?secret\b/i.test(text) ? [...finds, ...findManifest(text)] : finds;
}

function inEitherGroup(text: string, pattern: RegExp, kind: string): Find[] {
  return Array.from(text.matchAll(pattern), (match): Find => {
    const [from, to] = match.indices?.[1] ?? match.indices?.[2] ?? [match.index, match.index];
    return { kind, from, to };
  });
}

/** The values of a Kubernetes secret. */
const manifest = /(?<=[\s{])[\w.-]{1,100}:[ \t]*(?:[|>][-+]?\s+)?["']?([A-Za-z0-9+/]{10,}={0,3})/dg;

function findManifest(text: string): Find[] {
  const data = /\b(?:string)?data:/i.exec(text);
  if (!data) return [];
  return findAll(text, manifest, "key").filter((find) => find.from > data.index);
}
