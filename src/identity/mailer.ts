/** Mails to customers: by SMTP, or, where no server is configured, as files in a folder that the operator reads. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../clock.ts";

export interface Mail {
  to: string;
  subject: string;
  text: string;
}

export interface Mailer {
  /** @returns the file it was written to; undefined when it was sent. @throws when it could be neither */
  send(mail: Mail): Promise<string | undefined>;
}

const smtpTimeoutMs = 10_000;

export function createMailer(parts: {
  smtpUrl: string | undefined;
  from: string;
  folder: string;
  clock: Clock;
}): Mailer {
  const { smtpUrl, from, folder, clock } = parts;
  return smtpUrl === undefined ? toFolder(folder, from, clock) : bySmtp(smtpUrl, from);
}

function bySmtp(url: string, from: string): Mailer {
  return {
    async send({ to, subject, text }) {
      const { createTransport } = await import("nodemailer");
      const transport = createTransport(url, { from });
      Object.assign(transport.options, {
        connectionTimeout: smtpTimeoutMs,
        greetingTimeout: smtpTimeoutMs,
        socketTimeout: smtpTimeoutMs,
      });
      try {
        await transport.sendMail({ from, to, subject, text });
      } finally {
        transport.close();
      }
      return undefined;
    },
  };
}

function toFolder(folder: string, from: string, clock: Clock): Mailer {
  return {
    async send({ to, subject, text }) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = join(folder, `${clock.id("mail")}.txt`);
      await writeFile(file, `From: ${from}\nTo: ${to}\nSubject: ${subject}\n\n${text}\n`, { mode: 0o600 });
      return file;
    },
  };
}
