/** The rules of a gitleaks.toml, and texts with secrets that they speak of. */
import { readFileSync } from "node:fs";
import { chanceFrom, type Sample, sampleOf } from "./regex-samples.ts";

export interface Rule {
  id: string;
  regex: string;
}

/** Rules about files rather than texts are left out. */
export function rulesIn(file: string): Rule[] {
  return readFileSync(file, "utf8")
    .split("[[rules]]")
    .slice(1)
    .map((block) => ({
      id: /^id = "(.*)"$/m.exec(block)?.[1] ?? "",
      regex: /^regex = '''([\s\S]*?)'''$/m.exec(block)?.[1] ?? "",
    }))
    .filter(({ id, regex }) => regex !== "" && !aboutFiles.has(id));
}

/** The same ones for the same rule. */
export function samplesOf({ id, regex }: Rule, count: number): Sample[] {
  const known = written[id];
  if (known) return [known];
  const chance = chanceFrom(7);
  return Array.from({ length: count }, () => sampleOf(regex, chance));
}

const aboutFiles = new Set(["pkcs12-file"]);
const hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/** Rules whose regular expression alone gives no text that means anything; a text that does. */
const written: Readonly<Record<string, Sample>> = {
  "asana-client-id": { text: "asana_client_id = 6921647925455690", secret: "6921647925455690" },
  "discord-client-id": { text: "discord_client_id = 599220612596700364", secret: "599220612596700364" },
  "hashicorp-tf-password": {
    text: 'administrator_login_password = "ekOaHm4a-70nhyD"',
    secret: "ekOaHm4a-70nhyD",
  },
  "kubernetes-secret-yaml": {
    text: "apiVersion: v1\nkind: Secret\nmetadata:\n  name: login\ndata:\n  pw: c3VwZXJzZWNyZXQK\n  user: YWRtaW5pc3RyYXRvcg==\n",
    secret: "c3VwZXJzZWNyZXQK",
  },
  "generic-api-key": { text: `some_api_key = "zX8c-${hex.slice(0, 20)}"`, secret: hex.slice(0, 20) },
  "sourcegraph-access-token": { text: `sourcegraph token: ${hex.slice(0, 40)}`, secret: hex.slice(0, 40) },
};
